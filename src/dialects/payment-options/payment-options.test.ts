import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { OPEN_POLICY } from '../../core/policy.ts';
import { DETAILS, KEYS, newTalk, registerTransaction, REFUND, replay, send, sendBody } from './fixtures/talk.ts';
import { paymentOptions } from './index.ts';

test('the exchanges in fixtures, the page’s example first, are answered as they stand there', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const names = readdirSync(new URL('fixtures/', import.meta.url)).filter((name) => name.endsWith('.request.http'));
  assert.equal(names.length, 7);
  for (const name of names.sort()) await replay(talk, name.replace('.request.http', ''));
});

test('the page’s path and the one in its own curl are one endpoint', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const paths = paymentOptions.operations.flatMap((operation) => operation.paths);
  assert.deepEqual(paths, [
    '/api/v1/server-to-server-interface/refund',
    '/api/v1/api/v1/server-to-server-interface/refund',
  ]);
  for (const path of paths) {
    assert.equal((await talk.send({ path, headers: KEYS, body: JSON.stringify(REFUND) })).status, 201);
  }
});

test('partial refunds go to the last unit and no further', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  for (const amount of [333, '333', 333, 1]) {
    const body = await send(talk, { amount });
    assert.equal(body.success, true);
    assert.equal(body.payment_details?.amount, Number(amount));
  }
  const more = await send(talk, { amount: 1 });
  assert.equal(more.status_code, 409);
  assert.equal(more.gateway_response.code, 'ERR0014');
  assert.equal(talk.payment(payment.id).refundedMinor, 1000n);
});

test('an over-refund is refused with the numbers, and the rest can still be refunded', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  await send(talk, { amount: 400 });
  const over = await send(talk, { amount: 601 });
  assert.equal(over.status_code, 409);
  assert.equal(over.gateway_response.code, 'ERR0019');
  assert.match(over.gateway_response.message, /asked 601 JPY, refundable 600 JPY/);
  assert.equal((await send(talk, { amount: 600 })).status_code, 201);
  assert.equal(talk.payment(payment.id).refundedMinor, 1000n);
});

test('every refund has its own id and a growing ref', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const first = await send(talk);
  const second = await send(talk);
  assert.notEqual(first.transaction_details?.id, second.transaction_details?.id);
  assert.ok((first.transaction_details?.ref ?? 0) < (second.transaction_details?.ref ?? 0));
});

