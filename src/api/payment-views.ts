/** Payments, refunds, and what payments entitle to, as plain JSON. */
import type { JournalEntry } from '../core/journal.ts';
import {
  type Coupon,
  type Entitlement,
  grantsEntitlements,
  isWhollyRefunded,
  type Payment,
  refundableMinor,
} from '../core/payment.ts';
import type { Refund } from '../core/refund.ts';
import { amountView, timeOrNull, timeView } from './exact-json.ts';
import type { CouponView, EntitlementView } from './journal-schemas.ts';
import { toApiNames } from './field-names.ts';
import type { BreakdownView, PaymentView } from './payment-schemas.ts';
import type { EntitlementChangesView, RefundView } from './refund-schemas.ts';

export function breakdownView(payment: Payment): BreakdownView {
  return {
    status: payment.status,
    refund_status: isWhollyRefunded(payment) ? 'full' : payment.refundedMinor > 0n ? 'partial' : 'none',
    disputed: payment.disputed,
    currency: payment.currency,
    captured: amountView(payment.capturedMinor),
    refunded: amountView(payment.refundedMinor),
    reserved: amountView(payment.reservedMinor),
    refundable: amountView(refundableMinor(payment)),
  };
}

/** A payment with its breakdown; whether it is settled is known to the reader only. */
export function paymentView(payment: Payment, settled: boolean): PaymentView {
  const { details } = payment;
  return {
    id: payment.id,
    merchant_id: payment.merchantId,
    amount: amountView(payment.amountMinor),
    ...breakdownView(payment),
    settled,
    references: Object.fromEntries(payment.references.map(({ namespace, value }) => [namespace, value])),
    method: details.method === undefined ? null : (toApiNames(details.method) as PaymentView['method']),
    customer: details.customer === undefined ? null : { ...details.customer },
    device: details.device === undefined ? null : toApiNames(details.device),
    order_number: details.orderNumber ?? null,
    internal_transaction_id: details.internalTransactionId ?? null,
    merchant_transaction_reference: details.merchantTransactionReference ?? null,
    description: details.description ?? null,
    metadata: details.metadata ?? {},
    created_at: timeView(payment.createdAt),
    captured_at: timeOrNull(payment.capturedAt),
    updated_at: timeView(payment.updatedAt),
  };
}

/** A refund; with its payment's numbers, and what became of enrolments, where they are given. */
export function refundView(refund: Refund, payment: Payment | null, entry: JournalEntry | null = null): RefundView {
  const { details } = refund;
  const changes = entry === null ? null : entitlementChangesView(entry);
  return {
    id: refund.id,
    merchant_id: refund.merchantId,
    payment_id: refund.paymentId,
    amount: amountView(refund.amountMinor),
    currency: refund.currency,
    status: refund.status,
    refusal_code: refund.refusalCode,
    cancel_reason: refund.cancelReason,
    reference: refund.reference === null ? null : { ...refund.reference },
    requested_by: refund.requestedBy,
    expires_at: timeOrNull(refund.expiresAt),
    reason: details.reason ?? null,
    decision_reason: refund.decisionReason,
    notes: details.notes ?? null,
    internal_transaction_id: details.internalTransactionId ?? null,
    metadata: details.metadata ?? {},
    protocol: refund.protocol,
    created_at: timeView(refund.createdAt),
    updated_at: timeView(refund.updatedAt),
    ...(payment === null ? {} : { payment: breakdownView(payment) }),
    ...(changes === null ? {} : { entitlement_changes: changes }),
  };
}

const ENTITLEMENT_FACTS = [
  'entitlements_revoked',
  'entitlements_kept',
  'coupons_refunded',
  'entitlements_granted',
  'entitlements_held_otherwise',
  'coupons_restored',
] as const;

/** What an entry did to enrolments and coupons; `null` if nothing. */
export function entitlementChangesView({ facts }: JournalEntry): EntitlementChangesView | null {
  if (facts === null || typeof facts !== 'object') return null;
  const given = facts as Readonly<Record<string, string[] | undefined>>;
  const changes = ENTITLEMENT_FACTS.flatMap((name) => {
    const ids = given[name];
    return ids === undefined ? [] : [[name, ids] as const];
  });
  return changes.length === 0 ? null : Object.fromEntries(changes);
}

export function entitlementView(entitlement: Entitlement, payment: Payment): EntitlementView {
  return {
    id: entitlement.id,
    merchant_id: entitlement.merchantId,
    payment_id: entitlement.paymentId,
    learner: entitlement.learner,
    kind: entitlement.kind,
    target: entitlement.target,
    coupon_id: entitlement.couponId,
    active: grantsEntitlements(payment),
    created_at: timeView(entitlement.createdAt),
  };
}

export function couponView(coupon: Coupon, payment: Payment): CouponView {
  return {
    id: coupon.id,
    merchant_id: coupon.merchantId,
    payment_id: coupon.paymentId,
    code: coupon.code,
    status: grantsEntitlements(payment) ? 'ACTIVE' : 'REFUNDED',
    created_at: timeView(coupon.createdAt),
  };
}
