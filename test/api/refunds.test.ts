import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../kit/database.ts';
import { Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);
const merchant = await api.merchant();
const { key } = merchant;
const UNKNOWN = '019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11';

const refund = (body: Body, idempotencyKey?: string) =>
  api.post('/v1/refunds', body, { key, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });

test('a partial refund is answered with the refund and the numbers after it', async () => {
  const payment = await api.payment(merchant);
  const answer = await refund({
    payment_id: payment.id,
    amount: 6_000,
    currency: 'USD',
    reason: 'One ticket returned',
    metadata: { ticket: 'T-1' },
  });
  assert.equal(answer.status, 201);
  const { id, created_at: created, updated_at: updated, ...rest } = answer.body;
  assert.deepEqual(rest, {
    merchant_id: merchant.id,
    payment_id: payment.id,
    amount: 6_000,
    currency: 'USD',
    status: 'succeeded',
    refusal_code: null,
    cancel_reason: null,
    reference: null,
    requested_by: null,
    expires_at: null,
    reason: 'One ticket returned',
    decision_reason: null,
    notes: null,
    internal_transaction_id: null,
    metadata: { ticket: 'T-1' },
    protocol: 'native',
    payment: {
      status: 'captured',
      refund_status: 'partial',
      disputed: false,
      currency: 'USD',
      captured: 10_000,
      refunded: 6_000,
      reserved: 0,
      refundable: 4_000,
    },
  });
  assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(created, updated);
  assert.deepEqual((await api.get(`/v1/refunds/${id}`, { key })).body, answer.body);
});

test('without an amount all that is left is refunded, by id or by reference', async () => {
  const payment = await api.payment(merchant, { references: { 'native.reference': 'all-of-it' } });
  await refund({ payment_id: payment.id, amount: 2_500 });
  const rest = await refund({ payment_reference: { namespace: 'native.reference', value: 'all-of-it' } });
  assert.equal(rest.body.amount, 7_500);
  assert.equal(rest.body.payment.refund_status, 'full');
  const nothing = await refund({ payment_id: payment.id });
  assertProblem(nothing, 409, 'already_refunded');
  assert.equal(nothing.body.refundable, 0);
});

test('a refund of more than is refundable is refused with the numbers, and kept with its reason', async () => {
  const payment = await api.payment(merchant);
  await refund({ payment_id: payment.id, amount: 6_000 });
  const answer = await refund({ payment_id: payment.id, amount: 6_000 });
  assertProblem(answer, 409, 'amount_exceeds_refundable');
  const { refund_id: refundId, request_id: _request, detail, ...problem } = answer.body;
  assert.deepEqual(problem, {
    type: '/docs/errors#amount_exceeds_refundable',
    title: 'The amount exceeds what is refundable',
    status: 409,
    code: 'amount_exceeds_refundable',
    payment_id: payment.id,
    amount: 6_000,
    currency: 'USD',
    captured: 10_000,
    refunded: 6_000,
    reserved: 0,
    refundable: 4_000,
  });
  assert.match(detail, /^asked 60\.00 USD, refundable 40\.00 USD/);
  const kept = await api.get(`/v1/refunds/${refundId}`, { key });
  assert.equal(kept.body.status, 'refused');
  assert.equal(kept.body.refusal_code, 'amount_exceeds_refundable');
});

test('of twenty simultaneous refunds of 60.00 from 100.00 one succeeds, and nineteen are told the numbers', async () => {
  const payment = await api.payment(merchant);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => refund({ payment_id: payment.id, amount: 6_000 })),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    assertProblem(answer, 409, 'amount_exceeds_refundable');
    assert.equal(answer.body.refundable, 4_000);
  }
});

test('another currency is refused, with an amount or without', async () => {
  const payment = await api.payment(merchant);
  const answer = await refund({ payment_id: payment.id, amount: 100, currency: 'JPY' });
  assertProblem(answer, 409, 'currency_mismatch');
  assert.equal(answer.body.asked_currency, 'JPY');
  assert.equal(answer.body.currency, 'USD');
  assertProblem(await refund({ payment_id: payment.id, currency: 'JPY' }), 409, 'currency_mismatch');
  assert.equal((await refund({ payment_id: payment.id, currency: 'USD' })).status, 201);
});

test('what one expected to be refundable must be', async () => {
  const payment = await api.payment(merchant);
  const right = await refund({ payment_id: payment.id, amount: 1_000, expected_refundable: 10_000 });
  assert.equal(right.status, 201);
  const wrong = await refund({ payment_id: payment.id, amount: 1_000, expected_refundable: 10_000 });
  assertProblem(wrong, 409, 'expected_refundable_mismatch');
  assert.equal(wrong.body.expected_refundable, 10_000);
  assert.equal(wrong.body.refundable, 9_000);
  assert.equal(wrong.body.refunded, 1_000);
});

