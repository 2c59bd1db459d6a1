import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS } from '../../core/errors.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import { MID, newTalk, registerTransaction, REFUND, said, send, sendBody, TRANSACTION_ID } from './fixtures/talk.ts';
import { paymentOptions } from './index.ts';
import { DONE, REFUSALS, TRANSACTION_NAMESPACE, UNDONE, WAITING } from './wire.ts';

test('each mandatory field that is missing, blank or of the wrong type is named', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const before = talk.entries;
  for (const field of Object.keys(REFUND)) {
    for (const value of [undefined, null, '', ' ', true, [], [100], {}, { amount: 1 }]) {
      const body = await send(talk, { [field]: value });
      assert.equal(body.status_code, 400, `${field} ${JSON.stringify(value)}`);
      assert.equal(body.gateway_response.code, 'ERR0004');
      assert.ok(body.gateway_response.message.startsWith(`${field}: `), body.gateway_response.message);
      assert.equal(body.is_live, false);
    }
  }
  for (const [field, value] of [
    ['transactionId', 1],
    ['merchant_id', 15],
    ['transactionId', 'x'.repeat(256)],
    ['notes', 5],
    ['notes', ['x']],
    ['notes', 'x'.repeat(1001)],
  ] as const) {
    const body = await send(talk, { [field]: value });
    assert.equal(body.status_code, 400);
    assert.ok(body.gateway_response.message.startsWith(`${field}: `), body.gateway_response.message);
  }
  assert.equal(talk.entries, before);
});

test('an amount that is not a positive decimal is refused, as a number and as text', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk);
  const wrong = ['0', '0.00', '-1', '1e2', '1E2', '10.005', '1234567890123', '1000000000000.0'];
  for (const literal of [
    ...wrong,
    ...wrong.map((text) => `"${text}"`),
    '"+1"',
    '" 1"',
    '"01"',
    '"NaN"',
    '"0x1"',
    '"1,0"',
  ]) {
    const body = await sendBody(talk, JSON.stringify(REFUND).replace('100', literal));
    assert.equal(body.status_code, 400, literal);
    assert.ok(body.gateway_response.message.startsWith('amount: '), literal);
  }
  assert.equal(talk.payment(payment.id).refundedMinor, 0n);
});

