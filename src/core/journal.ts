/**
 * The journal: one entry per command that was accepted or refused by the rules, gapless per bucket, each entry's
 * SHA-256 covering the whole entry and its predecessor's hash. It is the command log, the event log and the ledger.
 */
import type { ErrorCode } from './errors.ts';
import type { Json } from './json.ts';
import { MAX_BUCKETS } from './ids.ts';
import type { PaymentStatus } from './payment.ts';
import { RecordWriter } from './record.ts';

export const JOURNAL_KINDS = [
  'payment_registered',
  'payment_captured',
  'payment_closed',
  'payment_voided',
  'payment_disputed',
  'payment_dispute_cleared',
  'refund_succeeded',
  'refund_requested',
  'refund_approved',
  'refund_rejected',
  'refund_canceled',
  'refund_expired',
  'refund_reversed',
  'balance_settled',
  'entitlement_granted',
  'merchant_created',
  'policy_changed',
  'credential_created',
  'credential_revoked',
  'command_refused',
] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** One set per merchant and currency; at every commit they sum to zero. */
export const ACCOUNTS = ['processor_clearing', 'merchant_unsettled', 'refunds_payable', 'merchant_settled'] as const;
export type Account = (typeof ACCOUNTS)[number];

/** One balanced movement. An account's balance is what was credited to it less what was debited. */
export interface Posting {
  readonly debit: Account;
  readonly credit: Account;
  readonly amountMinor: bigint;
}

/** What each event moves. Events that are not listed move nothing. */
export const POSTINGS = {
  /** Funds taken for the merchant: the processor owes them to us, and we to the merchant. */
  capture: { debit: 'processor_clearing', credit: 'merchant_unsettled' },
  /** A refund done at once, by the book processor. */
  refund: { debit: 'merchant_unsettled', credit: 'processor_clearing' },
  /** A refund that waits holds its funds back. */
  reserve: { debit: 'merchant_unsettled', credit: 'refunds_payable' },
  /** A waiting refund that will not happen gives them back. */
  release: { debit: 'refunds_payable', credit: 'merchant_unsettled' },
  /** A waiting refund was done. */
  success: { debit: 'refunds_payable', credit: 'processor_clearing' },
  void: { debit: 'merchant_unsettled', credit: 'processor_clearing' },
  settlement: { debit: 'merchant_unsettled', credit: 'merchant_settled' },
  /** A succeeded refund came back. */
  reversal: { debit: 'processor_clearing', credit: 'merchant_unsettled' },
} as const satisfies Record<string, { debit: Account; credit: Account }>;

/** The numbers of the payment after the entry. */
export interface PaymentNumbers {
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
  readonly reservedMinor: bigint;
  readonly status: PaymentStatus;
  readonly disputed: boolean;
}

export interface JournalEntry {
  readonly bucket: number;
  readonly seq: bigint;
  /** Milliseconds since 1970; never less than the predecessor's. */
  readonly at: number;
  readonly kind: JournalKind;
  /** The command's name: what was asked, also where the rules refused it. */
  readonly operation: string;
  /** `null` only for what concerns no merchant: credentials of administrators. */
  readonly merchantId: string | null;
  /** Who did it: `key:<credential id>`, with `/<user>` where a credential acts for a person; `cli:<user>`; `system`. */
  readonly actor: string;
  readonly protocol: string;
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  /** SHA-256 of protocol, operation and canonical command, hex; set exactly when there is a key. */
  readonly fingerprint: string | null;
  readonly paymentId: string | null;
  readonly refundId: string | null;
  /** The amount asked for, or moved, and its currency. */
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  readonly debit: Account | null;
  readonly credit: Account | null;
  readonly payment: PaymentNumbers | null;
  /** The merchant's unsettled balance in that currency after the entry, where the entry has a posting. */
  readonly unsettledMinor: bigint | null;
  readonly refusalCode: ErrorCode | null;
  /** The numbers behind a refusal, the entitlements undone, a policy's content: nothing personal. */
  readonly facts: Json;
  /** SHA-256, hex, over the fixed fields of the rows that this entry made; `null` if it made none with more than is here. */
  readonly digest: string | null;
  /** SHA-256, hex, over all of the above and the predecessor's hash. */
  readonly hash: string;
}

export type UnsealedEntry = Omit<JournalEntry, 'hash'>;

/** The chain's beginning: the hash that a bucket's first entry builds on. */
export const GENESIS_HASH = '0'.repeat(64);

const writer = new RecordWriter();

/**
 * The hash of an entry on top of its predecessor's: SHA-256 over the predecessor's and the entry's fields as `RecordWriter`
 * writes them. Their order is part of the format: a change breaks every chain.
 */
export function hashEntry(previousHash: string, entry: UnsealedEntry): string {
  const { payment } = entry;
  return (
    writer
      .begin()
      .raw(previousHash)
      .int8(entry.seq)
      .int4(entry.bucket)
      .text(entry.currency)
      .uuid(entry.merchantId)
      .uuid(entry.paymentId)
      .uuid(entry.refundId)
      .time(entry.at)
      .int8(entry.amountMinor)
      .text(entry.protocol)
      .text(entry.refusalCode)
      .bytes(entry.digest)
      // Up to here what a refund's row says, too: `verify` compares both as they stand.
      .text(entry.kind)
      .text(entry.operation)
      .text(entry.actor)
      .text(entry.requestId)
      .text(entry.idempotencyKey)
      .bytes(entry.fingerprint)
      .text(entry.debit)
      .text(entry.credit)
      .int8(payment?.capturedMinor ?? null)
      .int8(payment?.refundedMinor ?? null)
      .int8(payment?.reservedMinor ?? null)
      .text(payment?.status ?? null)
      .bool(payment?.disputed ?? null)
      .int8(entry.unsettledMinor)
      .json(entry.facts)
      .sha256()
  );
}

/**
 * A number for people and for partners whose ids are numbers (`transaction.id`, `ref`, `stan`): unique in the database,
 * growing within a book, and exact in a JSON number up to 2^41 entries per bucket.
 */
export function entryNumber(bucket: number, seq: bigint): number {
  return Number(seq * BigInt(MAX_BUCKETS) + BigInt(bucket));
}
