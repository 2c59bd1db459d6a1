/** What a caller whose refund is refused is told: the code, the sentence, and the numbers behind it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoreBooks, DAY_MS, idNumber, OTHER_MERCHANT_ID, refusalOf, SOME_TIME } from '../../test/kit/core.ts';
import type { RefundPayment } from './command.ts';
import type { Refusal, RefusalFacts } from './errors.ts';
import type { Payment } from './payment.ts';
import { OPEN_POLICY, type Policy } from './policy.ts';

const FACTS: RefusalFacts = {
  amount: '6000',
  currency: 'USD',
  captured: '10000',
  refunded: '0',
  reserved: '0',
  refundable: '10000',
};

interface Case {
  readonly policy?: Partial<Policy>;
  readonly before?: (books: CoreBooks, payment: Payment) => void;
  readonly refund?: Partial<RefundPayment>;
  readonly amountMinor?: bigint | 'all';
  readonly refused: Refusal;
}

const CASES: readonly Case[] = [
  {
    refund: { amount: { kind: 'minor', minor: 6_000n, currency: 'EUR' } },
    refused: {
      code: 'currency_mismatch',
      message: 'asked in EUR, the payment is in USD',
      facts: { ...FACTS, asked_currency: 'EUR' },
    },
  },
  {
    before: (books, { id }) => books.run({ kind: 'void_payment', payment: { id } }),
    refused: {
      code: 'payment_not_refundable',
      message: 'the payment is voided',
      facts: { ...FACTS, captured: '0', refundable: '0', status: 'voided' },
    },
  },
  {
    before: (books, { id }) => books.run({ kind: 'set_dispute', payment: { id } }),
    refused: {
      code: 'payment_disputed',
      message: 'the payment is disputed: the dispute decides where its funds go',
      facts: FACTS,
    },
  },
  {
    policy: { windowDays: 30 },
    before: (books) => {
      books.now += 30 * DAY_MS + 1;
    },
    refused: {
      code: 'refund_window_expired',
      message: `refunds are allowed for 30 days after capture at ${new Date(SOME_TIME).toISOString()}`,
      facts: { ...FACTS, window_days: 30, captured_at: new Date(SOME_TIME).toISOString() },
    },
  },
  {
    before: (books, payment) => books.refund(payment, 'all'),
    refused: {
      code: 'already_refunded',
      message: 'nothing is left to refund: captured 100.00 USD, refunded 100.00 USD, reserved 0.00 USD',
      facts: { ...FACTS, refunded: '10000', refundable: '0' },
    },
  },
  {
    policy: { refundsPerPayment: 1 },
    before: (books, payment) => books.refund(payment, 1_000n),
    refused: {
      code: 'refund_count_exceeded',
      message: 'refunds of the payment so far: 1; allowed: 1',
      facts: { ...FACTS, refunded: '1000', refundable: '9000', refund_count: 1, refunds_per_payment: 1 },
    },
  },
  {
    policy: { reasonRequired: true },
    refund: { details: { reason: ' \t' } },
    refused: { code: 'reason_required', message: "the merchant's policy requires a reason", facts: FACTS },
  },
  {
    policy: { minimumMinor: { USD: 7_000n, EUR: 1n } },
    refused: {
      code: 'below_minimum',
      message: 'asked 60.00 USD, the minimum is 70.00 USD, or all that is left',
      facts: { ...FACTS, minimum: '7000' },
    },
  },
  {
    policy: { partialRefunds: false },
    refused: {
      code: 'partial_refund_not_allowed',
      message: 'asked 60.00 USD, only all that is left (100.00 USD) can be refunded',
      facts: FACTS,
    },
  },
  {
    before: (books, payment) => books.refund(payment, 6_000n),
    refused: {
      code: 'amount_exceeds_refundable',
      message: 'asked 60.00 USD, refundable 40.00 USD (captured 100.00 USD, refunded 60.00 USD, reserved 0.00 USD)',
      facts: { ...FACTS, refunded: '6000', refundable: '4000' },
    },
  },
  {
    refund: { expectedRefundableMinor: 6_000n },
    refused: {
      code: 'expected_refundable_mismatch',
      message:
        'expected 60.00 USD to be refundable, it is 100.00 USD (captured 100.00 USD, refunded 0.00 USD, reserved 0.00 USD)',
      facts: { ...FACTS, expected_refundable: '6000' },
    },
  },
  {
    policy: { balanceMustCover: true },
    before: (books) => books.run({ kind: 'settle_balance', currency: 'USD' }),
    refused: {
      code: 'insufficient_merchant_balance',
      message: "asked 60.00 USD, the merchant's unsettled balance is 0.00 USD",
      facts: { ...FACTS, unsettled: '0' },
    },
  },
];

for (const { policy = {}, before, refund = {}, amountMinor = 6_000n, refused } of CASES) {
  test(`${refused.code} says the fact and its numbers, and is kept as an attempt`, () => {
    const books = new CoreBooks(policy);
    const payment = books.payment();
    before?.(books, payment);
    const state = books.current(payment);
    const balance = books.balance();

    const outcome = books.refund(payment, amountMinor, refund);
    assert.deepEqual(outcome.refusal, refused);
    assert.deepEqual(outcome.payment, state);
    assert.equal(outcome.refund?.status, 'refused');
    assert.equal(outcome.refund.refusalCode, refused.code);
    assert.equal(outcome.refund.amountMinor, 6_000n);
    assert.deepEqual(books.rows.refunds.get(outcome.refund.id), outcome.refund);

    const entry = books.lastEntry;
    assert.equal(entry.kind, 'command_refused');
    assert.equal(entry.operation, 'refund_payment');
    assert.equal(entry.refusalCode, refused.code);
    assert.deepEqual(entry.facts, { ...refused.facts, message: refused.message });
    assert.equal(entry.debit, null);
    assert.deepEqual(books.current(payment), state);
    assert.deepEqual(books.balance(), balance);
  });
}

test('a payment that had more refunds than are allowed by now says both numbers', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  for (const amount of [100n, 200n, 300n]) books.refund(payment, amount);
  books.setPolicy({ refundsPerPayment: 1 });
  const { message } = refusalOf(books.refund(payment, 400n));
  assert.equal(message, 'refunds of the payment so far: 3; allowed: 1');
});

test('on the last day of the window a refund is still accepted', () => {
  const books = new CoreBooks({ windowDays: 30 });
  const payment = books.payment();
  books.now += 30 * DAY_MS;
  assert.equal(books.refund(payment, 1n).refusal, null);
});

test('the window counts from the capture, not from the registration', () => {
  const books = new CoreBooks({ windowDays: 1 });
  const pending = books.payment({ status: 'pending' });
  books.now += 2 * DAY_MS;
  books.run({ kind: 'capture_payment', payment: { id: pending.id } });
  assert.equal(books.refund(pending, 1n).refusal, null);
  const old = books.payment({ createdAt: books.now - 2 * DAY_MS });
  assert.equal(refusalOf(books.refund(old, 1n)).code, 'refund_window_expired');
});

test('less than the minimum may be refunded when it is all that is left', () => {
  const books = new CoreBooks({ minimumMinor: { USD: 7_000n } });
  const payment = books.payment();
  books.refund(payment, 7_000n);
  assert.equal(books.refund(payment, 3_000n).refusal, null);
});

test('the policy of the partner’s protocol counts beside the merchant’s, over the refunds of all protocols', () => {
  const books = new CoreBooks({ refundsPerPayment: 3 });
  const payment = books.payment();
  const once = { protocol: 'bbmsl', protocolPolicy: { ...OPEN_POLICY, refundsPerPayment: 1 } };
  assert.equal(books.refund(payment, 1n).refusal, null);
  assert.equal(refusalOf(books.refund(payment, 1n, {}, once)).facts['refunds_per_payment'], 1);
  assert.equal(books.refund(payment, 1n).refusal, null);
  assert.equal(books.refund(payment, 1n).refusal, null);
  assert.equal(refusalOf(books.refund(payment, 1n)).code, 'refund_count_exceeded');
});

test('only succeeded refunds and those that wait count', () => {
  const books = new CoreBooks({ refundsPerPayment: 1, approvalAboveMinor: { USD: 5_000n } });
  const payment = books.payment();
  const waiting = books.waiting(payment, 6_000n);
  assert.equal(refusalOf(books.refund(payment, 1n)).code, 'refund_count_exceeded');
  books.run({ kind: 'cancel_refund', refundId: waiting.id });
  const done = books.refund(payment, 1n);
  assert.equal(done.refusal, null);
  books.run({ kind: 'reverse_refund', refundId: done.refund?.id ?? '' });
  assert.equal(books.refund(payment, 2n).refusal, null);
});

test('an unknown payment, another merchant’s, and references of two payments are all not found', () => {
  const books = new CoreBooks();
  books.run({ kind: 'create_merchant', name: 'Other Ltd', policy: OPEN_POLICY }, { merchantId: OTHER_MERCHANT_ID });
  const one = { namespace: 'native.reference', value: '1' };
  const two = { namespace: 'payengine.id', value: '2' };
  const payment = books.payment({ references: [{ ...one, numbered: false }] });
  books.payment({ references: [{ ...two, numbered: false }] });
  const entries = books.rows.journal.length;

  const unknown = refusalOf(books.refund({ ...payment, id: idNumber(999) }, 1n));
  assert.deepEqual(unknown, { code: 'payment_not_found', message: `there is no payment ${idNumber(999)}`, facts: {} });
  const theirs = refusalOf(books.refund(payment, 1n, {}, { merchantId: OTHER_MERCHANT_ID }));
  assert.equal(theirs.message, `there is no payment ${payment.id}`);
  const byTheirReference = books.refund(
    payment,
    1n,
    { payment: { references: [one] } },
    { merchantId: OTHER_MERCHANT_ID },
  );
  assert.equal(refusalOf(byTheirReference).message, 'there is no payment with native.reference 1');
  const both = refusalOf(books.refund(payment, 1n, { payment: { references: [one, two] } }));
  assert.equal(both.message, 'no one payment has native.reference 1 and payengine.id 2');
  assert.equal(refusalOf(books.refund(payment, 1n, { payment: { references: [] } })).code, 'payment_not_found');
  assert.equal(books.rows.journal.length, entries);
});

test('an amount that the currency cannot hold is no request, and is not kept', () => {
  const books = new CoreBooks();
  const payment = books.payment({ currency: 'JPY' });
  const entries = books.rows.journal.length;
  const refused = refusalOf(books.refund(payment, 1n, { amount: { kind: 'major', text: '1.5' } }));
  assert.deepEqual(refused, {
    code: 'invalid_request',
    message: 'amount: JPY has 0 decimals, got 1.5',
    facts: { parameter: 'amount' },
  });
  for (const minor of [0n, -1n, 10n ** 12n]) {
    assert.equal(refusalOf(books.refund(payment, minor)).code, 'invalid_request');
  }
  const kuwaiti = books.payment({ currency: 'KWD' });
  const tooMany = books.refund(kuwaiti, 1n, { amount: { kind: 'major', text: '999999999999' } });
  assert.equal(refusalOf(tooMany).message, 'amount: has too many digits');
  assert.equal(books.rows.journal.length, entries + 1);
});

test('a reference names one attempt, also one that was refused', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const reference = { namespace: 'boost-aoc.spTransID', value: 'sp-1' };
  const first = books.refund(payment, 99_999n, { reference });
  assert.equal(refusalOf(first).code, 'amount_exceeds_refundable');
  const again = refusalOf(books.refund(payment, 1n, { reference }));
  assert.deepEqual(again, {
    code: 'duplicate_reference',
    message: 'sp-1 names an earlier refund',
    facts: { namespace: reference.namespace, reference: 'sp-1', refund_id: first.refund?.id ?? '' },
  });
  assert.equal(books.rows.refunds.size, 1);
  assert.equal(books.refund(payment, 1n, { reference: { ...reference, namespace: 'other' } }).refusal, null);
});
