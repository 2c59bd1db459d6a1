import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertBalanced,
  command,
  CoreBooks,
  DAY_MS,
  HOUR_MS,
  idNumber,
  OTHER_MERCHANT_ID,
  refundOf,
  refusalOf,
} from '../../test/kit/core.ts';
import { present } from '../../test/kit/rows.ts';
import { OPEN_POLICY } from './policy.ts';
import type { Refund } from './refund.ts';

const SECOND = { actor: 'key:second' };

test('a partial refund moves its amount at once, and says the numbers after it', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  books.now += 5;
  const outcome = books.refund(payment, 4_000n, { details: { reason: 'broken' } });
  assert.equal(outcome.refusal, null);
  assert.equal(outcome.refund?.status, 'succeeded');
  assert.equal(outcome.refund.createdAt, books.now);
  assert.deepEqual(books.current(payment), {
    ...payment,
    refundedMinor: 4_000n,
    refundCount: 1,
    updatedAt: books.now,
    lastSeq: 3n,
  });
  const entry = books.lastEntry;
  assert.equal(entry.kind, 'refund_succeeded');
  assert.deepEqual(
    [entry.debit, entry.credit, entry.amountMinor],
    ['merchant_unsettled', 'processor_clearing', 4_000n],
  );
  assert.equal(entry.unsettledMinor, 6_000n);
  assert.equal(entry.payment?.refundedMinor, 4_000n);
  assert.deepEqual(books.balance(), {
    processor_clearing: -6_000n,
    merchant_unsettled: 6_000n,
    refunds_payable: 0n,
    merchant_settled: 0n,
  });
});

test('an omitted amount is all that is left, whatever form the amounts before it had', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  books.refund(payment, 1n, { amount: { kind: 'major', text: '25.50' } });
  books.refund(payment, 450n);
  const rest = books.refund(payment, 'all');
  assert.equal(rest.refund?.amountMinor, 7_000n);
  assert.equal(rest.payment?.refundedMinor, 10_000n);
  const nothing = books.refund(payment, 'all');
  assert.equal(refusalOf(nothing).code, 'already_refunded');
  assert.equal(nothing.refund?.amountMinor, 0n);
});

test('two refunds of one payment in one batch are as exact as in two', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const outcomes = books.execute(Array.from({ length: 3 }, () => command(refundOf(payment, 4_000n))));
  assert.deepEqual(
    outcomes.map(({ refusal }) => refusal?.code ?? 'succeeded'),
    ['succeeded', 'succeeded', 'amount_exceeds_refundable'],
  );
  assert.equal(refusalOf(present(outcomes[2])).facts['refundable'], '2000');
});

function waiting(policy = {}): { books: CoreBooks; refund: Refund } {
  const books = new CoreBooks({ approvalAboveMinor: { USD: 5_000n }, ...policy });
  return { books, refund: books.waiting(books.payment(), 6_000n) };
}

test('above the limit a refund waits with its funds reserved, at the limit it does not', () => {
  const { books, refund } = waiting();
  const payment = books.current({ id: refund.paymentId });
  assert.deepEqual([payment.reservedMinor, payment.refundedMinor, payment.refundCount], [6_000n, 0n, 1]);
  assert.equal(refund.requestedBy, 'key:first');
  assert.equal(refund.expiresAt, books.now + 72 * HOUR_MS);
  assert.equal(books.lastEntry.kind, 'refund_requested');
  assert.deepEqual(books.balance(), {
    processor_clearing: -10_000n,
    merchant_unsettled: 4_000n,
    refunds_payable: 6_000n,
    merchant_settled: 0n,
  });
  assert.equal(refusalOf(books.refund(payment, 4_001n)).code, 'amount_exceeds_refundable');
  assert.equal(books.refund(payment, 4_000n).refund?.status, 'succeeded');
  assert.equal(books.refund(books.payment({ currency: 'EUR' }), 'all').refund?.status, 'succeeded');
  assert.equal(books.refund(books.payment(), 5_000n).refund?.status, 'succeeded');
});

