/** Answers out: one message in the XML that the partner's refund page shows. */
import { XMLBuilder } from 'fast-xml-parser';
import type { ErrorCode, Refusal } from '../../core/errors.ts';
import type { Outcome } from '../../core/outcome.ts';
import { isWhollyRefunded, type Payment, refundableMinor } from '../../core/payment.ts';
import type { Result, SetCookie, WireAnswer } from '../dialect.ts';
import { CONTENT_TYPE, FAILURE, MESSAGE, type MessageCode, SESSION_ID, SESSION_INFO, SUCCESS } from './wire.ts';

interface ErrorAnswer {
  readonly message: MessageCode;
  readonly status: number;
}

/** 200: the call was understood and turned down, as the partner's own list of HTTP codes has nothing closer. */
const GENERIC: ErrorAnswer = { message: MESSAGE.genericError, status: 200 };
const NOT_REFUNDABLE: ErrorAnswer = { message: MESSAGE.notRefundable, status: 200 };
const NOT_FOUND: ErrorAnswer = { message: MESSAGE.notFound, status: 404 };
const UNAVAILABLE: ErrorAnswer = { message: MESSAGE.genericError, status: 503 };

export const ERROR_ANSWERS: Readonly<Record<ErrorCode, ErrorAnswer>> = {
  unauthenticated: { message: MESSAGE.sessionNotValid, status: 401 },
  forbidden: { message: MESSAGE.notAllowed, status: 401 },
  rate_limited: { message: MESSAGE.genericError, status: 429 },
  invalid_request: GENERIC,
  idempotency_key_reused: GENERIC,
  duplicate_reference: GENERIC,
  resource_not_found: { message: MESSAGE.invalidPath, status: 404 },
  payment_not_found: NOT_FOUND,
  refund_not_found: NOT_FOUND,
  currency_mismatch: GENERIC,
  payment_not_refundable: NOT_REFUNDABLE,
  payment_disputed: NOT_REFUNDABLE,
  refund_window_expired: GENERIC,
  already_refunded: NOT_REFUNDABLE,
  refund_count_exceeded: GENERIC,
  reason_required: GENERIC,
  below_minimum: GENERIC,
  partial_refund_not_allowed: GENERIC,
  amount_exceeds_refundable: GENERIC,
  expected_refundable_mismatch: GENERIC,
  insufficient_merchant_balance: GENERIC,
  not_capturable: GENERIC,
  not_voidable: GENERIC,
  not_cancelable: GENERIC,
  not_reversible: GENERIC,
  nothing_to_settle: GENERIC,
  approval_not_allowed: GENERIC,
  overloaded: UNAVAILABLE,
  outcome_unknown: UNAVAILABLE,
  internal_error: { message: MESSAGE.genericError, status: 500 },
};

/** The partner's name for where an invoice stands. Beyond Temporary, Active and REFUNDED the names are ours. */
export function invoiceStatus(payment: Payment): string {
  switch (payment.status) {
    case 'pending':
      return 'Temporary';
    case 'voided':
      return 'Voided';
    case 'closed':
      return 'Closed';
    case 'captured':
      if (isWhollyRefunded(payment)) return 'REFUNDED';
      if (payment.disputed) return 'Disputed';
      return refundableMinor(payment) === 0n ? 'Refund pending' : 'Active';
  }
}

/** A refusal that concerns no invoice, or none that is known. */
export function refuse(refused: Refusal): WireAnswer {
  return writeRefusal(refused, null, null);
}

