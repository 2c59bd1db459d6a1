import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPEN_POLICY } from '../../core/policy.ts';
import type { Refund } from '../../core/refund.ts';
import { type Answered, answerFixture, ask, CALLER, merchant, ORDER } from './fixtures/demo.ts';
import { writeResult } from './write.ts';

const THE_ORDER = { merchantId: 3, orderId: 4922 };

const untimed = ({ body }: Answered): unknown => ({
  ...body,
  order: { ...body.order, updateTime: '2022-06-21T19:00:12.000+00:00' },
});

test('a query answers the order and its transactions, and writes nothing', async () => {
  const { talk } = merchant();
  const refund = await ask(talk, 'refund', { ...THE_ORDER, amount: 10 });
  const entries = talk.entries;
  const query = await ask(talk, 'query', { merchantId: '3', merchantReference: '1655817171' });
  assert.equal(query.status, 200);
  assert.deepEqual(untimed(query), answerFixture('query'));
  assert.deepEqual(query.body.order, refund.body.order);
  assert.deepEqual(query.body.transactions?.[1], refund.body.transaction);
  assert.deepEqual(await ask(talk, 'query/', THE_ORDER), query);
  assert.equal(talk.entries, entries);
});

test('a query of an unknown order, or without one, is refused', async () => {
  const { talk } = merchant();
  const unknown = await ask(talk, 'query', { merchantId: 3, orderId: 1 });
  assert.deepEqual([unknown.status, unknown.body.responseCode], [200, '2001']);
  const missing = await ask(talk, 'query', { merchantId: 3 });
  assert.deepEqual([missing.status, missing.body.responseCode], [400, '1004']);
  assert.match(missing.body.message ?? '', /^orderId: /);
});

test('an order has the status that its payment has', async () => {
  const statusOf = async ({ talk }: ReturnType<typeof merchant>): Promise<readonly unknown[]> => {
    const { body } = await ask(talk, 'query', THE_ORDER);
    return [body.order?.['status'], body.order?.['netAmount'], body.transactions?.map(({ status }) => status)];
  };
  const order = merchant({ order: { status: 'pending' } });
  assert.deepEqual(await statusOf(order), ['OPEN', 15, []]);
  order.talk.run({ kind: 'capture_payment', payment: { id: order.orderId } });
  assert.deepEqual(await statusOf(order), ['SUCCESS', 15, ['SUCCESS']]);
  order.talk.run({ kind: 'settle_balance', currency: 'USD' });
  assert.deepEqual(await statusOf(order), ['SETTLED', 15, ['SETTLED']]);

  const closed = merchant({ order: { status: 'pending' } });
  closed.talk.run({ kind: 'close_payment', payment: { id: closed.orderId } });
  assert.deepEqual(await statusOf(closed), ['CLOSED', 0, []]);
});

test('the transactions of a query tell what became of each refund, and leave refused attempts out', async () => {
  const { talk } = merchant({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 900n } } });
  const states = async (): Promise<readonly unknown[]> => {
    const { body } = await ask(talk, 'query', THE_ORDER);
    return (body.transactions ?? []).map(({ type, status }) => `${String(type)} ${String(status)}`);
  };
  const refundId = (outcome: { refund: { id: string } | null }): string => outcome.refund?.id ?? '';
  const request = (minor: bigint): string =>
    refundId(
      talk.run({
        kind: 'refund_payment',
        payment: { references: [{ namespace: 'bbmsl.orderId', value: '4922' }] },
        amount: { kind: 'minor', minor, currency: null },
        reference: null,
        details: {},
        expectedRefundableMinor: null,
      }),
    );
  const first = request(1000n);
  assert.deepEqual(await states(), ['SALE SUCCESS', 'REFUND PENDING']);
  await ask(talk, 'refund', { ...THE_ORDER, amount: 5 });
  assert.deepEqual(await states(), ['SALE SUCCESS', 'REFUND PENDING']);
  talk.run({ kind: 'reject_refund', refundId: first }, { actor: 'cli:second' });
  assert.deepEqual(await states(), ['SALE SUCCESS', 'REFUND VOIDED']);
  const second = request(500n);
  assert.deepEqual(await states(), ['SALE REFUNDED', 'REFUND VOIDED', 'REFUND SUCCESS']);
  talk.run({ kind: 'reverse_refund', refundId: second });
  assert.deepEqual(await states(), ['SALE SUCCESS', 'REFUND VOIDED', 'REFUND VOIDED']);
});