test('every rule of the policy refuses with its own numbers', async () => {
  const cases: [Body, Body, Body, string, Body][] = [
    [{ partial_refunds: false }, {}, { amount: 100 }, 'partial_refund_not_allowed', { refundable: 10_000 }],
    [{ minimum: { USD: 500 } }, {}, { amount: 499 }, 'below_minimum', { minimum: 500 }],
    [{ reason_required: true }, {}, { amount: 100 }, 'reason_required', { refundable: 10_000 }],
    [{ window_days: 30 }, { created_at: '2026-01-01' }, { amount: 100 }, 'refund_window_expired', { window_days: 30 }],
  ];
  for (const [policy, payment, body, code, facts] of cases) {
    const strict = await api.merchant(policy);
    const { id } = await api.payment(strict, payment);
    const answer = await api.post('/v1/refunds', { payment_id: id, ...body }, { key: strict.key });
    assertProblem(answer, 409, code);
    for (const [name, value] of Object.entries(facts)) assert.equal(answer.body[name], value);
    assert.equal(answer.body.captured, 10_000);
  }
  const once = await api.merchant({ refunds_per_payment: 1 });
  const { id } = await api.payment(once);
  await api.post('/v1/refunds', { payment_id: id, amount: 1 }, { key: once.key });
  const second = await api.post('/v1/refunds', { payment_id: id, amount: 1 }, { key: once.key });
  assertProblem(second, 409, 'refund_count_exceeded');
  assert.equal(second.body.refunds_per_payment, 1);
  const covered = await api.merchant({ balance_must_cover: true });
  const settled = await api.payment(covered);
  await api.post('/v1/settlements', { currency: 'USD' }, { key: covered.key });
  const uncovered = await api.post('/v1/refunds', { payment_id: settled.id, amount: 1 }, { key: covered.key });
  assertProblem(uncovered, 409, 'insufficient_merchant_balance');
  assert.equal(uncovered.body.unsettled, 0);
});

test('a refund names exactly one payment, in a namespace that there is', async () => {
  const payment = await api.payment(merchant, { references: { 'native.reference': 'one' } });
  const reference = { namespace: 'native.reference', value: 'one' };
  for (const body of [
    { amount: 1 },
    { payment_id: payment.id, payment_reference: reference },
    { payment_reference: { ...reference, namespace: 'nobody.id' } },
    { payment_id: 'nothing' },
    { payment_reference: { namespace: 'native.reference' } },
  ]) {
    assertProblem(await refund(body), 400, 'invalid_request');
  }
  assertProblem(await refund({ payment_id: UNKNOWN }), 404, 'payment_not_found');
  assertProblem(await refund({ payment_reference: { ...reference, value: 'two' } }), 404, 'payment_not_found');
  assertProblem(await api.get('/v1/refunds/nothing', { key }), 404, 'refund_not_found');
  assertProblem(await api.get(`/v1/refunds/${UNKNOWN}`, { key }), 404, 'refund_not_found');
});

test('an administrator refunds by the id alone, or by a reference of a merchant', async () => {
  const payment = await api.payment(merchant, { references: { 'native.reference': 'admin' } });
  assert.equal((await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 })).status, 201);
  const payment_reference = { namespace: 'native.reference', value: 'admin' };
  assertProblem(await api.post('/v1/refunds', { payment_reference, amount: 1 }), 400, 'invalid_request');
  const named = await api.post('/v1/refunds', { merchant_id: merchant.id, payment_reference, amount: 1 });
  assert.equal(named.status, 201);
  const other = await api.merchant();
  assertProblem(
    await api.post('/v1/refunds', { merchant_id: other.id, payment_id: payment.id, amount: 1 }),
    404,
    'payment_not_found',
  );
});

test('a reversal makes the funds refundable again, once', async () => {
  const payment = await api.payment(merchant);
  const { body } = await refund({ payment_id: payment.id });
  const reversed = await api.post(`/v1/refunds/${body.id}/reverse`, undefined, { key });
  assert.equal(reversed.status, 200);
  assert.equal(reversed.body.status, 'reversed');
  assert.equal(reversed.body.payment.refundable, 10_000);
  const again = await api.post(`/v1/refunds/${body.id}/reverse`, undefined, { key });
  assertProblem(again, 409, 'not_reversible');
  assert.equal(again.body.current_status, 'reversed');
  assertProblem(await api.post(`/v1/refunds/${body.id}/cancel`, undefined, { key }), 409, 'not_cancelable');
});

test('a preview says what would happen and writes nothing', async () => {
  const own = await api.merchant({ approval_above: { USD: 5_000 } });
  const payment = await api.payment(own, {
    entitlements: [{ learner: 'ada', kind: 'program', target: 'P-1' }],
  });
  const reader = await api.key(own.id, 'read');
  const entries = async () => (await client.query('SELECT count(*) AS n FROM journal')).rows[0].n;
  const before = await entries();
  const preview = async (body: Body) => {
    const answer = await api.post('/v1/refunds/preview', { payment_id: payment.id, ...body }, { key: reader });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const small = await preview({ amount: 5_000 });
  assert.equal(small.outcome, 'succeeded');
  assert.equal(small.approval_required, false);
  assert.equal(small.payment.refundable, 5_000);
  const large = await preview({ amount: 5_001 });
  assert.equal(large.outcome, 'pending_approval');
  assert.equal(large.approval_required, true);
  assert.equal(large.payment.reserved, 5_001);
  const over = await preview({ amount: 10_001 });
  assert.equal(over.outcome, 'refused');
  assert.equal(over.refusal.code, 'amount_exceeds_refundable');
  assert.equal(over.refusal.refundable, 10_000);
  assert.equal(over.payment.refundable, 10_000);
  assertProblem(
    await api.post('/v1/refunds/preview', { payment_id: UNKNOWN }, { key: reader }),
    404,
    'payment_not_found',
  );
  await api.send('PUT', `/v1/merchants/${own.id}/policy`, { body: {} });
  const whole = await preview({});
  assert.equal(whole.entitlement_changes.entitlements_revoked.length, 1);
  assert.equal(await entries(), String(Number(before) + 1), 'the policy change and nothing else');
  assert.equal((await api.get(`/v1/payments/${payment.id}`)).body.refundable, 10_000);
});
