/** Writes answers: always `{"data": …}`, with the partner's own error code and a sentence. */
import type { Refusal } from '../../core/errors.ts';
import { describeAmount, formatMajor } from '../../core/money.ts';
import { type Payment, referenceIn } from '../../core/payment.ts';
import type { Refund } from '../../core/refund.ts';
import type { Result, WireAnswer } from '../dialect.ts';
import { AOC, type AocCode, CHARGE_NAMESPACE, type ChargeData, DECIMALS, type RefundData, REFUSALS } from './wire.ts';

const NO_AMOUNT = '0.00';

function answer(status: number, data: RefundData | ChargeData): WireAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ data }) };
}

/** The answer to `refund`; `chargeId` is the request's. */
export function writeRefund(result: Result, chargeId: string): WireAnswer {
  if (result.kind === 'refused') return refuseRefund(result.refusal, chargeId);
  if (result.kind !== 'outcome') throw new Error(`a refund has no ${result.kind}`);
  const { refusal, refund } = result.outcome;
  if (refusal !== null) return refuseRefund(refusal, chargeId);
  if (refund === null) throw new Error('an accepted refund has a row');
  return answer(200, refundData(refund, chargeId));
}

/** The answer to `refundStatus`: what `refund` said, or would say now. */
export function writeRefundStatus(result: Result): WireAnswer {
  const payment = result.kind === 'outcome' ? result.outcome.payment : null;
  return writeRefund(result, payment === null ? '' : (referenceIn(payment, CHARGE_NAMESPACE) ?? ''));
}

export function refuseRefund(refusal: Refusal, chargeId: string): WireAnswer {
  const { errorCode, status } = REFUSALS[refusal.code];
  return answer(status, {
    aocTransID: chargeId,
    transactionOperationStatus: errorCode === AOC.stillProcessing ? 'processing' : 'denied',
    amountRefunded: NO_AMOUNT,
    clientCorrelator: '',
    errorCode,
    errorMessage: sentence(refusal),
  });
}

/** The core's sentence, in the partner's names where the core's own would say nothing to the caller. */
function sentence(refusal: Refusal): string {
  switch (refusal.code) {
    case 'payment_not_found':
      return 'aocTransID: there is no such charge';
    case 'refund_not_found':
      return 'spTransID: there is no refund of this spTransID';
    case 'duplicate_reference':
      return `spTransID: ${refusal.message}`;
    default:
      return refusal.message;
  }
}

function refundData(refund: Refund, chargeId: string): RefundData {
  const done = refund.status === 'succeeded';
  const { status, errorCode, errorMessage } = refundState(refund);
  return {
    aocTransID: chargeId,
    transactionOperationStatus: status,
    amountRefunded: done ? formatMajor(refund.amountMinor, refund.currency, DECIMALS) : NO_AMOUNT,
    clientCorrelator: status === 'denied' ? '' : refund.id,
    errorCode,
    errorMessage,
  };
}

interface RefundState {
  readonly status: RefundData['transactionOperationStatus'];
  readonly errorCode: AocCode;
  readonly errorMessage: string;
}

function refundState(refund: Refund): RefundState {
  const what = `the refund of ${describeAmount(refund.amountMinor, refund.currency)}`;
  const denied = (errorMessage: string): RefundState => ({ status: 'denied', errorCode: AOC.failed, errorMessage });
  const waiting = (why: string): RefundState => ({
    status: 'processing',
    errorCode: AOC.stillProcessing,
    errorMessage: `${what} ${why}: ask refundStatus with its spTransID`,
  });
  switch (refund.status) {
    case 'succeeded':
      return { status: 'refunded', errorCode: AOC.success, errorMessage: '' };
    case 'pending_approval':
      return waiting('waits for approval');
    case 'pending':
    case 'unknown':
      return waiting('is not done yet');
    case 'canceled':
      return denied(
        refund.cancelReason === 'rejected'
          ? `${what} was not approved`
          : refund.cancelReason === 'expired'
            ? `${what} was not approved in time`
            : `${what} was canceled`,
      );
    case 'failed':
      return denied(`${what} failed`);
    case 'reversed':
      return denied(`${what} was done and came back`);
    case 'refused':
      return denied(`${what} was refused`);
  }
}

/** The answer to `chargeStatus`. */
export function writeChargeStatus(result: Result): WireAnswer {
  if (result.kind === 'payment') return answer(200, chargeData(result.payment));
  if (result.kind !== 'refused') throw new Error(`a charge has no ${result.kind}`);
  const { errorCode, status } = REFUSALS[result.refusal.code];
  return answer(status, {
    transactionOperationStatus: errorCode === AOC.stillProcessing ? 'Processing' : 'Denied',
    totalAmountCharged: NO_AMOUNT,
    msisdn: '',
    clientCorrelator: '',
    errorCode,
    errorMessage: sentence(result.refusal),
  });
}

function chargeData(payment: Payment): ChargeData {
  return {
    ...chargeState(payment),
    totalAmountCharged: formatMajor(payment.capturedMinor, payment.currency, DECIMALS),
    msisdn: payment.details.customer?.phone ?? '',
    clientCorrelator: payment.id,
  };
}

function chargeState({
  status,
}: Payment): Pick<ChargeData, 'transactionOperationStatus' | 'errorCode' | 'errorMessage'> {
  switch (status) {
    case 'captured':
      return { transactionOperationStatus: 'Charged', errorCode: AOC.success, errorMessage: '' };
    case 'pending':
      return {
        transactionOperationStatus: 'Processing',
        errorCode: AOC.stillProcessing,
        errorMessage: 'the charge is not done yet',
      };
    case 'voided':
    case 'closed':
      return {
        transactionOperationStatus: 'Denied',
        errorCode: AOC.chargingDenied,
        errorMessage: `the charge is ${status}`,
      };
  }
}
