/** The rules of payments: registering, capturing, closing, voiding, disputes, and what a payment entitles to. */
import { type Balance, post } from './account.ts';
import type { Book } from './book.ts';
import type { Action, Command, RegisterPayment, RequestedEntitlement } from './command.ts';
import { accept, type Decision, type Env, refuse, undecided } from './decision.ts';
import { entitlementDigest, paymentDigest } from './digest.ts';
import { undoneEntitlements } from './entitlements.ts';
import { invalidParameter, type Refusal, refusal } from './errors.ts';
import { POSTINGS } from './journal.ts';
import { canonicalJson, type Json } from './json.ts';
import { describeAmount, isCurrency, MAX_AMOUNT_MINOR } from './money.ts';
import { NOTHING } from './outcome.ts';
import {
  type Coupon,
  type Entitlement,
  grantsEntitlements,
  isSettled,
  type Payment,
  refundableMinor,
  type Reference,
} from './payment.ts';
import { type Policy, policyFor } from './policy.ts';
import { findPayment, paymentNotFound } from './select.ts';

type PaymentAction = Extract<
  Action,
  {
    kind:
      | 'register_payment'
      | 'capture_payment'
      | 'close_payment'
      | 'void_payment'
      | 'set_dispute'
      | 'clear_dispute'
      | 'grant_entitlement';
  }
>;

export function decidePayment(book: Book, command: Command, action: PaymentAction, env: Env): Decision {
  if (action.kind === 'register_payment') return registerPayment(book, command, action, env);

  const payment = findPayment(book, command.merchantId ?? '', action.payment);
  if (payment === undefined) return refuse(book, command, env, paymentNotFound(action.payment));
  switch (action.kind) {
    case 'capture_payment':
    case 'close_payment':
      return endPending(book, command, payment, action.kind, env);
    case 'void_payment':
      return voidPayment(book, command, payment, env);
    case 'set_dispute':
    case 'clear_dispute':
      return setDispute(book, command, payment, action.kind === 'set_dispute', env);
    case 'grant_entitlement':
      return grantEntitlement(book, command, payment, action.entitlement, env);
  }
}

function registerPayment(book: Book, command: Command, action: RegisterPayment, env: Env): Decision {
  const merchantId = command.merchantId ?? '';
  const merchant = book.merchant(merchantId);
  if (merchant === undefined) throw new Error('decide must have refused an unknown merchant');
  const { createdAt, capturedAt } = timesOf(action, env.now);
  const invalid = registrationFault(action, env.now);
  if (invalid !== null) return refuse(book, command, env, invalid);

  const given = action.references.flatMap(({ namespace, value }) => (value === null ? [] : [{ namespace, value }]));
  const holders = given.map((reference) => ({ reference, holder: book.paymentByReference(merchantId, reference) }));
  const taken = holders.find(({ holder }) => holder !== undefined);
  if (taken?.holder !== undefined) {
    const { holder, reference } = taken;
    if (action.ifSame === 'return_existing' && isSamePayment(book, holder, action)) {
      return undecided({ ...NOTHING, payment: holder });
    }
    return refuse(
      book,
      command,
      env,
      refusal('duplicate_reference', `${reference.namespace} ${reference.value} is the reference of another payment`, {
        namespace: reference.namespace,
        reference: reference.value,
        payment_id: holder.id,
      }),
      { amountMinor: action.amountMinor, currency: action.currency },
    );
  }

  const { references, counters } = numberReferences(action, merchant.counters);
  const seq = book.nextSeq;
  const payment: Payment = {
    id: env.newId(),
    merchantId,
    currency: action.currency,
    amountMinor: action.amountMinor,
    capturedMinor: action.status === 'captured' ? action.amountMinor : 0n,
    refundedMinor: 0n,
    reservedMinor: 0n,
    status: action.status,
    disputed: false,
    refundCount: 0,
    entitled: action.entitlements.length > 0 || action.couponCode !== null,
    references,
    details: action.details,
    detailsSalt: Object.keys(action.details).length > 0 ? env.newSalt() : '',
    createdAt,
    capturedAt,
    updatedAt: createdAt,
    createdSeq: seq,
    capturedSeq: action.status === 'captured' ? seq : null,
    lastSeq: seq,
  };
  const coupon: Coupon | null =
    action.couponCode === null
      ? null
      : {
          id: env.newId(),
          merchantId,
          paymentId: payment.id,
          code: action.couponCode,
          createdAt: env.now,
          createdSeq: seq,
        };
  const entitlements = action.entitlements.map((requested) => newEntitlement(payment, requested, coupon, env, seq));
  const posting = action.status === 'captured' ? { ...POSTINGS.capture, amountMinor: action.amountMinor } : null;
  const balance = book.balance(merchantId, action.currency);
  return accept(book, command, env, {
    kind: 'payment_registered',
    payment,
    currency: action.currency,
    ...(posting === null ? {} : { posting, balance: post(balance, posting, seq) }),
    facts: counters === merchant.counters ? null : { counters },
    digest: paymentDigest(payment, entitlements, coupon === null ? [] : [coupon]),
    rows: {
      entitlements,
      ...(coupon === null ? {} : { coupon }),
      ...(counters === merchant.counters ? {} : { merchant: { ...merchant, counters } }),
    },
    outcome: { entitlements, coupons: coupon === null ? [] : [coupon] },
  });
}

