import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const merchant = await api.merchant();
const { key } = merchant;

const of = async (learner: string, more = ''): Promise<Body[]> =>
  (await api.get(`/v1/entitlements?learner=${learner}${more}`, { key })).body.data;

test('a full refund ends what the payment entitles to, and a reversal grants it again', async () => {
  const payment = await api.payment(merchant, {
    coupon_code: 'GROUP-1',
    entitlements: [{ learner: 'ada', kind: 'program', target: 'P-1', via_coupon: true }],
  });
  const [enrolment] = (await api.get(`/v1/payments/${payment.id}/entitlements`, { key })).body.data;
  const coupons = async () => (await api.get(`/v1/payments/${payment.id}/coupons`, { key })).body.data;
  const [coupon] = await coupons();
  assert.deepEqual(
    [enrolment.active, enrolment.coupon_id, coupon.status, coupon.code],
    [true, coupon.id, 'ACTIVE', 'GROUP-1'],
  );
  const partial = await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 }, { key });
  assert.equal(partial.body.entitlement_changes, undefined);
  const rest = await api.post('/v1/refunds', { payment_id: payment.id }, { key });
  assert.deepEqual(rest.body.entitlement_changes, {
    entitlements_revoked: [enrolment.id],
    entitlements_kept: [],
    coupons_refunded: [coupon.id],
  });
  assert.equal((await coupons())[0].status, 'REFUNDED');
  assert.deepEqual(
    (await of('ada')).map(({ active }) => active),
    [false],
  );
  const reversed = await api.post(`/v1/refunds/${rest.body.id}/reverse`, undefined, { key });
  assert.deepEqual(reversed.body.entitlement_changes.entitlements_granted, [enrolment.id]);
  assert.deepEqual(
    (await of('ada')).map(({ active }) => active),
    [true],
  );
});

test('a learner keeps an enrolment that another payment grants, too', async () => {
  const entitlement = { learner: 'grace', kind: 'course_session', target: 'S-9' };
  const first = await api.payment(merchant, { entitlements: [entitlement] });
  const second = await api.payment(merchant);
  const granted = await api.post(`/v1/payments/${second.id}/entitlements`, entitlement, { key });
  assert.equal(granted.status, 201);
  assert.equal(granted.body.active, true);
  const { body } = await api.post('/v1/refunds', { payment_id: first.id }, { key });
  assert.equal(body.entitlement_changes.entitlements_kept.length, 1);
  assert.deepEqual(body.entitlement_changes.entitlements_revoked, []);
  assert.deepEqual(
    (await of('grace', '&active=true')).map(({ payment_id: id }) => id),
    [second.id],
  );
  assert.deepEqual(
    (await of('grace', '&active=false')).map(({ payment_id: id }) => id),
    [first.id],
  );
});

test('a payment that grants nothing takes no enrolment', async () => {
  const payment = await api.payment(merchant);
  await api.post('/v1/refunds', { payment_id: payment.id }, { key });
  const entitlement = { learner: 'alan', kind: 'program', target: 'P-1' };
  const refused = await api.post(`/v1/payments/${payment.id}/entitlements`, entitlement, { key });
  assertProblem(refused, 409, 'payment_not_refundable');
  const other = await api.payment(merchant);
  const coupon = await api.post(`/v1/payments/${other.id}/entitlements`, { ...entitlement, via_coupon: true }, { key });
  assertProblem(coupon, 400, 'invalid_request');
  assert.equal(coupon.body.errors[0].parameter, 'via_coupon');
  assertProblem(await api.post('/v1/payments/nothing/entitlements', entitlement, { key }), 404, 'payment_not_found');
});

test('enrolments are looked up by learner, of one merchant', async () => {
  assertProblem(await api.get('/v1/entitlements', { key }), 400, 'invalid_request');
  assertProblem(await api.get('/v1/entitlements?learner=ada'), 400, 'invalid_request');
  assert.equal((await api.get(`/v1/entitlements?learner=ada&merchant_id=${merchant.id}`)).body.data.length, 1);
  assert.deepEqual(await of('nobody'), []);
});
