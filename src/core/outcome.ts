/** What became of a command, as the books were right after it: all that any door needs to answer. */
import type { Credential, Merchant, Settlement } from './account.ts';
import type { Refusal } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import type { Refund } from './refund.ts';

export interface Outcome {
  /** Why not; `null` when the command was accepted. */
  readonly refusal: Refusal | null;
  /** The entry that records it; `null` where nothing was decided (an unknown payment, say) or nothing changed. */
  readonly entry: JournalEntry | null;
  /** Whether this is an earlier outcome given again for the same idempotency key. */
  readonly replayed: boolean;
  readonly payment: Payment | null;
  readonly refund: Refund | null;
  readonly settlement: Settlement | null;
  readonly merchant: Merchant | null;
  readonly credential: Credential | null;
  readonly entitlements: readonly Entitlement[];
  readonly coupons: readonly Coupon[];
}

export const NOTHING: Outcome = Object.freeze({
  refusal: null,
  entry: null,
  replayed: false,
  payment: null,
  refund: null,
  settlement: null,
  merchant: null,
  credential: null,
  entitlements: [],
  coupons: [],
});

export function refusedOutcome(refusal: Refusal, known: Partial<Outcome> = {}): Outcome {
  return { ...NOTHING, ...known, refusal };
}
