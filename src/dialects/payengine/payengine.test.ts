import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isId } from '../../core/ids.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import {
  ACH_SALE,
  answerFixture,
  ask,
  CARD_SALE,
  DEVICE_SALE,
  EXAMPLE_REQUEST,
  masked,
  merchant,
  REFUND,
  REFUSALS,
} from './fixtures/demo.ts';

test("the page's example request refunds a card sale", async () => {
  const { talk, saleId } = merchant();
  const answer = await ask(talk, EXAMPLE_REQUEST);
  assert.equal(answer.status, 200);
  assert.deepEqual(masked(answer), answerFixture('card'));
  const { data } = answer.body;
  assert.ok(isId(String(data?.['TransactionID'])));
  assert.equal(data?.['MerchantID'], talk.merchantId);
  assert.match(String(data?.ReturnResponse['transactionTimestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  assert.equal(talk.payment(saleId).refundedMinor, 1000n);
});

test('an ACH sale is answered in the shape of ACH', async () => {
  const { talk } = merchant({ sale: ACH_SALE });
  const answer = await ask(talk, { ...REFUND, id: '6f3b2c1e-58d4-4b7a-9c3e-2f1a7d90b8e4', amount: 1 });
  assert.deepEqual(masked(answer), answerFixture('ach'));
});

test('a sale on a device is answered with the device, and never with more than the last four digits', async () => {
  const { talk } = merchant({ sale: DEVICE_SALE });
  const answer = await ask(talk, { ...REFUND, id: 'c03ce6ad-1e78-4bd7-ad35-e0d46b6b765d', amount: '1' });
  assert.deepEqual(masked(answer), answerFixture('device'));
  assert.ok(!answer.text.includes('555555'));
});

test('refunds go on to the last cent and not beyond', async () => {
  const { talk, saleId } = merchant();
  for (const amount of ['10', '10.00', 4.99]) {
    const { status, body } = await ask(talk, { ...REFUND, amount });
    assert.equal(status, 200);
    assert.equal(body.data?.ReturnResponse['status'], 'PASS');
  }
  const beyond = await ask(talk, { ...REFUND, amount: '0.02' });
  assert.deepEqual([beyond.status, beyond.body.error?.code], [409, 'amount_exceeds_available']);
  assert.equal((await ask(talk, { ...REFUND, amount: '0.01' })).status, 200);
  const again = await ask(talk, { ...REFUND, amount: '0.01' });
  assert.equal(again.status, 409);
  assert.deepEqual(again.body, REFUSALS['alreadyRefunded']);
  assert.equal(talk.payment(saleId).refundedMinor, 2500n);
});

test('a full refund leaves nothing, and one of more is refused with the numbers', async () => {
  const { talk, saleId } = merchant();
  const tooMuch = await ask(talk, { ...REFUND, amount: '25.01' });
  assert.equal(tooMuch.status, 409);
  assert.deepEqual(tooMuch.body, REFUSALS['tooMuch']);
  const full = await ask(talk, { ...REFUND, amount: '25' });
  assert.equal(full.body.data?.ReturnResponse['returnedAmount'], '25.00');
  assert.equal(talk.payment(saleId).refundedMinor, 2500n);
});

test("an unknown sale, and another merchant's, are refused alike: there are no standalone credits", async () => {
  const { talk } = merchant();
  const stranger = '01900000-0000-7000-8000-0000000000aa';
  talk.run({ kind: 'create_merchant', name: 'Stranger Ltd', policy: OPEN_POLICY }, { merchantId: stranger });
  const id = '00000000-0000-4000-8000-000000000000';
  const unknown = await ask(talk, { ...REFUND, id });
  assert.equal(unknown.status, 404);
  assert.deepEqual(unknown.body, REFUSALS['unknown']);
  const theirs = talk.run(
    {
      kind: 'register_payment',
      status: 'captured',
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
      details: {},
      amountMinor: 2500n,
      currency: 'USD',
      references: [{ namespace: 'payengine.id', value: id, numbered: false }],
    },
    { merchantId: stranger },
  );
  assert.equal(theirs.refusal, null);
  const { entries } = talk;
  assert.deepEqual(await ask(talk, { ...REFUND, id }), unknown);
  assert.equal(talk.entries, entries);
});

test('the internal transaction id is the request’s, else the sale’s, else absent', async () => {
  const { talk } = merchant();
  const own = await ask(talk, { ...REFUND, amount: '1', internalTransactionID: 'own' });
  assert.equal(own.body.data?.['internalTransactionID'], 'own');
  for (const internalTransactionID of [undefined, null, '']) {
    const sales = await ask(talk, { ...REFUND, amount: '1', internalTransactionID });
    assert.equal(sales.body.data?.['internalTransactionID'], 'INV-1001');
  }
  const none = merchant({ change: { details: {} } });
  const { body } = await ask(none.talk, REFUND);
  for (const member of ['internalTransactionID', 'order_number', 'Metadata', 'device']) {
    assert.ok(!(member in (body.data ?? {})), member);
  }
  assert.equal(body.data?.['token'], '');
});

test('metadata comes back as it was sent', async () => {
  const { talk } = merchant();
  const metadata =
    '{"a":[1,2.50,-3e2,null,true,{"b":"ü"}],"n":9007199254740991,"__proto__":{"x":1},"constructor":"c","":""}';
  const body = `{"id":"${REFUND.id}","amount":"1","reason":"r","metadata":${metadata}}`;
  const answer = await ask(talk, body);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body.data?.['Metadata'], JSON.parse(metadata));
  assert.ok(answer.text.includes('"__proto__":{"x":1}'));
  const empty = await ask(talk, { ...REFUND, amount: '1', metadata: {} });
  assert.deepEqual(empty.body.data?.['Metadata'], {});
});

test('metadata that cannot be kept is refused by name', async () => {
  const { talk, saleId } = merchant();
  const withMetadata = (metadata: string): string =>
    `{"id":"${REFUND.id}","amount":"1","reason":"r","metadata":${metadata}}`;
  const numbers = ['9007199254740993', '0.12345678901234567', '1e999', '1e-999', '-12345678901234567890'];
  const tooLong = JSON.stringify({ a: 'ü'.repeat(8 * 1024) });
  for (const metadata of ['[]', '"a"', '7', 'true', tooLong, ...numbers.map((number) => `{"a":[${number}]}`)]) {
    const { status, body } = await ask(talk, withMetadata(metadata));
    assert.deepEqual([status, body.error?.code, body.error?.param], [400, 'invalid_parameter', 'metadata'], metadata);
  }
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
  const longest = JSON.stringify({ a: 'u'.repeat(16 * 1024 - 8) });
  assert.equal((await ask(talk, withMetadata(longest))).status, 200);
});

test('amounts that cannot be are refused by name', async () => {
  const { talk, saleId } = merchant();
  const amounts = [
    '0',
    '0.00',
    '-1',
    '+1',
    '1e1',
    '01',
    '.5',
    '1.',
    ' 1',
    '1 ',
    '1,000.00',
    'NaN',
    '',
    '1234567890.12',
  ];
  const literals = ['0', '-1', '1e1', '10.0000000001', 'true', '[]', '{}', 'null'];
  for (const amount of [...amounts.map((text) => JSON.stringify(text)), ...literals]) {
    const { status, body } = await ask(talk, `{"id":"${REFUND.id}","amount":${amount},"reason":"r"}`);
    assert.deepEqual([status, body.error?.code, body.error?.param], [400, 'invalid_parameter', 'amount'], amount);
  }
  const tooFine = await ask(talk, { ...REFUND, amount: '10.005' });
  assert.equal(tooFine.status, 400);
  assert.deepEqual(tooFine.body, REFUSALS['tooFine']);
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
});

test('yen and dinars have the decimals that they have', async () => {
  const yen = merchant({ change: { currency: 'JPY', amountMinor: 2500n } });
  const half = await ask(yen.talk, { ...REFUND, amount: '1.5' });
  assert.deepEqual([half.status, half.body.error?.param], [400, 'amount']);
  const whole = await ask(yen.talk, { ...REFUND, amount: '1000.00' });
  assert.equal(whole.body.data?.ReturnResponse['returnedAmount'], '1000');

  const dinar = merchant({ sale: ACH_SALE, change: { currency: 'KWD', amountMinor: 1005n } });
  const [reference] = ACH_SALE.references ?? [];
  const third = await ask(dinar.talk, { ...REFUND, id: reference?.value, amount: '1.005' });
  assert.equal(third.body.data?.ReturnResponse['returnedAmount'], '1.005');
  const message = third.body.data?.ReturnResponse['achHostMessage'];
  assert.equal(message, 'Transaction refunded in the amount of 1.005 KWD');
});

test('a missing or mistyped field is named', async () => {
  const { talk, saleId } = merchant();
  const { id, amount, reason } = REFUND;
  assert.deepEqual((await ask(talk, { id, amount })).body, REFUSALS['withoutReason']);
  const bodies: readonly (readonly [string, object])[] = [
    ['amount', { id, reason }],
    ['id', { amount, reason }],
    ['id', { amount, reason, id: null }],
    ['id', { amount, reason, id: 7 }],
    ['id', { amount, reason, id: '' }],
    ['id', { amount, reason, id: 'two words' }],
    ['id', { amount, reason, id: 'x'.repeat(256) }],
    ['reason', { id, amount }],
    ['reason', { id, amount, reason: '' }],
    ['reason', { id, amount, reason: '  ' }],
    ['reason', { id, amount, reason: ['r'] }],
    ['reason', { id, amount, reason: 'x'.repeat(1001) }],
    ['internalTransactionID', { ...REFUND, internalTransactionID: 121212 }],
    ['internalTransactionID', { ...REFUND, internalTransactionID: 'x'.repeat(256) }],
  ];
  for (const [field, body] of bodies) {
    const answer = await ask(talk, body);
    assert.equal(answer.status, 400);
    assert.deepEqual([answer.body.error?.code, answer.body.error?.param], ['invalid_parameter', field]);
  }
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
});

test('a body that cannot be read gets the same kind of answer', async () => {
  const { talk } = merchant();
  const deep = '['.repeat(100_000);
  const texts = ['', 'amount=10', '<html>', 'null', '[]', '7', '"x"', deep, '{"id":"\\u0000"}', '{"id":"\\ud800"}'];
  for (const body of [...texts, new Uint8Array([0xff, 0xfe, 0x7b])]) {
    const answer = await ask(talk, body);
    assert.equal(answer.status, 400);
    assert.deepEqual([answer.body.error?.code, answer.body.error?.param], ['invalid_parameter', 'body']);
  }
});

test('unknown fields are ignored', async () => {
  const { talk } = merchant();
  const { status } = await ask(talk, { ...REFUND, currency: 'EUR', TransactionID: 7, __proto: {}, toString: 'x' });
  assert.equal(status, 200);
});

test('a replay by its Idempotency-Key gets the same answer and refunds nothing more', async () => {
  const { talk, saleId } = merchant();
  const headers = { 'idempotency-key': 'refund-1' };
  const first = await ask(talk, EXAMPLE_REQUEST, headers);
  const { entries } = talk;
  assert.deepEqual(await ask(talk, EXAMPLE_REQUEST, headers), first);
  assert.equal(first.status, 200);
  assert.equal(talk.entries, entries);
  assert.equal(talk.payment(saleId).refundedMinor, 1000n);
  const other = await ask(talk, REFUND, headers);
  assert.deepEqual([other.status, other.body.error?.code], [409, 'idempotency_key_reused']);
});

test('a refund that waits for approval is accepted and not passed', async () => {
  const { talk, saleId } = merchant({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 900n } } });
  const answer = await ask(talk, REFUND);
  assert.equal(answer.status, 202);
  assert.deepEqual(masked(answer), answerFixture('waiting'));
  assert.equal(talk.payment(saleId).reservedMinor, 1000n);
});

test('disputed, voided and open sales are not refunded', async () => {
  const disputed = merchant();
  disputed.talk.run({ kind: 'set_dispute', payment: { id: disputed.saleId } });
  const voided = merchant();
  voided.talk.run({ kind: 'void_payment', payment: { id: voided.saleId } });
  const open = merchant({ sale: { ...CARD_SALE, status: 'pending' } });
  for (const [{ talk }, code] of [
    [disputed, 'transaction_disputed'],
    [voided, 'transaction_not_refundable'],
    [open, 'transaction_not_refundable'],
  ] as const) {
    const { status, body } = await ask(talk, REFUND);
    assert.deepEqual([status, body.error?.code], [409, code]);
  }
});
