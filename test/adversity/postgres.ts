/**
 * A PostgreSQL of one's own, for what the one that tests share must not suffer: its limits, its disk, its role. It is a
 * plain cluster as an operator's, in a folder of the caller's choice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runAs } from '../../src/embedded/account.ts';
import { findBinaries } from '../../src/embedded/binaries.ts';
import { makeCluster } from '../../src/embedded/cluster.ts';
import { makePlace, openHome, type Place } from '../../src/embedded/home.ts';
import { DATABASE_USER, programEnvironment } from '../../src/embedded/settings.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { migrate } from '../../src/store/migrate.ts';

const PORT = 5432;
const DATABASE = 'refundry';
/** A start after a crash replays little here; a busy machine may still take its time. */
const START_MS = 60_000;

export class OwnPostgres {
  readonly settings: DatabaseSettings;
  readonly #place: Place;
  readonly #postgres: string;
  readonly #options: Readonly<Record<string, string>>;
  #process: ChildProcess | null = null;

  private constructor(place: Place, postgres: string, options: Readonly<Record<string, string>>) {
    this.#place = place;
    this.#postgres = postgres;
    this.#options = options;
    this.settings = { host: place.folder, port: PORT, user: DATABASE_USER, database: DATABASE };
  }

  /** Makes a cluster with a migrated database in the folder, and starts it. */
  static async make(
    folder: string,
    buckets: number,
    options: Readonly<Record<string, string>> = {},
  ): Promise<OwnPostgres> {
    const place = makePlace(openHome(folder));
    const binaries = await findBinaries(place);
    await makeCluster(place, binaries);
    const own = new OwnPostgres(place, binaries.postgres, options);
    await own.start();
    await own.run(`CREATE DATABASE ${DATABASE}`, 'postgres');
    await migrate(own.settings, buckets);
    return own;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What PostgreSQL itself has logged. */
  get log(): string {
    return readFileSync(this.#place.home.log, 'utf8');
  }

  /** As a URL, for a process that is given one. */
  get url(): string {
    return `postgres://${DATABASE_USER}@localhost:${PORT}/${DATABASE}?host=${encodeURIComponent(this.#place.folder)}`;
  }

  /** Starts it; resolves when it answers. */
  async start(): Promise<void> {
    const options = {
      listen_addresses: '',
      unix_socket_directories: this.#place.folder,
      port: String(PORT),
      shared_buffers: '32MB',
      timezone: 'UTC',
      ...this.#options,
    };
    const log = openSync(this.#place.home.log, 'a');
    this.#process = spawn(
      this.#postgres,
      ['-D', this.#place.data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        cwd: this.#place.folder,
        env: programEnvironment(),
        stdio: ['ignore', log, log],
        ...runAs(this.#place.account),
      },
    );
    closeSync(log);
    const until = performance.now() + START_MS;
    while (!(await this.#answers())) {
      if (!this.isRunning) throw new Error(`PostgreSQL ended while it started:\n${this.log.slice(-2_000)}`);
      if (performance.now() > until) throw new Error(`PostgreSQL does not answer:\n${this.log.slice(-2_000)}`);
      await sleep(20);
    }
  }

  /** Ends it: SIGINT disconnects everyone and writes a checkpoint, SIGQUIT leaves all to the next start. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#process;
    if (child === null || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** From the next start on it only follows: there is nobody to follow, so it waits. `pg_promote()` ends that. */
  becomeStandby(): void {
    const file = join(this.#place.data, 'standby.signal');
    writeFileSync(file, '', { mode: 0o644 });
  }

  /** Runs one statement on a connection of its own. */
  async run<Row extends pg.QueryResultRow>(statement: string, database = DATABASE): Promise<Row[]> {
    const client = new pg.Client({ ...this.settings, database, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends all other connections of a kind, by the name that they gave. */
  async terminate(name: string): Promise<void> {
    await this.run(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE application_name LIKE '${name}%' AND pid <> pg_backend_pid()`,
    );
  }

  /** Ends it and deletes its folder. */
  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.#place.home.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      await this.run('SELECT 1', 'postgres');
      return true;
    } catch {
      return false;
    }
  }
}
