/**
 * Digests of the rows that a journal entry makes: what the entry itself does not say of them. `verify` recomputes them
 * from the tables, so that a row changed by hand no longer fits its entry.
 *
 * Personal data enters salted; its salt is erased together with it.
 */
import { hash } from 'node:crypto';
import { canonicalJson, type Json } from './json.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import { RecordWriter } from './record.ts';
import type { Refund } from './refund.ts';

const sha256 = (text: string): string => hash('sha256', text, 'hex');

const writer = new RecordWriter();

/** What one registration's digest says, part by part, so that `verify` can name the row that no longer fits. */
export interface PaymentDigestParts {
  readonly payment: string;
  readonly coupons: readonly string[];
  readonly entitlements: readonly string[];
}

const SHA256_LENGTH = 64;
const PART = { coupon: '01', entitlement: '02' } as const;
const PART_LENGTH = 2 + SHA256_LENGTH;

/**
 * Over a payment's fixed fields, and over the coupon and each entitlement that it was registered with: the payment's
 * SHA-256, then for each of them a byte for its kind and its SHA-256. Their ids stay out: they are the salts.
 */
export function paymentDigest(
  payment: Payment,
  entitlements: readonly Entitlement[],
  coupons: readonly Coupon[],
): string {
  return [
    paymentFieldsDigest(payment),
    ...coupons.map((coupon) => PART.coupon + couponDigest(coupon)),
    ...entitlements.map((entitlement) => PART.entitlement + entitlementDigest(entitlement)),
  ].join('');
}

/** Takes a registration's digest apart. */
export function readPaymentDigest(digest: string): PaymentDigestParts {
  const coupons: string[] = [];
  const entitlements: string[] = [];
  for (let at = SHA256_LENGTH; at < digest.length; at += PART_LENGTH) {
    const list = digest.startsWith(PART.coupon, at) ? coupons : entitlements;
    list.push(digest.slice(at + 2, at + PART_LENGTH));
  }
  return { payment: digest.slice(0, SHA256_LENGTH), coupons, entitlements };
}

/** Over a payment's fixed fields, its references, and its salted details. */
export function paymentFieldsDigest(payment: Payment): string {
  return (
    writer
      .begin()
      .text(payment.currency)
      .uuid(payment.merchantId)
      .uuid(payment.id)
      .int8(payment.amountMinor)
      .time(payment.createdAt)
      // Given by the caller where the payment was captured before it was registered; else its capture's entry has it.
      .time(payment.capturedSeq === payment.createdSeq ? payment.capturedAt : null)
      .json(payment.references)
      .text(payment.detailsSalt)
      .json(payment.details)
      .sha256()
  );
}

const entitlementFields = (entitlement: Entitlement): readonly Json[] => [
  entitlement.id,
  entitlement.paymentId,
  // The entitlement's id is the salt: random, and gone with the row.
  sha256(entitlement.id + entitlement.learner),
  entitlement.kind,
  entitlement.target,
  entitlement.couponId,
  entitlement.createdAt,
];

/** Over a coupon's fields. */
export function couponDigest(coupon: Coupon): string {
  // The coupon's id is the salt of its code.
  return sha256(canonicalJson([coupon.id, coupon.paymentId, sha256(coupon.id + coupon.code), coupon.createdAt]));
}

/** Over an entitlement's fields. */
export function entitlementDigest(entitlement: Entitlement): string {
  return sha256(canonicalJson(entitlementFields(entitlement)));
}

/** Over what a refund says beyond its entry; `null` if that is nothing, as for the plainest refund. */
export function refundDigest(refund: Refund): string | null {
  if (
    refund.reference === null &&
    refund.requestedBy === null &&
    refund.expiresAt === null &&
    refund.detailsSalt === ''
  ) {
    return null;
  }
  return writer
    .begin()
    .text(refund.reference?.namespace ?? null)
    .text(refund.reference?.value ?? null)
    .text(refund.requestedBy)
    .time(refund.expiresAt)
    .text(refund.detailsSalt)
    .json(refund.details)
    .sha256();
}

/** Over why a refund was decided so, by the entry that decided it and by those after it; `null` if nobody said. */
export function decisionDigest({ decisionReason, decisionSalt }: Refund): string | null {
  return decisionSalt === '' ? null : sha256(decisionSalt + canonicalJson(decisionReason));
}

/** Over a merchant's or a credential's fixed fields. */
export function recordDigest(fields: Json): string {
  return sha256(canonicalJson(fields));
}