function writeRefusal(refused: Refusal, invoiceId: string | null, payment: Payment | null): WireAnswer {
  const { message, status } = ERROR_ANSWERS[refused.code];
  switch (message) {
    case MESSAGE.notAllowed:
      return answer(status, FAILURE, message, 'You are not allowed to perform this action.');
    case MESSAGE.sessionNotValid:
      return answer(status, FAILURE, message, `Session is not valid or has expired: ${refused.message}`);
    case MESSAGE.invalidPath:
      if (refused.facts['resource'] === 'dispatch') {
        return answer(status, FAILURE, MESSAGE.unsupportedOperation, `Unsupported operation: ${refused.message}`);
      }
      return answer(status, FAILURE, message, `Invalid path: ${refused.message}`);
    case MESSAGE.notFound:
      if (invoiceId === null) break;
      return answer(status, FAILURE, message, `Unable to find Invoice with matching Id ${invoiceId}.`);
    case MESSAGE.notRefundable:
      if (invoiceId === null || payment === null) break;
      return answer(
        status,
        FAILURE,
        message,
        `Not refundable Invoice ${invoiceId}, status = ${invoiceStatus(payment)}`,
      );
    default:
  }
  return answer(status, FAILURE, message, refused.message);
}

export function writeConnected(result: Result, isSigningIn: boolean): WireAnswer {
  if (result.kind === 'session') {
    const [first, second] = result.tokens;
    if (second === null) return success([{ name: SESSION_ID, value: first }]);
    return answer(200, SUCCESS, MESSAGE.connectSuccessful, 'Connect successful.', [
      { name: SESSION_INFO, value: second },
    ]);
  }
  if (isSigningIn && result.kind === 'refused' && result.refusal.code === 'unauthenticated') {
    return answer(401, FAILURE, MESSAGE.connectNotSuccessful, 'Connect not successful.');
  }
  return writeRefused(result, null);
}

export function writeSignedOut(result: Result): WireAnswer {
  if (result.kind !== 'signed_out') return writeRefused(result, null);
  return success([
    { name: SESSION_ID, value: '' },
    { name: SESSION_INFO, value: '' },
  ]);
}

export function writeRefund(result: Result, invoiceId: string | null): WireAnswer {
  return result.kind === 'outcome' ? writeOutcome(result.outcome, invoiceId) : writeRefused(result, invoiceId);
}

function writeRefused(result: Result, invoiceId: string | null): WireAnswer {
  if (result.kind !== 'refused') throw new Error(`this operation has no answer for a result of kind ${result.kind}`);
  return writeRefusal(result.refusal, invoiceId, null);
}

function writeOutcome(outcome: Outcome, invoiceId: string | null): WireAnswer {
  const { refusal, refund, payment } = outcome;
  if (refusal !== null) return writeRefusal(refusal, invoiceId, payment);
  if (refund === null) throw new Error('an accepted refund has a refund');
  switch (refund.status) {
    case 'succeeded':
      return success();
    case 'pending_approval':
      return waiting(`The refund of Invoice ${invoiceId} waits for approval: nothing is refunded yet.`);
    case 'pending':
    case 'unknown':
      return waiting(`The refund of Invoice ${invoiceId} is not completed yet.`);
    case 'failed':
    case 'canceled':
    case 'reversed':
    case 'refused':
      return answer(
        GENERIC.status,
        FAILURE,
        GENERIC.message,
        `The refund of Invoice ${invoiceId} is ${refund.status}.`,
      );
  }
}

/** 202 tells a refund that waits from one that was turned down: the partner's XML knows only success and failure. */
function waiting(text: string): WireAnswer {
  return answer(202, FAILURE, MESSAGE.genericError, text);
}

function success(cookies: readonly SetCookie[] = []): WireAnswer {
  return answer(200, SUCCESS, MESSAGE.success, 'Success', cookies);
}

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', cdataPropName: '#cdata' });

/** What XML 1.0 cannot carry in any form, section 2.2: it would make the whole answer unreadable. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function answer(
  status: number,
  code: typeof SUCCESS | typeof FAILURE,
  message: MessageCode,
  text: string,
  cookies: readonly SetCookie[] = [],
): WireAnswer {
  const value = { '#cdata': text.replace(NOT_XML, '\u{FFFD}') };
  const body = builder.build({ response: { '@code': code, msgs: { msg: { code: message, value } } } });
  return { status, contentType: CONTENT_TYPE, body, ...(cookies.length === 0 ? {} : { cookies }) };
}
