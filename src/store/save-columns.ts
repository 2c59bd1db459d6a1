/**
 * What a save writes of each kind of row, column by column: the same columns, in the same order, as the composite types in
 * `migrations/`. A later version that writes other columns brings other types, so that both can run on one database.
 */
import type { Balance, Merchant, Settlement } from '../core/account.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Coupon, Entitlement, Payment, Reference } from '../core/payment.ts';
import { policyToStored } from '../core/policy.ts';
import type { Refund } from '../core/refund.ts';
import type { Column } from './binary.ts';

export const ROW_TYPES = [
  'saved_entry',
  'saved_refund',
  'saved_payment_change',
  'saved_payment',
  'saved_balance',
  'saved_merchant',
  'saved_payment_reference',
  'saved_entitlement',
  'saved_coupon',
  'saved_settlement',
] as const;
export type RowTypeName = (typeof ROW_TYPES)[number];

/** The types' object ids, which are another database's own. */
export type RowTypes = Readonly<Record<RowTypeName, number>>;

/** A composite type of the database, and its columns in order. */
export interface RowShape<T> {
  readonly type: RowTypeName;
  readonly columns: readonly Column<T>[];
}

export const ENTRY: RowShape<JournalEntry> = {
  type: 'saved_entry',
  columns: [
    ['seq', 'int8', (e) => e.seq],
    ['at', 'timestamptz', (e) => e.at],
    ['kind', 'text', (e) => e.kind],
    ['operation', 'text', (e) => e.operation],
    ['merchant_id', 'uuid', (e) => e.merchantId],
    ['actor', 'text', (e) => e.actor],
    ['protocol', 'text', (e) => e.protocol],
    ['request_id', 'text', (e) => e.requestId],
    ['idempotency_key', 'text', (e) => e.idempotencyKey],
    ['fingerprint', 'bytea', (e) => e.fingerprint],
    ['payment_id', 'uuid', (e) => e.paymentId],
    ['refund_id', 'uuid', (e) => e.refundId],
    ['amount_minor', 'int8', (e) => e.amountMinor],
    ['currency', 'text', (e) => e.currency],
    ['debit', 'text', (e) => e.debit],
    ['credit', 'text', (e) => e.credit],
    ['captured_minor', 'int8', (e) => e.payment?.capturedMinor],
    ['refunded_minor', 'int8', (e) => e.payment?.refundedMinor],
    ['reserved_minor', 'int8', (e) => e.payment?.reservedMinor],
    ['payment_status', 'text', (e) => e.payment?.status],
    ['payment_disputed', 'bool', (e) => e.payment?.disputed],
    ['unsettled_minor', 'int8', (e) => e.unsettledMinor],
    ['refusal_code', 'text', (e) => e.refusalCode],
    ['facts', 'jsonb', (e) => (e.facts === null ? null : JSON.stringify(e.facts))],
    ['digest', 'bytea', (e) => e.digest],
    ['hash', 'bytea', (e) => e.hash],
  ],
};

export const NEW_REFUND: RowShape<Refund> = {
  type: 'saved_refund',
  columns: [
    ['id', 'uuid', (r) => r.id],
    ['merchant_id', 'uuid', (r) => r.merchantId],
    ['payment_id', 'uuid', (r) => r.paymentId],
    ['amount_minor', 'int8', (r) => r.amountMinor],
    ['currency', 'text', (r) => r.currency],
    ['status', 'text', (r) => r.status],
    ['refusal_code', 'text', (r) => r.refusalCode],
    ['cancel_reason', 'text', (r) => r.cancelReason],
    ['reference_namespace', 'text', (r) => r.reference?.namespace],
    ['reference', 'text', (r) => r.reference?.value],
    ['requested_by', 'text', (r) => r.requestedBy],
    ['expires_at', 'timestamptz', (r) => r.expiresAt],
    ['details', 'jsonb', (r) => JSON.stringify(r.details)],
    ['details_salt', 'text', (r) => r.detailsSalt],
    ['protocol', 'text', (r) => r.protocol],
    ['created_at', 'timestamptz', (r) => r.createdAt],
    ['updated_at', 'timestamptz', (r) => r.updatedAt],
    ['created_seq', 'int8', (r) => r.createdSeq],
    ['last_seq', 'int8', (r) => r.lastSeq],
  ],
};

