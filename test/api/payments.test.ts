import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, assertProblem } from './server.ts';

const api = await Api.start();
const merchant = await api.merchant();
const { key } = merchant;
const UNKNOWN = '019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11';

test('a registered payment is answered with its breakdown and can be read again', async () => {
  const created = await api.post(
    '/v1/payments',
    {
      amount: 10_000,
      currency: 'USD',
      references: { 'native.reference': 'order-1' },
      method: { type: 'card', scheme: 'VISA', first6: '411111', last4: '1111', expiry_month: '09', holder_name: 'Ada' },
      customer: { name: 'Ada', email: 'ada@example.com' },
      device: { id: 'T-1', serial_number: '275-012' },
      order_number: 'O-1',
      description: 'Two tickets',
      metadata: { channel: 'web' },
      created_at: '2026-01-31T13:00:00+01:00',
    },
    { key },
  );
  assert.equal(created.status, 201);
  const { id, updated_at: _updated, ...payment } = created.body;
  assert.deepEqual(payment, {
    merchant_id: merchant.id,
    amount: 10_000,
    status: 'captured',
    refund_status: 'none',
    disputed: false,
    currency: 'USD',
    captured: 10_000,
    refunded: 0,
    reserved: 0,
    refundable: 10_000,
    settled: false,
    references: { 'native.reference': 'order-1' },
    method: { type: 'card', scheme: 'VISA', first6: '411111', last4: '1111', expiry_month: '09', holder_name: 'Ada' },
    customer: { name: 'Ada', email: 'ada@example.com' },
    device: { id: 'T-1', serial_number: '275-012' },
    order_number: 'O-1',
    internal_transaction_id: null,
    merchant_transaction_reference: null,
    description: 'Two tickets',
    metadata: { channel: 'web' },
    created_at: '2026-01-31T12:00:00.000Z',
    captured_at: '2026-01-31T12:00:00.000Z',
  });
  const read = await api.get(`/v1/payments/${id}`, { key });
  assert.deepEqual(read.body, created.body);
});

test('a reference that is taken is refused, naming the payment that has it', async () => {
  const first = await api.payment(merchant, { references: { 'native.reference': 'taken' } });
  const again = await api.post(
    '/v1/payments',
    { amount: 1, currency: 'USD', references: { 'native.reference': 'taken' } },
    { key },
  );
  assertProblem(again, 409, 'duplicate_reference');
  assert.equal(again.body.payment_id, first.id);
  assert.equal(again.body.namespace, 'native.reference');
});

test('a payment cannot be registered in the future, in an unknown currency or under an unknown namespace', async () => {
  const payment = { amount: 100, currency: 'USD' };
  for (const [wrong, parameter] of [
    [{ created_at: '2099-01-01' }, 'created_at'],
    [{ created_at: '2026-02-30T00:00:00Z' }, 'created_at'],
    [{ created_at: 'yesterday' }, 'created_at'],
    [{ created_at: '1969-12-31T23:59:59Z' }, 'created_at'],
    [{ created_at: '2026-01-02', captured_at: '2026-01-01' }, 'captured_at'],
    [{ currency: 'XYZ' }, 'currency'],
    [{ references: { 'nobody.id': 'x' } }, 'references.nobody.id'],
  ] as const) {
    const answer = await api.post('/v1/payments', { ...payment, ...wrong }, { key });
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.body.errors[0].parameter, parameter);
  }
});

test('a pending payment is captured once, and then no more', async () => {
  const { id, captured } = await api.payment(merchant, { status: 'pending' });
  assert.equal(captured, 0);
  const answer = await api.post(`/v1/payments/${id}/capture`, undefined, { key });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.captured, 10_000);
  assert.equal(answer.body.status, 'captured');
  const again = await api.post(`/v1/payments/${id}/capture`, {}, { key });
  assertProblem(again, 409, 'not_capturable');
  assert.equal(again.body.current_status, 'captured');
  assert.equal(again.body.refundable, 10_000);
});

