/** Rows as `verify` reads them: each beside what the journal entries that it names say of it. */
import type { Account, JournalKind } from '../core/journal.ts';
import type { Json } from '../core/json.ts';
import type { PaymentStatus } from '../core/payment.ts';
import type {
  BalanceRow,
  CouponRow,
  CredentialRow,
  EntitlementRow,
  JournalRow,
  MerchantRow,
  PaymentRow,
  RefundRow,
  SettlementRow,
} from './rows.ts';

export interface EntryAudit extends JournalRow {
  /** `last_seq` of the payment and of the refund that the entry names; `null` when there is no such row. */
  payment_seq: bigint | null;
  refund_seq: bigint | null;
}

export interface PaymentAudit extends PaymentRow {
  /** `null`: the database has seen that all fits, and only what the digest is over came with the row. */
  is_doubtful: true | null;
  bucket: number;
  created_kind: JournalKind | null;
  created_merchant_id: string | null;
  created_payment_id: string | null;
  created_debit: Account | null;
  created_digest: string | null;
  /** `null`, too, where the entry that made it captured it. */
  capture_kind: JournalKind | null;
  capture_payment_id: string | null;
  capture_at: number | null;
  last_kind: JournalKind | null;
  last_payment_id: string | null;
  last_at: number | null;
  last_captured_minor: bigint | null;
  last_refunded_minor: bigint | null;
  last_reserved_minor: bigint | null;
  last_payment_status: PaymentStatus | null;
  last_payment_disputed: boolean | null;
  /** Sums over the payment's refunds, decimal text: a sum of bigints may be none. */
  succeeded_minor: string;
  reserving_minor: string;
  counting_refunds: bigint;
  /** Rows of `payment_reference` that stand for one of `references`. */
  reference_rows: bigint;
  /** `null` where neither the row nor its entry says that there are any. */
  entitlements: bigint | null;
  entitlements_registered: bigint | null;
  coupons: bigint | null;
}

export interface RefundAudit extends RefundRow {
  /** `null`: the database has seen that all fits, and only `id` and `bucket` came. */
  is_doubtful: true | null;
  bucket: number;
  created_kind: JournalKind | null;
  created_operation: string | null;
  created_merchant_id: string | null;
  created_payment_id: string | null;
  created_refund_id: string | null;
  created_amount_minor: bigint | null;
  created_currency: string | null;
  created_refusal_code: string | null;
  created_protocol: string | null;
  created_at_entry: number | null;
  created_digest: string | null;
  /** `null`, too, where the entry that made it is the last. */
  last_kind: JournalKind | null;
  last_refund_id: string | null;
  last_at: number | null;
  last_digest: string | null;
}

export interface ReferenceAudit {
  value: string;
  namespace: string;
  merchant_id: string;
  bucket: number;
  payment_id: string;
  /** Of the payment that it names; `null` when there is no such payment. */
  payment_merchant_id: string | null;
  /** Whether that payment's `references` say so, too. */
  is_named: boolean | null;
}

export interface MerchantAudit extends MerchantRow {
  bucket: number;
  created_kind: JournalKind | null;
  created_merchant_id: string | null;
  created_digest: string | null;
  policy_kind: JournalKind | null;
  policy_merchant_id: string | null;
  policy_facts: Json;
}

export interface CredentialAudit extends CredentialRow {
  bucket: number;
  created_kind: JournalKind | null;
  created_merchant_id: string | null;
  created_facts: Json;
  created_digest: string | null;
  revoked_kind: JournalKind | null;
  revoked_facts: Json;
  revoked_at_entry: number | null;
}

interface GrantAudit {
  bucket: number;
  created_kind: JournalKind | null;
  created_merchant_id: string | null;
  created_payment_id: string | null;
  created_facts: Json;
  created_digest: string | null;
  /** Of the payment that it names; `null` when there is no such payment. */
  payment_entitled: boolean | null;
}

export type EntitlementAudit = EntitlementRow & GrantAudit;

export type CouponAudit = CouponRow & GrantAudit;

export interface SettlementAudit extends SettlementRow {
  bucket: number;
  cutoff_kind: JournalKind | null;
  cutoff_merchant_id: string | null;
  cutoff_currency: string | null;
  cutoff_amount_minor: bigint | null;
  cutoff_facts: Json;
  cutoff_at: number | null;
}

export interface BalanceAudit extends BalanceRow {
  bucket: number;
  /** Where the book's chain ended when the row was read. */
  head_seq: bigint | null;
}
