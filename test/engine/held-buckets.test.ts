/** A process that stops in the middle of its batches holds as many buckets as it has lanes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../../src/core/ids.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase, TEST_BUCKETS } from '../kit/database.ts';

test('as many held buckets as there are lanes do not hold up the others', async () => {
  const database = await createDatabase();
  const sql = await connect(database);
  const books = await Books.open({ lanes: 2 }, database);
  const merchants = new Map<number, string>();
  while (merchants.size < TEST_BUCKETS) {
    const merchantId = await books.merchant();
    merchants.set(bucketOf(merchantId), merchantId);
  }
  const [first, second, free] = await Promise.all(
    [...merchants.values()].map((merchantId) => books.payment(merchantId)),
  );
  assert.ok(first !== undefined && second !== undefined && free !== undefined);

  await sql.query('BEGIN');
  await sql.query('SELECT 1 FROM bucket WHERE bucket = ANY($1) FOR UPDATE', [
    [bucketOf(first.id), bucketOf(second.id)],
  ]);
  const held = Promise.all([books.refund(first, 1n), books.refund(second, 1n)]);
  const started = performance.now();
  for (let count = 0; count < 3; count += 1) await books.refund(free, 1n);
  const waitedMs = performance.now() - started;
  await sql.query('COMMIT');
  await held;
  assert.ok(waitedMs < 1_000, `three refunds of a free bucket took ${Math.round(waitedMs)} ms`);
});
