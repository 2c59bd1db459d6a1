/**
 * Digests of the rows that a journal entry makes: what the entry itself does not say of them. `verify` recomputes them
 * from the tables, so that a row changed by hand no longer fits its entry.
 *
 * Personal data enters salted; its salt is erased together with it.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './json.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import type { Refund } from './refund.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function detailsDigest(details: object, salt: string): string {
  return salt === '' ? '' : sha256(salt + canonicalJson(details as Json));
}

/** Over a payment's fixed fields, its references, and the entitlements and coupon it was registered with. */
export function paymentDigest(
  payment: Payment,
  entitlements: readonly Entitlement[],
  coupons: readonly Coupon[],
): string {
  return sha256(
    canonicalJson([
      payment.id,
      String(payment.amountMinor),
      payment.currency,
      payment.createdAt,
      payment.references.map((reference) => [reference.namespace, reference.value]).sort(byText),
      detailsDigest(payment.details, payment.detailsSalt),
      entitlements.map(entitlementFields).sort(byText),
      coupons
        .map((coupon) => [coupon.id, coupon.paymentId, sha256(coupon.id + coupon.code), coupon.createdAt])
        .sort(byText),
    ]),
  );
}

const byText = (a: readonly Json[], b: readonly Json[]): number => (canonicalJson(a) < canonicalJson(b) ? -1 : 1);

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

export function entitlementDigest(entitlement: Entitlement): string {
  return sha256(canonicalJson(entitlementFields(entitlement)));
}

/** Over what a refund says beyond its entry; `null` if that is nothing, as for the plainest refund. */
export function refundDigest(refund: Refund): string | null {
  if (refund.reference === null && refund.requestedBy === null && refund.detailsSalt === '') return null;
  return sha256(
    canonicalJson([
      refund.reference === null ? null : [refund.reference.namespace, refund.reference.value],
      refund.requestedBy,
      detailsDigest(refund.details, refund.detailsSalt),
    ]),
  );
}

/** Over a merchant's or a credential's fixed fields. */
export function recordDigest(fields: Json): string {
  return sha256(canonicalJson(fields));
}
