import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClaim } from './auth.ts';
import { ask, merchant, REFUND, REFUSALS, SECRET_KEY } from './fixtures/demo.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('the key is accepted as it is, and as HTTP Basic writes it', async () => {
  for (const authorization of [
    `Basic ${SECRET_KEY}`,
    `basic ${SECRET_KEY}`,
    `BASIC  ${SECRET_KEY} `,
    `Basic ${base64(`${SECRET_KEY}:`)}`,
    `Basic ${base64(`${SECRET_KEY}:`).replace(/=+$/, '')}`,
  ]) {
    const { talk } = merchant();
    assert.equal((await ask(talk, REFUND, { authorization })).status, 200, authorization);
  }
});

test('a key that looks like base64 is itself first', async () => {
  const key = base64('another:');
  const { talk } = merchant({ key });
  assert.equal((await ask(talk, REFUND, { authorization: `Basic ${key}` })).status, 200);
  assert.deepEqual(readClaim(`Basic ${key}`), {
    kind: 'secrets',
    lookup: null,
    secrets: [key],
    alternatives: ['another'],
  });
});

test('what decodes to no lone user name has one reading', () => {
  for (const shown of [
    SECRET_KEY,
    base64('user:password'),
    base64(':'),
    base64('a b:'),
    base64('ü:'),
    base64('key'),
    'a2V5!Og==',
  ]) {
    assert.deepEqual(readClaim(`Basic ${shown}`), { kind: 'secrets', lookup: null, secrets: [shown] });
  }
});

test('a missing or wrong key is refused, whatever the body, and moves nothing', async () => {
  const { talk, saleId } = merchant();
  const { entries } = talk;
  for (const authorization of [
    '',
    'Basic',
    'Basic ',
    SECRET_KEY,
    `Bearer ${SECRET_KEY}`,
    `Basic ${SECRET_KEY} x`,
    `Basic ${SECRET_KEY}x`,
    `Basic ${base64(SECRET_KEY)}`,
    `Basic ${base64(`${SECRET_KEY}:password`)}`,
    `Basic ${base64(`:${SECRET_KEY}`)}`,
    `Basic ${SECRET_KEY.toUpperCase()}`,
  ]) {
    for (const body of [REFUND, 'no JSON']) {
      const answer = await ask(talk, body, { authorization });
      assert.equal(answer.status, 401, authorization);
      assert.deepEqual(answer.body, REFUSALS['unauthorized']);
    }
  }
  const nothing = await talk.send({ path: '/api/payment/refund', body: JSON.stringify(REFUND) });
  assert.equal(nothing.status, 401);
  assert.equal(talk.entries, entries);
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
});

test('a key that may only read does not refund', async () => {
  const { talk, saleId } = merchant({ role: 'read' });
  const { status, body } = await ask(talk, REFUND);
  assert.deepEqual([status, body.error?.code], [403, 'forbidden']);
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
});
