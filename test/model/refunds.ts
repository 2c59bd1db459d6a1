/** Refunds: what is refused and why, in order of precedence, and what each command does to a refund. */
import type { Action, Command, RefundPayment, RequestedAmount } from '../../src/core/command.ts';
import type { ErrorCode, RefusalFacts } from '../../src/core/errors.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Answer, Fault, ModelBooks, ModelPayment, ModelRefund } from './books.ts';
import { restored, revoked } from './grants.ts';
import { policyOf } from './policy.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DEFAULT_APPROVAL_HOURS = 72;
/** At most 12 digits. */
const MOST_MINOR = 999_999_999_999n;
/** ISO 4217. */
const DECIMALS: Readonly<Record<string, number>> = { USD: 2, JPY: 0, KWD: 3 };

type RefundAction = Extract<Action, { readonly kind: `${string}_refund` | 'refund_payment' }>;

export function refundAction(books: ModelBooks, command: Command, action: RefundAction): Answer {
  if (action.kind === 'refund_payment') return refundPayment(books, command, action);
  const refund = books.refunds.find(
    ({ id, merchantId }) => id === action.refundId && merchantId === command.merchantId,
  );
  const payment = books.payments.find(({ id }) => id === refund?.paymentId);
  if (refund === undefined || payment === undefined) return books.turnAway('refund_not_found', {});
  const { amountMinor } = refund;
  switch (action.kind) {
    case 'approve_refund':
    case 'reject_refund':
      return decideOnRefund(books, command, action, payment, refund);
    case 'cancel_refund':
      if (refund.status !== 'pending_approval') {
        return books.refuse(command, 'not_cancelable', statusOf(refund), { payment, refund, amountMinor });
      }
      return release(books, command, payment, refund, 'canceled', action.reason);
    case 'expire_refund':
      if (refund.status !== 'pending_approval' || books.at < (refund.expiresAt ?? Infinity)) {
        return books.answer(null, { payment, refund });
      }
      return release(books, command, payment, refund, 'expired');
    case 'reverse_refund':
      if (refund.status !== 'succeeded') {
        return books.refuse(command, 'not_reversible', statusOf(refund), { payment, refund, amountMinor });
      }
      return reverse(books, command, payment, refund);
  }
}

const statusOf = ({ id, status }: ModelRefund): RefusalFacts => ({ refund_id: id, status });

/** The amount asked for in minor units; `null` where the currency cannot hold it, or nobody may ask for it. */
function asked(books: ModelBooks, amount: RequestedAmount, payment: ModelPayment): bigint | null {
  if (amount.kind === 'all') return books.refundable(payment);
  let minor = 0n;
  if (amount.kind === 'minor') minor = amount.minor;
  else {
    const decimals = DECIMALS[payment.currency] ?? 0;
    const [whole = '', fraction = ''] = amount.text.split('.');
    if (/[1-9]/.test(fraction.slice(decimals))) return null;
    minor = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  }
  return minor >= 1n && minor <= MOST_MINOR ? minor : null;
}

export function amountFault(books: ModelBooks, command: Command, action: RefundPayment): Fault | null {
  const payment = books.paymentOf(command, action.payment);
  if (payment === undefined || asked(books, action.amount, payment) !== null) return null;
  return { parameter: 'amount', payment };
}

