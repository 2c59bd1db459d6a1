/** Payments: registered, captured, closed, voided, disputed, and what they grant. */
import { isDeepStrictEqual } from 'node:util';
import type { Action, Command, RegisterPayment, RequestedEntitlement } from '../../src/core/command.ts';
import type { Entitlement } from '../../src/core/payment.ts';
import type { Answer, Fault, ModelBooks, ModelPayment } from './books.ts';
import { revoked } from './grants.ts';
import { policyOf } from './policy.ts';

/** At most 12 digits. */
const MOST_MINOR = 999_999_999_999n;
/** ISO 4217, as far as the histories go. */
const CURRENCIES: readonly string[] = ['USD', 'JPY', 'KWD'];

type Grant = Extract<Action, { readonly kind: 'grant_entitlement' }>;
type PaymentAction = Extract<Action, { readonly payment: unknown } | { readonly kind: 'register_payment' }>;

export function paymentAction(
  books: ModelBooks,
  command: Command,
  action: Exclude<PaymentAction, { readonly kind: 'refund_payment' }>,
): Answer {
  if (action.kind === 'register_payment') return register(books, command, action);
  const payment = books.paymentOf(command, action.payment);
  if (payment === undefined) return books.turnAway('payment_not_found', {});
  const { status } = payment;
  switch (action.kind) {
    case 'capture_payment':
    case 'close_payment':
      if (status !== 'pending') return books.refuse(command, 'not_capturable', { status }, { payment });
      return action.kind === 'capture_payment' ? capture(books, command, payment) : close(books, command, payment);
    case 'void_payment':
      return voidPayment(books, command, payment);
    case 'set_dispute':
    case 'clear_dispute': {
      if (status !== 'captured') return books.refuse(command, 'payment_not_refundable', { status }, { payment });
      payment.disputed = action.kind === 'set_dispute';
      touch(books, payment);
      const kind = payment.disputed ? 'payment_disputed' : 'payment_dispute_cleared';
      return books.answer(books.enter(command, kind, { payment }), { payment });
    }
    case 'grant_entitlement':
      return grant(books, command, payment, action.entitlement);
  }
}

/** It was changed now, by the entry that comes next. */
function touch(books: ModelBooks, payment: ModelPayment): void {
  payment.updatedAt = books.at;
  payment.lastSeq = books.nextSeq;
}

function register(books: ModelBooks, command: Command, action: RegisterPayment): Answer {
  const { at, nextSeq } = books;
  const { amountMinor, currency, status, references, details, couponCode } = action;
  const merchantId = command.merchantId ?? '';

  const own = books.payments.filter((payment) => payment.merchantId === merchantId);
  for (const { namespace, value } of references) {
    const holder = own.find((payment) =>
      payment.references.some((one) => one.namespace === namespace && one.value === value),
    );
    if (holder === undefined || value === null) continue;
    if (action.ifSame === 'return_existing' && isSame(books, holder, action)) {
      return books.answer(null, { payment: holder });
    }
    return books.refuse(
      command,
      'duplicate_reference',
      { namespace, reference: value, payment_id: holder.id },
      { amountMinor, currency },
    );
  }

  const counters = books.counters(merchantId);
  const createdAt = action.createdAt ?? action.capturedAt ?? at;
  const payment: ModelPayment = {
    id: books.newId(),
    merchantId,
    currency,
    amountMinor,
    status,
    disputed: false,
    references: references.map(({ namespace, value }) => ({
      namespace,
      value: value ?? String(BigInt(counters[namespace] ?? '0') + 1n),
    })),
    details,
    createdAt,
    capturedAt: status === 'captured' ? (action.capturedAt ?? action.createdAt ?? at) : null,
    // Nothing has changed since the original was made.
    updatedAt: createdAt,
    createdSeq: nextSeq,
    capturedSeq: status === 'captured' ? nextSeq : null,
    lastSeq: nextSeq,
    registration: action,
  };
  books.payments.push(payment);
  if (couponCode !== null) {
    books.coupons.push({
      id: books.newId(),
      merchantId,
      paymentId: payment.id,
      code: couponCode,
      createdAt: at,
      createdSeq: nextSeq,
    });
  }
  for (const requested of action.entitlements) enrol(books, payment, requested);
  const entry = books.enter(command, 'payment_registered', {
    payment,
    ...(status === 'captured' && { posting: capturePosting(payment) }),
    facts: isDeepStrictEqual(counters, books.counters(merchantId)) ? null : { counters: books.counters(merchantId) },
  });
  return books.answer(entry, { payment, ...grantsOf(books, payment) });
}

const capturePosting = ({ amountMinor }: ModelPayment) =>
  ({ debit: 'processor_clearing', credit: 'merchant_unsettled', amountMinor }) as const;

/** What no payment can be. */
export function registrationFault({ at }: ModelBooks, given: RegisterPayment): Fault | null {
  if (given.amountMinor < 1n || given.amountMinor > MOST_MINOR) return { parameter: 'amount' };
  if (!CURRENCIES.includes(given.currency)) return { parameter: 'currency' };
  const createdAt = given.createdAt ?? given.capturedAt ?? at;
  const capturedAt = given.capturedAt ?? createdAt;
  if (given.status === 'pending' && given.capturedAt !== null) return { parameter: 'captured_at' };
  if (createdAt > at) return { parameter: 'created_at' };
  if (capturedAt > at || capturedAt < createdAt) return { parameter: 'captured_at' };
  if (given.couponCode === null && given.entitlements.some(({ viaCoupon }) => viaCoupon)) {
    return { parameter: 'via_coupon' };
  }
  for (const { namespace, value, numbered } of given.references) {
    const isTwice = given.references.filter((one) => one.namespace === namespace).length > 1;
    const isNumber = value === null || /^[1-9][0-9]{0,13}$/.test(value);
    if (isTwice || (numbered && !isNumber)) return { parameter: `references.${namespace}` };
  }
  return null;
}

