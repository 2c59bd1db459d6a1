/**
 * The PostgreSQL that everything is measured on: the server in `BENCH_DATABASE_URL` (a role that may create databases), or
 * a fresh one from the embedded binaries, with default settings, over TCP on the loopback.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { runAs } from '../../src/embedded/account.ts';
import { findBinaries } from '../../src/embedded/binaries.ts';
import { makePlace, openHome } from '../../src/embedded/home.ts';
import { programEnvironment } from '../../src/embedded/settings.ts';
import { migrate } from '../../src/store/migrate.ts';

const STOP_MS = 30_000;

export class Postgres {
  /** The maintenance database's URL. */
  readonly url: string;
  readonly version: string;
  /** The server's process; `null` where it is not ours. */
  readonly pid: number | null;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, version: string, pid: number | null, stop: () => Promise<void>) {
    this.url = url;
    this.version = version;
    this.pid = pid;
    this.#stop = stop;
  }

  static async start(): Promise<Postgres> {
    const given = process.env['BENCH_DATABASE_URL'];
    if (given !== undefined) return new Postgres(given, await versionOf(given), null, async () => undefined);
    const folder = await mkdtemp(join(tmpdir(), 'refundry-bench-'));
    await chmod(folder, 0o755);
    const home = openHome(folder);
    const place = makePlace(home);
    const binaries = await findBinaries(place);
    const as = { cwd: '/', env: programEnvironment(), ...runAs(place.account) };
    await promisify(execFile)(
      binaries.initdb,
      ['-D', place.data, '-U', 'postgres', '--auth=trust', '--locale=C', '--encoding=UTF8', '--no-sync'],
      as,
    );
    const port = await freePort();
    const server = spawn(
      binaries.postgres,
      [
        '-D',
        place.data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories=',
        ...(process.env['BENCH_POSTGRES_FLAGS']?.split(' ') ?? []),
      ],
      { ...as, stdio: 'ignore' },
    );
    // Ctrl-C goes to the database, too: what works on it then fails, and the script still cleans up.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => server.kill('SIGINT'));
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const stop = async (): Promise<void> => {
      await stopServer(server);
      await rm(folder, { recursive: true, force: true });
    };
    try {
      await untilItAnswers(url, server);
      return new Postgres(url, await versionOf(url), server.pid ?? null, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  urlOf(database: string): string {
    const url = new URL(this.url);
    url.pathname = database;
    return url.href;
  }

  /** A fresh database of that name, empty. Returns its URL. */
  async createDatabase(name: string): Promise<string> {
    await this.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.run(`CREATE DATABASE ${name}`);
    return this.urlOf(name);
  }

  /** A fresh database with Refundry's tables. Returns its URL. */
  async createBooks(name: string, buckets = 4): Promise<string> {
    const url = await this.createDatabase(name);
    await migrate({ connectionString: url }, buckets);
    return url;
  }

  async dropDatabase(name: string): Promise<void> {
    await this.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  /** Runs one statement; returns its rows. */
  async run<Row extends pg.QueryResultRow>(statement: string, database = this.url): Promise<Row[]> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilItAnswers(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    const isUp = await versionOf(url).catch(() => null);
    if (isUp !== null) return;
    await sleep(50);
  }
  throw new Error('PostgreSQL does not answer after 10 s');
}

/** A fast shutdown: SIGINT, as `pg_ctl stop -m fast` sends it. */
async function stopServer(server: ChildProcess): Promise<void> {
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  if (server.exitCode !== null) return;
  server.kill('SIGINT');
  const timeout = setTimeout(() => server.kill('SIGQUIT'), STOP_MS);
  await exited;
  clearTimeout(timeout);
}
