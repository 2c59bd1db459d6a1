/** Rows of the books as commands print them in JSON: stable names, amounts in minor units, times in ISO 8601. */
import type { Balance, Credential, Merchant, Settlement } from '../core/account.ts';
import type { Coupon, Entitlement, Payment } from '../core/payment.ts';
import { refundableMinor } from '../core/payment.ts';
import type { Policy } from '../core/policy.ts';
import type { Refund } from '../core/refund.ts';
import { type Printable, time, timeOrNull } from './output.ts';

export function merchantRecord(merchant: Merchant): Record<string, Printable> {
  return {
    id: merchant.id,
    name: merchant.name,
    created_at: time(merchant.createdAt),
    policy: policyRecord(merchant.policy),
  };
}

export function policyRecord(policy: Policy): Printable {
  return {
    partial_refunds: policy.partialRefunds,
    refunds_per_payment: policy.refundsPerPayment,
    window_days: policy.windowDays,
    minimum_minor: policy.minimumMinor,
    balance_must_cover: policy.balanceMustCover,
    reason_required: policy.reasonRequired,
    approval_above_minor: policy.approvalAboveMinor,
    approval_hours: policy.approvalHours,
  };
}

export function balanceRecord({ currency, minor }: Balance): Record<string, Printable> {
  return {
    currency,
    merchant_unsettled_minor: minor.merchant_unsettled,
    refunds_payable_minor: minor.refunds_payable,
    merchant_settled_minor: minor.merchant_settled,
    processor_clearing_minor: minor.processor_clearing,
  };
}

/** Neither secrets nor their hashes. */
export function credentialRecord(credential: Credential): Record<string, Printable> {
  return {
    id: credential.id,
    merchant_id: credential.merchantId,
    protocol: credential.protocol,
    role: credential.role,
    label: credential.label,
    // For native keys and the like it is a hash, which tells nobody anything.
    lookup: credential.secretHashes.includes(credential.lookup) ? null : credential.lookup,
    settings: credential.settings,
    demo: credential.demo,
    created_at: time(credential.createdAt),
    revoked_at: timeOrNull(credential.revokedAt),
  };
}

export function paymentRecord(payment: Payment): Record<string, Printable> {
  return {
    id: payment.id,
    merchant_id: payment.merchantId,
    status: payment.status,
    disputed: payment.disputed,
    currency: payment.currency,
    amount_minor: payment.amountMinor,
    captured_minor: payment.capturedMinor,
    refunded_minor: payment.refundedMinor,
    reserved_minor: payment.reservedMinor,
    refundable_minor: refundableMinor(payment),
    references: Object.fromEntries(payment.references.map(({ namespace, value }) => [namespace, value])),
    created_at: time(payment.createdAt),
    captured_at: timeOrNull(payment.capturedAt),
    updated_at: time(payment.updatedAt),
  };
}

export function refundRecord(refund: Refund): Record<string, Printable> {
  return {
    id: refund.id,
    merchant_id: refund.merchantId,
    payment_id: refund.paymentId,
    status: refund.status,
    refusal_code: refund.refusalCode,
    cancel_reason: refund.cancelReason,
    currency: refund.currency,
    amount_minor: refund.amountMinor,
    reason: refund.details.reason ?? null,
    reference: refund.reference === null ? null : `${refund.reference.namespace}:${refund.reference.value}`,
    requested_by: refund.requestedBy,
    expires_at: timeOrNull(refund.expiresAt),
    protocol: refund.protocol,
    created_at: time(refund.createdAt),
    updated_at: time(refund.updatedAt),
  };
}

export function settlementRecord(settlement: Settlement): Record<string, Printable> {
  return {
    id: settlement.id,
    merchant_id: settlement.merchantId,
    currency: settlement.currency,
    amount_minor: settlement.amountMinor,
    created_at: time(settlement.createdAt),
  };
}

export function entitlementRecord(entitlement: Entitlement): Record<string, Printable> {
  return {
    id: entitlement.id,
    learner: entitlement.learner,
    kind: entitlement.kind,
    target: entitlement.target,
    coupon_id: entitlement.couponId,
  };
}

export function couponRecord({ id, code }: Coupon): Record<string, Printable> {
  return { id, code };
}
