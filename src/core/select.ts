/** Finding the payment or refund that a command names, in its merchant's book and no other. */
import type { Book } from './book.ts';
import type { PaymentSelector } from './command.ts';
import { type Refusal, refusal } from './errors.ts';
import type { Payment } from './payment.ts';
import type { Refund } from './refund.ts';

/**
 * The payment a selector names. References must all name the same one; another merchant's payment is as unknown as one
 * that never was.
 */
export function findPayment(book: Book, merchantId: string, selector: PaymentSelector): Payment | undefined {
  if ('id' in selector) {
    const payment = book.payment(selector.id);
    return payment?.merchantId === merchantId ? payment : undefined;
  }
  const found = new Set(selector.references.map((reference) => book.paymentByReference(merchantId, reference)));
  const [payment] = found;
  return found.size === 1 ? payment : undefined;
}

export function findRefund(book: Book, merchantId: string, refundId: string): Refund | undefined {
  const refund = book.refund(refundId);
  return refund?.merchantId === merchantId ? refund : undefined;
}

export function paymentNotFound(selector: PaymentSelector): Refusal {
  if ('id' in selector) return refusal('payment_not_found', `there is no payment ${selector.id}`);
  const names = selector.references.map((reference) => `${reference.namespace} ${reference.value}`).join(' and ');
  const which = selector.references.length > 1 ? `no one payment has ${names}` : `there is no payment with ${names}`;
  return refusal('payment_not_found', which);
}

export function refundNotFound(refundId: string): Refusal {
  return refusal('refund_not_found', `there is no refund ${refundId}`);
}
