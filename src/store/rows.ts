/** How rows of the tables become values of the core. Column lists stand beside the functions that read them. */
import type { Balance, Credential, Merchant, Role, Settlement } from '../core/account.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Account, JournalEntry, JournalKind } from '../core/journal.ts';
import type { Json } from '../core/json.ts';
import type { Coupon, Entitlement, Payment, PaymentDetails, PaymentStatus, Reference } from '../core/payment.ts';
import { policyFromStored, type StoredPolicy } from '../core/policy.ts';
import type { CancelReason, Refund, RefundDetails, RefundStatus } from '../core/refund.ts';

/** Columns of `table` as they are stored, for a SELECT. */
export function storedColumns(table: string, names: readonly string[]): string {
  return names.map((name) => `${table}."${name}"`).join(', ');
}

/** Columns whose type is `timestamptz`. */
const TIMES: ReadonlySet<string> = new Set([
  'at',
  'created_at',
  'captured_at',
  'updated_at',
  'expires_at',
  'revoked_at',
]);

/**
 * Columns of `table`, for a SELECT. Times come as milliseconds since 1970: to write one out as text, and to read it again,
 * costs several times as much.
 */
export function columns(table: string, names: readonly string[]): string {
  return names
    .map((name) =>
      TIMES.has(name) ? `date_part('epoch', ${table}."${name}") * 1000 AS "${name}"` : `${table}."${name}"`,
    )
    .join(', ');
}

export const PAYMENT_COLUMNS = [
  'id',
  'merchant_id',
  'currency',
  'amount_minor',
  'captured_minor',
  'refunded_minor',
  'reserved_minor',
  'status',
  'disputed',
  'refund_count',
  'entitled',
  'references',
  'details',
  'details_salt',
  'created_at',
  'captured_at',
  'updated_at',
  'created_seq',
  'captured_seq',
  'last_seq',
] as const;

export interface PaymentRow {
  id: string;
  merchant_id: string;
  currency: string;
  amount_minor: bigint;
  captured_minor: bigint;
  refunded_minor: bigint;
  reserved_minor: bigint;
  status: PaymentStatus;
  disputed: boolean;
  refund_count: number;
  entitled: boolean;
  references: Reference[];
  details: PaymentDetails;
  details_salt: string;
  created_at: number;
  captured_at: number | null;
  updated_at: number;
  created_seq: bigint;
  captured_seq: bigint | null;
  last_seq: bigint;
}

export function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    currency: row.currency,
    amountMinor: row.amount_minor,
    capturedMinor: row.captured_minor,
    refundedMinor: row.refunded_minor,
    reservedMinor: row.reserved_minor,
    status: row.status,
    disputed: row.disputed,
    refundCount: row.refund_count,
    entitled: row.entitled,
    references: row.references,
    details: row.details,
    detailsSalt: row.details_salt,
    createdAt: row.created_at,
    capturedAt: row.captured_at,
    updatedAt: row.updated_at,
    createdSeq: row.created_seq,
    capturedSeq: row.captured_seq,
    lastSeq: row.last_seq,
  };
}

export const REFUND_COLUMNS = [
  'id',
  'merchant_id',
  'payment_id',
  'amount_minor',
  'currency',
  'status',
  'refusal_code',
  'cancel_reason',
  'reference_namespace',
  'reference',
  'requested_by',
  'expires_at',
  'details',
  'details_salt',
  'decision_reason',
  'decision_salt',
  'protocol',
  'created_at',
  'updated_at',
  'created_seq',
  'last_seq',
] as const;

export interface RefundRow {
  id: string;
  merchant_id: string;
  payment_id: string;
  amount_minor: bigint;
  currency: string;
  status: RefundStatus;
  refusal_code: ErrorCode | null;
  cancel_reason: CancelReason | null;
  reference_namespace: string | null;
  reference: string | null;
  requested_by: string | null;
  expires_at: number | null;
  details: RefundDetails;
  details_salt: string;
  decision_reason: string | null;
  decision_salt: string;
  protocol: string;
  created_at: number;
  updated_at: number;
  created_seq: bigint;
  last_seq: bigint;
}

