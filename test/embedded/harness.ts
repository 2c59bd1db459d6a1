/** What these tests share: temporary homes that leave nothing running, openers in processes of their own, and questions to the database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, type QueryResultRow } from 'pg';
import { type EmbeddedDatabase, openEmbedded } from '../../src/embedded/index.ts';
import { listFromProc, readProcess } from '../../src/embedded/processes.ts';

export const isRoot = process.getuid?.() === 0;

const cleanUps = new WeakMap<TestContext, (() => unknown)[]>();

/** Cleans up when the test ends, last things first. (Node's own `after` hooks run first things first.) */
export function cleanUpAfter(test: TestContext, work: () => unknown): void {
  const registered = cleanUps.get(test);
  if (registered !== undefined) {
    registered.push(work);
    return;
  }
  const works = [work];
  cleanUps.set(test, works);
  test.after(async () => {
    for (const work of works.reverse()) await work();
  });
}

/** A folder that is gone, with every PostgreSQL that was started on it, when the test ends. Its name is short, and so are socket paths. */
export function temporaryFolder(test: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rf-')));
  // As root, PostgreSQL's account must be able to enter it; nothing of these tests may end up in /var/lib.
  if (isRoot) chmodSync(folder, 0o755);
  cleanUpAfter(test, () => {
    for (const { pid, command } of listFromProc()) {
      if (command.includes('postgres') && command.includes(`${folder}/`)) endProcess(pid);
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  return folder;
}

export function endProcess(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Whether the process runs; one that has ended but is not reaped yet does not. */
export function runs(pid: number): boolean {
  return readProcess(pid) !== undefined;
}

export interface Answer {
  readonly opened?: EmbeddedDatabase['connection'];
  readonly ms?: number;
  readonly released?: number;
  readonly answered?: string;
  readonly log?: string;
  readonly failed?: string;
}

export interface Opener {
  readonly process: ChildProcess;
  readonly answers: Answer[];
  readonly exited: Promise<unknown>;
  /** The first answer, from now or before, of this kind; or that it failed. */
  answer(kind: keyof Answer): Promise<Answer>;
  say(word: 'announce' | 'release' | 'query'): void;
}

interface OpenerOptions {
  readonly role?: 'server' | 'command';
  readonly systemFolder?: string;
  readonly as?: { uid: number; gid: number };
  readonly program?: string;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

const OPENER = fileURLToPath(new URL('opener.ts', import.meta.url));

/** Starts a process that opens the database. It is the leader of its own process group, as a server in a terminal is. */
export function startOpener(test: TestContext, home: string, options: OpenerOptions = {}): Opener {
  const { role = 'server', systemFolder, as = {}, program = OPENER, cwd = '/', environment = {} } = options;
  const child = spawn(process.execPath, [program, home, role, ...(systemFolder === undefined ? [] : [systemFolder])], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    cwd,
    env: { ...process.env, ...environment },
    ...as,
  });
  child.stdin.on('error', () => {});
  const answers: Answer[] = [];
  createInterface(child.stdout).on('line', (line) => answers.push(JSON.parse(line) as Answer));
  const exited = new Promise((resolve) => child.once('close', resolve));
  cleanUpAfter(test, () => endProcess(child.pid));
  return {
    process: child,
    answers,
    exited,
    async answer(kind) {
      const deadline = Date.now() + 30_000;
      while (Date.now() < deadline) {
        const answer = answers.find((candidate) => kind in candidate || 'failed' in candidate);
        if (answer !== undefined) return answer;
        await sleep(5);
      }
      throw new Error(`the opener said nothing of ${kind} in 30 s, only ${JSON.stringify(answers)}`);
    },
    say: (word) => child.stdin.write(`${word}\n`),
  };
}

/** Starts an opener and waits until it has the database. */
export async function opened(
  test: TestContext,
  home: string,
  options: OpenerOptions = {},
): Promise<Opener & { pid: number }> {
  const opener = startOpener(test, home, options);
  const { failed } = await opener.answer('opened');
  if (failed !== undefined) throw new Error(failed);
  return { ...opener, pid: opener.process.pid ?? -1 };
}

export async function released(opener: Opener): Promise<void> {
  opener.say('release');
  const { failed } = await opener.answer('released');
  if (failed !== undefined) throw new Error(failed);
  await opener.exited;
}

/** Opens the database in this process, and releases it at the latest when the test ends. */
export async function openHere(
  test: TestContext,
  home: string,
  role: 'server' | 'command' = 'command',
  systemFolder?: string,
): Promise<EmbeddedDatabase> {
  const database = await openEmbedded({ home, role, ...(systemFolder === undefined ? {} : { systemFolder }) });
  cleanUpAfter(test, () => database.release());
  return database;
}

export async function ask<Row extends QueryResultRow>(
  database: { connection: EmbeddedDatabase['connection'] },
  sql: string,
): Promise<Row[]> {
  const client = new Client(database.connection);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The process id in the cluster's `postmaster.pid`. */
export function postmasterPid(home: string): number | undefined {
  const file = join(home, 'postgres', 'data', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await sleep(5);
  }
}
