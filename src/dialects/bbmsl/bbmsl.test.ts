import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPEN_POLICY } from '../../core/policy.ts';
import { answerFixture, ask, EXAMPLE, EXAMPLE_ANSWER, masked, merchant, ORDER, post } from './fixtures/demo.ts';

const THE_ORDER = { merchantId: 3, orderId: 4922 };

test("the page's example request gets the page's example answer", async () => {
  const { talk } = merchant();
  const { request } = JSON.parse(EXAMPLE.request) as { request: string };
  const { status, body, text } = await ask(talk, 'refund', request);
  assert.equal(status, 200);
  const minted = text
    .replace(String(body.order?.['updateTime']), '2022-06-21T19:00:12.000+00:00')
    .replace(/"transaction":\{"id":\d+/, '"transaction":{"id":3758')
    .replace(/"stan":"S\d+"/, '"stan":"S3142"');
  assert.equal(minted, EXAMPLE.answer.replace(/\s/g, ''), 'to the digit: 15.00 and 10');
  assert.equal(body.transaction?.['stan'], `S${String(body.transaction?.['id'])}`);
  assert.match(String(body.order?.['updateTime']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
});

test('a refund may be asked with every spelling that partners and their plugin use', async () => {
  const spellings = [
    { merchantId: '3', orderId: 4922, amount: 10 },
    { merchantId: 3, orderId: '4922', amount: 10 },
    { merchantId: '3', merchantReference: '1655817171', amount: 10 },
    { merchantId: 3, orderId: '4922', merchantReference: '1655817171', amount: 10 },
    { merchantId: 3, orderId: null, merchantReference: '1655817171', amount: 10, unknown: { field: 1 } },
    '{"merchantId":3,"orderId":4922,"amount":10.0}',
    ' {"merchantId" : 3, "orderId" : 4922,\n"amount" : 10.000}',
  ];
  for (const spelling of spellings) {
    for (const operation of ['refund', 'refund/']) {
      const { talk } = merchant();
      const { body } = await ask(talk, operation, spelling);
      assert.deepEqual(masked(body), EXAMPLE_ANSWER, JSON.stringify(spelling));
    }
  }
});

test('a full refund leaves nothing', async () => {
  const { talk, orderId } = merchant();
  const { body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 15 });
  assert.equal(body.responseCode, '0000');
  assert.equal(body.order?.['netAmount'], 0);
  assert.equal(talk.payment(orderId).refundedMinor, 1500n);
  const again = await ask(talk, 'refund', { ...THE_ORDER, amount: 15 });
  assert.equal(again.status, 200);
  assert.equal(again.body.responseCode, '2008');
});

test('an order is refunded only once, be it in part', async () => {
  const { talk, orderId } = merchant();
  assert.equal((await ask(talk, 'refund', { ...THE_ORDER, amount: 10 })).body.responseCode, '0000');
  const again = await ask(talk, 'refund', { ...THE_ORDER, amount: 5 });
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, answerFixture('refund-again'));
  assert.equal(talk.payment(orderId).refundedMinor, 1000n);
});

test('a refund through another door counts as the one', async () => {
  const { talk, orderId } = merchant();
  for (const minor of [500n, 999n]) {
    talk.run({
      kind: 'refund_payment',
      payment: { id: orderId },
      amount: { kind: 'minor', minor, currency: 'USD' },
      reference: null,
      details: {},
      expectedRefundableMinor: null,
    });
  }
  const { body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 0.01 });
  assert.equal(body.responseCode, '2009');
  const query = await ask(talk, 'query', THE_ORDER);
  assert.match(query.text, /"netAmount":0\.01,/);
});

test('a refund of more than is left is refused with the numbers', async () => {
  const { talk, orderId } = merchant();
  const { status, body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 15.01 });
  assert.equal(status, 200);
  assert.deepEqual(body, answerFixture('too-much'));
  assert.equal(talk.payment(orderId).refundedMinor, 0n);
});

test('a refund is refused when the unsettled balance does not cover it', async () => {
  const { talk, orderId } = merchant();
  talk.run({ kind: 'settle_balance', currency: 'USD' });
  talk.register({ amountMinor: 999n, currency: 'USD' });
  assert.equal((await ask(talk, 'query', THE_ORDER)).body.order?.['status'], 'SETTLED');
  const refused = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
  assert.equal(refused.body.responseCode, '2015');
  const covered = await ask(talk, 'refund', { ...THE_ORDER, amount: 9.99 });
  assert.equal(covered.body.order?.['status'], 'REFUNDED', 'a settled order is refundable from the balance');
  assert.equal(talk.payment(orderId).refundedMinor, 999n);
});