function refundPayment(books: ModelBooks, command: Command, action: RefundPayment): Answer {
  const { reference, details } = action;
  const payment = books.paymentOf(command, action.payment);
  const named = books.refunds.find(
    (one) =>
      one.merchantId === command.merchantId &&
      one.reference !== null &&
      one.reference.namespace === reference?.namespace &&
      one.reference.value === reference.value,
  );
  if (named !== undefined && reference !== null) {
    return books.refuse(command, 'duplicate_reference', {
      namespace: reference.namespace,
      reference: reference.value,
      refund_id: named.id,
    });
  }
  if (payment === undefined) return books.turnAway('payment_not_found', {});
  const amountMinor = asked(books, action.amount, payment) ?? 0n;

  const policy = policyOf(books, command);
  const above = policy.approvalAboveMinor[payment.currency];
  const waits = above !== undefined && amountMinor > above;
  const refused = firstRefusal(books, action, policy, payment, amountMinor);
  const refund: ModelRefund = {
    id: books.newId(),
    merchantId: payment.merchantId,
    paymentId: payment.id,
    amountMinor,
    currency: payment.currency,
    status: refused !== undefined ? 'refused' : waits ? 'pending_approval' : 'succeeded',
    refusalCode: refused?.code ?? null,
    cancelReason: null,
    reference,
    requestedBy: refused === undefined && waits ? command.actor : null,
    expiresAt:
      refused === undefined && waits ? books.at + (policy.approvalHours ?? DEFAULT_APPROVAL_HOURS) * HOUR_MS : null,
    details,
    decisionReason: null,
    protocol: command.protocol,
    createdAt: books.at,
    updatedAt: books.at,
    createdSeq: books.nextSeq,
    lastSeq: books.nextSeq,
  };
  if (refused !== undefined) {
    books.refunds.push(refund);
    return books.refuse(command, refused.code, refused.facts, { payment, refund, amountMinor });
  }
  const grantedBefore = books.grants(payment);
  books.refunds.push(refund);
  touch(books, payment);
  const entry = books.enter(command, waits ? 'refund_requested' : 'refund_succeeded', {
    payment,
    refund,
    posting: {
      debit: 'merchant_unsettled',
      credit: waits ? 'refunds_payable' : 'processor_clearing',
      amountMinor,
    },
    facts: revoked(books, payment, grantedBefore),
  });
  return books.answer(entry, { payment, refund });
}

interface Rule {
  readonly code: ErrorCode;
  readonly isBroken: boolean;
  readonly facts?: RefusalFacts;
}

/** The rules in order of precedence: the first that is broken is what the caller hears. */
function firstRefusal(
  books: ModelBooks,
  { amount, details, expectedRefundableMinor: expected }: RefundPayment,
  policy: Policy,
  payment: ModelPayment,
  amountMinor: bigint,
): { readonly code: ErrorCode; readonly facts: RefusalFacts } | undefined {
  const { currency, status, capturedAt } = payment;
  const left = books.refundable(payment);
  const count = books.refundCount(payment);
  const unsettled = books.unsettled(payment.merchantId, currency);
  const minimum = policy.minimumMinor[currency];
  const { windowDays, refundsPerPayment } = policy;
  const askedCurrency = ('currency' in amount ? amount.currency : null) ?? currency;
  const rules: readonly Rule[] = [
    { code: 'currency_mismatch', isBroken: askedCurrency !== currency, facts: { asked_currency: askedCurrency } },
    { code: 'payment_not_refundable', isBroken: status !== 'captured', facts: { status } },
    { code: 'payment_disputed', isBroken: payment.disputed },
    {
      code: 'refund_window_expired',
      isBroken: windowDays !== null && capturedAt !== null && books.at > capturedAt + windowDays * DAY_MS,
      facts: { window_days: windowDays, captured_at: capturedAt === null ? null : new Date(capturedAt).toISOString() },
    },
    { code: 'already_refunded', isBroken: left === 0n },
    {
      code: 'refund_count_exceeded',
      isBroken: refundsPerPayment !== null && count >= refundsPerPayment,
      facts: { refund_count: count, refunds_per_payment: refundsPerPayment },
    },
    { code: 'reason_required', isBroken: policy.reasonRequired && (details.reason ?? '').trim() === '' },
    {
      code: 'below_minimum',
      isBroken: minimum !== undefined && amountMinor < minimum && amountMinor !== left,
      facts: { minimum: String(minimum) },
    },
    { code: 'partial_refund_not_allowed', isBroken: !policy.partialRefunds && amountMinor < left },
    { code: 'amount_exceeds_refundable', isBroken: amountMinor > left },
    {
      code: 'expected_refundable_mismatch',
      isBroken: expected !== null && expected !== left,
      facts: { expected_refundable: String(expected) },
    },
    {
      code: 'insufficient_merchant_balance',
      isBroken: policy.balanceMustCover && unsettled < amountMinor,
      facts: { unsettled: String(unsettled) },
    },
  ];
  const broken = rules.find(({ isBroken }) => isBroken);
  if (broken === undefined) return undefined;
  return {
    code: broken.code,
    facts: {
      amount: String(amountMinor),
      currency,
      captured: String(books.captured(payment)),
      refunded: String(books.refunded(payment)),
      reserved: String(books.reserved(payment)),
      refundable: String(left),
      ...broken.facts,
    },
  };
}