test('a second person’s approval turns the reservation into a refund', () => {
  const { books, refund } = waiting();
  books.now += 1_000;
  const outcome = books.run({ kind: 'approve_refund', refundId: refund.id, amountMinor: 6_000n }, SECOND);
  assert.equal(outcome.refusal, null);
  assert.deepEqual(books.rows.refunds.get(refund.id), {
    ...refund,
    status: 'succeeded',
    updatedAt: books.now,
    lastSeq: books.lastEntry.seq,
  });
  assert.deepEqual(
    [outcome.payment?.reservedMinor, outcome.payment?.refundedMinor, outcome.payment?.refundCount],
    [0n, 6_000n, 1],
  );
  assert.deepEqual([books.lastEntry.debit, books.lastEntry.credit], ['refunds_payable', 'processor_clearing']);
  assert.equal(books.lastEntry.unsettledMinor, 4_000n);
  assertBalanced(books.rows);
});

for (const [kind, reason, entryKind, more] of [
  ['reject_refund', 'rejected', 'refund_rejected', SECOND],
  ['cancel_refund', 'canceled', 'refund_canceled', {}],
  ['expire_refund', 'expired', 'refund_expired', { actor: 'system' }],
] as const) {
  test(`${kind} gives the reserved funds back`, () => {
    const { books, refund } = waiting({ approvalHours: 2 });
    if (kind === 'expire_refund') books.now += 2 * HOUR_MS;
    const outcome = books.run({ kind, refundId: refund.id }, more);
    assert.equal(outcome.refusal, null);
    assert.equal(outcome.refund?.status, 'canceled');
    assert.equal(outcome.refund.cancelReason, reason);
    const payment = books.current({ id: refund.paymentId });
    assert.deepEqual([payment.reservedMinor, payment.refundedMinor, payment.refundCount], [0n, 0n, 0]);
    assert.equal(books.lastEntry.kind, entryKind);
    assert.deepEqual([books.lastEntry.debit, books.lastEntry.credit], ['refunds_payable', 'merchant_unsettled']);
    assert.equal(books.balance().merchant_unsettled, 10_000n);
    assert.equal(books.refund(payment, 'all').refund?.amountMinor, 10_000n);
  });
}

test('who asked cannot approve or reject, another amount is not approved, and an expired approval is none', () => {
  const { books, refund } = waiting({ approvalHours: 1 });
  const base = { refund_id: refund.id, status: 'pending_approval', amount: '6000', currency: 'USD' };
  const approve = (amountMinor: bigint | null, more = {}) =>
    books.run({ kind: 'approve_refund', refundId: refund.id, amountMinor }, more);

  const own = 'who asked for a refund cannot decide on it: a second person must';
  assert.deepEqual(approve(null).refusal, { code: 'approval_not_allowed', message: own, facts: base });
  assert.equal(refusalOf(books.run({ kind: 'reject_refund', refundId: refund.id })).message, own);
  const other = refusalOf(approve(5_999n, SECOND));
  assert.equal(other.message, 'the approval is for 59.99 USD, the refund is of 60.00 USD');
  assert.deepEqual(other.facts, { ...base, approved_amount: '5999' });

  books.now += HOUR_MS;
  const late = refusalOf(approve(6_000n, SECOND));
  const expired = new Date(refund.expiresAt ?? 0).toISOString();
  assert.equal(late.message, `the approval expired at ${expired}`);
  assert.deepEqual(late.facts, { ...base, expired_at: expired });
  assert.equal(books.rows.refunds.get(refund.id)?.status, 'pending_approval');
  assert.equal(books.lastEntry.kind, 'command_refused');
  assert.equal(books.lastEntry.refundId, refund.id);
});

test('a disputed payment’s refund is not approved, and can still be rejected', () => {
  const { books, refund } = waiting();
  books.run({ kind: 'set_dispute', payment: { id: refund.paymentId } });
  const refused = books.run({ kind: 'approve_refund', refundId: refund.id, amountMinor: null }, SECOND);
  assert.equal(refusalOf(refused).code, 'payment_disputed');
  assert.equal(books.run({ kind: 'reject_refund', refundId: refund.id }, SECOND).refusal, null);
});

