/** Refunds: one row per attempt on an existing payment, also for those that the rules turned down. */
import type { ErrorCode } from './errors.ts';
import type { Json } from './json.ts';
import type { Reference } from './payment.ts';

/**
 * `pending_approval → pending → succeeded | failed`, `pending → unknown → succeeded | failed`, `canceled` before
 * dispatch, `succeeded → reversed`; `refused` is an attempt that the rules turned down. The built-in book processor goes
 * to `succeeded` in the transaction that would have made it `pending`.
 */
export type RefundStatus =
  'pending_approval' | 'pending' | 'unknown' | 'succeeded' | 'failed' | 'canceled' | 'reversed' | 'refused';

export type CancelReason = 'canceled' | 'rejected' | 'expired';

/** Free text and data of the caller: personal data may be in it, so it stays outside the journal. */
export interface RefundDetails {
  readonly reason?: string;
  readonly notes?: string;
  readonly internalTransactionId?: string;
  readonly metadata?: Readonly<Record<string, Json>>;
}

export interface Refund {
  readonly id: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly status: RefundStatus;
  /** Why the rules refused it; set exactly when the status is `refused`. */
  readonly refusalCode: ErrorCode | null;
  readonly cancelReason: CancelReason | null;
  /** The caller's own name for this attempt (boost-aoc's spTransID). */
  readonly reference: Reference | null;
  /** Who asked, when a second person must approve: that person must be another. */
  readonly requestedBy: string | null;
  /** Until when a second person may approve; set when one must. */
  readonly expiresAt: number | null;
  readonly details: RefundDetails;
  /** Makes the digest of `details` unguessable once both are erased; empty when there are no details. */
  readonly detailsSalt: string;
  /** Why whoever approved, rejected or canceled it did so, in their words; outside the journal as `details` are. */
  readonly decisionReason: string | null;
  /** Makes the digest of `decisionReason` unguessable once both are erased; empty when there is none. */
  readonly decisionSalt: string;
  readonly protocol: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Journal entries of this refund's book: the one that made it and the one that last changed it. */
  readonly createdSeq: bigint;
  readonly lastSeq: bigint;
}

/** Whether a refund in this status holds funds back without having returned them. */
export function holdsReservation(status: RefundStatus): boolean {
  return status === 'pending_approval' || status === 'pending' || status === 'unknown';
}