test("an unknown order, another merchant's, and references that name no one order, are refused and write nothing", async () => {
  const { talk } = merchant();
  talk.register({
    amountMinor: 100n,
    currency: 'USD',
    references: [{ namespace: 'bbmsl.merchantReference', value: 'other', numbered: false }],
  });
  const unknown = await ask(talk, 'refund', { merchantId: 3, orderId: 4923, amount: 10 });
  assert.equal(unknown.status, 200);
  assert.deepEqual(unknown.body, answerFixture('order-not-found'));
  const stranger = '01900000-0000-7000-8000-0000000000aa';
  talk.run({ kind: 'create_merchant', name: 'Stranger Ltd', policy: OPEN_POLICY }, { merchantId: stranger });
  const theirs = [{ namespace: 'bbmsl.orderId', value: '5000', numbered: true }];
  const registered = talk.run(
    {
      kind: 'register_payment',
      amountMinor: 1500n,
      currency: 'USD',
      status: 'captured',
      references: theirs,
      details: {},
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
    { merchantId: stranger },
  );
  assert.equal(registered.refusal, null);
  const before = talk.entries;
  for (const request of [
    { merchantId: 3, orderId: 5000, amount: 10 },
    { ...THE_ORDER, merchantReference: 'other', amount: 1 },
    { ...THE_ORDER, merchantReference: 'none', amount: 1 },
    { merchantId: 3, merchantReference: 'none', amount: 1 },
  ]) {
    const { status, body } = await ask(talk, 'refund', request);
    assert.deepEqual([status, body.responseCode], [200, '2001'], JSON.stringify(request));
  }
  assert.equal(talk.entries, before);
});

test('amounts that cannot be are refused by name', async () => {
  const { talk, orderId } = merchant({ order: { amountMinor: 999_999_999_999n } });
  const amounts = ['10.005', '0', '0.00', '-1', '1e1', '1234567890', '12345678.99', '1234567890123', '0.001'];
  for (const amount of amounts) {
    const { status, body } = await ask(talk, 'refund', `{"merchantId":3,"orderId":4922,"amount":${amount}}`);
    assert.deepEqual([status, body.responseCode], [400, '1004'], amount);
    assert.match(body.message ?? '', /^amount: /, amount);
  }
  for (const amount of ['"10"', 'true', '[10]', '{}', 'null', '""']) {
    const { status, body } = await ask(talk, 'refund', `{"merchantId":3,"orderId":4922,"amount":${amount}}`);
    assert.deepEqual([status, body.responseCode], [400, '1004'], amount);
    assert.match(body.message ?? '', /^amount: /, amount);
  }
  const tooFine = await ask(talk, 'refund', { ...THE_ORDER, amount: 10.005 });
  assert.deepEqual(tooFine.body, answerFixture('invalid-amount'));
  assert.equal(talk.payment(orderId).refundedMinor, 0n);
  const most = await ask(talk, 'refund', '{"merchantId":3,"orderId":4922,"amount":1234567.89}');
  assert.equal(most.body.responseCode, '0000', 'nine digits are allowed');
});

test('yen have no decimals, and a dinar no more than two', async () => {
  const yen = merchant({ order: { amountMinor: 1500n, currency: 'JPY' } });
  const half = await ask(yen.talk, 'refund', '{"merchantId":3,"orderId":4922,"amount":1.5}');
  assert.deepEqual([half.status, half.body.responseCode], [400, '1004']);
  assert.match(half.body.message ?? '', /^amount: /, "the engine's own check names the field, too");
  const whole = await ask(yen.talk, 'refund', '{"merchantId":3,"orderId":4922,"amount":1000.00}');
  assert.match(whole.text, /"amount":1500\.00,"netAmount":500\.00,/);
  assert.equal(yen.talk.payment(yen.orderId).refundedMinor, 1000n);

  const dinar = merchant({ order: { amountMinor: 2005n, currency: 'KWD' } });
  const third = await ask(dinar.talk, 'refund', '{"merchantId":3,"orderId":4922,"amount":1.005}');
  assert.deepEqual([third.status, third.body.responseCode], [400, '1004']);
  const second = await ask(dinar.talk, 'refund', '{"merchantId":3,"orderId":4922,"amount":1.00}');
  assert.match(second.text, /"amount":2\.005,"netAmount":1\.005,/, 'no decimal that carries value is dropped');
});

test('a missing or mistyped field is named', async () => {
  const { talk } = merchant();
  const requests: readonly (readonly [string, object])[] = [
    ['merchantId', { orderId: 4922, amount: 10 }],
    ['merchantId', { merchantId: 'three', orderId: 4922, amount: 10 }],
    ['merchantId', { merchantId: 3.5, orderId: 4922, amount: 10 }],
    ['merchantId', { merchantId: [3], orderId: 4922, amount: 10 }],
    ['orderId', { merchantId: 3, amount: 10 }],
    ['orderId', { merchantId: 3, orderId: '', merchantReference: '1655817171', amount: 10 }],
    ['orderId', { merchantId: 3, orderId: '04922', amount: 10 }],
    ['orderId', { merchantId: 3, orderId: -4922, amount: 10 }],
    ['orderId', { merchantId: 3, orderId: { id: 4922 }, amount: 10 }],
    ['merchantReference', { merchantId: 3, merchantReference: 1655817171, amount: 10 }],
    ['merchantReference', { merchantId: 3, merchantReference: 'x'.repeat(65), amount: 10 }],
    ['merchantReference', { merchantId: 3, merchantReference: 'a\nb', amount: 10 }],
    ['amount', THE_ORDER],
  ];
  for (const [field, request] of requests) {
    const { status, body } = await ask(talk, 'refund', request);
    assert.deepEqual([status, body.responseCode], [400, '1004'], JSON.stringify(request));
    assert.ok(body.message?.startsWith(`${field}: `), `${JSON.stringify(request)}: ${body.message}`);
  }
});

test('a replay by its Idempotency-Key gets the same answer and refunds nothing more', async () => {
  const { talk, orderId } = merchant();
  const headers = { 'idempotency-key': '"refund-1"' };
  const first = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 }, headers);
  const entries = talk.entries;
  const replay = await ask(talk, 'refund', { merchantId: '3', orderId: '4922', amount: 10 }, headers);
  assert.equal(first.body.responseCode, '0000');
  assert.deepEqual(replay, first);
  assert.equal(talk.entries, entries);
  assert.equal(talk.payment(orderId).refundedMinor, 1000n);
  const other = await ask(talk, 'refund', { ...THE_ORDER, amount: 5 }, headers);
  assert.deepEqual([other.status, other.body.responseCode], [200, '1005']);
});

