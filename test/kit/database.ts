/**
 * Real PostgreSQL for tests: one embedded cluster per run (`scripts/test.mjs` starts it; a test file run by itself starts
 * its own), one database per caller, cloned from a migrated template.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import pg from 'pg';
import { openEmbedded } from '../../src/embedded/index.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { migrate } from '../../src/store/migrate.ts';

/** Buckets of test databases: more than one, few enough that merchants share them. */
export const TEST_BUCKETS = 4;
const TEMPLATE = 'refundry_template';

/** Starts a cluster with a migrated template; `stop` ends it and deletes its folder. */
export async function startCluster(): Promise<{ settings: DatabaseSettings; stop: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'refundry-test-'));
  // As root, PostgreSQL runs as an account that must be able to enter it.
  await chmod(home, 0o755);
  const embedded = await openEmbedded({ home, role: 'server' });
  const settings = embedded.connection;
  await run(settings, `CREATE DATABASE ${TEMPLATE}`);
  await migrate({ ...settings, database: TEMPLATE }, TEST_BUCKETS);
  return {
    settings,
    stop: async () => {
      await embedded.release();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function run(settings: DatabaseSettings, statement: string): Promise<void> {
  const client = new pg.Client(settings);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

let cluster: Promise<DatabaseSettings> | null = null;

function ownCluster(): Promise<DatabaseSettings> {
  const given = process.env['REFUNDRY_TEST_CLUSTER'];
  if (given !== undefined) return Promise.resolve(JSON.parse(given) as DatabaseSettings);
  return startCluster().then(({ settings, stop }) => {
    after(stop);
    return settings;
  });
}

/** A fresh, migrated database; dropped when the test file ends. */
export async function createDatabase(): Promise<DatabaseSettings> {
  cluster ??= ownCluster();
  const settings = await cluster;
  const database = `test_${randomBytes(6).toString('hex')}`;
  await run(settings, `CREATE DATABASE ${database} TEMPLATE ${TEMPLATE}`);
  // A cluster of this file's own goes as a whole, and before this.
  if (process.env['REFUNDRY_TEST_CLUSTER'] !== undefined) {
    after(() => run(settings, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
  }
  return { ...settings, database };
}

/** A plain connection for looking at, or tampering with, a test's database. */
export async function connect(database: DatabaseSettings): Promise<pg.Client> {
  const client = new pg.Client(database);
  // Its database may be dropped before it is closed.
  client.on('error', () => undefined);
  await client.connect();
  after(() => client.end());
  return client;
}
