/** `refundry payment show`: what a payment is, what of it went back, and what is refundable. */
import { Command } from 'commander';
import { couponView, entitlementView, paymentView, refundView } from '../api/views.ts';
import { type Payment, type PaymentDetails, type PaymentMethod, refundableMinor } from '../core/payment.ts';
import type { Refund } from '../core/refund.ts';
import { fields, money, print, printJson, table, time } from './output.ts';
import { findPayment } from './select.ts';
import { type CommonOptions, onBooks, withSession } from './session.ts';

export function paymentCommand(): Command {
  const payment = new Command('payment').description('payments and what is refundable of them');
  onBooks(
    payment
      .command('show <payment>')
      .description('a payment, its references and every refund asked of it')
      .option('--merchant <id>', 'whose, where several merchants use the same reference')
      .addHelpText('after', '\n<payment> is an id or a reference: native.reference:order-42, bbmsl.orderId:4922, …'),
  ).action(showPayment);
  return payment;
}

async function showPayment(name: string, options: CommonOptions & { merchant?: string }): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const { payment, refunds, settled } = await findPayment(session, name, options.merchant);
    const { entitlements, coupons } = payment.entitled
      ? await session.refundry.reader.entitlementsOf(payment)
      : { entitlements: [], coupons: [] };
    if (options.json === true) {
      printJson({
        ...paymentView(payment, settled),
        refunds: refunds.map((refund) => refundView(refund, null)),
        entitlements: entitlements.map((one) => entitlementView(one, payment)),
        coupons: coupons.map((one) => couponView(one, payment)),
      });
      return;
    }
    print(fields([...describePayment(payment), ['settled', settled ? 'yes' : 'no']]));
    for (const { code } of coupons) print(fields([['coupon', code]]));
    if (entitlements.length > 0) {
      const rows = entitlements.map(({ learner, kind, target, couponId }) => [
        learner,
        kind,
        target,
        couponId === null ? '' : 'yes',
      ]);
      print(`\n${table(['learner', 'kind', 'target', 'by coupon'], rows)}`);
    }
    print(refunds.length === 0 ? '\nNo refund was asked of it.' : `\n${describeRefunds(refunds)}`);
  });
}

/** Label and value per line. */
export function describePayment(payment: Payment): [string, string][] {
  const show = (minor: bigint): string => money(minor, payment.currency);
  return [
    ['payment', payment.id],
    ['merchant', payment.merchantId],
    ['status', payment.disputed ? `${payment.status}, disputed` : payment.status],
    ['amount', show(payment.amountMinor)],
    ...describeNumbers(payment),
    ...payment.references.map(({ namespace, value }): [string, string] => [namespace, value]),
    ...describeDetails(payment.details),
    ['made', time(payment.createdAt)],
    ...(payment.capturedAt === null ? [] : [['captured at', time(payment.capturedAt)] as [string, string]]),
  ];
}

/** Who paid, and with what: of a card number there are the first six digits and the last four, if those. */
function describeDetails({ customer = {}, method, description }: PaymentDetails): [string, string][] {
  const { name, email, phone } = customer;
  const lines: [string, (string | undefined)[]][] = [
    ['customer', [name, email, phone]],
    ['paid with', method === undefined ? [] : [describeMethod(method), method.holderName]],
    ['for', [description]],
  ];
  return lines.flatMap(([label, parts]): [string, string][] => {
    const given = parts.filter((part) => part !== undefined);
    return given.length === 0 ? [] : [[label, given.join(', ')]];
  });
}

function describeMethod({ type, scheme, first6, last4, expiryMonth, expiryYear }: PaymentMethod): string {
  const number = last4 === undefined && first6 === undefined ? undefined : `${first6 ?? ''}******${last4 ?? ''}`;
  const expiry = expiryMonth === undefined || expiryYear === undefined ? undefined : `(${expiryMonth}/${expiryYear})`;
  return [type, scheme, number, expiry].filter((part) => part !== undefined).join(' ');
}

/** Captured, refunded, reserved, refundable. */
export function describeNumbers(payment: Payment): [string, string][] {
  const show = (minor: bigint): string => money(minor, payment.currency);
  return [
    ['captured', show(payment.capturedMinor)],
    ['refunded', show(payment.refundedMinor)],
    ...(payment.reservedMinor === 0n ? [] : [['reserved', show(payment.reservedMinor)] as [string, string]]),
    ['refundable', show(refundableMinor(payment))],
  ];
}

function describeRefunds(refunds: readonly Refund[]): string {
  const rows = refunds.map((refund) => [
    refund.id,
    refund.refusalCode === null ? refund.status : `${refund.status}: ${refund.refusalCode}`,
    money(refund.amountMinor, refund.currency),
    refund.protocol,
    time(refund.createdAt),
    refund.details.reason ?? '',
  ]);
  return table(['refund', 'status', 'amount', 'protocol', 'asked', 'reason'], rows, ['amount']);
}