function decideOnRefund(
  books: ModelBooks,
  command: Command,
  action: Extract<RefundAction, { readonly reason?: string }>,
  payment: ModelPayment,
  refund: ModelRefund,
): Answer {
  const facts = { ...statusOf(refund), amount: String(refund.amountMinor), currency: refund.currency };
  const refuse = (code: ErrorCode, more: RefusalFacts = {}): Answer =>
    books.refuse(command, code, { ...facts, ...more }, { payment, refund, amountMinor: refund.amountMinor });
  const isApproval = action.kind === 'approve_refund';
  if (isApproval && payment.disputed) return refuse('payment_disputed');
  if (refund.status !== 'pending_approval') return refuse('approval_not_allowed');
  if (refund.expiresAt !== null && books.at >= refund.expiresAt) {
    return refuse('approval_not_allowed', { expired_at: new Date(refund.expiresAt).toISOString() });
  }
  if (refund.requestedBy === command.actor) return refuse('approval_not_allowed');
  if (isApproval && action.amountMinor !== null && action.amountMinor !== refund.amountMinor) {
    return refuse('approval_not_allowed', { approved_amount: String(action.amountMinor) });
  }
  if (!isApproval) return release(books, command, payment, refund, 'rejected', action.reason);
  const grantedBefore = books.grants(payment);
  refund.status = 'succeeded';
  refund.decisionReason = action.reason ?? null;
  touch(books, payment, refund);
  const entry = books.enter(command, 'refund_approved', {
    payment,
    refund,
    posting: { debit: 'refunds_payable', credit: 'processor_clearing', amountMinor: refund.amountMinor },
    facts: revoked(books, payment, grantedBefore),
  });
  return books.answer(entry, { payment, refund });
}

/** A refund that waited will not happen: its funds are refundable again. */
function release(
  books: ModelBooks,
  command: Command,
  payment: ModelPayment,
  refund: ModelRefund,
  why: 'canceled' | 'rejected' | 'expired',
  reason?: string,
): Answer {
  refund.status = 'canceled';
  refund.cancelReason = why;
  refund.decisionReason = reason ?? null;
  touch(books, payment, refund);
  const entry = books.enter(command, `refund_${why}`, {
    payment,
    refund,
    posting: { debit: 'refunds_payable', credit: 'merchant_unsettled', amountMinor: refund.amountMinor },
  });
  return books.answer(entry, { payment, refund });
}

/** A succeeded refund came back: its funds are the merchant's and refundable again. */
function reverse(books: ModelBooks, command: Command, payment: ModelPayment, refund: ModelRefund): Answer {
  const grantedBefore = books.grants(payment);
  refund.status = 'reversed';
  touch(books, payment, refund);
  const entry = books.enter(command, 'refund_reversed', {
    payment,
    refund,
    posting: { debit: 'processor_clearing', credit: 'merchant_unsettled', amountMinor: refund.amountMinor },
    facts: restored(books, payment, grantedBefore),
  });
  return books.answer(entry, { payment, refund });
}

/** They were changed now, by the entry that comes next. */
function touch(books: ModelBooks, payment: ModelPayment, refund?: ModelRefund): void {
  for (const row of refund === undefined ? [payment] : [payment, refund]) {
    row.updatedAt = books.at;
    row.lastSeq = books.nextSeq;
  }
}
