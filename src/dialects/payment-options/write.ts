/** Writes answers: the page's for a refund that was done, and the same skeleton for one that waits or was refused. */
import type { Refusal } from '../../core/errors.ts';
import { bucketOf } from '../../core/ids.ts';
import { entryNumber } from '../../core/journal.ts';
import { describeAmount, formatMajor } from '../../core/money.ts';
import type { Payment, PaymentMethod } from '../../core/payment.ts';
import type { Refund } from '../../core/refund.ts';
import type { Caller, Result, WireAnswer } from '../dialect.ts';
import { DENIED } from './auth.ts';
import {
  type Card,
  DONE,
  type GatewayResponse,
  type MerchantDetails,
  type PaymentDetails,
  type RefundAnswer,
  REFUSALS,
  type TransactionDetails,
  UNDONE,
  WAITING,
} from './wire.ts';

/** `caller` is `null` where nobody was authenticated. */
export function writeRefund(result: Result, caller: Caller | null): WireAnswer {
  if (result.kind === 'refused') return refuseRefund(result.refusal, caller);
  if (result.kind !== 'outcome') throw new Error(`a refund has no ${result.kind}`);
  const { refusal, refund, payment } = result.outcome;
  if (refusal !== null) return refuseRefund(refusal, result.caller);
  if (refund === null || payment === null) throw new Error('an accepted refund has a row, and a payment');
  return refundAnswer(refund, payment, result.caller);
}

export function refuseRefund(refusal: Refusal, caller: Caller | null): WireAnswer {
  const { code, status } = REFUSALS[refusal.code];
  // Right keys with another's merchant_id and wrong keys get one and the same answer.
  const known = refusal.code === 'unauthenticated' ? null : caller;
  return answer(status, known, { version: '1', type: 'ERROR', message: sentence(refusal), code });
}

/** The core's sentence, in the partner's names where the core's own would say nothing to the caller. */
function sentence(refusal: Refusal): string {
  switch (refusal.code) {
    case 'unauthenticated':
      return DENIED;
    case 'payment_not_found':
      return 'transactionId: there is no such transaction';
    default:
      return refusal.message;
  }
}

function refundAnswer(refund: Refund, payment: Payment, caller: Caller): WireAnswer {
  const what = `the refund of ${describeAmount(refund.amountMinor, refund.currency)}`;
  switch (refund.status) {
    case 'succeeded': {
      const { status, code, message } = DONE;
      return answer(status, caller, { version: '1', type: 'INFO', message, code }, blocks(refund, payment, caller));
    }
    case 'pending_approval':
      return waiting(`${what} waits for approval`);
    case 'pending':
    case 'unknown':
      return waiting(`${what} is not done yet`);
    case 'canceled':
      return undone(`${what} was canceled`);
    case 'failed':
      return undone(`${what} failed`);
    case 'reversed':
      return undone(`${what} was done and came back`);
    case 'refused':
      return undone(`${what} was refused`);
  }

  function waiting(message: string): WireAnswer {
    const { status, code } = WAITING;
    return answer(status, caller, { version: '1', type: 'PENDING', message, code }, blocks(refund, payment, caller));
  }

  function undone(message: string): WireAnswer {
    const { status, code } = UNDONE;
    return answer(status, caller, { version: '1', type: 'ERROR', message, code });
  }
}

type Blocks = Required<Pick<RefundAnswer, 'merchant_details' | 'payment_details' | 'transaction_details'>>;

function answer(status: number, caller: Caller | null, response: GatewayResponse, blocks?: Blocks): WireAnswer {
  const body: RefundAnswer = {
    success: response.type === 'INFO',
    status_code: status,
    ...(caller === null ? {} : { is_live: !caller.demo }),
    transaction_type: 'REFUND',
    gateway_response: response,
    ...blocks,
  };
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function blocks(refund: Refund, payment: Payment, caller: Caller): Blocks {
  const merchantTxnRef = payment.details.merchantTransactionReference;
  const reference = merchantTxnRef === undefined ? {} : { merchant_txn_ref: merchantTxnRef };
  return {
    merchant_details: { ...merchantDetails(caller), ...reference },
    payment_details: paymentDetails(refund, payment.details.method),
    transaction_details: { ...transactionDetails(refund), ...reference },
  };
}

function merchantDetails(caller: Caller): MerchantDetails {
  const { legal_name: legalName, mid } = caller.settings;
  return { legal_name: typeof legalName === 'string' ? legalName : caller.merchantName, mid: String(mid) };
}

function transactionDetails(refund: Refund): TransactionDetails {
  return {
    id: refund.id,
    ref: entryNumber(bucketOf(refund.id), refund.createdSeq),
    timestamp: new Date(refund.createdAt).toISOString(),
  };
}

/** A JSON number with just these digits, as no binary float could promise it. */
function numberLiteral(digits: string): unknown {
  // TypeScript's library does not know JSON.rawJSON yet (ECMAScript 2026).
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}

function paymentDetails(refund: Refund, method: PaymentMethod | undefined): PaymentDetails {
  return {
    amount: numberLiteral(formatMajor(refund.amountMinor, refund.currency)),
    ...(refund.status === 'succeeded' ? { response_code: 0 } : {}),
    ...(method?.authorizationCode === undefined ? {} : { auth_code: method.authorizationCode }),
    currency: refund.currency,
    ...(method?.processorMethod === undefined ? {} : { payment_method: method.processorMethod }),
    ...(method?.scheme === undefined ? {} : { scheme: method.scheme }),
    ...(method?.type === 'card' ? { card: cardOf(method) } : {}),
    ...(method === undefined ? {} : { additional_data: { payment_data_source: { type: method.type } } }),
  };
}

/** The page's example shows a whole card number; Refundry has only its first six and last four digits. */
function cardOf({ holderName, first6 = '******', last4, expiryMonth, expiryYear }: PaymentMethod): Card {
  return {
    ...(holderName === undefined ? {} : { name: holderName }),
    ...(last4 === undefined ? {} : { number: `${first6}******${last4}` }),
    ...(expiryMonth === undefined ? {} : { exp_month: expiryMonth }),
    ...(expiryYear === undefined ? {} : { exp_year: expiryYear }),
  };
}
