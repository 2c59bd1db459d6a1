import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/engine/engine.ts';
import { connect, createDatabase } from '../kit/database.ts';

test('an engine that cannot open all its lanes leaves none open', async () => {
  const database = await createDatabase();
  const sql = await connect(database);
  const user = `limited_${database.database}`;
  await sql.query(`CREATE ROLE ${user} LOGIN CONNECTION LIMIT 3`);
  await sql.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${user}`);
  try {
    await assert.rejects(Engine.open({ ...database, user }, { lanes: 5 }), /too many connections/);
    await sleep(200);
    const { rowCount } = await sql.query('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [user]);
    assert.equal(rowCount, 0);
  } finally {
    await sql.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [user]);
    await sql.query(`DROP OWNED BY ${user}`);
    await sql.query(`DROP ROLE ${user}`);
  }
});
