/** The rules of refunds: asking for one, its approval by a second person, its cancellation and its reversal. */
import { post } from './account.ts';
import type { Book } from './book.ts';
import type { Action, Command, RefundPayment, RequestedAmount } from './command.ts';
import { accept, type Decision, type Env, refuse, undecided } from './decision.ts';
import { decisionDigest, refundDigest } from './digest.ts';
import { restoredEntitlements, undoneEntitlements } from './entitlements.ts';
import { invalidParameter, type Refusal, refusal, type RefusalFacts } from './errors.ts';
import { POSTINGS } from './journal.ts';
import { currencyExponent, describeAmount, MAX_AMOUNT_MINOR, parseMajor } from './money.ts';
import { NOTHING } from './outcome.ts';
import { type Payment, refundableMinor } from './payment.ts';
import { DEFAULT_APPROVAL_HOURS, type Policy, policyFor } from './policy.ts';
import { type CancelReason, holdsReservation, type Refund } from './refund.ts';
import { findPayment, findRefund, paymentNotFound, refundNotFound } from './select.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

type RefundAction = Extract<
  Action,
  { kind: 'refund_payment' | 'approve_refund' | 'reject_refund' | 'cancel_refund' | 'expire_refund' | 'reverse_refund' }
>;

export function decideRefund(book: Book, command: Command, action: RefundAction, env: Env): Decision {
  switch (action.kind) {
    case 'refund_payment':
      return requestRefund(book, command, action, env);
    case 'approve_refund':
      return approveRefund(book, command, action, env);
    case 'reject_refund':
      return releaseRefund(book, command, action.refundId, env, 'rejected', action.reason);
    case 'cancel_refund':
      return releaseRefund(book, command, action.refundId, env, 'canceled', action.reason);
    case 'expire_refund':
      return releaseRefund(book, command, action.refundId, env, 'expired');
    case 'reverse_refund':
      return reverseRefund(book, command, action.refundId, env);
  }
}

function requestRefund(book: Book, command: Command, action: RefundPayment, env: Env): Decision {
  const merchantId = command.merchantId ?? '';
  const merchant = book.merchant(merchantId);
  if (merchant === undefined) throw new Error('decide must have refused an unknown merchant');

  const payment = findPayment(book, merchantId, action.payment);
  // What an amount means is known once the payment's currency is; still, an unreadable request comes before all else.
  const asked = payment === undefined ? null : askedMinor(action.amount, payment);
  if (payment !== undefined && asked !== null && typeof asked !== 'bigint') {
    return refuse(book, command, env, asked, { payment });
  }
  if (action.reference !== null) {
    const earlier = book.refundByReference(merchantId, action.reference);
    if (earlier !== undefined) return refuse(book, command, env, duplicateReference(action, earlier));
  }
  if (payment === undefined || typeof asked !== 'bigint') {
    return refuse(book, command, env, paymentNotFound(action.payment));
  }

  const policy = policyFor(merchant.policy, command.protocolPolicy);
  const balance = book.balance(merchantId, payment.currency);
  const seq = book.nextSeq;
  const hasDetails = Object.keys(action.details).length > 0;
  const attempt: Refund = {
    id: env.newId(),
    merchantId,
    paymentId: payment.id,
    amountMinor: asked,
    currency: payment.currency,
    status: 'succeeded',
    refusalCode: null,
    cancelReason: null,
    reference: action.reference,
    requestedBy: null,
    expiresAt: null,
    details: action.details,
    detailsSalt: hasDetails ? env.newSalt() : '',
    decisionReason: null,
    decisionSalt: '',
    protocol: command.protocol,
    createdAt: env.now,
    updatedAt: env.now,
    createdSeq: seq,
    lastSeq: seq,
  };

  const refused = refundRefusal(payment, asked, policy, balance.minor.merchant_unsettled, action, env.now);
  if (refused !== null) {
    const refund: Refund = { ...attempt, status: 'refused', refusalCode: refused.code };
    return refuse(book, command, env, refused, {
      payment,
      refund,
      attempt: true,
      amountMinor: asked,
      digest: refundDigest(refund),
    });
  }

  const approvalAbove = policy.approvalAboveMinor[payment.currency];
  if (approvalAbove !== undefined && asked > approvalAbove) {
    const posting = { ...POSTINGS.reserve, amountMinor: asked };
    const refund: Refund = {
      ...attempt,
      status: 'pending_approval',
      requestedBy: command.actor,
      expiresAt: env.now + (policy.approvalHours ?? DEFAULT_APPROVAL_HOURS) * HOUR_MS,
    };
    return accept(book, command, env, {
      kind: 'refund_requested',
      payment: {
        ...payment,
        reservedMinor: payment.reservedMinor + asked,
        refundCount: payment.refundCount + 1,
        updatedAt: env.now,
        lastSeq: seq,
      },
      refund,
      posting,
      balance: post(balance, posting, seq),
      digest: refundDigest(refund),
    });
  }

  const posting = { ...POSTINGS.refund, amountMinor: asked };
  const after: Payment = {
    ...payment,
    refundedMinor: payment.refundedMinor + asked,
    refundCount: payment.refundCount + 1,
    updatedAt: env.now,
    lastSeq: seq,
  };
  return accept(book, command, env, {
    kind: 'refund_succeeded',
    payment: after,
    refund: attempt,
    posting,
    balance: post(balance, posting, seq),
    facts: undoneEntitlements(book, payment, after),
    digest: refundDigest(attempt),
  });
}

