import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { connect } from '../kit/database.ts';
import { Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);
const merchant = await api.merchant();
const { key } = merchant;
const UNKNOWN = '019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11';

const OPEN = {
  partial_refunds: true,
  refunds_per_payment: null,
  window_days: null,
  minimum: {},
  balance_must_cover: false,
  reason_required: false,
  approval_above: {},
  approval_hours: null,
};

test('a key is told who it is', async () => {
  const { body } = await api.get('/v1/me', { key });
  assert.equal(body.role, 'merchant');
  assert.equal(body.merchant_id, merchant.id);
  assert.equal(body.merchant_name, 'Example Ltd');
  assert.equal((await api.get('/v1/me')).body.merchant_id, null);
});

test('a merchant is created with an open policy, read, and listed', async () => {
  const { status, body } = await api.post('/v1/merchants', { name: 'Plain' });
  assert.equal(status, 201);
  assert.deepEqual(body.policy, OPEN);
  assert.deepEqual((await api.get(`/v1/merchants/${body.id}`)).body, body);
  const listed = await api.walk('/v1/merchants', 1);
  assert.ok(listed.length >= 2 && listed.some(({ id }) => id === body.id));
  assert.deepEqual((await api.get(`/v1/merchants/${merchant.id}`, { key })).body.id, merchant.id);
  assertProblem(await api.get(`/v1/merchants/${UNKNOWN}`), 404, 'resource_not_found');
  assertProblem(await api.get('/v1/merchants/nobody'), 404, 'resource_not_found');
});

test('a policy is set as a whole, and applies at once', async () => {
  const { id, key: own } = await api.merchant({ window_days: 7 });
  const policy = { reason_required: true, minimum: { USD: 500 }, approval_above: { USD: 0 }, approval_hours: 1 };
  const { status, body } = await api.send('PUT', `/v1/merchants/${id}/policy`, { body: policy });
  assert.equal(status, 200);
  assert.deepEqual(body, { ...OPEN, ...policy });
  assert.deepEqual((await api.get(`/v1/merchants/${id}/policy`, { key: own })).body, body);
  const payment = await api.payment({ id });
  assertProblem(await api.post('/v1/refunds', { payment_id: payment.id }, { key: own }), 409, 'reason_required');
  for (const wrong of [
    { minimum: { XYZ: 1 } },
    { minimum: { USD: -1 } },
    { window_days: 0 },
    { approval_hours: 1.5 },
    { refunds_per_payment: '1' },
    { partial_refund: true },
  ]) {
    assertProblem(await api.send('PUT', `/v1/merchants/${id}/policy`, { body: wrong }), 400, 'invalid_request');
  }
  assertProblem(await api.send('PUT', `/v1/merchants/${UNKNOWN}/policy`, { body: {} }), 404, 'resource_not_found');
});

test('the secret of a credential is shown when it is made, works, and is never shown again', async () => {
  const created = await api.post('/v1/credentials', {
    merchant_id: merchant.id,
    protocol: 'native',
    role: 'merchant',
    label: 'checkout',
  });
  assert.equal(created.status, 201);
  assert.equal(created.headers.get('cache-control'), 'no-store');
  const { secrets, ...credential } = created.body;
  assert.match(secrets.key, /^rk_[\w-]{43}$/);
  assert.equal((await api.get('/v1/me', { key: secrets.key })).body.credential_id, credential.id);
  const listed = await api.get(`/v1/credentials?merchant_id=${merchant.id}`);
  assert.deepEqual(
    listed.body.data.find(({ id }: Body) => id === credential.id),
    credential,
  );
  assert.doesNotMatch(listed.text, /secret|hash/);
  assert.equal((await api.get('/v1/credentials', { key })).body.data.length, listed.body.data.length);
  const { rows } = await client.query(
    'SELECT row_to_json(c)::text AS text FROM credential c UNION ALL SELECT row_to_json(j)::text FROM journal j',
  );
  assert.ok(rows.every(({ text }) => !text.includes(secrets.key)));
});

test('credentials of partners’ protocols need what their protocol needs', async () => {
  const create = (body: Body) =>
    api.post('/v1/credentials', { merchant_id: merchant.id, role: 'merchant', label: 'x', ...body });
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const bbmsl = await create({ protocol: 'bbmsl', lookup: '3', public_key: pem });
  assert.equal(bbmsl.status, 201, bbmsl.text);
  assert.deepEqual([bbmsl.body.lookup, bbmsl.body.secrets], ['3', {}]);
  assert.match(bbmsl.body.public_key, /BEGIN PUBLIC KEY/);
  const edubrite = await create({ protocol: 'edubrite', lookup: 'admin', settings: { administrators: ['admin'] } });
  assert.equal(edubrite.status, 201, edubrite.text);
  assert.deepEqual(Object.keys(edubrite.body.secrets), ['password']);
  for (const [body, parameter] of [
    [{ protocol: 'nobody' }, 'protocol'],
    [{ protocol: 'bbmsl', lookup: '3' }, 'public_key'],
    [{ protocol: 'bbmsl', public_key: pem }, 'lookup'],
    [{ protocol: 'edubrite', lookup: 'admin' }, 'settings.administrators'],
    [{ protocol: 'edubrite', lookup: 'admin', settings: { administrators: 'admin' } }, 'settings.administrators'],
    [{ protocol: 'native', settings: { colour: 'red' } }, 'settings.colour'],
    [{ protocol: 'native', role: 'admin' }, 'merchant_id'],
    [{ protocol: 'bbmsl', role: 'admin' }, 'merchant_id'],
  ] as const) {
    const answer = await create(body);
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.body.errors[0].parameter, parameter, answer.text);
  }
  for (const body of [
    { protocol: 'native', role: 'merchant', label: 'x' },
    { protocol: 'payengine', role: 'read', label: 'x' },
  ]) {
    const answer = await api.post('/v1/credentials', body);
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.body.errors[0].parameter, 'merchant_id');
  }
  const unknown = await create({ protocol: 'native', merchant_id: UNKNOWN });
  assertProblem(unknown, 404, 'resource_not_found');
});

