/** The command line as a process of its own, as people and scripts run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { connect } from '../kit/database.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/refundry.mjs', import.meta.url));

/** Dozens of processes load the same files: compiled once, each starts in half the time. */
const compileCache = temporaryFolder();

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ran>;
}

export type Environment = Readonly<Record<string, string>>;

/** A URL for settings that name a socket's folder. */
export function urlOf({ host = '', port = 5432, user = '', database = '' }: DatabaseSettings): string {
  return `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
}

export function start(environment: Environment, words: readonly string[], input = ''): Running {
  const { REFUNDRY_TEST_CLUSTER: _cluster, DATABASE_URL: _url, REFUNDRY_HOME: _home, ...inherited } = process.env;
  const env = { ...inherited, NODE_COMPILE_CACHE: compileCache, ...environment };
  const child = spawn(process.execPath, [PROGRAM, ...words], { env });
  after(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ran>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: child, ended };
}

/** Runs to the end. No expected failure shows a stack trace. */
export async function refundry(environment: Environment, ...words: readonly string[]): Promise<Ran> {
  const ran = await start(environment, words).ended;
  assert.doesNotMatch(ran.stderr, /\n\s+at /, `a stack trace: ${ran.stderr}`);
  return ran;
}

/** Runs with `--json`, and must succeed. */
export async function answer(environment: Environment, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await refundry(environment, ...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** An empty database beside `database`, dropped when the test file ends. */
export async function emptyDatabase(database: DatabaseSettings): Promise<DatabaseSettings> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = await connect({ ...database, database: 'postgres' });
  await client.query(`CREATE DATABASE ${name}`);
  after(async () => {
    const dropper = await connect({ ...database, database: 'postgres' });
    await dropper.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });
  return { ...database, database: name };
}

/** A folder that is gone when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rf-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeFile(folder: string, name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