export function toRefund(row: RefundRow): Refund {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    amountMinor: row.amount_minor,
    currency: row.currency,
    status: row.status,
    refusalCode: row.refusal_code,
    cancelReason: row.cancel_reason,
    reference:
      row.reference === null || row.reference_namespace === null
        ? null
        : { namespace: row.reference_namespace, value: row.reference },
    requestedBy: row.requested_by,
    expiresAt: row.expires_at,
    details: row.details,
    detailsSalt: row.details_salt,
    decisionReason: row.decision_reason,
    decisionSalt: row.decision_salt,
    protocol: row.protocol,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdSeq: row.created_seq,
    lastSeq: row.last_seq,
  };
}

export const JOURNAL_COLUMNS = [
  'seq',
  'bucket',
  'at',
  'kind',
  'operation',
  'merchant_id',
  'actor',
  'protocol',
  'request_id',
  'idempotency_key',
  'fingerprint',
  'payment_id',
  'refund_id',
  'amount_minor',
  'currency',
  'debit',
  'credit',
  'captured_minor',
  'refunded_minor',
  'reserved_minor',
  'payment_status',
  'payment_disputed',
  'unsettled_minor',
  'refusal_code',
  'facts',
  'digest',
  'hash',
] as const;

export interface JournalRow {
  seq: bigint;
  bucket: number;
  at: number;
  kind: JournalKind;
  operation: string;
  merchant_id: string | null;
  actor: string;
  protocol: string;
  request_id: string;
  idempotency_key: string | null;
  fingerprint: string | null;
  payment_id: string | null;
  refund_id: string | null;
  amount_minor: bigint | null;
  currency: string | null;
  debit: Account | null;
  credit: Account | null;
  captured_minor: bigint | null;
  refunded_minor: bigint | null;
  reserved_minor: bigint | null;
  payment_status: PaymentStatus | null;
  payment_disputed: boolean | null;
  unsettled_minor: bigint | null;
  refusal_code: ErrorCode | null;
  facts: Json;
  digest: string | null;
  hash: string;
}

export function toEntry(row: JournalRow): JournalEntry {
  return {
    bucket: row.bucket,
    seq: row.seq,
    at: row.at,
    kind: row.kind,
    operation: row.operation,
    merchantId: row.merchant_id,
    actor: row.actor,
    protocol: row.protocol,
    requestId: row.request_id,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    paymentId: row.payment_id,
    refundId: row.refund_id,
    amountMinor: row.amount_minor,
    currency: row.currency,
    debit: row.debit,
    credit: row.credit,
    payment:
      row.captured_minor === null ||
      row.refunded_minor === null ||
      row.reserved_minor === null ||
      row.payment_status === null ||
      row.payment_disputed === null
        ? null
        : {
            capturedMinor: row.captured_minor,
            refundedMinor: row.refunded_minor,
            reservedMinor: row.reserved_minor,
            status: row.payment_status,
            disputed: row.payment_disputed,
          },
    unsettledMinor: row.unsettled_minor,
    refusalCode: row.refusal_code,
    facts: row.facts,
    digest: row.digest,
    hash: row.hash,
  };
}

export const BALANCE_COLUMNS = [
  'merchant_id',
  'currency',
  'processor_clearing_minor',
  'merchant_unsettled_minor',
  'refunds_payable_minor',
  'merchant_settled_minor',
  'settled_through_seq',
  'last_seq',
] as const;

export interface BalanceRow {
  merchant_id: string;
  currency: string;
  processor_clearing_minor: bigint;
  merchant_unsettled_minor: bigint;
  refunds_payable_minor: bigint;
  merchant_settled_minor: bigint;
  settled_through_seq: bigint;
  last_seq: bigint;
}