const CHANGING: readonly Column<Payment>[] = [
  ['id', 'uuid', (p) => p.id],
  ['captured_minor', 'int8', (p) => p.capturedMinor],
  ['refunded_minor', 'int8', (p) => p.refundedMinor],
  ['reserved_minor', 'int8', (p) => p.reservedMinor],
  ['status', 'text', (p) => p.status],
  ['disputed', 'bool', (p) => p.disputed],
  ['refund_count', 'int4', (p) => p.refundCount],
  ['entitled', 'bool', (p) => p.entitled],
  ['captured_at', 'timestamptz', (p) => p.capturedAt],
  ['captured_seq', 'int8', (p) => p.capturedSeq],
  ['updated_at', 'timestamptz', (p) => p.updatedAt],
  ['last_seq', 'int8', (p) => p.lastSeq],
];

export const CHANGED_PAYMENT: RowShape<Payment> = { type: 'saved_payment_change', columns: CHANGING };

export const NEW_PAYMENT: RowShape<Payment> = {
  type: 'saved_payment',
  columns: [
    ...CHANGING,
    ['merchant_id', 'uuid', (p) => p.merchantId],
    ['currency', 'text', (p) => p.currency],
    ['amount_minor', 'int8', (p) => p.amountMinor],
    ['references', 'jsonb', (p) => JSON.stringify(p.references)],
    ['details', 'jsonb', (p) => JSON.stringify(p.details)],
    ['details_salt', 'text', (p) => p.detailsSalt],
    ['created_at', 'timestamptz', (p) => p.createdAt],
    ['created_seq', 'int8', (p) => p.createdSeq],
  ],
};

export const BALANCE: RowShape<Balance> = {
  type: 'saved_balance',
  columns: [
    ['merchant_id', 'uuid', (b) => b.merchantId],
    ['currency', 'text', (b) => b.currency],
    ['processor_clearing_minor', 'int8', (b) => b.minor.processor_clearing],
    ['merchant_unsettled_minor', 'int8', (b) => b.minor.merchant_unsettled],
    ['refunds_payable_minor', 'int8', (b) => b.minor.refunds_payable],
    ['merchant_settled_minor', 'int8', (b) => b.minor.merchant_settled],
    ['settled_through_seq', 'int8', (b) => b.settledThroughSeq],
    ['last_seq', 'int8', (b) => b.lastSeq],
  ],
};

export const NEW_MERCHANT: RowShape<Merchant> = {
  type: 'saved_merchant',
  columns: [
    ['id', 'uuid', (m) => m.id],
    ['name', 'text', (m) => m.name],
    ['policy', 'jsonb', (m) => JSON.stringify(policyToStored(m.policy))],
    ['counters', 'jsonb', (m) => JSON.stringify(m.counters)],
    ['created_at', 'timestamptz', (m) => m.createdAt],
    ['created_seq', 'int8', (m) => m.createdSeq],
    ['policy_seq', 'int8', (m) => m.policySeq],
  ],
};

/** A payment's name, with the payment. */
export interface Named extends Reference {
  readonly payment: Payment;
}

export const NAMED: RowShape<Named> = {
  type: 'saved_payment_reference',
  columns: [
    ['value', 'text', (n) => n.value],
    ['namespace', 'text', (n) => n.namespace],
    ['merchant_id', 'uuid', (n) => n.payment.merchantId],
    ['payment_id', 'uuid', (n) => n.payment.id],
  ],
};

export const ENTITLEMENT: RowShape<Entitlement> = {
  type: 'saved_entitlement',
  columns: [
    ['id', 'uuid', (e) => e.id],
    ['merchant_id', 'uuid', (e) => e.merchantId],
    ['payment_id', 'uuid', (e) => e.paymentId],
    ['learner', 'text', (e) => e.learner],
    ['kind', 'text', (e) => e.kind],
    ['target', 'text', (e) => e.target],
    ['coupon_id', 'uuid', (e) => e.couponId],
    ['created_at', 'timestamptz', (e) => e.createdAt],
    ['created_seq', 'int8', (e) => e.createdSeq],
  ],
};

export const COUPON: RowShape<Coupon> = {
  type: 'saved_coupon',
  columns: [
    ['id', 'uuid', (c) => c.id],
    ['merchant_id', 'uuid', (c) => c.merchantId],
    ['payment_id', 'uuid', (c) => c.paymentId],
    ['code', 'text', (c) => c.code],
    ['created_at', 'timestamptz', (c) => c.createdAt],
    ['created_seq', 'int8', (c) => c.createdSeq],
  ],
};

export const SETTLEMENT: RowShape<Settlement> = {
  type: 'saved_settlement',
  columns: [
    ['id', 'uuid', (s) => s.id],
    ['merchant_id', 'uuid', (s) => s.merchantId],
    ['currency', 'text', (s) => s.currency],
    ['amount_minor', 'int8', (s) => s.amountMinor],
    ['cutoff_seq', 'int8', (s) => s.cutoffSeq],
    ['created_at', 'timestamptz', (s) => s.createdAt],
  ],
};
