/** `refundry serve` as a process under supervision: killed, it is started again, as an operator's init system would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import type { Door } from '../bank/callers.ts';
import { ROOT } from '../kit/process.ts';

/** How a database that is away at the start is said; then the supervisor tries again. */
const AWAY = /database_unavailable/;
const RESTART_MS = 50;
const KEPT_LINES = 20;

export class Server implements Door {
  readonly name: string;
  readonly #databaseUrl: string;
  readonly #onTrouble: (what: string) => void;
  #child: ChildProcess | null = null;
  #url: string | null = null;
  #isExpected = false;
  #isStopping = false;
  /** What it said last of level warning and above. */
  readonly #lines: string[] = [];
  #ready: () => void = () => undefined;

  constructor(name: string, database: DatabaseSettings, onTrouble: (what: string) => void) {
    const { user, host = '', port, database: of } = database;
    const isFolder = host.startsWith('/');
    const url = new URL(`postgres://${user}@${isFolder ? 'localhost' : host}:${port}/${of}`);
    if (isFolder) url.searchParams.set('host', host);
    this.name = name;
    this.#databaseUrl = url.href;
    this.#onTrouble = onTrouble;
  }

  get url(): string | null {
    return this.#url;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves when it is ready for the first time. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    this.#spawn();
    await ready;
  }

  /** As it was meant to be: nobody is troubled, and it is started again. */
  kill(): void {
    this.#isExpected = true;
    this.#url = null;
    this.#child?.kill('SIGKILL');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** Stops it for good, in order. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === null) return;
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill('SIGTERM');
    const [code, signal] = await exited;
    if (code !== 0) this.#onTrouble(`server ${this.name} did not stop in order: ${code ?? signal}`);
  }

  #spawn(): void {
    const { DATABASE_URL: _url, REFUNDRY_HOME: _home, REFUNDRY_TEST_CLUSTER: _cluster, ...inherited } = process.env;
    const child = spawn(process.execPath, ['bin/refundry.mjs', 'serve'], {
      cwd: ROOT,
      env: {
        ...inherited,
        DATABASE_URL: this.#databaseUrl,
        HOST: '127.0.0.1',
        PORT: '0',
        REFUNDRY_LANES: '2',
        REFUNDRY_DEADLINE_MS: '5000',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#isExpected = false;
    let isReady = false;
    let rest = '';
    const read = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('{"level":30,') && isReady) continue;
        const url = /"address":"([^"]+)".*"ready"/.exec(line)?.[1];
        if (url !== undefined) {
          isReady = true;
          this.#url = url;
          this.#ready();
        }
        this.#lines.push(line);
        if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code, signal) => {
      this.#url = null;
      this.#child = null;
      if (this.#isStopping) return;
      const isAway = !isReady && AWAY.test(this.#lines.join('\n') + rest);
      if (!this.#isExpected && !isAway) {
        this.#onTrouble(`server ${this.name} ended by itself (${code ?? signal}):\n${this.#lines.join('\n')}`);
      }
      void sleep(isReady ? 0 : RESTART_MS).then(() => {
        if (!this.#isStopping) this.#spawn();
      });
    });
  }
}