test('a revoked credential opens nothing any more, and revoking it again changes nothing', async () => {
  const { body } = await api.post('/v1/credentials', { protocol: 'native', role: 'read', label: 'auditor' });
  const revoked = await api.post(`/v1/credentials/${body.id}/revoke`);
  assert.equal(revoked.status, 200);
  assert.ok(revoked.body.revoked_at);
  assertProblem(await api.get('/v1/me', { key: body.secrets.key }), 401, 'unauthenticated');
  assert.deepEqual((await api.post(`/v1/credentials/${body.id}/revoke`)).body, revoked.body);
  assertProblem(await api.post(`/v1/credentials/${UNKNOWN}/revoke`), 404, 'resource_not_found');
  assertProblem(await api.post('/v1/credentials/nothing/revoke'), 404, 'resource_not_found');
});

test('a settlement pays out the whole balance of a currency, once', async () => {
  const { id, key: own } = await api.merchant();
  const payment = await api.payment({ id });
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 2_500 }, { key: own });
  const { status, body } = await api.post('/v1/settlements', { currency: 'USD' }, { key: own });
  assert.equal(status, 201);
  assert.equal(body.amount, 7_500);
  assert.deepEqual((await api.get(`/v1/settlements/${body.id}`, { key: own })).body, body);
  const again = await api.post('/v1/settlements', { currency: 'USD' }, { key: own });
  assertProblem(again, 409, 'nothing_to_settle');
  assert.equal(again.body.unsettled, 0);
  await api.payment({ id }, { amount: 5 });
  await api.post('/v1/settlements', { merchant_id: id, currency: 'USD' });
  assert.deepEqual(
    (await api.walk('/v1/settlements', 1, { key: own })).map(({ amount }) => amount),
    [5, 7_500],
  );
  assertProblem(await api.get('/v1/settlements'), 400, 'invalid_request');
  assert.equal((await api.walk(`/v1/settlements?merchant_id=${id}`, 5)).length, 2);
  for (const wrong of ['XYZ', 'usd']) {
    assertProblem(await api.post('/v1/settlements', { currency: wrong }, { key: own }), 400, 'invalid_request');
  }
  assertProblem(await api.get(`/v1/settlements/${body.id}`, { key }), 404, 'resource_not_found');
  assertProblem(await api.get('/v1/settlements/nothing', { key }), 404, 'resource_not_found');
});

test('the accounts of every currency are shown, and sum to zero', async () => {
  const { id, key: own } = await api.merchant({ approval_above: { USD: 3_000 } });
  const payment = await api.payment({ id });
  await api.payment({ id }, { amount: 900, currency: 'JPY' });
  await api.post('/v1/settlements', { currency: 'JPY' }, { key: own });
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 1_000 }, { key: own });
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 4_000 }, { key: own });
  const { body } = await api.get(`/v1/merchants/${id}/balances`, { key: own });
  assert.deepEqual(body, {
    merchant_id: id,
    data: [
      {
        currency: 'JPY',
        processor_clearing: -900,
        merchant_unsettled: 0,
        refunds_payable: 0,
        merchant_settled: 900,
        sum: 0,
      },
      {
        currency: 'USD',
        processor_clearing: -9_000,
        merchant_unsettled: 5_000,
        refunds_payable: 4_000,
        merchant_settled: 0,
        sum: 0,
      },
    ],
  });
  assertProblem(await api.get(`/v1/merchants/${UNKNOWN}/balances`), 404, 'resource_not_found');
});

test('a balance beyond 2^53 is written with all its digits', async () => {
  const { id, key: own } = await api.merchant();
  await api.payment({ id });
  await client.query(
    `UPDATE balance SET processor_clearing_minor = -9007199254740993, merchant_unsettled_minor = 9007199254740993 WHERE merchant_id = $1`,
    [id],
  );
  const balances = await api.get(`/v1/merchants/${id}/balances`, { key: own });
  assert.match(balances.text, /"processor_clearing":-9007199254740993,"merchant_unsettled":9007199254740993,/);
  const settlement = await api.post('/v1/settlements', { currency: 'USD' }, { key: own });
  assert.match(settlement.text, /"amount":9007199254740993,/);
  assert.match((await api.get('/v1/journal?kind=balance_settled', { key: own })).text, /"amount":9007199254740993,/);
});

test('a name that callers send belongs to one merchant: another cannot take it, its own may rotate', async () => {
  const other = await api.merchant();
  const asked = { protocol: 'boost-aoc', role: 'merchant', label: 'shop', lookup: 'one-shop' };
  assert.equal((await api.post('/v1/credentials', { ...asked, merchant_id: merchant.id })).status, 201);
  const taken = await api.post('/v1/credentials', { ...asked, merchant_id: other.id });
  assertProblem(taken, 409, 'duplicate_reference');
  // The credentials are cached for callers, not for this check: a second key of the same merchant is a rotation.
  assert.equal((await api.post('/v1/credentials', { ...asked, merchant_id: merchant.id })).status, 201);
});
