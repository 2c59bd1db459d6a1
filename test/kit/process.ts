/** Refundry as a process of its own, as an operator starts and kills it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resetEmbedded } from '../../src/embedded/index.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'bin', 'refundry.mjs');

/** A data folder of its own; removed when the test file ends, with the database in it. */
export async function createHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'refundry-home-'));
  await chmod(home, 0o755);
  after(async () => {
    await resetEmbedded(home);
    await rm(home, { recursive: true, force: true });
  });
  return home;
}

export interface Running {
  readonly url: string;
  readonly child: ChildProcess;
  /** Milliseconds from the start of the process to its readiness. */
  readonly readyMs: number;
  /** Everything it wrote. */
  output(): string;
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function environment(home: string): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, HOST: _host, ...env } = process.env;
  return { ...env, REFUNDRY_HOME: home, PORT: '0' };
}

/** Starts `refundry start` (or `npm start`) on a free port, in a process group of its own; resolves when it is ready. */
export function startServer(
  home: string,
  command: readonly string[] = [process.execPath, CLI, 'start'],
): Promise<Running> {
  const began = performance.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: environment(home),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  after(() => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      process.kill(-child.pid, 'SIGKILL');
  });
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /Refundry is ready on (\S+)/.exec(output)?.[1];
      if (url !== undefined) {
        resolve({ url, child, readyMs: performance.now() - began, output: () => output, exited: () => exited });
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then(({ code }) => reject(new Error(`it ended with ${code} before it was ready:\n${output}`)));
  });
}

/** Runs one command of the CLI to its end. */
export function runCli(
  home: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: environment(home) });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve({ code, stdout, stderr }));
  });
}
