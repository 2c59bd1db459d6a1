import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyBooks } from '../../src/engine/verify.ts';
import { Api, assertProblem } from './server.ts';

const api = await Api.start();
const merchant = await api.merchant({ approval_above: { USD: 5_000 }, approval_hours: 24 });
const requester = merchant.key;
const approver = await api.key(merchant.id, 'merchant');

async function waiting(amount = 6_000): Promise<{ id: string; paymentId: string }> {
  const payment = await api.payment(merchant);
  const answer = await api.post('/v1/refunds', { payment_id: payment.id, amount }, { key: requester });
  assert.equal(answer.status, 201);
  assert.equal(answer.body.status, 'pending_approval');
  assert.equal(answer.body.payment.reserved, amount);
  assert.equal(answer.body.payment.refundable, 10_000 - amount);
  assert.match(answer.body.requested_by, /^key:/);
  return { id: answer.body.id, paymentId: payment.id };
}

test('a refund above the limit succeeds when a second key approves it', async () => {
  const { id } = await waiting();
  const approved = await api.post(`/v1/refunds/${id}/approve`, { amount: 6_000 }, { key: approver });
  assert.equal(approved.status, 200);
  assert.equal(approved.body.status, 'succeeded');
  assert.deepEqual([approved.body.payment.reserved, approved.body.payment.refunded], [0, 6_000]);
  const again = await api.post(`/v1/refunds/${id}/approve`, undefined, { key: approver });
  assertProblem(again, 409, 'approval_not_allowed');
  assert.equal(again.body.current_status, 'succeeded');
});

test('who asked for a refund can neither approve nor reject it', async () => {
  const { id } = await waiting();
  assertProblem(
    await api.post(`/v1/refunds/${id}/approve`, undefined, { key: requester }),
    409,
    'approval_not_allowed',
  );
  assertProblem(await api.post(`/v1/refunds/${id}/reject`, undefined, { key: requester }), 409, 'approval_not_allowed');
  assert.equal((await api.get(`/v1/refunds/${id}`)).body.status, 'pending_approval');
});

test('an approval of another amount is refused with both amounts', async () => {
  const { id } = await waiting();
  const answer = await api.post(`/v1/refunds/${id}/approve`, { amount: 6_001 }, { key: approver });
  assertProblem(answer, 409, 'approval_not_allowed');
  assert.equal(answer.body.amount, 6_000);
  assert.equal(answer.body.approved_amount, 6_001);
  assert.equal(answer.body.reserved, 6_000);
});

test('a rejected refund gives its funds back', async () => {
  const { id } = await waiting();
  const { status, body } = await api.post(`/v1/refunds/${id}/reject`, undefined, { key: approver });
  assert.equal(status, 200);
  assert.deepEqual([body.status, body.cancel_reason, body.payment.refundable], ['canceled', 'rejected', 10_000]);
});

test('why a refund was approved, rejected or canceled is kept with it, and outside the journal', async () => {
  for (const [action, key] of [
    ['approve', approver],
    ['reject', approver],
    ['cancel', requester],
  ] as const) {
    const { id } = await waiting();
    const answer = await api.post(`/v1/refunds/${id}/${action}`, { reason: `Said to ${action}` }, { key });
    assert.equal(answer.body.decision_reason, `Said to ${action}`);
    assert.equal((await api.get(`/v1/refunds/${id}`)).body.decision_reason, `Said to ${action}`);
  }
  const journal = await api.walk('/v1/journal', 100);
  assert.ok(!JSON.stringify(journal).includes('Said to'));
  // A reversal later says nothing of its own, and keeps what was said.
  const { id } = await waiting();
  await api.post(`/v1/refunds/${id}/approve`, { reason: 'Fine' }, { key: approver });
  assert.equal((await api.post(`/v1/refunds/${id}/reverse`)).body.decision_reason, 'Fine');
  assert.equal((await verifyBooks(api.refundry.readers)).findingCount, 0);
});

test('the same decision for another reason is another request', async () => {
  const { id } = await waiting();
  const decide = (reason: string) =>
    api.post(`/v1/refunds/${id}/reject`, { reason }, { key: approver, idempotencyKey: 'decided-once' });
  assert.equal((await decide('No')).status, 200);
  assert.equal((await decide('No')).headers.get('idempotent-replayed'), 'true');
  assertProblem(await decide('Never'), 422, 'idempotency_key_reused');
});

test('a reason with a card number is refused', async () => {
  const { id } = await waiting();
  const answer = await api.post(`/v1/refunds/${id}/reject`, { reason: 'card 4111111111111111' }, { key: approver });
  assertProblem(answer, 400, 'invalid_request');
  assert.equal(answer.body.errors[0].parameter, 'reason');
});

test('an approval can be previewed: its effects for a second person, why not for who asked', async () => {
  const { id } = await waiting();
  const preview = (key: string) => api.post(`/v1/refunds/${id}/approve/preview`, { amount: 6_000 }, { key });
  const { status, body } = await preview(approver);
  assert.deepEqual([status, body.outcome, body.refusal], [200, 'succeeded', null]);
  assert.deepEqual([body.payment.refunded, body.payment.reserved, body.payment.refundable], [6_000, 0, 4_000]);
  const own = (await preview(requester)).body;
  assert.deepEqual([own.outcome, own.refusal.code], ['refused', 'approval_not_allowed']);
  assert.equal((await api.get(`/v1/refunds/${id}`)).body.status, 'pending_approval');
});

test('the requester may cancel a refund that waits', async () => {
  const { id } = await waiting();
  const { body } = await api.post(`/v1/refunds/${id}/cancel`, undefined, { key: requester });
  assert.deepEqual([body.status, body.cancel_reason, body.payment.reserved], ['canceled', 'canceled', 0]);
  assertProblem(await api.post(`/v1/refunds/${id}/cancel`, undefined, { key: requester }), 409, 'not_cancelable');
});

test('a disputed payment takes no approval', async () => {
  const { id, paymentId } = await waiting();
  await api.post(`/v1/payments/${paymentId}/dispute`);
  assertProblem(await api.post(`/v1/refunds/${id}/approve`, undefined, { key: approver }), 409, 'payment_disputed');
});

test('an administrator approves for any merchant', async () => {
  const { id } = await waiting();
  assert.equal((await api.post(`/v1/refunds/${id}/approve`)).body.status, 'succeeded');
});

test('what names no refund is not found, for every action', async () => {
  for (const id of ['019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11', 'nothing']) {
    for (const action of ['approve', 'reject', 'cancel', 'reverse']) {
      assertProblem(
        await api.post(`/v1/refunds/${id}/${action}`, undefined, { key: approver }),
        404,
        'refund_not_found',
      );
      assertProblem(await api.post(`/v1/refunds/${id}/${action}`), 404, 'refund_not_found');
    }
  }
});

test('an approval that nobody gave expires, and its funds are refundable again', async () => {
  const { id, paymentId } = await waiting();
  const listed = await api.walk('/v1/refunds?status=pending_approval', 2, { key: approver });
  assert.ok(listed.some((refund) => refund.id === id));
  api.advance(24 * 3_600_000 + 1);
  const late = await api.post(`/v1/refunds/${id}/approve`, undefined, { key: approver });
  assertProblem(late, 409, 'approval_not_allowed');
  assert.ok(late.body.expired_at);
  await api.refundry.expire();
  const expired = await api.get(`/v1/refunds/${id}`, { key: requester });
  assert.deepEqual([expired.body.status, expired.body.cancel_reason], ['canceled', 'expired']);
  assert.equal((await api.get(`/v1/payments/${paymentId}`)).body.reserved, 0);
});
