/** What people call a payment, and how it stands. */
import type { Breakdown, Payment } from '../api/types.ts';
import { StatusBadge } from './status-badge.tsx';
import classes from './payment-words.module.css';

/** Where a name that is no partner's is from goes without saying. */
const OWN_NAMESPACE = 'native.reference';

/** The reference that a person most likely knows it by: the merchant's own, or the first; its id where it has none. */
export function paymentName({ id, references }: Pick<Payment, 'id' | 'references'>): string {
  return references[OWN_NAMESPACE] ?? Object.values(references)[0] ?? id;
}

/** `VISA •••• 1111`; `null` where nothing is known. */
export function methodWords(method: Payment['method']): string | null {
  if (method === null) return null;
  const { type, scheme, last4 } = method;
  const kind = scheme?.toUpperCase() ?? { card: 'Card', ach: 'ACH', carrier: 'Carrier', other: 'Other' }[type];
  return last4 === undefined ? kind : `${kind} ••${last4}`;
}

/** A payment's status with all that is derived: disputed, refunded, settled. */
export function PaymentBadges({
  payment,
  settled = false,
}: {
  readonly payment: Breakdown;
  readonly settled?: boolean;
}) {
  const isRefunded = payment.refund_status !== 'none';
  return (
    <span className={classes.badges}>
      {payment.disputed && <StatusBadge status="disputed" />}
      {isRefunded ? <StatusBadge status={payment.refund_status} /> : <StatusBadge status={payment.status} />}
      {isRefunded && payment.status !== 'captured' && <StatusBadge status={payment.status} />}
      {payment.reserved > 0 && <StatusBadge status="pending_approval" />}
      {settled && <StatusBadge status="settled" />}
    </span>
  );
}

/** The name above the namespace that it is from. */
export function PaymentName({ payment }: { readonly payment: Payment }) {
  const name = paymentName(payment);
  const namespace = Object.entries(payment.references).find(([, value]) => value === name)?.[0];
  return (
    <span className={classes.name}>
      <span className={classes.value}>{name}</span>
      {namespace !== OWN_NAMESPACE && <span className={classes.namespace}>{namespace ?? 'id'}</span>}
    </span>
  );
}