test('a pending payment is closed, and can neither be captured nor refunded', async () => {
  const { id } = await api.payment(merchant, { status: 'pending' });
  assert.equal((await api.post(`/v1/payments/${id}/close`, undefined, { key })).body.status, 'closed');
  assertProblem(await api.post(`/v1/payments/${id}/capture`, undefined, { key }), 409, 'not_capturable');
  const refund = await api.post('/v1/refunds', { payment_id: id, amount: 1 }, { key });
  assertProblem(refund, 409, 'payment_not_refundable');
  assert.equal(refund.body.current_status, 'closed');
  assert.equal(refund.body.captured, 0);
});

test('a void takes a captured payment back, unless something is refunded', async () => {
  const { id } = await api.payment(merchant);
  const voided = await api.post(`/v1/payments/${id}/void`, undefined, { key });
  assert.equal(voided.body.status, 'voided');
  assert.equal(voided.body.captured, 0);
  const other = await api.payment(merchant);
  await api.post('/v1/refunds', { payment_id: other.id, amount: 2_500 }, { key });
  const refused = await api.post(`/v1/payments/${other.id}/void`, undefined, { key });
  assertProblem(refused, 409, 'not_voidable');
  assert.equal(refused.body.refunded, 2_500);
  assert.equal(refused.body.refundable, 7_500);
});

test('a settled payment says so, also when it is disputed, and cannot be voided', async () => {
  const own = await api.merchant();
  const { id } = await api.payment(own);
  assert.equal((await api.post('/v1/settlements', { currency: 'USD' }, { key: own.key })).status, 201);
  assert.equal((await api.get(`/v1/payments/${id}`, { key: own.key })).body.settled, true);
  assert.equal((await api.get('/v1/payments', { key: own.key })).body.data[0].settled, true);
  assert.equal((await api.post(`/v1/payments/${id}/dispute`, undefined, { key: own.key })).body.settled, true);
  await api.send('DELETE', `/v1/payments/${id}/dispute`, { key: own.key });
  const refused = await api.post(`/v1/payments/${id}/void`, undefined, { key: own.key });
  assertProblem(refused, 409, 'not_voidable');
  assert.equal(refused.body.settled, true);
});

test('a disputed payment is not refunded until the dispute is cleared', async () => {
  const { id } = await api.payment(merchant);
  assert.equal((await api.post(`/v1/payments/${id}/dispute`, undefined, { key })).body.disputed, true);
  assertProblem(await api.post('/v1/refunds', { payment_id: id }, { key }), 409, 'payment_disputed');
  assert.equal((await api.send('DELETE', `/v1/payments/${id}/dispute`, { key })).body.disputed, false);
  assert.equal((await api.post('/v1/refunds', { payment_id: id }, { key })).status, 201);
  const pending = await api.payment(merchant, { status: 'pending' });
  assertProblem(
    await api.post(`/v1/payments/${pending.id}/dispute`, undefined, { key }),
    409,
    'payment_not_refundable',
  );
});

test('what names no payment is not found, however it is written', async () => {
  for (const id of [UNKNOWN, 'nothing', UNKNOWN.toUpperCase(), '%00', 'a%2Fb']) {
    assertProblem(await api.get(`/v1/payments/${id}`, { key }), 404, 'payment_not_found');
    for (const action of ['capture', 'close', 'void', 'dispute']) {
      assertProblem(await api.post(`/v1/payments/${id}/${action}`, undefined, { key }), 404, 'payment_not_found');
      assertProblem(await api.post(`/v1/payments/${id}/${action}`), 404, 'payment_not_found');
    }
  }
});

test('an administrator must say for which merchant a payment is, and a merchant for no other', async () => {
  const unsaid = await api.post('/v1/payments', { amount: 1, currency: 'USD' });
  assertProblem(unsaid, 400, 'invalid_request');
  assert.equal(unsaid.body.errors[0].parameter, 'merchant_id');
  const unknown = await api.post('/v1/payments', { merchant_id: UNKNOWN, amount: 1, currency: 'USD' });
  assertProblem(unknown, 404, 'resource_not_found');
  const other = await api.merchant();
  const foreign = await api.post('/v1/payments', { merchant_id: other.id, amount: 1, currency: 'USD' }, { key });
  assertProblem(foreign, 404, 'resource_not_found');
  const own = await api.post('/v1/payments', { merchant_id: merchant.id, amount: 1, currency: 'USD' }, { key });
  assert.equal(own.status, 201);
});
