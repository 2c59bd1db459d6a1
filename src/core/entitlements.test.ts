import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, CoreBooks, refundOf, refusalOf, registration } from '../../test/kit/core.ts';
import { present } from '../../test/kit/rows.ts';
import type { RequestedEntitlement } from './command.ts';
import type { JournalEntry } from './journal.ts';
import { grantsEntitlements, type Payment } from './payment.ts';

const enrolment = (learner: string, target = 'p-1', viaCoupon = false): RequestedEntitlement => ({
  learner,
  kind: 'program',
  target,
  viaCoupon,
});

const factsNow = (books: CoreBooks) => books.lastEntry.facts as Readonly<Record<string, unknown>> | null;

const idsOf = (books: CoreBooks, payment: Payment): string[] =>
  [...books.rows.entitlements.values()].filter(({ paymentId }) => paymentId === payment.id).map(({ id }) => id);

test('a whole refund takes the enrolments and the coupon back, a part does not', () => {
  const books = new CoreBooks();
  const payment = books.payment({
    entitlements: [enrolment('ada', 'p-1', true), enrolment('bob', 'p-1', true)],
    couponCode: 'GROUP',
  });
  const [coupon] = [...books.rows.coupons.values()];
  assert.ok([...books.rows.entitlements.values()].every(({ couponId }) => couponId === coupon?.id));
  books.refund(payment, 4_000n);
  assert.equal(factsNow(books), null);
  books.refund(payment, 'all');
  assert.deepEqual(books.lastEntry.facts, {
    entitlements_revoked: idsOf(books, payment),
    entitlements_kept: [],
    coupons_refunded: [coupon?.id],
  });
  assert.equal(grantsEntitlements(books.current(payment)), false);
});

test('a void takes them back, too', () => {
  const books = new CoreBooks();
  const payment = books.payment({ entitlements: [enrolment('ada')] });
  books.run({ kind: 'void_payment', payment: { id: payment.id } });
  assert.deepEqual(books.lastEntry.facts, {
    entitlements_revoked: idsOf(books, payment),
    entitlements_kept: [],
    coupons_refunded: [],
  });
});

test('a learner who holds the same enrolment through another payment keeps it', () => {
  const books = new CoreBooks();
  const first = books.payment({ entitlements: [enrolment('ada'), enrolment('bob')] });
  const second = books.payment({ entitlements: [enrolment('ada'), enrolment('bob', 'p-2')] });
  const [ada, bob] = idsOf(books, first);
  books.refund(first, 'all');
  assert.deepEqual(books.lastEntry.facts, {
    entitlements_revoked: [bob],
    entitlements_kept: [ada],
    coupons_refunded: [],
  });
  books.refund(second, 'all');
  assert.deepEqual(books.lastEntry.facts, {
    entitlements_revoked: idsOf(books, second),
    entitlements_kept: [],
    coupons_refunded: [],
  });
});

test('another payment that grants nothing any more, is pending, or is another kind of enrolment, keeps nothing', () => {
  const books = new CoreBooks();
  const first = books.payment({ entitlements: [enrolment('ada')] });
  books.refund(books.payment({ entitlements: [enrolment('ada')] }), 'all');
  books.payment({ status: 'pending', entitlements: [enrolment('ada')] });
  books.payment({ entitlements: [{ ...enrolment('ada'), kind: 'course_session' }] });
  books.refund(first, 'all');
  assert.deepEqual(factsNow(books)?.['entitlements_revoked'], idsOf(books, first));
});

test('a reversal grants again what is not held otherwise', () => {
  const books = new CoreBooks();
  const first = books.payment({ entitlements: [enrolment('ada'), enrolment('bob')], couponCode: 'C' });
  const { refund } = books.refund(first, 'all');
  books.payment({ entitlements: [enrolment('bob')] });
  books.run({ kind: 'reverse_refund', refundId: refund?.id ?? '' });
  const [ada, bob] = idsOf(books, first);
  assert.deepEqual(books.lastEntry.facts, {
    entitlements_granted: [ada],
    entitlements_held_otherwise: [bob],
    coupons_restored: [...books.rows.coupons.values()].map(({ id }) => id),
  });
});

test('an approved refund of all takes them back when it is approved, not when it is asked for', () => {
  const books = new CoreBooks({ approvalAboveMinor: { USD: 5_000n } });
  const payment = books.payment({ entitlements: [enrolment('ada')] });
  const refund = books.waiting(payment, 10_000n);
  assert.equal(factsNow(books), null);
  assert.equal(grantsEntitlements(books.current(payment)), true);
  books.run({ kind: 'approve_refund', refundId: refund.id, amountMinor: null }, { actor: 'key:second' });
  assert.deepEqual(factsNow(books)?.['entitlements_revoked'], idsOf(books, payment));
});

test('an enrolment granted later goes with the payment like those it was registered with', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const grant = (requested: RequestedEntitlement) =>
    books.run({ kind: 'grant_entitlement', payment: { id: payment.id }, entitlement: requested });
  const granted = grant(enrolment('ada'));
  assert.equal(granted.payment?.entitled, true);
  assert.deepEqual(books.lastEntry.facts, { entitlement_id: present(granted.entitlements[0]).id });
  assert.equal(refusalOf(grant(enrolment('bob', 'p-1', true))).message, 'via_coupon: the payment has no coupon');
  books.refund(payment, 'all');
  assert.deepEqual(factsNow(books)?.['entitlements_revoked'], idsOf(books, payment));
  assert.equal(refusalOf(grant(enrolment('cyd'))).code, 'payment_not_refundable');
  // What cannot be meant at all comes before what the payment's state forbids.
  assert.equal(refusalOf(grant(enrolment('cyd', 'p-1', true))).code, 'invalid_request');
});

test('what is granted and refunded in one batch knows who holds it through older payments', () => {
  const books = new CoreBooks();
  books.payment({ entitlements: [enrolment('ada'), enrolment('bob')] });
  const plain = books.payment();
  const reference = { namespace: 'native.reference', value: 'new' };
  const [, refunded, registered] = books.execute([
    command({ kind: 'grant_entitlement', payment: { id: plain.id }, entitlement: enrolment('ada') }),
    command(refundOf(plain, 'all')),
    command(registration({ references: [{ ...reference, numbered: false }], entitlements: [enrolment('bob')] })),
    command(refundOf(plain, 'all', { payment: { references: [reference] } })),
  ]);
  const facts = (entry: JournalEntry | null | undefined) => entry?.facts as Record<string, string[]>;
  assert.equal(facts(refunded?.entry)['entitlements_kept']?.length, 1);
  assert.deepEqual(facts(refunded?.entry)['entitlements_revoked'], []);
  assert.equal(registered?.refusal, null);
  assert.equal(facts(books.lastEntry)['entitlements_kept']?.length, 1);
  assert.deepEqual(facts(books.lastEntry)['entitlements_revoked'], []);
});
