/** Payments and refunds as CSV, with the filters of the API's lists; read page by page, so that no size is too large. */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { visibleMerchant } from '../api/access.ts';
import { timeOrNull, timeView } from '../api/exact-json.ts';
import { listFilter } from '../api/lists.ts';
import { ListPayments } from '../api/payment-schemas.ts';
import { ListRefunds } from '../api/refund-schemas.ts';
import { strict } from '../api/shapes.ts';
import { refusal, Refused } from '../core/errors.ts';
import { formatMajor } from '../core/money.ts';
import { isWhollyRefunded, type Payment, refundableMinor } from '../core/payment.ts';
import type { Refund } from '../core/refund.ts';
import { type Page, SCAN_ROWS } from '../store/page.ts';
import { SettledReader } from '../store/read-settled.ts';
import { asFile, type Cell, csvLine } from './csv.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

/** A page looks at so many rows, and one more to know whether there are more. */
const PAGE_ITEMS = SCAN_ROWS - 1;
/** Each keeps a connection busy. */
const MOST_EXPORTS = 4;

const PaymentExport = strict(Type.Omit(ListPayments, ['limit', 'cursor']).properties);
const RefundExport = strict(Type.Omit(ListRefunds, ['limit', 'cursor']).properties);

const PAYMENT_HEADER = [
  'id',
  'merchant_id',
  'created_at',
  'captured_at',
  'status',
  'refund_status',
  'disputed',
  'settled',
  'currency',
  'amount',
  'captured',
  'refunded',
  'reserved',
  'refundable',
  'references',
  'order_number',
  'method',
  'scheme',
  'last4',
  'customer_name',
  'customer_email',
  'description',
];

const REFUND_HEADER = [
  'id',
  'merchant_id',
  'payment_id',
  'created_at',
  'updated_at',
  'status',
  'refusal_code',
  'cancel_reason',
  'currency',
  'amount',
  'protocol',
  'reference_namespace',
  'reference',
  'requested_by',
  'reason',
  'notes',
];

export function addExports(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const settled = new SettledReader(refundry.readers);
  let running = 0;

  /** The whole list as a stream that reads no faster than it is taken. Throws `Refused` (`overloaded`). */
  const csv = <T>(
    header: readonly string[],
    pageAfter: (after: string | null) => Promise<Page<T>>,
    rowsOf: (items: readonly T[]) => Promise<Cell[][]>,
  ): Readable => {
    if (running >= MOST_EXPORTS) {
      throw new Refused(refusal('overloaded', `${running} exports are running already; try again in a moment`));
    }
    async function* lines(): AsyncGenerator<string> {
      yield csvLine(header);
      for (let after: string | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
        const page: Page<T> = await pageAfter(after);
        if (page.items.length > 0) yield (await rowsOf(page.items)).map(csvLine).join('');
        after = page.next;
      }
    }
    running += 1;
    const stream = Readable.from(lines(), { objectMode: false });
    return stream.once('close', () => {
      running -= 1;
    });
  };

  app.route({
    method: 'GET',
    url: '/export/payments.csv',
    config: consoleOperation('export_payments', 'read'),
    // Fastify would answer HEAD by running all of it and throwing the text away.
    exposeHeadRoute: false,
    schema: { querystring: PaymentExport },
    handler: (request, reply) => {
      const { query } = request;
      const filter = {
        ...listFilter('payment', query, visibleMerchant(request, query.merchant_id)),
        status: query.status ?? null,
        disputed: query.disputed === undefined ? null : query.disputed === 'true',
        limit: PAGE_ITEMS,
      };
      const stream = csv(
        PAYMENT_HEADER,
        (after) => refundry.reader.payments({ ...filter, after }),
        async (payments) => {
          const settledIds = await settled.now(payments);
          return payments.map((payment) => paymentCells(payment, settledIds.has(payment.id)));
        },
      );
      asFile(reply, fileName('payments'));
      return reply.send(stream);
    },
  });

  app.route({
    method: 'GET',
    url: '/export/refunds.csv',
    config: consoleOperation('export_refunds', 'read'),
    // Fastify would answer HEAD by running all of it and throwing the text away.
    exposeHeadRoute: false,
    schema: { querystring: RefundExport },
    handler: (request, reply) => {
      const { query } = request;
      const filter = {
        ...listFilter('refund', query, visibleMerchant(request, query.merchant_id)),
        status: query.status ?? null,
        paymentId: query.payment_id ?? null,
        limit: PAGE_ITEMS,
      };
      const stream = csv(
        REFUND_HEADER,
        (after) => refundry.reader.refunds({ ...filter, after }),
        (refunds) => Promise.resolve(refunds.map(refundCells)),
      );
      asFile(reply, fileName('refunds'));
      return reply.send(stream);
    },
  });
}

const fileName = (what: string): string => `${what}-${new Date().toISOString().slice(0, 10)}.csv`;

function paymentCells(payment: Payment, isSettled: boolean): Cell[] {
  const { currency, details } = payment;
  const major = (minor: bigint): Cell => formatMajor(minor, currency);
  return [
    payment.id,
    payment.merchantId,
    timeView(payment.createdAt),
    timeOrNull(payment.capturedAt),
    payment.status,
    isWhollyRefunded(payment) ? 'full' : payment.refundedMinor > 0n ? 'partial' : 'none',
    payment.disputed,
    isSettled,
    currency,
    major(payment.amountMinor),
    major(payment.capturedMinor),
    major(payment.refundedMinor),
    major(payment.reservedMinor),
    major(refundableMinor(payment)),
    payment.references.map(({ namespace, value }) => `${namespace}=${value}`).join(' '),
    details.orderNumber ?? null,
    details.method?.type ?? null,
    details.method?.scheme ?? null,
    details.method?.last4 ?? null,
    details.customer?.name ?? null,
    details.customer?.email ?? null,
    details.description ?? null,
  ];
}

function refundCells(refund: Refund): Cell[] {
  return [
    refund.id,
    refund.merchantId,
    refund.paymentId,
    timeView(refund.createdAt),
    timeView(refund.updatedAt),
    refund.status,
    refund.refusalCode,
    refund.cancelReason,
    refund.currency,
    formatMajor(refund.amountMinor, refund.currency),
    refund.protocol,
    refund.reference?.namespace ?? null,
    refund.reference?.value ?? null,
    refund.requestedBy,
    refund.details.reason ?? null,
    refund.details.notes ?? null,
  ];
}