/** The amount asked for in minor units, or why it is none that this payment's currency can hold. */
function askedMinor(amount: RequestedAmount, payment: Payment): bigint | Refusal {
  switch (amount.kind) {
    case 'all':
      return refundableMinor(payment);
    case 'minor':
      if (amount.minor <= 0n || amount.minor > MAX_AMOUNT_MINOR) {
        return invalidParameter('amount', `must be from 1 to ${MAX_AMOUNT_MINOR} minor units`);
      }
      return amount.minor;
    case 'major': {
      const minor = parseMajor(amount.text, payment.currency);
      if (minor === null) {
        const exponent = currencyExponent(payment.currency);
        return invalidParameter('amount', `${payment.currency} has ${exponent} decimals, got ${amount.text}`);
      }
      if (minor > MAX_AMOUNT_MINOR) return invalidParameter('amount', 'has too many digits');
      return minor;
    }
  }
}

/** The first rule, in the registry's order, that refuses this refund; `null` when none does. */
function refundRefusal(
  payment: Payment,
  asked: bigint,
  policy: Policy,
  unsettledMinor: bigint,
  action: RefundPayment,
  now: number,
): Refusal | null {
  const { currency, capturedMinor, refundedMinor, reservedMinor } = payment;
  const refundable = refundableMinor(payment);
  const show = (minor: bigint): string => describeAmount(minor, currency);
  const breakdown = `captured ${show(capturedMinor)}, refunded ${show(refundedMinor)}, reserved ${show(reservedMinor)}`;
  const facts: RefusalFacts = {
    amount: String(asked),
    currency,
    captured: String(capturedMinor),
    refunded: String(refundedMinor),
    reserved: String(reservedMinor),
    refundable: String(refundable),
  };

  const askedCurrency = action.amount.kind === 'major' ? null : (action.amount.currency ?? null);
  if (askedCurrency !== null && askedCurrency !== currency) {
    return refusal('currency_mismatch', `asked in ${askedCurrency}, the payment is in ${currency}`, {
      ...facts,
      asked_currency: askedCurrency,
    });
  }
  if (payment.status !== 'captured') {
    return refusal('payment_not_refundable', `the payment is ${payment.status}`, { ...facts, status: payment.status });
  }
  if (payment.disputed) {
    return refusal('payment_disputed', 'the payment is disputed: the dispute decides where its funds go', facts);
  }
  if (policy.windowDays !== null && now > (payment.capturedAt ?? payment.createdAt) + policy.windowDays * DAY_MS) {
    const captured = new Date(payment.capturedAt ?? payment.createdAt).toISOString();
    return refusal(
      'refund_window_expired',
      `refunds are allowed for ${policy.windowDays} days after capture at ${captured}`,
      { ...facts, window_days: policy.windowDays, captured_at: captured },
    );
  }
  if (refundable === 0n) return refusal('already_refunded', `nothing is left to refund: ${breakdown}`, facts);
  if (policy.refundsPerPayment !== null && payment.refundCount >= policy.refundsPerPayment) {
    return refusal(
      'refund_count_exceeded',
      `refunds of the payment so far: ${payment.refundCount}; allowed: ${policy.refundsPerPayment}`,
      { ...facts, refund_count: payment.refundCount, refunds_per_payment: policy.refundsPerPayment },
    );
  }
  if (policy.reasonRequired && (action.details.reason ?? '').trim() === '') {
    return refusal('reason_required', "the merchant's policy requires a reason", facts);
  }
  const minimum = policy.minimumMinor[currency];
  if (minimum !== undefined && asked < minimum && asked !== refundable) {
    return refusal('below_minimum', `asked ${show(asked)}, the minimum is ${show(minimum)}, or all that is left`, {
      ...facts,
      minimum: String(minimum),
    });
  }
  if (!policy.partialRefunds && asked < refundable) {
    return refusal(
      'partial_refund_not_allowed',
      `asked ${show(asked)}, only all that is left (${show(refundable)}) can be refunded`,
      facts,
    );
  }
  if (asked > refundable) {
    return refusal(
      'amount_exceeds_refundable',
      `asked ${show(asked)}, refundable ${show(refundable)} (${breakdown})`,
      facts,
    );
  }
  const expected = action.expectedRefundableMinor;
  if (expected !== null && expected !== refundable) {
    return refusal(
      'expected_refundable_mismatch',
      `expected ${show(expected)} to be refundable, it is ${show(refundable)} (${breakdown})`,
      { ...facts, expected_refundable: String(expected) },
    );
  }
  if (policy.balanceMustCover && unsettledMinor < asked) {
    return refusal(
      'insufficient_merchant_balance',
      `asked ${show(asked)}, the merchant's unsettled balance is ${show(unsettledMinor)}`,
      { ...facts, unsettled: String(unsettledMinor) },
    );
  }
  return null;
}

