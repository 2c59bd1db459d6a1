/** A connection that is lost while somebody holds it: the driver says so by an event that would end the process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatabaseSettings, openReaders, openWriters } from '../../src/store/connection.ts';
import { isDatabaseAway } from '../../src/store/trouble.ts';
import { assertMigrated, migrate } from '../../src/store/migrate.ts';
import { connect, createDatabase, TEST_BUCKETS } from '../kit/database.ts';
import { Proxy } from '../kit/proxy.ts';

const database = await createDatabase();
const sql = await connect(database);

for (const [name, open] of [
  ['reads', openReaders],
  ['writes', openWriters],
] as const) {
  test(`a connection that is lost while it is held by who ${name} ends the question, and not the process`, async () => {
    const pool = open(database);
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const lost = new Promise((resolve) => client.once('end', resolve));
    await sql.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await lost;
    await assert.rejects(client.query('SELECT 1'));
    client.release(true);
    assert.equal((await pool.query('SELECT 1')).rowCount, 1, 'the next one gets another connection');
    await pool.end();
  });
}

async function untilItWaits(name: string): Promise<void> {
  for (;;) {
    const { rowCount } = await sql.query(
      `SELECT 1 FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database() AND wait_event_type = 'Lock'`,
      [name],
    );
    if (rowCount === 1) return;
  }
}

for (const [name, begin] of [
  ['a server that starts', assertMigrated],
  ['a migration', (line: DatabaseSettings) => migrate(line, TEST_BUCKETS)],
] as const) {
  test(`the connection of ${name} is lost: that is an error like any other`, async () => {
    const line = await Proxy.open(database);
    const other = await connect(database);
    await other.query('BEGIN');
    await other.query('LOCK TABLE installation, migration IN ACCESS EXCLUSIVE MODE');
    const refused = assert.rejects(begin(line.settings), isDatabaseAway);
    await untilItWaits('refundry migrate');
    line.cutAll();
    await refused;
    await other.query('ROLLBACK');
  });
}