test('another merchant’s transaction is as unknown as none', async () => {
  const talk = newTalk();
  const merchantId = '01900000-0000-7000-8000-000000000001';
  talk.run({ kind: 'create_merchant', name: 'Other', policy: OPEN_POLICY }, { merchantId });
  const registered = talk.run(
    {
      kind: 'register_payment',
      amountMinor: 1000n,
      currency: 'JPY',
      status: 'captured',
      references: [{ namespace: TRANSACTION_NAMESPACE, value: 'theirs', numbered: false }],
      details: {},
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
    { merchantId },
  );
  assert.equal(registered.payment?.merchantId, merchantId);
  const theirs = await send(talk, { transactionId: 'theirs' });
  assert.equal(theirs.status_code, 404);
  assert.deepEqual(theirs, await send(talk, { transactionId: 'none' }));
});

test('a payment that is pending, voided or disputed is not refunded', async () => {
  const talk = newTalk();
  registerTransaction(talk, { transactionId: 'pending', status: 'pending' });
  const voided = registerTransaction(talk, { transactionId: 'voided' });
  talk.run({ kind: 'void_payment', payment: { id: voided.id } });
  const disputed = registerTransaction(talk, { transactionId: 'disputed' });
  talk.run({ kind: 'set_dispute', payment: { id: disputed.id } });
  const expected = { pending: 'ERR0011', voided: 'ERR0011', disputed: 'ERR0012' };
  for (const [transactionId, code] of Object.entries(expected)) {
    const body = await send(talk, { transactionId });
    assert.equal(body.status_code, 409);
    assert.equal(body.gateway_response.code, code);
    assert.match(body.gateway_response.message, new RegExp(transactionId));
  }
});

test('the rules of a merchant’s policy each have their own code', async () => {
  const cases = [
    ['ERR0013', { windowDays: 1 }],
    ['ERR0015', { refundsPerPayment: 1 }],
    ['ERR0017', { minimumMinor: { JPY: 101n } }],
    ['ERR0018', { partialRefunds: false }],
    ['ERR0021', { balanceMustCover: true }],
  ] as const;
  for (const [code, rule] of cases) {
    const talk = newTalk({ policy: { ...OPEN_POLICY, ...rule } });
    registerTransaction(talk);
    if (code === 'ERR0013') talk.now += 2 * 86_400_000;
    if (code === 'ERR0015') assert.equal((await send(talk)).status_code, 201);
    if (code === 'ERR0021') talk.run({ kind: 'settle_balance', currency: 'JPY' });
    const body = await send(talk);
    assert.equal(body.status_code, 409);
    assert.equal(body.gateway_response.code, code, body.gateway_response.message);
  }
});

test('a body that is no request is refused in the protocol’s own shape, whatever it is', async () => {
  const talk = newTalk();
  registerTransaction(talk);
  const before = talk.entries;
  const full = JSON.stringify(REFUND);
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const nothing = ['', ' ', 'null', '[]', '"x"', '1', 'true', '{}', '{', '{"a":}', 'amount=1', '<html></html>'];
  const bodies: (string | Uint8Array)[] = [
    ...nothing,
    deep,
    `{"a":${deep}}`,
    '{"__proto__":{"merchant_id":"M-TINK15"}}',
    full.replace(TRANSACTION_ID, '\\u0000'),
    full.replace(TRANSACTION_ID, '\\ud800'),
    full.replace('{', '{"amount":1,'),
    new Uint8Array([0xff, 0xfe, 0x7b]),
    new Uint8Array(70_000),
  ];
  for (const body of bodies) {
    const { status_code: status, gateway_response: response } = await sendBody(talk, body);
    assert.equal(status, 400, String(body).slice(0, 80));
    assert.equal(response.code, 'ERR0004');
  }
  assert.equal(talk.entries, before);
});

test('whatever JSON the fields hold, the answer has the protocol’s shape and money moves only when it says so', async () => {
  const talk = newTalk();
  const payment = registerTransaction(talk, { amountMinor: 100_000_000n });
  const likely = fc.constantFrom<unknown>(TRANSACTION_ID, MID, 1, 2.5, '3', '3.00', 1e21);
  const names = fc.constantFrom(...Object.keys(REFUND), 'notes', '__proto__', 'constructor');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, fc.oneof(likely, fc.jsonValue())), async (fields) => {
      const before = talk.payment(payment.id).refundedMinor;
      const body = await send(talk, fields);
      assert.ok([201, 400, 401, 404].includes(body.status_code), JSON.stringify(body));
      const moved = talk.payment(payment.id).refundedMinor - before;
      assert.equal(moved, BigInt(body.payment_details?.amount ?? 0));
      assert.equal(moved > 0n, body.success);
    }),
  );
});

test('every refusal has the protocol’s shape and its own code', () => {
  const codes = new Set<string>([DONE.code, WAITING.code, UNDONE.code]);
  for (const { code } of ERRORS) {
    const body = said(paymentOptions.refuse({ code, message: `because ${code}`, facts: {} }));
    assert.equal(body.success, false);
    assert.equal(body.status_code, REFUSALS[code].status);
    assert.equal(body.gateway_response.code, REFUSALS[code].code);
    assert.match(body.gateway_response.code, /^ERR\d{4}$/);
    assert.deepEqual(Object.keys(body), ['success', 'status_code', 'transaction_type', 'gateway_response']);
    codes.add(body.gateway_response.code);
  }
  assert.equal(codes.size, ERRORS.length + 3);
});

test('an unknown path gets the protocol’s own answer', async () => {
  const body = said(await newTalk().send({ path: '/api/v1/nothing' }));
  assert.equal(body.status_code, 404);
});

test('the documentation lists exactly the codes that are answered', () => {
  const text = readFileSync(new URL('../../../docs/protocols/payment-options.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `([A-Z]+\d{4})` +\| (\d{3}) +\| (?:`(\w+)`)? *\|/gm)].map(
    ([, code = '', status = '', own = '']) => `${code} ${status} ${own}`,
  );
  const mapped = [
    ...Object.entries(REFUSALS).map(([own, { code, status }]) => `${code} ${status} ${own}`),
    ...[DONE, WAITING, UNDONE].map(({ code, status }) => `${code} ${status} `),
  ];
  assert.deepEqual(listed.sort(), mapped.sort());
});
