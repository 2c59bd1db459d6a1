import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { Books } from '../kit/books.ts';
import { connect, TEST_BUCKETS } from '../kit/database.ts';
import { Clock, writeHistory } from './history.ts';

const clock = new Clock();
const books = await Books.open({ clock: clock.read });
const pool = openReaders(books.database, 2);
after(() => pool.end());
for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await writeHistory(books, clock, name);

test('books that only Refundry wrote have nothing wrong, and every row of them was looked at', async () => {
  const report = await verifyBooks(pool);
  assert.deepEqual(report.findings, []);
  const client = await connect(books.database);
  const { rows } = await client.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM journal) AS entries, (SELECT count(*) FROM payment) AS payments,
       (SELECT count(*) FROM refund) AS refunds, (SELECT count(*) FROM balance) AS balances, (SELECT id FROM installation)`,
  );
  const { entries, payments, refunds, balances } = report;
  assert.deepEqual(
    { entries, payments, refunds, balances },
    {
      entries: BigInt(rows[0]?.['entries'] ?? 0),
      payments: BigInt(rows[0]?.['payments'] ?? 0),
      refunds: BigInt(rows[0]?.['refunds'] ?? 0),
      balances: BigInt(rows[0]?.['balances'] ?? 0),
    },
  );
  assert.equal(report.installation, rows[0]?.['id']);
  assert.equal(report.heads.length, TEST_BUCKETS);
});

test('progress ends where it says it will', async () => {
  const steps: [bigint, bigint][] = [];
  await verifyBooks(pool, { onProgress: (done, total) => steps.push([done, total]) });
  assert.ok(steps.every(([done, total]) => done <= total));
  const [done, total] = steps.at(-1) ?? [0n, 1n];
  assert.equal(done, total);
});

test('an aborted verification stops with the reason it was given', async () => {
  const reason = new Error('the operator pressed a key');
  await assert.rejects(verifyBooks(pool, { signal: AbortSignal.abort(reason) }), reason);
});
