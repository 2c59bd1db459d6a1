import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASIC_KEY, MID, newTalk, registerTransaction, REFUND, send, sendBody, X_API_KEY } from './fixtures/talk.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The status that a refund with this `Authorization` is answered with, where `key` is the merchant's. */
async function statusWith(key: string, authorization: string): Promise<number> {
  const talk = newTalk({ basicKey: key });
  registerTransaction(talk);
  return (await send(talk, {}, { authorization })).status_code;
}

test('the key is accepted raw, after Basic, and after Basic in base64 with or without a colon', async () => {
  for (const authorization of [
    BASIC_KEY,
    `Basic ${BASIC_KEY}`,
    `basic  ${BASIC_KEY} `,
    `Basic ${base64(BASIC_KEY)}`,
    `Basic ${base64(`${BASIC_KEY}:`)}`,
    `Basic ${base64(BASIC_KEY).replace(/=+$/, '')}`,
  ]) {
    assert.equal(await statusWith(BASIC_KEY, authorization), 201, authorization);
  }
});

test('a raw key that happens to be base64 is accepted in every form too', async () => {
  for (const key of ['abcd', 'ZGVtbw==', base64('another-key'), base64('another-key:')]) {
    for (const authorization of [key, `Basic ${key}`, `Basic ${base64(key)}`, `Basic ${base64(`${key}:`)}`]) {
      assert.equal(await statusWith(key, authorization), 201, `${key} as ${authorization}`);
    }
  }
});

test('what is not the key is not accepted in any form', async () => {
  for (const authorization of [
    'wrong',
    'Basic wrong',
    'Basic',
    'Basic ',
    `Bearer ${BASIC_KEY}`,
    `Basic ${BASIC_KEY}:`,
    `Basic ${base64(`x:${BASIC_KEY}`)}`,
    `Basic ${base64(`${BASIC_KEY}:x`)}`,
    `Basic ${base64(base64(BASIC_KEY))}`,
    base64(BASIC_KEY),
    `Basic ${base64(BASIC_KEY)}!`,
    `Basic ${base64('\u0000\u0001')}`,
    `Basic ${'x'.repeat(5000)}`,
  ]) {
    assert.equal(await statusWith(BASIC_KEY, authorization), 401, authorization);
  }
});

test('missing keys, wrong keys and another’s merchant_id get one and the same answer', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  const body = JSON.stringify(REFUND);
  const headers: Record<string, string>[] = [
    {},
    { authorization: `Basic ${BASIC_KEY}` },
    { 'x-api-key': X_API_KEY },
    { authorization: '', 'x-api-key': X_API_KEY },
    { authorization: 'Basic wrong', 'x-api-key': X_API_KEY },
    { authorization: `Basic ${BASIC_KEY}`, 'x-api-key': 'wrong' },
    { authorization: X_API_KEY, 'x-api-key': BASIC_KEY },
    { authorization: `Basic ${BASIC_KEY}`, 'x-api-key': base64(X_API_KEY) },
  ];
  const otherMerchant = await send(talk, { merchant_id: 'M-OTHER' });
  assert.equal(otherMerchant.status_code, 401);
  assert.equal(otherMerchant.is_live, undefined);
  for (const given of headers) assert.deepEqual(await sendBody(talk, body, given), otherMerchant);
  assert.equal(talk.payment(payment.id).refundedMinor, 0n);
});

test('merchant_id is judged before the other fields, and keys before the body', async () => {
  const talk = newTalk();
  assert.equal((await send(talk, { merchant_id: 'M-OTHER', amount: 'x', transactionId: null })).status_code, 401);
  assert.equal((await sendBody(talk, '{', { authorization: 'wrong', 'x-api-key': 'wrong' })).status_code, 401);
});

test('a credential without a mid lets nobody in', async () => {
  for (const settings of [{}, { mid: [MID] }]) {
    const talk = newTalk({ settings });
    registerTransaction(talk);
    assert.equal((await send(talk)).status_code, 401);
  }
});

test('a credential that may only read refunds nothing', async () => {
  const talk = newTalk({ role: 'read' });
  const payment = registerTransaction(talk);
  const body = await send(talk);
  assert.equal(body.status_code, 403);
  assert.equal(body.gateway_response.code, 'ERR0002');
  assert.equal(talk.payment(payment.id).refundedMinor, 0n);
});
