import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertBalanced, CoreBooks, DAY_MS, idNumber, refusalOf, registration } from '../../test/kit/core.ts';
import { present } from '../../test/kit/rows.ts';
import type { RegisterPayment } from './command.ts';
import { MAX_AMOUNT_MINOR } from './money.ts';

const reference = (value: string | null, namespace = 'native.reference') => ({
  namespace,
  value,
  numbered: namespace === 'bbmsl.orderId',
});

test('a captured payment is posted in the entry that registers it', () => {
  const books = new CoreBooks();
  const payment = books.payment({ references: [reference('order-1')], details: { description: 'Two tickets' } });
  assert.deepEqual(
    [payment.status, payment.capturedMinor, payment.capturedAt, payment.capturedSeq],
    ['captured', 10_000n, books.now, 2n],
  );
  const entry = books.lastEntry;
  assert.deepEqual(
    [entry.kind, entry.debit, entry.credit],
    ['payment_registered', 'processor_clearing', 'merchant_unsettled'],
  );
  assert.equal(entry.unsettledMinor, 10_000n);
  assert.notEqual(payment.detailsSalt, '');
  assert.equal(books.payment().detailsSalt, '');
});

test('a pending payment moves nothing until it is captured', () => {
  const books = new CoreBooks();
  const pending = books.payment({ status: 'pending' });
  assert.deepEqual([pending.capturedMinor, pending.capturedAt, pending.capturedSeq], [0n, null, null]);
  assert.equal(books.lastEntry.debit, null);
  assert.equal(books.rows.balances.size, 0);
  books.now += 1;
  const { payment } = books.run({ kind: 'capture_payment', payment: { id: pending.id } });
  assert.deepEqual([payment?.status, payment?.capturedMinor, payment?.capturedAt], ['captured', 10_000n, books.now]);
  assert.equal(payment?.capturedSeq, books.lastEntry.seq);
  assert.equal(books.balance().merchant_unsettled, 10_000n);
});

test('only a pending payment can be captured or closed', () => {
  const books = new CoreBooks();
  const pending = books.payment({ status: 'pending' });
  assert.equal(books.run({ kind: 'close_payment', payment: { id: pending.id } }).payment?.status, 'closed');
  for (const kind of ['capture_payment', 'close_payment'] as const) {
    for (const [payment, status] of [
      [pending, 'closed'],
      [books.payment(), 'captured'],
    ] as const) {
      assert.deepEqual(books.run({ kind, payment: { id: payment.id } }).refusal, {
        code: 'not_capturable',
        message: `the payment is ${status}: only a pending one can be captured or closed`,
        facts: { status },
      });
    }
  }
});

test('a payment was made when it was captured, where nothing else is said', () => {
  const books = new CoreBooks();
  const capturedAt = books.now - DAY_MS;
  assert.equal(books.payment({ capturedAt }).createdAt, capturedAt);
  assert.equal(books.payment({ createdAt: capturedAt }).capturedAt, capturedAt);
  assert.deepEqual([books.payment().createdAt, books.payment().capturedAt], [books.now, books.now]);
});

test('what cannot be a payment is refused, and leaves nothing behind', () => {
  const books = new CoreBooks();
  const now = books.now;
  const faults: readonly (readonly [Partial<RegisterPayment>, string])[] = [
    [{ amountMinor: 0n }, 'amount'],
    [{ amountMinor: -1n }, 'amount'],
    [{ amountMinor: MAX_AMOUNT_MINOR + 1n }, 'amount'],
    [{ currency: 'XQQ' }, 'currency'],
    [{ createdAt: now + 1 }, 'created_at'],
    [{ createdAt: now - 5, capturedAt: now + 1 }, 'captured_at'],
    [{ createdAt: now - 5, capturedAt: now - 6 }, 'captured_at'],
    [{ references: [reference('a'), reference('b')] }, 'references.native.reference'],
    [{ references: [reference('0', 'bbmsl.orderId')] }, 'references.bbmsl.orderId'],
    [{ references: [reference('1'.repeat(16), 'bbmsl.orderId')] }, 'references.bbmsl.orderId'],
    [{ entitlements: [{ learner: 'a', kind: 'program', target: 'p', viaCoupon: true }] }, 'via_coupon'],
  ];
  for (const [given, parameter] of faults) {
    const refused = refusalOf(books.run(registration(given)));
    assert.deepEqual([refused.code, refused.facts['parameter']], ['invalid_request', parameter]);
  }
  assert.equal(books.rows.journal.length, 1);
  assert.equal(books.rows.payments.size, 0);
  assert.equal(books.payment({ amountMinor: MAX_AMOUNT_MINOR }).capturedMinor, 999_999_999_999n);
});

