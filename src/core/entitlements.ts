/**
 * What a change of a payment does to the enrolments and the coupon it carries, for the journal to say. Which learner is
 * enrolled is derived from the payments (see `Entitlement`); these are the effects of one step, by id.
 */
import type { Book } from './book.ts';
import type { Json } from './json.ts';
import { grantsEntitlements, type Payment } from './payment.ts';

/** The enrolments and coupon that a whole refund or a void takes back; `null` when it takes none. */
export function undoneEntitlements(book: Book, before: Payment, after: Payment): Json {
  if (!grantsEntitlements(before) || grantsEntitlements(after)) return null;
  const entitlements = book.entitlementsOf(after.id);
  const coupon = book.couponOf(after.id);
  if (entitlements.length === 0 && coupon === undefined) return null;
  const [kept, revoked] = partition(entitlements, (entitlement) => book.isHeldOtherwise(entitlement));
  return {
    entitlements_revoked: revoked.map((entitlement) => entitlement.id),
    entitlements_kept: kept.map((entitlement) => entitlement.id),
    coupons_refunded: coupon === undefined ? [] : [coupon.id],
  };
}

/** The enrolments and coupon that a reversal gives back; `null` when it gives none. */
export function restoredEntitlements(book: Book, before: Payment, after: Payment): Json {
  if (grantsEntitlements(before) || !grantsEntitlements(after)) return null;
  const entitlements = book.entitlementsOf(after.id);
  const coupon = book.couponOf(after.id);
  if (entitlements.length === 0 && coupon === undefined) return null;
  const [held, granted] = partition(entitlements, (entitlement) => book.isHeldOtherwise(entitlement));
  return {
    entitlements_granted: granted.map((entitlement) => entitlement.id),
    entitlements_held_otherwise: held.map((entitlement) => entitlement.id),
    coupons_restored: coupon === undefined ? [] : [coupon.id],
  };
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
