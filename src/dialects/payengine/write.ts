/** Writes answers as the partner's pages show them. */
import type { Refusal } from '../../core/errors.ts';
import { bucketOf } from '../../core/ids.ts';
import { entryNumber } from '../../core/journal.ts';
import { describeAmount, formatMajor } from '../../core/money.ts';
import { type Device, type Payment, referenceIn } from '../../core/payment.ts';
import type { Refund } from '../../core/refund.ts';
import type { Caller, Result, WireAnswer } from '../dialect.ts';
import { CARD_TYPES, ERROR_ANSWERS, RETURN_STATES, TRANSACTION_IDS } from './wire.ts';

export function writeResult(result: Result): WireAnswer {
  if (result.kind === 'refused') return writeRefusal(result.refusal);
  if (result.kind !== 'outcome')
    throw new Error(`payengine asks for refunds only, got a result of kind ${result.kind}`);
  const { refusal, payment, refund } = result.outcome;
  if (refusal !== null) return writeRefusal(refusal);
  if (payment === null || refund === null) throw new Error('an accepted refund must have left a payment and a refund');
  return writeRefund(payment, refund, result.caller);
}

export function writeRefusal(refusal: Refusal): WireAnswer {
  const { status, code } = ERROR_ANSWERS[refusal.code];
  const { parameter } = refusal.facts;
  // A member that is undefined is left out of the JSON, here and below.
  const param = typeof parameter === 'string' ? parameter : undefined;
  return answer(status, { error: { code, message: refusal.message, param } });
}

function writeRefund(payment: Payment, refund: Refund, caller: Caller): WireAnswer {
  if (refund.status === 'refused') throw new Error(`refund ${refund.id} is refused, and its outcome is not`);
  const { details } = payment;
  const state = RETURN_STATES[refund.status];
  return answer(state.httpStatus, {
    data: {
      ID: referenceIn(payment, TRANSACTION_IDS.name) ?? payment.id,
      TransactionID: refund.id,
      MerchantID: caller.merchantId,
      reason: refund.details.reason ?? '',
      token: details.method?.token ?? '',
      internalTransactionID: refund.details.internalTransactionId ?? details.internalTransactionId,
      order_number: details.orderNumber,
      Metadata: refund.details.metadata,
      ReturnResponse: returnResponse(payment, refund, state),
      device: details.device === undefined ? undefined : deviceOf(details.device),
    },
  });
}

type State = (typeof RETURN_STATES)[keyof typeof RETURN_STATES];

/**
 * What the host says of the return. Refundry is the host, so the numbers that a host would give are the number of the
 * refund's journal entry, and a code for what has not happened is left out.
 */
function returnResponse(payment: Payment, refund: Refund, state: State): unknown {
  const { method, orderNumber } = payment.details;
  const done = refund.status === 'succeeded';
  const entry = String(entryNumber(bucketOf(refund.id), refund.createdSeq));
  const amount = formatMajor(refund.amountMinor, refund.currency);
  const verdict = {
    status: state.status,
    responseCode: state.responseCode,
    responseMessage: state.responseMessage,
  };
  const task = { taskID: entry, transactionID: entry, transactionTimestamp: timestamp(refund.createdAt) };
  const amounts = { transactionAmount: amount, returnedAmount: done ? amount : formatMajor(0n, refund.currency) };
  const order = { orderNumber, externalReferenceID: orderNumber };

  if (method?.type === 'ach') {
    return {
      ...verdict,
      achHostTransactionID: entry,
      achHostTransactionStatus: state.achStatus,
      achHostResponseCode: done ? '0' : undefined,
      achHostMessage: done ? `Transaction refunded in the amount of ${spoken(refund)}` : state.responseMessage,
      ...task,
      ...amounts,
      ...order,
      masked_bank_account: method.last4,
      bank_routing_number: method.routingNumber,
    };
  }
  const scheme = method?.scheme?.toUpperCase();
  return {
    ...verdict,
    authCode: method?.authorizationCode,
    hostReferenceNumber: entry,
    hostResponseCode: done ? '00' : undefined,
    ...task,
    ...amounts,
    totalAmount: amount,
    ...order,
    cardType: scheme === undefined ? undefined : (CARD_TYPES[scheme] ?? scheme),
    maskedCardNumber: method?.last4,
  };
}

function spoken(refund: Refund): string {
  if (refund.currency !== 'USD') return describeAmount(refund.amountMinor, refund.currency);
  return `$${formatMajor(refund.amountMinor, refund.currency)}`;
}

/** `2022-02-16T15:45:24`, in UTC. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

function deviceOf(device: Device): unknown {
  return {
    id: device.id,
    type: device.type,
    name: device.name,
    model: device.model,
    serial_number: device.serialNumber,
    sdk_version: device.sdkVersion,
    manufacturer: device.manufacturer,
    app_version: device.appVersion,
    os: device.os,
    os_version: device.osVersion,
  };
}

function answer(status: number, body: unknown): WireAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}
