/** An earlier outcome given again: rendered from its journal entry, with the numbers as they were then. */
import type { Settlement } from './account.ts';
import type { RefusalFacts } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import { NOTHING, type Outcome } from './outcome.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import type { Refund, RefundStatus } from './refund.ts';

/** The rows that an entry names, as they are now. */
export interface EntryRows {
  readonly payment: Payment | null;
  readonly refund: Refund | null;
  readonly settlement: Settlement | null;
  readonly entitlements: readonly Entitlement[];
  readonly coupons: readonly Coupon[];
}

/** The outcome that `entry` recorded. */
export function outcomeOf(entry: JournalEntry, rows: EntryRows): Outcome {
  return {
    ...NOTHING,
    refusal: refusalOf(entry),
    entry,
    payment: rows.payment === null ? null : paymentAt(rows.payment, entry),
    refund: rows.refund === null ? null : refundAt(rows.refund, entry),
    settlement: rows.settlement,
    entitlements: rows.entitlements.filter(({ createdSeq }) => createdSeq === entry.seq),
    coupons: rows.coupons.filter(({ createdSeq }) => createdSeq === entry.seq),
  };
}

/** The refusal that an entry recorded; `null` if it accepted. */
export function refusalOf(entry: JournalEntry): Outcome['refusal'] {
  if (entry.refusalCode === null) return null;
  const { message, ...facts } = factsOf(entry);
  return { code: entry.refusalCode, message: String(message ?? ''), facts };
}

function factsOf(entry: JournalEntry): RefusalFacts {
  return (entry.facts ?? {}) as RefusalFacts;
}

function paymentAt(payment: Payment, entry: JournalEntry): Payment {
  if (entry.payment === null) return payment;
  const captured = payment.capturedSeq !== null && payment.capturedSeq <= entry.seq;
  return {
    ...payment,
    ...entry.payment,
    capturedAt: captured ? payment.capturedAt : null,
    capturedSeq: captured ? payment.capturedSeq : null,
    updatedAt: payment.createdSeq === entry.seq ? payment.createdAt : entry.at,
    lastSeq: entry.seq,
  };
}

function refundAt(refund: Refund, entry: JournalEntry): Refund {
  const status = statusAfter(entry) ?? refund.status;
  if (status === refund.status) return refund;
  return {
    ...refund,
    status,
    cancelReason: status === 'canceled' ? refund.cancelReason : null,
    updatedAt: entry.at,
    lastSeq: entry.seq,
  };
}

function statusAfter(entry: JournalEntry): RefundStatus | undefined {
  switch (entry.kind) {
    case 'refund_succeeded':
    case 'refund_approved':
      return 'succeeded';
    case 'refund_requested':
      return 'pending_approval';
    case 'refund_rejected':
    case 'refund_canceled':
    case 'refund_expired':
      return 'canceled';
    case 'refund_reversed':
      return 'reversed';
    case 'command_refused':
      // A refused approval, cancellation or reversal says in which status it met the refund.
      return entry.operation === 'refund_payment' ? undefined : (factsOf(entry)['status'] as RefundStatus | undefined);
    default:
      return undefined;
  }
}
