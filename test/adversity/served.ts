/** `refundry serve` as a process of its own, on a database of the caller's; its clock can be set, and it says what it logs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'bin', 'refundry.mjs');
const SHIFTED_CLOCK = fileURLToPath(new URL('shifted-clock.ts', import.meta.url));

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ServedOptions {
  readonly database: string;
  /** A folder that is the caller's to remove. */
  readonly folder: string;
  /** How far the process's clock is ahead from its first moment. */
  readonly aheadMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of every line of the log but those of single requests. */
  readonly onLine?: (line: LogLine) => void;
}

export class Served {
  readonly url: string;
  readonly child: ChildProcess;
  readonly #clockFile: string;

  private constructor(url: string, child: ChildProcess, clockFile: string) {
    this.url = url;
    this.child = child;
    this.#clockFile = clockFile;
  }

  /** Starts it; resolves when it is ready, and rejects with all that it said when it ends before. */
  static start({ database, folder, aheadMs = 0, env = {}, onLine }: ServedOptions): Promise<Served> {
    const clockFile = join(folder, 'clock');
    writeFileSync(clockFile, String(aheadMs));
    const child = spawn(process.execPath, ['--import', SHIFTED_CLOCK, CLI, 'serve'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        ...env,
        DATABASE_URL: database,
        HOST: '127.0.0.1',
        PORT: '0',
        SHIFTED_CLOCK: clockFile,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      let said = '';
      let unfinished = '';
      let isReady = false;
      const read = (chunk: Buffer): void => {
        if (!isReady) said += chunk.toString();
        const lines = (unfinished + chunk.toString()).split('\n');
        unfinished = lines.pop() ?? '';
        for (const text of lines) {
          if (!text.startsWith('{') || text.endsWith('"msg":"request"}')) continue;
          const line = JSON.parse(text) as LogLine;
          onLine?.(line);
          if (line.msg !== 'ready') continue;
          isReady = true;
          resolve(new Served(String(line['address']), child, clockFile));
        }
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => reject(new Error(`it ended with ${code} before it was ready:\n${said}`)));
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sets the process's clock so far ahead of this one's (or behind); it sees that within milliseconds. */
  setClock(aheadMs: number): void {
    writeFileSync(this.#clockFile, String(aheadMs));
  }

  /** Asks it to stop; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.isRunning) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', (code) => resolve(code)));
    this.child.kill(signal);
    return ended;
  }
}
