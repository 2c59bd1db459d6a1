/** A PostgreSQL of one's own, to be killed: the embedded one, which brings itself back. */
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type EmbeddedDatabase, openEmbedded } from '../../src/embedded/index.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { migrate } from '../../src/store/migrate.ts';
import { TEST_BUCKETS } from '../kit/database.ts';

/** However long a busy machine takes to bring it back. */
const PATIENCE_MS = 60_000;

export class Cluster {
  readonly settings: DatabaseSettings;
  readonly #home: string;
  readonly #data: string;
  readonly #embedded: EmbeddedDatabase;

  private constructor(home: string, data: string, embedded: EmbeddedDatabase) {
    this.settings = embedded.connection;
    this.#home = home;
    this.#data = data;
    this.#embedded = embedded;
  }

  /** Makes one with migrated books. */
  static async start(): Promise<Cluster> {
    const home = await mkdtemp(join(tmpdir(), 'refundry-crash-'));
    // As root, PostgreSQL runs as an account that must be able to enter it.
    await chmod(home, 0o755);
    const embedded = await openEmbedded({ home, role: 'server' });
    await migrate(embedded.connection, TEST_BUCKETS);
    const [row] = await query<{ folder: string }>(
      embedded.connection,
      `SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'`,
    );
    return new Cluster(home, row?.folder ?? '', embedded);
  }

  async stop(): Promise<void> {
    await this.#embedded.release();
    await rm(this.#home, { recursive: true, force: true });
  }

  /** SIGKILL, or SIGQUIT: `pg_ctl stop -m immediate`. Waits for a postmaster that is just being started. */
  async signalPostmaster(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; ;) {
      try {
        const [pid] = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
        process.kill(Number(pid), signal);
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await sleep(10);
    }
  }

  /** The processes that commit; waits until there are some. */
  async lanes(): Promise<number[]> {
    for (const end = performance.now() + PATIENCE_MS; ;) {
      const rows = await query<{ pid: number }>(
        this.settings,
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'refundry lane'`,
      ).catch(() => []);
      if (rows.length > 0) return rows.map(({ pid }) => pid);
      if (performance.now() > end) throw new Error(`no lane in ${PATIENCE_MS / 1000} s`);
      await sleep(20);
    }
  }

  async terminate(pid: number): Promise<void> {
    await query(this.settings, 'SELECT pg_terminate_backend($1)', [pid]).catch(() => undefined);
  }
}

async function query<Row extends pg.QueryResultRow>(
  settings: DatabaseSettings,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
