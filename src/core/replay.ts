/** An earlier outcome given again: rendered from its journal entry, with the numbers as they were then. */
import type { Credential, Merchant, Settlement } from './account.ts';
import type { RefusalFacts } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import { NOTHING, type Outcome } from './outcome.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import { policyFromStored, type StoredPolicy } from './policy.ts';
import type { Refund, RefundStatus } from './refund.ts';

/** The rows that an entry names, as they are now. */
export interface EntryRows {
  readonly payment: Payment | null;
  readonly refund: Refund | null;
  readonly settlement: Settlement | null;
  readonly merchant: Merchant | null;
  readonly credential: Credential | null;
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
    merchant: rows.merchant === null ? null : merchantAt(rows.merchant, entry),
    credential: rows.credential === null ? null : credentialAt(rows.credential, entry),
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
  // Not changed since; a refused command changed nothing itself.
  if (entry.payment === null || payment.lastSeq <= entry.seq) return payment;
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
  if (refund.lastSeq <= entry.seq) return refund;
  const status = statusAfter(entry) ?? refund.status;
  return {
    ...refund,
    status,
    cancelReason: status === 'canceled' ? refund.cancelReason : null,
    // Said by whoever decided, later than this.
    ...(status === 'pending_approval' ? { decisionReason: null, decisionSalt: '' } : {}),
    updatedAt: entry.at,
    lastSeq: entry.seq,
  };
}

/** A merchant is part of the outcome where its policy was set: as it was set then. */
function merchantAt(merchant: Merchant, entry: JournalEntry): Merchant | null {
  if (entry.kind !== 'merchant_created' && entry.kind !== 'policy_changed') return null;
  const { policy } = entry.facts as unknown as { policy: StoredPolicy };
  return { ...merchant, policy: policyFromStored(policy), policySeq: entry.seq };
}

function credentialAt(credential: Credential, entry: JournalEntry): Credential {
  return entry.kind === 'credential_created' ? { ...credential, revokedAt: null, revokedSeq: null } : credential;
}

/** The id that an accepted entry's facts name, of a row that has no column in the journal. */
export function namedId(entry: JournalEntry, name: 'settlement_id' | 'credential_id'): string | undefined {
  const id = entry.kind === 'command_refused' ? undefined : factsOf(entry)[name];
  return typeof id === 'string' ? id : undefined;
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