function duplicateReference(action: RefundPayment, earlier: Refund): Refusal {
  return refusal('duplicate_reference', `${action.reference?.value ?? ''} names an earlier refund`, {
    namespace: action.reference?.namespace ?? '',
    reference: action.reference?.value ?? '',
    refund_id: earlier.id,
  });
}

/** The refund that a command names, its payment, or the refusal. */
function waitingRefund(book: Book, merchantId: string, refundId: string): { refund: Refund; payment: Payment } | null {
  const refund = findRefund(book, merchantId, refundId);
  if (refund === undefined) return null;
  const payment = book.payment(refund.paymentId);
  if (payment === undefined) throw new Error(`refund ${refund.id} has no payment in its book`);
  return { refund, payment };
}

function approveRefund(
  book: Book,
  command: Command,
  action: Extract<Action, { kind: 'approve_refund' }>,
  env: Env,
): Decision {
  const merchantId = command.merchantId ?? '';
  const found = waitingRefund(book, merchantId, action.refundId);
  if (found === null) return refuse(book, command, env, refundNotFound(action.refundId));
  const { refund, payment } = found;

  const refused = approvalRefusal(refund, command.actor, env.now, action.amountMinor, payment.disputed);
  if (refused !== null) {
    return refuse(book, command, env, refused, { payment, refund, amountMinor: refund.amountMinor });
  }

  const seq = book.nextSeq;
  const posting = { ...POSTINGS.success, amountMinor: refund.amountMinor };
  const after: Payment = {
    ...payment,
    reservedMinor: payment.reservedMinor - refund.amountMinor,
    refundedMinor: payment.refundedMinor + refund.amountMinor,
    updatedAt: env.now,
    lastSeq: seq,
  };
  const approved: Refund = {
    ...refund,
    ...decisionBy(action.reason, env),
    status: 'succeeded',
    updatedAt: env.now,
    lastSeq: seq,
  };
  return accept(book, command, env, {
    kind: 'refund_approved',
    payment: after,
    refund: approved,
    digest: decisionDigest(approved),
    posting,
    balance: post(book.balance(merchantId, refund.currency), posting, seq),
    facts: undoneEntitlements(book, payment, after),
  });
}

/** What is kept of why somebody decided so. */
function decisionBy(reason: string | undefined, env: Env): Pick<Refund, 'decisionReason' | 'decisionSalt'> {
  return { decisionReason: reason ?? null, decisionSalt: reason === undefined ? '' : env.newSalt() };
}

