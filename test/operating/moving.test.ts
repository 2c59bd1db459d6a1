/** From the embedded database to a PostgreSQL of one's own: the same books, down to the last hash. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEmbedded } from '../../src/embedded/index.ts';
import { Engine } from '../../src/engine/engine.ts';
import { COPIED_TABLES, copyBooks } from '../../src/store/copy-books.ts';
import { migrate } from '../../src/store/migrate.ts';
import { emptyDatabase, urlOf } from '../cli/refundry.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';
import { createHome } from '../kit/process.ts';
import { Clock, writeHistory } from '../verify/history.ts';
import { Page, temporaryFolder } from './page.ts';

const page = new Page('restarts.md');
const heads = temporaryFolder();
const database = await createDatabase();
const sql = await connect(database);

test('the embedded database moves into a PostgreSQL of its own, with every row, credential and key', async (t) => {
  const home = await createHome();
  const embedded = await openEmbedded({ home, role: 'server' });
  await migrate(embedded.connection, 2);
  const clock = new Clock();
  const there = await Engine.open(embedded.connection, { lanes: 1, clock: clock.read });
  const from = new Books(there, embedded.connection);
  await writeHistory(from, clock, 'moved');
  const moved = await from.payment(await from.merchant());
  await from.refund(moved, 4_000n, {}, { idempotencyKey: 'before-moving' });
  await there.close();
  await embedded.release();

  const target = await emptyDatabase(database);
  const variables = { REFUNDRY_HOME: home, TARGET: urlOf(target), HEADS: heads };
  const { stdout } = await page.do('Move', variables);
  assert.match(stdout, /All 2 heads in .* are still in the books/);
  const to = await Books.open({ lanes: 1 }, target);
  const again = await to.refund(moved, 4_000n, {}, { idempotencyKey: 'before-moving' });
  assert.equal(again.replayed, true);
  assert.equal((await to.refund(moved, 7_000n)).refusal?.code, 'amount_exceeds_refundable');
  await assert.rejects(copyBooks(database, target), /has books of its own, with \d+ journal entries/);
  const { rows: tables } = await sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const names = tables.map(({ name }) => name).filter((name) => name !== 'migration' && name !== 'session');
  assert.deepEqual(names.sort(), [...COPIED_TABLES].sort(), 'no table is left behind');
  t.diagnostic(stdout.split('\n').find((line) => line.startsWith('Copied')) ?? '');
});
