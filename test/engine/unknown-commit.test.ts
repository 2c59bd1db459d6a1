/** Connections that break around COMMIT: whatever the caller is told must be what the books say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';
import { Proxy } from '../kit/proxy.ts';

const database = await createDatabase();
const proxy = await Proxy.open(database);
const troubles: string[] = [];
const books = await Books.open(
  { lanes: 1, observer: { trouble: (message) => troubles.push(message) } },
  proxy.settings,
);
const sql = await connect(database);

async function refundsOf(paymentId: string): Promise<number> {
  const { rows } = await sql.query<{ refunds: number }>(
    'SELECT count(*)::integer AS refunds FROM refund WHERE payment_id = $1',
    [paymentId],
  );
  return rows[0]?.refunds ?? -1;
}

for (const cut of ['before commit', 'after commit'] as const) {
  test(`a connection cut ${cut} is found out, and the refund is done exactly once`, async () => {
    const payment = await books.payment(await books.merchant());
    troubles.length = 0;
    const broken = proxy.cutNext(cut);
    const outcome = await books.refund(payment, 4_000n, {}, { idempotencyKey: `once-${cut}` });
    await broken;
    assert.equal(outcome.refusal, null);
    assert.equal(outcome.payment?.refundedMinor, 4_000n);
    assert.equal(await refundsOf(payment.id), 1);
    assert.match(troubles.join('\n'), /the commit of a batch of 1 has no answer/);
    const again = await books.refund(payment, 4_000n, {}, { idempotencyKey: `once-${cut}` });
    assert.equal(again.replayed, true);
    assert.equal(again.refund?.id, outcome.refund?.id);
  });

  test(`a whole batch cut ${cut} is answered refund by refund, none lost and none doubled`, async () => {
    const payment = await books.payment(await books.merchant());
    const broken = proxy.cutNext(cut);
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => books.refund(payment, 500n)));
    await broken;
    assert.equal(outcomes.filter(({ refusal }) => refusal === null).length, 20);
    assert.equal(outcomes.filter(({ refusal }) => refusal?.code === 'already_refunded').length, 10);
    assert.equal(await refundsOf(payment.id), 30);
  });
}

test('while it cannot be found out, the caller is told so with the refund’s id, and learns it later by the same key', async () => {
  const slow = await Books.open({ lanes: 1, deadlineMs: 400 }, proxy.settings);
  const payment = await slow.payment(await slow.merchant());
  const broken = proxy.cutNext('after commit');
  const asked = slow.refund(payment, 1_000n, {}, { idempotencyKey: 'later' });
  // The line goes down for good right when the commit's answer would come.
  await broken;
  while ((await refundsOf(payment.id)) === 0) await sleep(1);
  proxy.isDown = true;
  proxy.cutAll();
  const outcome = await asked;
  if (outcome.refusal !== null) {
    assert.equal(outcome.refusal.code, 'outcome_unknown');
    assert.match(String(outcome.refusal.facts['refund_id']), /^[0-9a-f-]{36}$/);
  }
  proxy.isDown = false;
  await sleep(1_200);
  const learnt = await slow.refund(payment, 1_000n, {}, { idempotencyKey: 'later' });
  assert.equal(learnt.refusal, null);
  assert.equal(await refundsOf(payment.id), 1);
});

test('a lane that was cut while idle is replaced without anybody noticing', async () => {
  const payment = await books.payment(await books.merchant());
  proxy.cutAll();
  assert.equal((await books.refund(payment, 100n)).refusal, null);
});

test('a database that is gone is said to be gone, and nothing happened; the engine recovers by itself', async () => {
  const hasty = await Books.open({ lanes: 1, deadlineMs: 400 }, proxy.settings);
  const payment = await hasty.payment(await hasty.merchant());
  proxy.isDown = true;
  proxy.cutAll();
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => hasty.refund(payment, 100n)));
  assert.deepEqual(new Set(outcomes.map(({ refusal }) => refusal?.code)), new Set(['overloaded']));
  assert.equal(await refundsOf(payment.id), 0);
  proxy.isDown = false;
  await sleep(1_200);
  assert.equal((await hasty.refund(payment, 100n)).refusal, null);
});
