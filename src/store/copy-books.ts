/**
 * All rows of one database into an empty other one, in one transaction: the same books in another place. As JSON, because
 * each PostgreSQL reads what any other wrote, and with a cursor, because books may be larger than memory.
 */
import pg from 'pg';
import type { DatabaseSettings } from './connection.ts';
import { migrate, readInstallation } from './migrate.ts';

/** All but `migration`, which the other database has of its own, and `session`: people sign in again. */
export const COPIED_TABLES = [
  'installation',
  'bucket',
  'merchant',
  'balance',
  'payment',
  'payment_reference',
  'refund',
  'journal',
  'entitlement',
  'coupon',
  'settlement',
  'credential',
  'bulk_run',
  'bulk_line',
] as const;

const ROWS_AT_ONCE = 2_000;

/** Returns how many rows were copied. Throws an `Error` for the operator when there are books in `to` already. */
export async function copyBooks(
  from: DatabaseSettings,
  to: DatabaseSettings,
  onRows: (rows: number) => void = () => undefined,
): Promise<number> {
  const [source, target] = [new pg.Client(from), new pg.Client(to)];
  for (const client of [source, target]) {
    // The statement in flight fails, too.
    client.on('error', () => undefined);
  }
  try {
    await source.connect();
    // Every batch changes a row of this table: until this is over, none is committed.
    await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await source.query('LOCK TABLE bucket IN SHARE MODE');
    await source.query(`SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'`);
    const { buckets } = await readInstallation(source);
    await migrate(to, buckets);
    await target.connect();
    await target.query('BEGIN');
    await assertEmpty(target);
    let rows = 0;
    for (const table of COPIED_TABLES) {
      rows += await copyTable(source, target, table, (copied) => onRows(rows + copied));
    }
    await target.query('COMMIT');
    await target.query('ANALYZE');
    return rows;
  } finally {
    await Promise.allSettled([source.end(), target.end()]);
  }
}

/** A database that was only divided into buckets is empty: what says so gives way to what is copied. */
async function assertEmpty(target: pg.Client): Promise<void> {
  await target.query('LOCK TABLE bucket IN ACCESS EXCLUSIVE MODE');
  const { rows } = await target.query<{ entries: string }>('SELECT coalesce(sum(seq), 0) AS entries FROM bucket');
  if (rows[0]?.entries !== '0') {
    throw new Error(`that database has books of its own, with ${rows[0]?.entries} journal entries: take an empty one`);
  }
  await target.query('DELETE FROM bucket');
  await target.query('DELETE FROM installation');
}

async function copyTable(
  source: pg.Client,
  target: pg.Client,
  table: string,
  onRows: (rows: number) => void,
): Promise<number> {
  await source.query(`DECLARE copied NO SCROLL CURSOR FOR SELECT row_to_json(row)::text AS row FROM ${table} AS row`);
  let copied = 0;
  for (;;) {
    const { rows } = await source.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM copied`);
    if (rows.length === 0) break;
    const { rowCount } = await target.query(
      `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`,
      [`[${rows.map(({ row }) => row).join(',')}]`],
    );
    if (rowCount !== rows.length) throw new Error(`of ${rows.length} rows of ${table}, ${rowCount} were copied`);
    copied += rows.length;
    onRows(copied);
  }
  await source.query('CLOSE copied');
  return copied;
}