export function toBalance(row: BalanceRow): Balance {
  return {
    merchantId: row.merchant_id,
    currency: row.currency,
    minor: {
      processor_clearing: row.processor_clearing_minor,
      merchant_unsettled: row.merchant_unsettled_minor,
      refunds_payable: row.refunds_payable_minor,
      merchant_settled: row.merchant_settled_minor,
    },
    settledThroughSeq: row.settled_through_seq,
    lastSeq: row.last_seq,
  };
}

export const MERCHANT_COLUMNS = [
  'id',
  'name',
  'policy',
  'counters',
  'created_at',
  'created_seq',
  'policy_seq',
] as const;

export interface MerchantRow {
  id: string;
  name: string;
  policy: StoredPolicy;
  counters: Record<string, string>;
  created_at: number;
  created_seq: bigint;
  policy_seq: bigint;
}

export function toMerchant(row: MerchantRow): Merchant {
  return {
    id: row.id,
    name: row.name,
    policy: policyFromStored(row.policy),
    counters: row.counters,
    createdAt: row.created_at,
    createdSeq: row.created_seq,
    policySeq: row.policy_seq,
  };
}

export const CREDENTIAL_COLUMNS = [
  'id',
  'merchant_id',
  'protocol',
  'role',
  'label',
  'lookup',
  'secret_hashes',
  'public_key',
  'settings',
  'demo',
  'created_at',
  'created_seq',
  'revoked_at',
  'revoked_seq',
] as const;

export interface CredentialRow {
  id: string;
  merchant_id: string | null;
  protocol: string;
  role: Role;
  label: string;
  lookup: string;
  secret_hashes: string[];
  public_key: string | null;
  settings: Record<string, string | string[]>;
  demo: boolean;
  created_at: number;
  created_seq: bigint;
  revoked_at: number | null;
  revoked_seq: bigint | null;
}

export function toCredential(row: CredentialRow): Credential {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    protocol: row.protocol,
    role: row.role,
    label: row.label,
    lookup: row.lookup,
    secretHashes: row.secret_hashes,
    publicKey: row.public_key,
    settings: row.settings,
    demo: row.demo,
    createdAt: row.created_at,
    createdSeq: row.created_seq,
    revokedAt: row.revoked_at,
    revokedSeq: row.revoked_seq,
  };
}

export const ENTITLEMENT_COLUMNS = [
  'id',
  'merchant_id',
  'payment_id',
  'learner',
  'kind',
  'target',
  'coupon_id',
  'created_at',
  'created_seq',
] as const;

export interface EntitlementRow {
  id: string;
  merchant_id: string;
  payment_id: string;
  learner: string;
  kind: Entitlement['kind'];
  target: string;
  coupon_id: string | null;
  created_at: number;
  created_seq: bigint;
}

export function toEntitlement(row: EntitlementRow): Entitlement {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    learner: row.learner,
    kind: row.kind,
    target: row.target,
    couponId: row.coupon_id,
    createdAt: row.created_at,
    createdSeq: row.created_seq,
  };
}

export const COUPON_COLUMNS = ['id', 'merchant_id', 'payment_id', 'code', 'created_at', 'created_seq'] as const;

export interface CouponRow {
  id: string;
  merchant_id: string;
  payment_id: string;
  code: string;
  created_at: number;
  created_seq: bigint;
}

export function toCoupon(row: CouponRow): Coupon {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    paymentId: row.payment_id,
    code: row.code,
    createdAt: row.created_at,
    createdSeq: row.created_seq,
  };
}

export const SETTLEMENT_COLUMNS = [
  'id',
  'merchant_id',
  'currency',
  'amount_minor',
  'cutoff_seq',
  'created_at',
] as const;

export interface SettlementRow {
  id: string;
  merchant_id: string;
  currency: string;
  amount_minor: bigint;
  cutoff_seq: bigint;
  created_at: number;
}

export function toSettlement(row: SettlementRow): Settlement {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    currency: row.currency,
    amountMinor: row.amount_minor,
    cutoffSeq: row.cutoff_seq,
    createdAt: row.created_at,
  };
}