/** When the original was made and captured: now, where nothing else is said. */
function timesOf(action: RegisterPayment, now: number): { createdAt: number; capturedAt: number | null } {
  const createdAt = action.createdAt ?? action.capturedAt ?? now;
  return { createdAt, capturedAt: action.status === 'captured' ? (action.capturedAt ?? createdAt) : null };
}

/** What is wrong with a registration whatever the book says; `null` if nothing is. */
export function registrationFault(action: RegisterPayment, now: number): Refusal | null {
  const { createdAt, capturedAt } = timesOf(action, now);
  if (action.amountMinor <= 0n || action.amountMinor > MAX_AMOUNT_MINOR) {
    return invalidParameter('amount', `must be from 1 to ${MAX_AMOUNT_MINOR} minor units`);
  }
  if (!isCurrency(action.currency)) return invalidParameter('currency', `${action.currency} is not an ISO 4217 code`);
  if (action.status === 'pending' && action.capturedAt !== null) {
    return invalidParameter('captured_at', 'a pending payment is not captured yet');
  }
  if (createdAt > now) return invalidParameter('created_at', 'is in the future');
  if (capturedAt !== null && capturedAt > now) return invalidParameter('captured_at', 'is in the future');
  if (capturedAt !== null && capturedAt < createdAt) return invalidParameter('captured_at', 'is before created_at');
  if (action.entitlements.some(({ viaCoupon }) => viaCoupon) && action.couponCode === null) {
    return invalidParameter('via_coupon', 'the payment has no coupon');
  }
  const namespaces = new Set<string>();
  for (const { namespace, value, numbered } of action.references) {
    if (namespaces.has(namespace)) return invalidParameter(`references.${namespace}`, 'is given twice');
    namespaces.add(namespace);
    if (numbered && value !== null && !/^[1-9][0-9]{0,13}$/.test(value)) {
      return invalidParameter(
        `references.${namespace}`,
        'must be a positive whole number of at most 14 digits: those given out above it have at most 15',
      );
    }
  }
  return null;
}

/** Gives numbers to the references that ask for one, above the merchant's highest, and keeps the highest. */
function numberReferences(
  action: RegisterPayment,
  before: Readonly<Record<string, string>>,
): { references: Reference[]; counters: Readonly<Record<string, string>> } {
  let counters = before;
  const references = action.references.map(({ namespace, value, numbered }): Reference => {
    if (!numbered && value !== null) return { namespace, value };
    const highest = BigInt(counters[namespace] ?? '0');
    const number = value === null ? highest + 1n : BigInt(value);
    if (number > highest) counters = { ...counters, [namespace]: String(number) };
    return { namespace, value: value ?? String(number) };
  });
  return { references, counters };
}