test('amounts are major units, written with the currency’s decimals and read as they are written', async () => {
  const talk = newTalk();
  const dollars = registerTransaction(talk, { transactionId: 'usd', amountMinor: 100_000n, currency: 'USD' });
  const dinars = registerTransaction(talk, { transactionId: 'kwd', amountMinor: 9_005n, currency: 'KWD' });
  registerTransaction(talk, { transactionId: 'jpy' });
  const refund = async (transactionId: string, literal: string): Promise<string> => {
    const body = JSON.stringify({ ...REFUND, transactionId }).replace('100', literal);
    const path = '/api/v1/server-to-server-interface/refund';
    const answer = await talk.send({ path, headers: KEYS, body });
    return /"payment_details":\{"amount":([^,]+),/.exec(answer.body)?.[1] ?? String(answer.status);
  };
  assert.equal(await refund('usd', '10.5'), '10.50');
  assert.equal(await refund('usd', '"10.50"'), '10.50');
  assert.equal(await refund('usd', '0.07'), '0.07');
  assert.equal(await refund('usd', '9.500'), '9.50');
  assert.equal(await refund('usd', '10.005'), '400');
  assert.equal(talk.payment(dollars.id).refundedMinor, 3057n);
  assert.equal(await refund('kwd', '1.005'), '1.005');
  assert.equal(await refund('kwd', '"8"'), '8.000');
  assert.equal(talk.payment(dinars.id).refundedMinor, 9005n);
  assert.equal(await refund('jpy', '1.00'), '1');
  assert.equal(await refund('jpy', '1.5'), '400');
});

test('blocks and fields that the payment does not have are left out', async () => {
  const talk = newTalk({ settings: { mid: 'M-TINK15' } });
  registerTransaction(talk, { details: {} });
  registerTransaction(talk, { transactionId: 'ach', details: { method: { type: 'ach' } } });
  registerTransaction(talk, { transactionId: 'last4', details: { method: { type: 'card', last4: '4242' } } });
  const bare = await send(talk);
  assert.deepEqual(bare.merchant_details, { legal_name: 'Example Ltd', mid: 'M-TINK15' });
  assert.deepEqual(bare.payment_details, { amount: 100, response_code: 0, currency: 'JPY' });
  assert.deepEqual(Object.keys(bare.transaction_details ?? {}), ['id', 'ref', 'timestamp']);
  const ach = await send(talk, { transactionId: 'ach' });
  assert.deepEqual(ach.payment_details?.['additional_data'], { payment_data_source: { type: 'ach' } });
  assert.equal(ach.payment_details?.['card'], undefined);
  const last4 = await send(talk, { transactionId: 'last4' });
  assert.deepEqual(last4.payment_details?.['card'], { number: '************4242' });
});

test('a refund that waits for approval is HTTP 202, and neither success nor error', async () => {
  const talk = newTalk({ policy: { ...OPEN_POLICY, approvalAboveMinor: { JPY: 500n } } });
  const payment = registerTransaction(talk);
  const body = await send(talk, { amount: 501 });
  assert.equal(body.status_code, 202);
  assert.equal(body.success, false);
  assert.equal(body.gateway_response.type, 'PENDING');
  assert.equal(body.gateway_response.code, 'PEND0001');
  assert.equal(body.gateway_response.message, 'the refund of 501 JPY waits for approval');
  assert.equal(body.payment_details?.amount, 501);
  assert.equal(body.payment_details?.['response_code'], undefined);
  assert.equal(body.payment_details?.['auth_code'], DETAILS.method?.authorizationCode);
  assert.equal(talk.payment(payment.id).reservedMinor, 501n);
  const refundId = body.transaction_details?.id ?? '';
  talk.run({ kind: 'approve_refund', refundId, amountMinor: null }, { actor: 'cli:second' });
  assert.equal(talk.payment(payment.id).refundedMinor, 501n);
});

test('a request with an Idempotency-Key gets its answer again', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  const first = await send(talk, {}, { 'idempotency-key': 'k-1' });
  assert.equal(first.success, true);
  await send(talk);
  assert.deepEqual(await send(talk, { amount: '100.00' }, { 'idempotency-key': '"k-1"' }), first);
  assert.equal(talk.payment(payment.id).refundedMinor, 200n);

  const other = await send(talk, { amount: 101 }, { 'idempotency-key': 'k-1' });
  assert.equal(other.status_code, 422);
  assert.equal(other.gateway_response.code, 'ERR0005');

  const refused = await send(talk, { amount: 5000 }, { 'idempotency-key': 'k-2' });
  assert.equal(refused.status_code, 409);
  assert.deepEqual(await send(talk, { amount: 5000 }, { 'idempotency-key': 'k-2' }), refused);
});

test('without a key the same request twice is two refunds', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  await send(talk);
  await send(talk);
  assert.equal(talk.payment(payment.id).refundedMinor, 200n);
});

test('notes are the reason that a merchant’s policy may ask for', async () => {
  const talk = newTalk({ policy: { ...OPEN_POLICY, reasonRequired: true } });
  registerTransaction(talk);
  for (const notes of [undefined, null, '', '  ']) {
    const refused = await send(talk, { notes });
    assert.equal(refused.gateway_response.code, 'ERR0016');
  }
  assert.equal((await send(talk, { notes: 'returned' })).status_code, 201);
});

test('a whole refund in an odd order of fields, with unknown ones, is the same refund', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const body = await sendBody(
    talk,
    `{"x":[1,{"y":null}],"__proto__":{"amount":9},"merchant_id":"M-TINK15","amount":1000.0,"transactionId":"${REFUND.transactionId}"}`,
  );
  assert.equal(body.payment_details?.amount, 1000);
});
