/** What a refund would bring about: for a person to agree with. */
import type { Entitlement, EntitlementChanges, RefundPreview } from '../api/types.ts';
import { AmountText } from '../parts/amount-text.tsx';
import classes from './effects.module.css';

interface EffectsProps {
  readonly preview: RefundPreview;
  /** The payment's enrolments, for their names. */
  readonly entitlements: readonly Entitlement[];
}

export function Effects({ preview, entitlements }: EffectsProps) {
  const { amount, currency, payment, outcome } = preview;
  const waits = outcome === 'pending_approval';
  return (
    <ul className={classes.effects}>
      <li>
        <AmountText minor={amount} currency={currency} strong />{' '}
        {waits ? 'is reserved until a second person approves.' : 'goes back to the customer at once.'}
      </li>
      <li>
        {payment.refundable === 0 ? (
          'Nothing of the payment is refundable then.'
        ) : (
          <>
            <AmountText minor={payment.refundable} currency={currency} /> of the payment stays refundable.
          </>
        )}
      </li>
      {changesInWords(preview.entitlement_changes, entitlements).map((words) => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  );
}

/** What becomes of enrolments and coupons, a sentence each. */
export function changesInWords(
  changes: EntitlementChanges | undefined,
  entitlements: readonly Entitlement[],
): readonly string[] {
  if (changes === undefined) return [];
  const named = (ids: readonly string[] | undefined, words: string): string[] =>
    (ids ?? []).map((id) => {
      const known = entitlements.find((entitlement) => entitlement.id === id);
      return known === undefined
        ? `An enrolment ${words}.`
        : `${known.learner} ${words} (${known.kind === 'program' ? 'program' : 'course session'} ${known.target}).`;
    });
  const coupons = (ids: readonly string[] | undefined, words: string): string[] =>
    ids === undefined || ids.length === 0
      ? []
      : [`${ids.length === 1 ? 'The coupon' : `${ids.length} coupons`} ${words}.`];
  return [
    ...named(changes.entitlements_revoked, 'loses the enrolment'),
    ...named(changes.entitlements_kept, 'keeps the enrolment through another payment'),
    ...named(changes.entitlements_granted, 'gets the enrolment back'),
    ...named(changes.entitlements_held_otherwise, 'has the enrolment through another payment anyway'),
    ...coupons(changes.coupons_refunded, 'ends'),
    ...coupons(changes.coupons_restored, 'is valid again'),
  ];
}