/** Whether a payment was registered with just this content; numbers that Refundry gave out do not count. */
function isSamePayment(book: Book, payment: Payment, action: RegisterPayment): boolean {
  const entitlements = book
    .entitlementsOf(payment.id)
    .filter((entitlement) => entitlement.createdSeq === payment.createdSeq);
  const asked = action.references.filter((reference) => reference.value !== null);
  const minted = new Set(action.references.filter((r) => r.value === null).map((r) => r.namespace));
  return (
    payment.amountMinor === action.amountMinor &&
    payment.currency === action.currency &&
    (payment.capturedSeq === payment.createdSeq) === (action.status === 'captured') &&
    (action.createdAt === null || payment.createdAt === action.createdAt) &&
    (action.capturedAt === null || payment.capturedAt === action.capturedAt) &&
    payment.references.length === action.references.length &&
    sameSet(
      asked.map((reference) => [reference.namespace, reference.value]),
      payment.references
        .filter((reference) => !minted.has(reference.namespace))
        .map((reference) => [reference.namespace, reference.value]),
    ) &&
    canonicalJson(payment.details as Json) === canonicalJson(action.details as Json) &&
    sameSet(
      action.entitlements.map((e) => [e.learner, e.kind, e.target, e.viaCoupon]),
      entitlements.map((e) => [e.learner, e.kind, e.target, e.couponId !== null]),
    ) &&
    (book.couponOf(payment.id)?.code ?? null) === action.couponCode
  );
}

function sameSet(a: readonly Json[], b: readonly Json[]): boolean {
  const sorted = (items: readonly Json[]): string => items.map(canonicalJson).sort().join();
  return sorted(a) === sorted(b);
}

function newEntitlement(
  payment: Payment,
  requested: RequestedEntitlement,
  coupon: Coupon | null,
  env: Env,
  seq: bigint,
): Entitlement {
  return {
    id: env.newId(),
    merchantId: payment.merchantId,
    paymentId: payment.id,
    learner: requested.learner,
    kind: requested.kind,
    target: requested.target,
    couponId: requested.viaCoupon ? (coupon?.id ?? null) : null,
    createdAt: env.now,
    createdSeq: seq,
  };
}

/** `pending → captured` or `pending → closed`. */
function endPending(
  book: Book,
  command: Command,
  payment: Payment,
  how: 'capture_payment' | 'close_payment',
  env: Env,
): Decision {
  if (payment.status !== 'pending') {
    const refused = refusal(
      'not_capturable',
      `the payment is ${payment.status}: only a pending one can be captured or closed`,
      {
        status: payment.status,
      },
    );
    return refuse(book, command, env, refused, { payment });
  }
  const seq = book.nextSeq;
  if (how === 'close_payment') {
    return accept(book, command, env, {
      kind: 'payment_closed',
      payment: { ...payment, status: 'closed', updatedAt: env.now, lastSeq: seq },
    });
  }
  const posting = { ...POSTINGS.capture, amountMinor: payment.amountMinor };
  return accept(book, command, env, {
    kind: 'payment_captured',
    payment: {
      ...payment,
      status: 'captured',
      capturedMinor: payment.amountMinor,
      capturedAt: env.now,
      capturedSeq: seq,
      updatedAt: env.now,
      lastSeq: seq,
    },
    posting,
    balance: post(book.balance(payment.merchantId, payment.currency), posting, seq),
  });
}

