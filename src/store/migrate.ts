/** Bringing a database to the current schema, under a lock, and dividing it into buckets when it is new. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { GENESIS_HASH } from '../core/journal.ts';
import { MAX_BUCKETS } from '../core/ids.ts';
import type { DatabaseSettings } from './connection.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

export interface Installation {
  readonly id: string;
  readonly buckets: number;
}

function newClient(database: DatabaseSettings): pg.Client {
  const client = new pg.Client({ ...database, application_name: 'refundry migrate' });
  // Every loss also rejects the query in flight; the event, unheard, would end the process.
  client.on('error', () => undefined);
  return client;
}

/**
 * Applies what is missing of `migrations/`, one transaction each, under an advisory lock, so that several servers may
 * start at once. A new database is divided into `buckets`; one that has books keeps its division.
 */
export async function migrate(
  database: DatabaseSettings,
  buckets: number,
): Promise<{ readonly applied: readonly string[]; readonly installation: Installation }> {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > MAX_BUCKETS) {
    throw new RangeError(`buckets must be from 1 to ${MAX_BUCKETS}`);
  }
  const client = newClient(database);
  await client.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir: MIGRATIONS,
      direction: 'up',
      migrationsTable: 'migration',
      count: Number.POSITIVE_INFINITY,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    await client.query('BEGIN');
    await client.query('LOCK TABLE installation IN EXCLUSIVE MODE');
    const { rowCount } = await client.query('SELECT 1 FROM installation');
    if (rowCount === 0) {
      await client.query('INSERT INTO installation (buckets) VALUES ($1)', [buckets]);
      await client.query(
        `INSERT INTO bucket (bucket, hash) SELECT number, decode($2, 'hex') FROM generate_series(0, $1::integer - 1) AS number`,
        [buckets, GENESIS_HASH],
      );
    }
    await client.query('COMMIT');
    const installation = await readInstallation(client);
    return { applied: applied.map(({ name }) => name), installation };
  } finally {
    await client.end();
  }
}

/** Refuses a database that lacks migrations of this version, or has newer ones. Throws an `Error` for the operator. */
export async function assertMigrated(database: DatabaseSettings): Promise<void> {
  const client = newClient(database);
  await client.connect();
  try {
    await readInstallation(client);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migration ORDER BY name');
    const applied = new Set(rows.map(({ name }) => name));
    const known = readdirSync(MIGRATIONS).map((file) => file.replace(/\.sql$/, ''));
    const missing = known.filter((name) => !applied.has(name));
    if (missing.length > 0)
      throw new Error(`this database lacks ${missing.join(', ')}: run \`refundry migrate\` first`);
    const newer = [...applied].filter((name) => !known.includes(name));
    if (newer.length > 0) throw new Error(`this database has ${newer.join(', ')}: it needs a newer Refundry`);
  } finally {
    await client.end();
  }
}

/** How this database is divided. Throws an `Error` for the operator when it was never migrated. */
export async function readInstallation(client: pg.ClientBase): Promise<Installation> {
  try {
    const { rows } = await client.query<Installation>('SELECT id, buckets FROM installation');
    const [installation] = rows;
    if (installation !== undefined) return installation;
  } catch (error) {
    // 42P01: there is no such table.
    if (!(error instanceof pg.DatabaseError && error.code === '42P01')) throw error;
  }
  throw new Error('this database has no books yet: run `refundry migrate` first');
}
