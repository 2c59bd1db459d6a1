/** A pooled connection that is lost while somebody holds it: the driver says so by an event that would end the process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openReaders, openWriters } from '../../src/store/connection.ts';
import { connect, createDatabase } from '../kit/database.ts';

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