test('that a payment is disputed is said before that its refund waits for no approval', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const { refund } = books.refund(payment, 1n);
  const approve = () =>
    refusalOf(books.run({ kind: 'approve_refund', refundId: refund?.id ?? '', amountMinor: null }, SECOND));
  assert.equal(approve().code, 'approval_not_allowed');
  assert.equal(approve().message, 'the refund is succeeded, it waits for no approval');
  books.run({ kind: 'set_dispute', payment: { id: payment.id } });
  assert.equal(approve().code, 'payment_disputed');
});

test('what is done cannot be approved, rejected or canceled; what is not done cannot be reversed', () => {
  const { books, refund } = waiting();
  const refundId = refund.id;
  assert.deepEqual(refusalOf(books.run({ kind: 'reverse_refund', refundId })), {
    code: 'not_reversible',
    message: 'the refund is pending_approval: only a succeeded one can come back',
    facts: { refund_id: refundId, status: 'pending_approval' },
  });
  books.run({ kind: 'approve_refund', refundId, amountMinor: null }, SECOND);
  assert.equal(
    refusalOf(books.run({ kind: 'approve_refund', refundId, amountMinor: null }, SECOND)).code,
    'approval_not_allowed',
  );
  assert.equal(refusalOf(books.run({ kind: 'reject_refund', refundId }, SECOND)).code, 'approval_not_allowed');
  assert.deepEqual(refusalOf(books.run({ kind: 'cancel_refund', refundId })), {
    code: 'not_cancelable',
    message: 'the refund is succeeded: only one that waits can be canceled',
    facts: { refund_id: refundId, status: 'succeeded' },
  });
  books.run({ kind: 'reverse_refund', refundId });
  assert.equal(refusalOf(books.run({ kind: 'reverse_refund', refundId })).facts['status'], 'reversed');
  assertBalanced(books.rows);
});

test('a refund that does not exist, or is another merchant’s, is not found', () => {
  const { books, refund } = waiting();
  for (const kind of ['reject_refund', 'cancel_refund', 'reverse_refund', 'expire_refund'] as const) {
    assert.equal(refusalOf(books.run({ kind, refundId: idNumber(999) })).code, 'refund_not_found');
  }
  books.run({ kind: 'create_merchant', name: 'Other Ltd', policy: OPEN_POLICY }, { merchantId: OTHER_MERCHANT_ID });
  const theirs = books.run({ kind: 'cancel_refund', refundId: refund.id }, { merchantId: OTHER_MERCHANT_ID });
  assert.deepEqual(theirs.refusal, {
    code: 'refund_not_found',
    message: `there is no refund ${refund.id}`,
    facts: {},
  });
});

test('before its time an approval does not expire, and expiring twice is no event', () => {
  const { books, refund } = waiting({ approvalHours: 1 });
  const expire = () => books.run({ kind: 'expire_refund', refundId: refund.id }, { actor: 'system' });
  books.now += HOUR_MS - 1;
  const early = expire();
  assert.deepEqual([early.entry, early.refund?.status], [null, 'pending_approval']);
  books.now += 1;
  assert.equal(expire().refund?.status, 'canceled');
  const entries = books.rows.journal.length;
  assert.equal(expire().entry, null);
  assert.equal(books.rows.journal.length, entries);
});

test('a reversal returns the funds to the merchant and makes them refundable again', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const { refund } = books.refund(payment, 'all');
  books.now += DAY_MS;
  const outcome = books.run({ kind: 'reverse_refund', refundId: refund?.id ?? '' });
  assert.equal(outcome.refund?.status, 'reversed');
  assert.deepEqual([outcome.payment?.refundedMinor, outcome.payment?.refundCount], [0n, 0]);
  assert.deepEqual(
    [books.lastEntry.kind, books.lastEntry.debit, books.lastEntry.credit],
    ['refund_reversed', 'processor_clearing', 'merchant_unsettled'],
  );
  assert.equal(books.balance().merchant_unsettled, 10_000n);
  assert.equal(books.refund(payment, 'all').refund?.status, 'succeeded');
});