test('a reference is another payment’s until for ever, and whose it is is said', () => {
  const books = new CoreBooks();
  const first = books.payment({ references: [reference('order-1')] });
  const refused = books.run(registration({ references: [reference('x', 'payengine.id'), reference('order-1')] }));
  assert.deepEqual(refused.refusal, {
    code: 'duplicate_reference',
    message: 'native.reference order-1 is the reference of another payment',
    facts: { namespace: 'native.reference', reference: 'order-1', payment_id: first.id },
  });
  assert.equal(books.payment({ references: [reference('order-1', 'payengine.id')] }).references.length, 1);
});

test('numbers are given out above the highest that was given or taken', () => {
  const books = new CoreBooks();
  const order = (value: string | null) =>
    books.payment({ references: [reference(value, 'bbmsl.orderId')] }).references[0]?.value;
  assert.deepEqual([order(null), order(null), order('50'), order('7'), order(null)], ['1', '2', '50', '7', '51']);
  assert.equal(
    refusalOf(books.run(registration({ references: [reference('51', 'bbmsl.orderId')] }))).code,
    'duplicate_reference',
  );
  const merchant = present([...books.rows.merchants.values()][0]);
  assert.deepEqual(merchant.counters, { 'bbmsl.orderId': '51' });
  assert.equal(merchant.policySeq, 1n);
});

test('registering the same again gives that payment, and anything else under its reference is refused', () => {
  const books = new CoreBooks();
  const given: Partial<RegisterPayment> = {
    references: [reference('order-1'), reference(null, 'bbmsl.orderId')],
    details: { metadata: { a: 1, b: [2] } },
    entitlements: [
      { learner: 'a', kind: 'program', target: 'p', viaCoupon: true },
      { learner: 'b', kind: 'program', target: 'p', viaCoupon: false },
    ],
    couponCode: 'GROUP',
    createdAt: books.now - DAY_MS,
    ifSame: 'return_existing',
  };
  const first = books.payment(given);
  books.refund(first, 1n);
  const entries = books.rows.journal.length;
  const again = books.run(registration({ ...given, entitlements: [...(given.entitlements ?? [])].reverse() }));
  assert.equal(again.payment?.id, first.id);
  assert.equal(again.payment.refundedMinor, 1n);
  assert.equal(books.rows.journal.length, entries);

  const others: readonly Partial<RegisterPayment>[] = [
    { amountMinor: 9_999n },
    { currency: 'EUR' },
    { status: 'pending' },
    { couponCode: null, entitlements: [] },
    { couponCode: 'OTHER' },
    { entitlements: [] },
    { details: {} },
    { createdAt: books.now - 1 },
    { references: [reference('order-1'), reference('9', 'bbmsl.orderId')] },
    { references: [reference('order-1')] },
    { references: [...(given.references ?? []), { namespace: 'other.number', value: null, numbered: true }] },
    { ifSame: 'refuse' },
  ];
  for (const other of others) {
    assert.equal(
      refusalOf(books.run(registration({ ...given, ...other }))).code,
      'duplicate_reference',
      JSON.stringify(Object.keys(other)),
    );
  }
});

test('a void takes the whole capture back', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const outcome = books.run({ kind: 'void_payment', payment: { id: payment.id } });
  assert.deepEqual([outcome.payment?.status, outcome.payment?.capturedMinor], ['voided', 0n]);
  assert.deepEqual([books.lastEntry.kind, books.lastEntry.amountMinor], ['payment_voided', 10_000n]);
  assert.deepEqual([books.lastEntry.debit, books.lastEntry.credit], ['merchant_unsettled', 'processor_clearing']);
  assert.equal(books.balance().merchant_unsettled, 0n);
  assertBalanced(books.rows);
});

