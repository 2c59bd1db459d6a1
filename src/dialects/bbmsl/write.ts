/** Writes answers as the partner's pages show them. */
import type { Refusal } from '../../core/errors.ts';
import { bucketOf } from '../../core/ids.ts';
import { entryNumber } from '../../core/journal.ts';
import { describeAmount, formatMajor } from '../../core/money.ts';
import { type Payment, type PaymentMethod, referenceIn } from '../../core/payment.ts';
import type { Refund } from '../../core/refund.ts';
import type { Caller, Result, WireAnswer } from '../dialect.ts';
import {
  CARD_TYPES,
  MERCHANT_REFERENCES,
  ORDER_IDS,
  type OrderStatus,
  REFUND_STATES,
  RESPONSES,
  SUCCESS_CODE,
  SUCCESS_MESSAGE,
  type TransactionStatus,
} from './wire.ts';

export function writeResult(result: Result): WireAnswer {
  switch (result.kind) {
    case 'refused':
      return writeRefusal(result.refusal);
    case 'payment':
      return answer(200, {
        responseCode: SUCCESS_CODE,
        message: SUCCESS_MESSAGE,
        order: orderOf(result.payment, result.settled, result.caller),
        transactions: transactionsOf(result.payment, result.refunds, result.settled, result.caller),
      });
    case 'outcome': {
      const { refusal, payment, refund } = result.outcome;
      if (refusal !== null) return writeRefusal(refusal);
      if (payment === null) throw new Error('an accepted command must have left a payment');
      return refund === null ? writeVoid(payment, result.caller) : writeRefund(payment, refund, result.caller);
    }
    case 'session':
    case 'signed_out':
      throw new Error(`bbmsl has no sessions, got a result of kind ${result.kind}`);
  }
}

export function writeRefusal(refusal: Refusal): WireAnswer {
  const { responseCode, status } = RESPONSES[refusal.code];
  return answer(status, { responseCode, message: refusal.message });
}

/**
 * A refund that is done has no `message`: the page's example has none, and the partner's WooCommerce plugin takes a
 * refund's `message` for a failure. One that is not done has one, and a code of its own.
 */
function writeRefund(payment: Payment, refund: Refund, caller: Caller): WireAnswer {
  if (refund.status === 'refused') throw new Error(`refund ${refund.id} is refused, and its outcome is not`);
  const { responseCode, meaning } = REFUND_STATES[refund.status];
  const transaction = refundTransaction(payment, refund, caller);
  if (responseCode !== SUCCESS_CODE) {
    const message = `the refund of ${describeAmount(refund.amountMinor, refund.currency)} ${meaning}`;
    return answer(200, { responseCode, message, transaction });
  }
  return answer(200, { responseCode, order: orderOf(payment, false, caller), transaction });
}

function writeVoid(payment: Payment, caller: Caller): WireAnswer {
  return answer(200, {
    responseCode: SUCCESS_CODE,
    message: SUCCESS_MESSAGE,
    order: orderOf(payment, false, caller),
    transaction: voidTransaction(payment, caller),
  });
}

/** The one table from payments to the partner's order statuses. */
function orderStatus(payment: Payment, settled: boolean): OrderStatus {
  switch (payment.status) {
    case 'pending':
      return 'OPEN';
    case 'closed':
      return 'CLOSED';
    case 'voided':
      return 'VOIDED';
    case 'captured':
      return payment.refundedMinor > 0n ? 'REFUNDED' : settled ? 'SETTLED' : 'SUCCESS';
  }
}

