import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';

const books = await Books.open();

test('a refund moves its amount from the payment and the balance in one entry', async () => {
  const merchantId = await books.merchant();
  const payment = await books.payment(merchantId);
  const outcome = await books.refund(payment, 4_000n);
  assert.equal(outcome.refusal, null);
  assert.equal(outcome.refund?.status, 'succeeded');
  assert.equal(outcome.payment?.refundedMinor, 4_000n);
  assert.equal(outcome.entry?.kind, 'refund_succeeded');
  assert.equal(outcome.entry.unsettledMinor, 6_000n);
});

test('of 200 simultaneous refunds of 60.00 from 100.00, exactly one succeeds and the others are told the numbers', async () => {
  const payment = await books.payment(await books.merchant());
  const outcomes = await Promise.all(Array.from({ length: 200 }, () => books.refund(payment, 6_000n)));
  const refused = outcomes.filter(({ refusal }) => refusal !== null);
  assert.equal(outcomes.length - refused.length, 1);
  for (const { refusal } of refused) {
    assert.equal(refusal?.code, 'amount_exceeds_refundable');
    assert.equal(refusal.facts['refundable'], '4000');
  }
});

test('the same key 50 times at once gives one refund and 50 equal outcomes', async () => {
  const payment = await books.payment(await books.merchant());
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, () => books.refund(payment, 1_000n, {}, { idempotencyKey: 'same' })),
  );
  assert.equal(new Set(outcomes.map(({ refund }) => refund?.id)).size, 1);
  assert.equal(outcomes.filter(({ replayed }) => !replayed).length, 1);
  const later = await books.refund(payment, 1_000n, {}, { idempotencyKey: 'same' });
  assert.equal(later.replayed, true);
  assert.equal(later.payment?.refundedMinor, 1_000n);
  const other = await books.refund(payment, 2_000n, {}, { idempotencyKey: 'same' });
  assert.equal(other.refusal?.code, 'idempotency_key_reused');
});

test('the journal is gapless, in the order of commits', async () => {
  const client = await connect(books.database);
  const { rows } = await client.query<{ bucket: number; entries: string; last: string }>(
    'SELECT bucket, count(*) AS entries, max(seq) AS last FROM journal GROUP BY bucket',
  );
  assert.ok(rows.length > 0);
  for (const { entries, last } of rows) assert.equal(entries, last);
});