test('a refund that waits for approval is neither success nor refusal', async () => {
  const { talk, orderId } = merchant({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 900n } } });
  const { status, body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
  assert.equal(status, 200);
  assert.deepEqual(body, answerFixture('waiting'));
  assert.equal(talk.payment(orderId).reservedMinor, 1000n);
  const again = await ask(talk, 'refund', { ...THE_ORDER, amount: 5 });
  assert.equal(again.body.responseCode, '2009', 'the one that waits is the one refund');
  const query = await ask(talk, 'query', THE_ORDER);
  assert.equal(query.body.order?.['status'], 'SUCCESS');
  assert.deepEqual(query.body.transactions?.[1], body.transaction);
});

test('disputed, voided, open and closed orders are not refunded', async () => {
  const disputed = merchant();
  disputed.talk.run({ kind: 'set_dispute', payment: { id: disputed.orderId } });
  const voided = merchant();
  voided.talk.run({ kind: 'void_payment', payment: { id: voided.orderId } });
  const open = merchant({ order: { status: 'pending' } });
  const closed = merchant({ order: { status: 'pending' } });
  closed.talk.run({ kind: 'close_payment', payment: { id: closed.orderId } });
  for (const [{ talk }, responseCode] of [
    [disputed, '2006'],
    [voided, '2005'],
    [open, '2005'],
    [closed, '2005'],
  ] as const) {
    const { status, body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
    assert.deepEqual([status, body.responseCode], [200, responseCode]);
    assert.ok(body.message);
  }
});

test('a credential that may only read can query and not refund', async () => {
  const { talk, orderId } = merchant({ role: 'read' });
  assert.equal((await ask(talk, 'query', THE_ORDER)).body.responseCode, '0000');
  const { status, body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
  assert.deepEqual([status, body.responseCode], [200, '1002']);
  assert.equal(talk.payment(orderId).refundedMinor, 0n);
});

test('an unknown path gets an answer in the same shape', async () => {
  const { talk } = merchant();
  const { status, body } = await post(talk, 'create', '{}');
  assert.deepEqual([status, body.responseCode], [404, '1006']);
});

test("an order's details are the payment's", async () => {
  const details = {
    method: { type: 'card', scheme: 'Mastercard', last4: '4444' },
    customer: { email: 'a@example.com' },
  } as const;
  const { talk } = merchant({ order: { details, references: ORDER.references?.slice(0, 1) ?? [] } });
  const { body } = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
  assert.equal(body.order?.['cardType'], 'MASTER');
  assert.equal(body.order?.['email'], 'a@example.com');
  assert.equal(body.order?.['merchantReference'], '');
  assert.equal(body.transaction?.['maskedPan'], 'XXXXXXXXXXXX4444');
});
