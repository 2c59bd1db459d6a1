/** Payments: what was captured, what of it went back, and what of it is promised to refunds not yet done. */
import type { Json } from './json.ts';

/** *Refunded* and *settled* are derived, never stored: see `isWhollyRefunded` and `isSettled`. */
export type PaymentStatus = 'pending' | 'captured' | 'voided' | 'closed';

/** A name that a protocol gave the payment: unique per merchant and namespace (`bbmsl.orderId`, `native.reference`). */
export interface Reference {
  readonly namespace: string;
  readonly value: string;
}

/** How the payment was made, as far as partners' answers show it. Never a full card or account number. */
export interface PaymentMethod {
  readonly type: 'card' | 'ach' | 'carrier' | 'other';
  /** `VISA`, `MASTERCARD`, … */
  readonly scheme?: string;
  readonly first6?: string;
  readonly last4?: string;
  readonly expiryMonth?: string;
  readonly expiryYear?: string;
  readonly holderName?: string;
  readonly token?: string;
  readonly authorizationCode?: string;
  /** The acquirer's name for the method, such as `ECMC-SSL`. */
  readonly processorMethod?: string;
  readonly hostReference?: string;
  readonly routingNumber?: string;
}

/** A card terminal, as PayEngine's page lists its fields. */
export interface Device {
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
  readonly model?: string;
  readonly serialNumber?: string;
  readonly sdkVersion?: string;
  readonly manufacturer?: string;
  readonly appVersion?: string;
  readonly os?: string;
  readonly osVersion?: string;
}

/**
 * What answers need beyond the money: personal data lives here and only here, outside the journal and its hashes, so
 * that it can be erased.
 */
export interface PaymentDetails {
  readonly method?: PaymentMethod;
  readonly customer?: { readonly name?: string; readonly email?: string; readonly phone?: string };
  readonly device?: Device;
  readonly orderNumber?: string;
  readonly internalTransactionId?: string;
  readonly merchantTransactionReference?: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, Json>>;
}

export interface Payment {
  readonly id: string;
  readonly merchantId: string;
  readonly currency: string;
  /** What the payment is for; captured in full or not at all. */
  readonly amountMinor: bigint;
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
  readonly reservedMinor: bigint;
  readonly status: PaymentStatus;
  readonly disputed: boolean;
  /** Refunds that count against the policy: succeeded, pending, unknown and waiting for approval. */
  readonly refundCount: number;
  /** Whether it carries entitlements or a coupon. */
  readonly entitled: boolean;
  readonly references: readonly Reference[];
  readonly details: PaymentDetails;
  /** Makes the digest of `details` unguessable once both are erased. */
  readonly detailsSalt: string;
  /** Times are milliseconds since 1970, UTC. */
  readonly createdAt: number;
  readonly capturedAt: number | null;
  readonly updatedAt: number;
  /** Journal entries of this payment's book: the one that made it, that captured it, and that last changed it. */
  readonly createdSeq: bigint;
  readonly capturedSeq: bigint | null;
  readonly lastSeq: bigint;
}

export function refundableMinor(payment: Pick<Payment, 'capturedMinor' | 'refundedMinor' | 'reservedMinor'>): bigint {
  return payment.capturedMinor - payment.refundedMinor - payment.reservedMinor;
}

export function isWhollyRefunded(payment: Payment): boolean {
  return payment.capturedMinor > 0n && payment.refundedMinor === payment.capturedMinor;
}

/** A payment is settled when it was captured at or before the last settlement's cut-off. */
export function isSettled(payment: Payment, settledThroughSeq: bigint): boolean {
  return payment.capturedSeq !== null && payment.capturedSeq <= settledThroughSeq;
}

/** Whether what the payment bought is still the customer's: a whole refund or a void takes it back. */
export function grantsEntitlements(payment: Payment): boolean {
  return payment.status === 'captured' && !isWhollyRefunded(payment);
}

/** The value of a payment's reference in a namespace. */
export function referenceIn(payment: Payment, namespace: string): string | undefined {
  return payment.references.find((reference) => reference.namespace === namespace)?.value;
}

/**
 * An enrolment that a payment carries. A learner is enrolled while any payment that grants the same enrolment still
 * does; whether one does is derived from the payment, so nothing can drift apart.
 */
export interface Entitlement {
  readonly id: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly learner: string;
  readonly kind: 'program' | 'course_session';
  /** The program's or course session's own id. */
  readonly target: string;
  /** The coupon that enrolled the learner, in a group purchase. */
  readonly couponId: string | null;
  readonly createdAt: number;
  readonly createdSeq: bigint;
}

/** What a group purchase bought: learners enrol with it. REFUNDED once its payment is. */
export interface Coupon {
  readonly id: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly code: string;
  readonly createdAt: number;
  readonly createdSeq: bigint;
}