test('a refund keeps its number when it is approved, and transactions are listed in the order in which they came', () => {
  const { talk, orderId } = merchant({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 400n } } });
  const refund = (minor: bigint): Refund => {
    const outcome = talk.run({
      kind: 'refund_payment',
      payment: { id: orderId },
      amount: { kind: 'minor', minor, currency: 'USD' },
      reference: null,
      details: {},
      expectedRefundableMinor: null,
    });
    assert.ok(outcome.refund !== null);
    return outcome.refund;
  };
  const waiting = refund(1000n);
  const done = refund(100n);
  const approve = { kind: 'approve_refund', refundId: waiting.id, amountMinor: 1000n } as const;
  const approved = talk.run(approve, { actor: 'cli:second' }).refund;
  assert.ok(approved?.status === 'succeeded');
  const numbers = (refunds: readonly Refund[]): unknown => {
    const result = {
      kind: 'payment',
      payment: talk.payment(orderId),
      refunds,
      settled: false,
      caller: CALLER,
    } as const;
    const body = JSON.parse(writeResult(result).body) as Answered['body'];
    return body.transactions?.map(({ id, type, amount }) => [id, type, amount]);
  };
  const expected = [
    [8192, 'SALE', 15],
    [12288, 'REFUND', 10],
    [16384, 'REFUND', 1],
  ];
  assert.deepEqual(numbers([waiting, done]), expected);
  assert.deepEqual(numbers([done, approved]), expected);
});

test('a void cancels the whole order', async () => {
  const { talk, orderId } = merchant();
  const answer = await ask(talk, 'void', THE_ORDER);
  assert.equal(answer.status, 200);
  assert.deepEqual(untimed(answer), answerFixture('void'));
  assert.equal(talk.payment(orderId).status, 'voided');
  const query = await ask(talk, 'query', THE_ORDER);
  assert.deepEqual(
    query.body.transactions?.map(({ type, status }) => [type, status]),
    [
      ['SALE', 'VOIDED'],
      ['VOID', 'SUCCESS'],
    ],
  );
  assert.deepEqual(query.body.transactions?.[1], answer.body.transaction);
});

test('there is no void after a refund, a settlement, another void or a dispute, and none of an open order', async () => {
  const refunded = merchant();
  await ask(refunded.talk, 'refund', { ...THE_ORDER, amount: 0.01 });
  const settled = merchant();
  settled.talk.run({ kind: 'settle_balance', currency: 'USD' });
  const settledAndCovered = merchant();
  settledAndCovered.talk.run({ kind: 'settle_balance', currency: 'USD' });
  settledAndCovered.talk.register({ ...ORDER, references: [] });
  const voided = merchant();
  await ask(voided.talk, 'void/', THE_ORDER);
  const disputed = merchant();
  disputed.talk.run({ kind: 'set_dispute', payment: { id: disputed.orderId } });
  const open = merchant({ order: { status: 'pending' } });
  for (const [{ talk }, responseCode] of [
    [refunded, '2017'],
    [settled, '2015'],
    [settledAndCovered, '2017'],
    [voided, '2017'],
    [disputed, '2006'],
    [open, '2017'],
  ] as const) {
    const { status, body } = await ask(talk, 'void', THE_ORDER);
    assert.deepEqual([status, body.responseCode], [200, responseCode]);
  }
});

test('a replayed void gets the same answer', async () => {
  const { talk } = merchant();
  const headers = { 'idempotency-key': 'void-1' };
  const first = await ask(talk, 'void', THE_ORDER, headers);
  assert.deepEqual(await ask(talk, 'void', THE_ORDER, headers), first);
  assert.equal(first.body.responseCode, '0000');
  const refund = await ask(talk, 'refund', { ...THE_ORDER, amount: 15 }, headers);
  assert.equal(refund.body.responseCode, '1005', 'the key belongs to the void');
});

test('an order that was registered by its merchantReference alone has a number of its own', async () => {
  const { talk } = merchant();
  const references = [
    { namespace: 'bbmsl.orderId', value: null, numbered: true },
    { namespace: 'bbmsl.merchantReference', value: 'R-2', numbered: false },
  ];
  talk.register({ ...ORDER, references });
  const { body } = await ask(talk, 'query', { merchantId: 3, merchantReference: 'R-2' });
  assert.equal(body.order?.['id'], 4923);
});