/** Whether a registration describes the payment that is there, as it was registered; what it leaves open may be any. */
function isSame(books: ModelBooks, payment: ModelPayment, now: RegisterPayment): boolean {
  const { registration: before, id } = payment;
  const sorted = (entitlements: readonly RequestedEntitlement[]): unknown =>
    entitlements.map(({ learner, kind, target, viaCoupon }) => [learner, kind, target, viaCoupon].join('|')).sort();
  return (
    now.amountMinor === payment.amountMinor &&
    now.currency === payment.currency &&
    now.status === before.status &&
    (now.createdAt === null || now.createdAt === payment.createdAt) &&
    (now.capturedAt === null || now.capturedAt === payment.capturedAt) &&
    now.references.length === payment.references.length &&
    now.references.every(({ namespace, value }) =>
      payment.references.some((one) => one.namespace === namespace && (value === null || one.value === value)),
    ) &&
    isDeepStrictEqual(now.details, payment.details) &&
    isDeepStrictEqual(sorted(now.entitlements), sorted(before.entitlements)) &&
    now.couponCode === (books.coupons.find(({ paymentId }) => paymentId === id)?.code ?? null)
  );
}

function enrol(books: ModelBooks, { id, merchantId }: ModelPayment, requested: RequestedEntitlement): Entitlement {
  const { learner, kind, target, viaCoupon } = requested;
  const coupon = books.coupons.find(({ paymentId }) => paymentId === id);
  const entitlement: Entitlement = {
    id: books.newId(),
    merchantId,
    paymentId: id,
    learner,
    kind,
    target,
    couponId: viaCoupon ? (coupon?.id ?? null) : null,
    createdAt: books.at,
    createdSeq: books.nextSeq,
  };
  books.entitlements.push(entitlement);
  return entitlement;
}

const grantsOf = (books: ModelBooks, { id }: ModelPayment) => ({
  entitlements: books.entitlements.filter(({ paymentId }) => paymentId === id),
  coupons: books.coupons.filter(({ paymentId }) => paymentId === id),
});

function capture(books: ModelBooks, command: Command, payment: ModelPayment): Answer {
  payment.status = 'captured';
  payment.capturedAt = books.at;
  payment.capturedSeq = books.nextSeq;
  touch(books, payment);
  return books.answer(books.enter(command, 'payment_captured', { payment, posting: capturePosting(payment) }), {
    payment,
  });
}

function close(books: ModelBooks, command: Command, payment: ModelPayment): Answer {
  payment.status = 'closed';
  touch(books, payment);
  return books.answer(books.enter(command, 'payment_closed', { payment }), { payment });
}

/** A void needs a captured payment of which nothing is refunded, reserved, settled or disputed. */
function voidPayment(books: ModelBooks, command: Command, payment: ModelPayment): Answer {
  const { merchantId, currency, status, amountMinor } = payment;
  const refunded = books.refunded(payment);
  const reserved = books.reserved(payment);
  const settled = books.isSettled(payment);
  const unsettled = books.unsettled(merchantId, currency);
  const taken = books.refundable(payment);
  const facts = { status, refunded: String(refunded), reserved: String(reserved), settled };
  if (payment.disputed) return books.refuse(command, 'payment_disputed', facts, { payment });
  if (policyOf(books, command).balanceMustCover && taken > 0n && unsettled < taken) {
    const more = { unsettled: String(unsettled), currency };
    return books.refuse(command, 'insufficient_merchant_balance', { ...facts, ...more }, { payment });
  }
  if (status !== 'captured' || refunded > 0n || reserved > 0n || settled) {
    return books.refuse(command, 'not_voidable', facts, { payment });
  }
  const grantedBefore = books.grants(payment);
  payment.status = 'voided';
  touch(books, payment);
  const entry = books.enter(command, 'payment_voided', {
    payment,
    posting: { debit: 'merchant_unsettled', credit: 'processor_clearing', amountMinor },
    facts: revoked(books, payment, grantedBefore),
  });
  return books.answer(entry, { payment });
}

/** Nobody enrols with a coupon that the payment has not. */
export function grantFault(books: ModelBooks, command: Command, action: Grant): Fault | null {
  const payment = books.paymentOf(command, action.payment);
  if (payment === undefined || !action.entitlement.viaCoupon) return null;
  const hasCoupon = books.coupons.some(({ paymentId }) => paymentId === payment.id);
  return hasCoupon ? null : { parameter: 'via_coupon', payment };
}

function grant(books: ModelBooks, command: Command, payment: ModelPayment, requested: RequestedEntitlement): Answer {
  if (!books.grants(payment)) {
    const facts = { status: payment.status, refunded: String(books.refunded(payment)) };
    return books.refuse(command, 'payment_not_refundable', facts, { payment });
  }
  const entitlement = enrol(books, payment, requested);
  touch(books, payment);
  const entry = books.enter(command, 'entitlement_granted', { payment, facts: { entitlement_id: entitlement.id } });
  return books.answer(entry, { payment, entitlements: [entitlement] });
}
