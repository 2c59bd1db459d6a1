/** How a person names a payment or a refund on the command line, and finding what they mean. */
import { refusal } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import type { Outcome } from '../core/outcome.ts';
import { referenceIn, type Reference } from '../core/payment.ts';
import { referenceNamespaces } from '../dialects/references.ts';
import type { PaymentView } from '../store/read.ts';
import { Failure, usage } from './failure.ts';
import { merchantFor } from './identity.ts';
import type { Session } from './session.ts';

/** `namespace:value`. Throws `Failure` (`usage`) for what can be no payment's name. */
export function readReference(text: string): Reference {
  const [name = ''] = text.split(':', 1);
  const namespaces = referenceNamespaces();
  const namespace = namespaces.find((known) => known.name === name);
  if (namespace === undefined) {
    const names = namespaces.map((known) => known.name).join(', ');
    throw usage(`a payment is named by its id or by namespace:value; the namespaces are ${names}`);
  }
  const value = text.slice(name.length + 1);
  if (!namespace.pattern.test(value)) throw usage(`after ${name}: belongs ${namespace.description}`);
  return { namespace: name, value };
}

/**
 * The payment that `text` names. A reference is unique per merchant only: without `merchant`, the one merchant who has
 * it. Throws `Failure` (`payment_not_found`, `usage` when several merchants have it).
 */
export async function findPayment(session: Session, text: string, merchant: string | undefined): Promise<PaymentView> {
  const { reader } = session.refundry;
  const merchantId = merchantFor(session.identity, merchant);
  const missing = Failure.from(refusal('payment_not_found', `there is no payment ${text}`));
  if (isId(text)) {
    const view = await reader.payment(text, merchantId);
    if (view === null) throw missing;
    return view;
  }
  const reference = readReference(text);
  if (merchantId !== null) {
    if (!isId(merchantId)) throw usage(`${merchantId} is no merchant id`);
    const view = await reader.findPayment(merchantId, { references: [reference] });
    if (view === null) throw missing;
    return view;
  }
  const { items } = await reader.payments({ ...NO_FILTER, reference: reference.value });
  const named = items.filter((payment) => referenceIn(payment, reference.namespace) === reference.value);
  const [only] = named;
  if (named.length > 1) throw usage(`${named.length} merchants have a payment ${text}: say which one with --merchant`);
  const view = only === undefined ? null : await reader.payment(only.id, null);
  if (view === null) throw missing;
  return view;
}

const NO_FILTER = {
  merchantId: null,
  createdFrom: null,
  createdBefore: null,
  amountFromMinor: null,
  amountToMinor: null,
  currency: null,
  status: null,
  disputed: null,
  limit: 100,
  after: null,
};

/** The refund with this id, as it is now. Throws `Failure` (`refund_not_found`). */
export async function findRefund(
  session: Session,
  id: string,
): Promise<Outcome & { readonly refund: NonNullable<Outcome['refund']> }> {
  const outcome = await session.refundry.reader.refund(id, session.identity.merchantId);
  if (outcome === null || outcome.refund === null) {
    throw Failure.from(refusal('refund_not_found', `there is no refund ${id}`));
  }
  return { ...outcome, refund: outcome.refund };
}
