import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../../src/core/ids.ts';
import { connect } from '../kit/database.ts';
import { Api, assertProblem, type Body, type Request } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);
const merchant = await api.merchant();
const { key } = merchant;

/** Follows the events from a cursor to the present end. */
async function follow(path: string, cursor: string | null, limit: number, request: Request = {}) {
  const events: Body[] = [];
  let next = cursor;
  for (let more = true; more;) {
    const answer = await api.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${next === null ? '' : `&cursor=${next}`}`,
      request,
    );
    assert.equal(answer.status, 200, answer.text);
    events.push(...answer.body.data);
    ({ next, has_more: more } = answer.body);
    assert.ok(next);
  }
  return { events, next };
}

const ids = (items: readonly Body[]): string[] => items.map(({ id }) => id);

test("a merchant's journal tells what was done to a payment, newest first, with postings and numbers", async () => {
  const payment = await api.payment(merchant);
  await api.post(
    '/v1/refunds',
    { payment_id: payment.id, amount: 4_000 },
    { key, idempotencyKey: 'j-1', headers: { 'x-request-id': 'r-1' } },
  );
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 7_000 }, { key });
  const { body } = await api.get(`/v1/journal?payment_id=${payment.id}`, { key });
  const [refused, refunded, registered] = body.data;
  assert.equal(body.data.length, 3);
  assert.equal(registered.kind, 'payment_registered');
  assert.equal(refused.kind, 'command_refused');
  assert.equal(refused.refusal_code, 'amount_exceeds_refundable');
  assert.equal(refused.facts.refundable, 6_000);
  const { id: _id, seq: _seq, bucket, created_at: _at, refund_id: _refund, hash, actor, ...rest } = refunded;
  assert.deepEqual(rest, {
    kind: 'refund_succeeded',
    operation: 'refund_payment',
    merchant_id: merchant.id,
    protocol: 'native',
    request_id: 'r-1',
    idempotency_key: 'j-1',
    payment_id: payment.id,
    amount: 4_000,
    currency: 'USD',
    debit: 'merchant_unsettled',
    credit: 'processor_clearing',
    payment: { status: 'captured', disputed: false, captured: 10_000, refunded: 4_000, reserved: 0 },
    unsettled: 6_000,
    refusal_code: null,
    facts: null,
  });
  assert.equal(bucket, bucketOf(merchant.id));
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.match(actor, /^key:/);
});

test('pages of the journal and of the events hold the same entries exactly once, in opposite orders', async () => {
  for (let index = 0; index < 12; index += 1) await api.payment(index % 2 === 0 ? merchant : await api.merchant());
  const { rows } = await client.query<{ id: string }>(`SELECT seq || '.' || bucket AS id FROM journal`);
  const all = new Set(rows.map(({ id }) => id));
  for (const limit of [1, 5, 100]) {
    const journal = await api.walk('/v1/journal', limit);
    assert.deepEqual(new Set(ids(journal)), all);
    assert.equal(journal.length, all.size);
    const times = journal.map(({ created_at: at }) => at);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => (a < b ? 1 : -1)),
    );
    const { events } = await follow('/v1/events', null, limit);
    assert.deepEqual(new Set(ids(events)), all);
    assert.equal(events.length, all.size);
  }
  const mine = await api.walk('/v1/journal', 4, { key });
  assert.ok(mine.every(({ merchant_id: id }) => id === merchant.id));
  assert.deepEqual(ids((await follow('/v1/events', null, 3, { key })).events), ids(mine).reverse());
});

test('who follows all events misses none of a quiet book, though its numbers are lower', async () => {
  const busy = await api.merchant();
  let quiet = await api.merchant();
  while (bucketOf(quiet.id) === bucketOf(busy.id)) quiet = await api.merchant();
  for (let index = 0; index < 20; index += 1) await api.payment(busy);
  let { next } = await follow('/v1/events', null, 7);
  for (const one of [quiet, busy, quiet]) {
    const payment = await api.payment(one);
    const seen = await follow('/v1/events', next, 7);
    assert.deepEqual(
      seen.events.map(({ type, data }) => [type, data.payment_id]),
      [['payment_registered', payment.id]],
    );
    ({ next } = seen);
  }
  const nothing = await follow('/v1/events', next, 7);
  assert.deepEqual(nothing.events, []);
});

test('events are filtered by kind, also across pages without a single one', async () => {
  const own = await api.merchant();
  const payment = await api.payment(own);
  for (let index = 0; index < 5; index += 1)
    await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 }, { key: own.key });
  const { events, next } = await follow('/v1/events?kind=refund_succeeded', null, 2, { key: own.key });
  assert.equal(events.length, 5);
  await api.post(`/v1/payments/${payment.id}/dispute`, undefined, { key: own.key });
  assert.deepEqual((await follow('/v1/events?kind=refund_succeeded', next, 2, { key: own.key })).events, []);
  const disputes = await api.walk('/v1/journal?kind=payment_disputed', 1, { key: own.key });
  assert.deepEqual(
    disputes.map(({ payment_id: id }) => id),
    [payment.id],
  );
});

test("a policy's entry shows the policy as the API does", async () => {
  const own = await api.merchant({ approval_above: { USD: 7 } });
  const [created] = await api.walk('/v1/journal?kind=merchant_created', 5, { key: own.key });
  assert.deepEqual(created.facts.policy.approval_above, { USD: 7 });
});

test("another merchant's payment, a cursor of other books and an unknown kind are refused", async () => {
  const other = await api.merchant();
  const payment = await api.payment(other);
  assertProblem(await api.get(`/v1/journal?payment_id=${payment.id}`, { key }), 404, 'payment_not_found');
  assertProblem(await api.get(`/v1/events?payment_id=${payment.id}`, { key }), 404, 'payment_not_found');
  const all = await api.get('/v1/events?limit=1');
  assertProblem(await api.get(`/v1/events?cursor=${all.body.next}`, { key }), 400, 'invalid_request');
  assertProblem(await api.get('/v1/events?cursor=AAAA', { key }), 400, 'invalid_request');
  assertProblem(await api.get('/v1/journal?kind=refund_imagined', { key }), 400, 'invalid_request');
});

test('an entry of administrators is seen by administrators alone', async () => {
  const credentials = await api.walk('/v1/journal?kind=credential_created', 50);
  assert.ok(credentials.some(({ merchant_id: id }) => id === null));
  const mine = await api.walk('/v1/journal?kind=credential_created', 50, { key });
  assert.ok(mine.length > 0 && mine.every(({ merchant_id: id }) => id === merchant.id));
});