test('what is not captured, partly refunded, reserved, settled or disputed cannot be voided', () => {
  const books = new CoreBooks({ approvalAboveMinor: { USD: 5_000n } });
  const attempt = (id: string) => refusalOf(books.run({ kind: 'void_payment', payment: { id } }));
  const facts = { status: 'captured', refunded: '0', reserved: '0', settled: false };

  const pending = books.payment({ status: 'pending' });
  assert.equal(attempt(pending.id).message, 'the payment is pending');
  const part = books.payment();
  books.refund(part, 1n);
  assert.deepEqual(attempt(part.id), {
    code: 'not_voidable',
    message: '0.01 USD is refunded and 0.00 USD reserved',
    facts: { ...facts, refunded: '1' },
  });
  const reserved = books.payment();
  books.waiting(reserved, 6_000n);
  assert.equal(attempt(reserved.id).facts['reserved'], '6000');
  const settled = books.payment();
  books.run({ kind: 'settle_balance', currency: 'USD' });
  assert.deepEqual(attempt(settled.id), {
    code: 'not_voidable',
    message: 'the payment is settled: refund it instead',
    facts: { ...facts, settled: true },
  });
  const disputed = books.payment();
  books.run({ kind: 'set_dispute', payment: { id: disputed.id } });
  assert.equal(attempt(disputed.id).code, 'payment_disputed');
  const twice = books.payment();
  books.run({ kind: 'void_payment', payment: { id: twice.id } });
  assert.equal(attempt(twice.id).message, 'the payment is voided');
  assert.equal(attempt(idNumber(999)).code, 'payment_not_found');
});

test('where the balance must cover, a void that it does not cover is refused', () => {
  const books = new CoreBooks();
  const first = books.payment();
  books.run({ kind: 'settle_balance', currency: 'USD' });
  books.refund(first, 'all');
  const second = books.payment();
  books.setPolicy({ balanceMustCover: true });
  assert.deepEqual(refusalOf(books.run({ kind: 'void_payment', payment: { id: second.id } })), {
    code: 'insufficient_merchant_balance',
    message: "the void takes 100.00 USD, the merchant's unsettled balance is 0.00 USD",
    facts: { status: 'captured', refunded: '0', reserved: '0', settled: false, unsettled: '0', currency: 'USD' },
  });
  books.setPolicy({});
  assert.equal(books.run({ kind: 'void_payment', payment: { id: second.id } }).refusal, null);
  assert.equal(books.balance().merchant_unsettled, -10_000n);
});

test('a void that the balance does not cover hears that before anything else that forbids it', () => {
  const books = new CoreBooks({ balanceMustCover: true });
  const attempt = (id: string) => refusalOf(books.run({ kind: 'void_payment', payment: { id } }));
  const settled = books.payment();
  books.run({ kind: 'settle_balance', currency: 'USD' });
  assert.deepEqual(attempt(settled.id), {
    code: 'insufficient_merchant_balance',
    message: "the void takes 100.00 USD, the merchant's unsettled balance is 0.00 USD",
    facts: { status: 'captured', refunded: '0', reserved: '0', settled: true, unsettled: '0', currency: 'USD' },
  });
  books.payment();
  assert.equal(attempt(settled.id).message, 'the payment is settled: refund it instead');
  const part = books.payment({ amountMinor: 30_000n });
  books.refund(part, 5_000n);
  assert.equal(attempt(part.id).message, '50.00 USD is refunded and 0.00 USD reserved');
  books.run({ kind: 'settle_balance', currency: 'USD' });
  assert.match(attempt(part.id).message, /^the void takes 250\.00 USD, .* is 0\.00 USD$/);
  const pending = books.payment({ status: 'pending' });
  assert.equal(attempt(pending.id).code, 'not_voidable');
});

test('a dispute is set and cleared on a captured payment only', () => {
  const books = new CoreBooks();
  const { id } = books.payment();
  assert.equal(books.run({ kind: 'set_dispute', payment: { id } }).payment?.disputed, true);
  assert.equal(books.lastEntry.kind, 'payment_disputed');
  assert.equal(books.run({ kind: 'clear_dispute', payment: { id } }).payment?.disputed, false);
  assert.equal(books.lastEntry.kind, 'payment_dispute_cleared');
  const pending = books.payment({ status: 'pending' });
  assert.equal(
    refusalOf(books.run({ kind: 'set_dispute', payment: { id: pending.id } })).code,
    'payment_not_refundable',
  );
});

test('time never runs backwards in a book', () => {
  const books = new CoreBooks();
  books.payment();
  const { at } = books.lastEntry;
  books.now -= DAY_MS;
  const payment = books.payment();
  assert.equal(books.lastEntry.at, at);
  assert.equal(payment.createdAt, at);
});