/** Why this actor may not decide on a waiting refund; `disputed` is `false` where a dispute does not matter. */
function approvalRefusal(
  refund: Refund,
  actor: string,
  now: number,
  amountMinor: bigint | null,
  disputed: boolean,
): Refusal | null {
  const facts: RefusalFacts = {
    refund_id: refund.id,
    status: refund.status,
    amount: String(refund.amountMinor),
    currency: refund.currency,
  };
  if (disputed) {
    return refusal('payment_disputed', 'the payment is disputed: the dispute decides where its funds go', facts);
  }
  if (refund.status !== 'pending_approval') {
    return refusal('approval_not_allowed', `the refund is ${refund.status}, it waits for no approval`, facts);
  }
  if (refund.expiresAt !== null && now >= refund.expiresAt) {
    const expired = new Date(refund.expiresAt).toISOString();
    return refusal('approval_not_allowed', `the approval expired at ${expired}`, { ...facts, expired_at: expired });
  }
  if (refund.requestedBy === actor) {
    return refusal('approval_not_allowed', 'who asked for a refund cannot decide on it: a second person must', facts);
  }
  if (amountMinor !== null && amountMinor !== refund.amountMinor) {
    return refusal(
      'approval_not_allowed',
      `the approval is for ${describeAmount(amountMinor, refund.currency)}, ` +
        `the refund is of ${describeAmount(refund.amountMinor, refund.currency)}`,
      { ...facts, approved_amount: String(amountMinor) },
    );
  }
  return null;
}

const RELEASED_KIND = {
  rejected: 'refund_rejected',
  canceled: 'refund_canceled',
  expired: 'refund_expired',
} as const;

/** Ends a refund that still waits, and gives its reserved funds back. */
function releaseRefund(
  book: Book,
  command: Command,
  refundId: string,
  env: Env,
  why: CancelReason,
  reason?: string,
): Decision {
  const merchantId = command.merchantId ?? '';
  const found = waitingRefund(book, merchantId, refundId);
  if (found === null) return refuse(book, command, env, refundNotFound(refundId));
  const { refund, payment } = found;
  const isWaiting = refund.status === 'pending_approval';

  let refused: Refusal | null = null;
  switch (why) {
    case 'rejected':
      refused = approvalRefusal(refund, command.actor, env.now, null, false);
      break;
    case 'canceled':
      if (!isWaiting) {
        refused = refusal('not_cancelable', `the refund is ${refund.status}: only one that waits can be canceled`, {
          refund_id: refund.id,
          status: refund.status,
        });
      }
      break;
    case 'expired':
      // Several processes may find the same refund expired: only the first has something to do, the rest is no event.
      if (!isWaiting || refund.expiresAt === null || env.now < refund.expiresAt) {
        return undecided({ ...NOTHING, refund, payment });
      }
  }
  if (refused !== null) {
    return refuse(book, command, env, refused, { payment, refund, amountMinor: refund.amountMinor });
  }
  if (!holdsReservation(refund.status)) throw new Error(`refund ${refund.id} holds nothing to release`);

  const seq = book.nextSeq;
  const posting = { ...POSTINGS.release, amountMinor: refund.amountMinor };
  const released: Refund = {
    ...refund,
    ...decisionBy(reason, env),
    status: 'canceled',
    cancelReason: why,
    updatedAt: env.now,
    lastSeq: seq,
  };
  return accept(book, command, env, {
    kind: RELEASED_KIND[why],
    payment: {
      ...payment,
      reservedMinor: payment.reservedMinor - refund.amountMinor,
      refundCount: payment.refundCount - 1,
      updatedAt: env.now,
      lastSeq: seq,
    },
    refund: released,
    digest: decisionDigest(released),
    posting,
    balance: post(book.balance(merchantId, refund.currency), posting, seq),
  });
}

function reverseRefund(book: Book, command: Command, refundId: string, env: Env): Decision {
  const merchantId = command.merchantId ?? '';
  const found = waitingRefund(book, merchantId, refundId);
  if (found === null) return refuse(book, command, env, refundNotFound(refundId));
  const { refund, payment } = found;
  if (refund.status !== 'succeeded') {
    const refused = refusal('not_reversible', `the refund is ${refund.status}: only a succeeded one can come back`, {
      refund_id: refund.id,
      status: refund.status,
    });
    return refuse(book, command, env, refused, { payment, refund, amountMinor: refund.amountMinor });
  }
  const seq = book.nextSeq;
  const posting = { ...POSTINGS.reversal, amountMinor: refund.amountMinor };
  const after: Payment = {
    ...payment,
    refundedMinor: payment.refundedMinor - refund.amountMinor,
    refundCount: payment.refundCount - 1,
    updatedAt: env.now,
    lastSeq: seq,
  };
  return accept(book, command, env, {
    kind: 'refund_reversed',
    payment: after,
    refund: { ...refund, status: 'reversed', updatedAt: env.now, lastSeq: seq },
    digest: decisionDigest(refund),
    posting,
    balance: post(book.balance(merchantId, refund.currency), posting, seq),
    facts: restoredEntitlements(book, payment, after),
  });
}