/** Cancels a captured payment before settlement, whole only. */
function voidPayment(book: Book, command: Command, payment: Payment, env: Env): Decision {
  const merchant = book.merchant(payment.merchantId);
  if (merchant === undefined) throw new Error('decide must have refused an unknown merchant');
  const policy = policyFor(merchant.policy, command.protocolPolicy);
  const balance = book.balance(payment.merchantId, payment.currency);
  const refused = voidRefusal(payment, policy, balance);
  if (refused !== null) return refuse(book, command, env, refused, { payment });

  const seq = book.nextSeq;
  const posting = { ...POSTINGS.void, amountMinor: payment.capturedMinor };
  const after: Payment = { ...payment, status: 'voided', capturedMinor: 0n, updatedAt: env.now, lastSeq: seq };
  return accept(book, command, env, {
    kind: 'payment_voided',
    payment: after,
    posting,
    balance: post(balance, posting, seq),
    facts: undoneEntitlements(book, payment, after),
  });
}

/** The first rule, in the registry's order, that refuses to void this payment; `null` when none does. */
function voidRefusal(payment: Payment, policy: Policy, balance: Balance): Refusal | null {
  const { currency, refundedMinor, reservedMinor } = payment;
  const show = (minor: bigint): string => describeAmount(minor, currency);
  const unsettledMinor = balance.minor.merchant_unsettled;
  // What went back already, or is held for it, has left the balance.
  const takenMinor = refundableMinor(payment);
  const settled = isSettled(payment, balance.settledThroughSeq);
  const facts = {
    status: payment.status,
    refunded: String(refundedMinor),
    reserved: String(reservedMinor),
    settled,
  };
  if (payment.disputed) {
    return refusal('payment_disputed', 'the payment is disputed: the dispute decides where its funds go', facts);
  }
  if (policy.balanceMustCover && takenMinor > 0n && unsettledMinor < takenMinor) {
    return refusal(
      'insufficient_merchant_balance',
      `the void takes ${show(takenMinor)}, the merchant's unsettled balance is ${show(unsettledMinor)}`,
      { ...facts, unsettled: String(unsettledMinor), currency },
    );
  }
  if (payment.status !== 'captured') return refusal('not_voidable', `the payment is ${payment.status}`, facts);
  if (refundedMinor > 0n || reservedMinor > 0n) {
    return refusal('not_voidable', `${show(refundedMinor)} is refunded and ${show(reservedMinor)} reserved`, facts);
  }
  if (settled) return refusal('not_voidable', 'the payment is settled: refund it instead', facts);
  return null;
}

function setDispute(book: Book, command: Command, payment: Payment, disputed: boolean, env: Env): Decision {
  if (payment.status !== 'captured') {
    const refused = refusal('payment_not_refundable', `the payment is ${payment.status}: there is nothing to dispute`, {
      status: payment.status,
    });
    return refuse(book, command, env, refused, { payment });
  }
  return accept(book, command, env, {
    kind: disputed ? 'payment_disputed' : 'payment_dispute_cleared',
    payment: { ...payment, disputed, updatedAt: env.now, lastSeq: book.nextSeq },
  });
}

function grantEntitlement(
  book: Book,
  command: Command,
  payment: Payment,
  requested: RequestedEntitlement,
  env: Env,
): Decision {
  const coupon = book.couponOf(payment.id);
  if (requested.viaCoupon && coupon === undefined) {
    return refuse(book, command, env, invalidParameter('via_coupon', 'the payment has no coupon'), { payment });
  }
  if (!grantsEntitlements(payment)) {
    const refused = refusal(
      'payment_not_refundable',
      'the payment is not captured, or wholly refunded: it grants nothing',
      {
        status: payment.status,
        refunded: String(payment.refundedMinor),
      },
    );
    return refuse(book, command, env, refused, { payment });
  }
  const entitlement = newEntitlement(payment, requested, coupon ?? null, env, book.nextSeq);
  return {
    ...accept(book, command, env, {
      kind: 'entitlement_granted',
      payment: { ...payment, entitled: true, updatedAt: env.now, lastSeq: book.nextSeq },
      facts: { entitlement_id: entitlement.id },
      digest: entitlementDigest(entitlement),
      rows: { entitlements: [entitlement] },
      outcome: { entitlements: [entitlement] },
    }),
  };
}
