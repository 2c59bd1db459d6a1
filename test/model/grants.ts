/** What a payment bought: enrolments and a coupon, taken back with the whole of its funds and given back with them. */
import type { Json } from '../../src/core/json.ts';
import type { ModelBooks, ModelPayment } from './books.ts';

/** What a payment that grants nothing any more takes back: enrolments not held otherwise, and its coupon. */
export function revoked(books: ModelBooks, payment: ModelPayment, grantedBefore: boolean): Json {
  if (!grantedBefore || books.grants(payment)) return null;
  return changes(books, payment, ['entitlements_revoked', 'entitlements_kept', 'coupons_refunded']);
}

/** What a payment that grants again gives back. */
export function restored(books: ModelBooks, payment: ModelPayment, grantedBefore: boolean): Json {
  if (grantedBefore || !books.grants(payment)) return null;
  return changes(books, payment, ['entitlements_granted', 'entitlements_held_otherwise', 'coupons_restored']);
}

function changes(books: ModelBooks, payment: ModelPayment, names: readonly [string, string, string]): Json {
  const own = books.entitlements.filter(({ paymentId }) => paymentId === payment.id);
  const coupons = books.coupons.filter(({ paymentId }) => paymentId === payment.id);
  if (own.length === 0 && coupons.length === 0) return null;
  const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
  return {
    [names[0]]: ids(own.filter((one) => !books.isHeldOtherwise(one))),
    [names[1]]: ids(own.filter((one) => books.isHeldOtherwise(one))),
    [names[2]]: ids(coupons),
  };
}