function orderOf(payment: Payment, settled: boolean, caller: Caller): unknown {
  const { details, currency } = payment;
  const status = orderStatus(payment, settled);
  const netMinor = status === 'VOIDED' || status === 'CLOSED' ? 0n : payment.amountMinor - payment.refundedMinor;
  return {
    id: number(referenceIn(payment, ORDER_IDS.name)),
    merchantId: number(caller.lookup),
    merchantReference: referenceIn(payment, MERCHANT_REFERENCES.name) ?? '',
    currency,
    amount: number(formatMajor(payment.amountMinor, currency, 2)),
    netAmount: number(formatMajor(netMinor, currency, 2)),
    cardType: cardType(details.method),
    email: details.customer?.email ?? '',
    createTime: timestamp(payment.createdAt),
    updateTime: timestamp(payment.updatedAt),
    status,
    recurring: false,
  };
}

/** The sale, the refunds that are or were under way, and the void, in the order in which they came. */
function transactionsOf(payment: Payment, refunds: readonly Refund[], settled: boolean, caller: Caller): unknown[] {
  const transactions: unknown[] = [];
  if (payment.capturedSeq !== null) {
    transactions.push(
      transactionOf(payment, caller, {
        seq: payment.capturedSeq,
        type: 'SALE',
        amountMinor: payment.amountMinor,
        // A captured payment's order statuses are transaction statuses, too.
        status: orderStatus(payment, settled) as TransactionStatus,
      }),
    );
  }
  const attempted = refunds.filter(({ status }) => status !== 'refused');
  attempted.sort((a, b) => Number(a.createdSeq - b.createdSeq));
  for (const refund of attempted) transactions.push(refundTransaction(payment, refund, caller));
  if (payment.status === 'voided') transactions.push(voidTransaction(payment, caller));
  return transactions;
}

function refundTransaction(payment: Payment, refund: Refund, caller: Caller): unknown {
  if (refund.status === 'refused') throw new Error(`refund ${refund.id} is refused: it is no transaction`);
  return transactionOf(payment, caller, {
    seq: refund.createdSeq,
    type: 'REFUND',
    amountMinor: refund.amountMinor,
    status: REFUND_STATES[refund.status].transaction,
  });
}

/** A voided payment does not change any more, so the entry that changed it last is the void. */
function voidTransaction(payment: Payment, caller: Caller): unknown {
  return transactionOf(payment, caller, {
    seq: payment.lastSeq,
    type: 'VOID',
    amountMinor: payment.amountMinor,
    status: 'SUCCESS',
  });
}

interface Movement {
  /** The journal entry that made it. */
  readonly seq: bigint;
  readonly type: 'SALE' | 'REFUND' | 'VOID';
  readonly amountMinor: bigint;
  readonly status: TransactionStatus;
}

function transactionOf(payment: Payment, caller: Caller, movement: Movement): unknown {
  const id = entryNumber(bucketOf(payment.id), movement.seq);
  return {
    id,
    merchantId: number(caller.lookup),
    type: movement.type,
    amount: number(formatMajor(movement.amountMinor, payment.currency, 0)),
    currency: payment.currency,
    status: movement.status,
    maskedPan: maskedPan(payment.details.method),
    stan: `S${id}`,
  };
}

function cardType(method: PaymentMethod | undefined): string {
  const scheme = method?.scheme?.toUpperCase() ?? '';
  return CARD_TYPES[scheme] ?? scheme;
}

function maskedPan(method: PaymentMethod | undefined): string {
  const { first6 = '', last4 = '' } = method ?? {};
  return first6 === '' && last4 === '' ? '' : `${first6.padEnd(6, 'X')}XXXXXX${last4.padStart(4, 'X')}`;
}

/** `2022-06-21T19:00:12.000+00:00`, always UTC. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+00:00');
}

// TypeScript's library does not know JSON.rawJSON yet (ECMAScript 2026, JSON.parse source text access).
const { rawJSON } = JSON as unknown as { readonly rawJSON: (this: void, text: string) => unknown };

/** A JSON number of just these digits, never through a binary float: the page writes `15.00`. */
function number(digits: string | undefined): unknown {
  return digits === undefined ? null : rawJSON(digits);
}

function answer(status: number, body: unknown): WireAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}
