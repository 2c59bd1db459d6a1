/** PayEngine's spelling: its path, limits, error codes and return codes. */
import type { ErrorCode } from '../../core/errors.ts';
import type { RefundStatus } from '../../core/refund.ts';
import type { ReferenceNamespace } from '../dialect.ts';

export const PREFIX = '/api/payment/';

/** Transaction ids are UUIDs where PayEngine makes them; any one word is taken, so that other ids can move in. */
export const TRANSACTION_ID = /^[\x21-\x7e]{1,255}$/;

export const TRANSACTION_IDS: ReferenceNamespace = {
  name: 'payengine.id',
  pattern: TRANSACTION_ID,
  description: 'The id of the sale transaction: 1 to 255 printable ASCII characters, no blanks',
};

/** The partner's limit for an amount, the decimal point included. */
export const AMOUNT_LENGTH = 12;
export const REASON_LENGTH = 1000;
export const INTERNAL_ID_LENGTH = 255;
/** The partner gives no limit; this is ample for identifiers and notes, and keeps a refund's row small. */
export const METADATA_BYTES = 16 * 1024;

interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
}

/** What each refusal is here; the partner publishes no error body, so codes and statuses are ours. */
export const ERROR_ANSWERS: Readonly<Record<ErrorCode, ErrorAnswer>> = {
  unauthenticated: { status: 401, code: 'unauthorized' },
  forbidden: { status: 403, code: 'forbidden' },
  rate_limited: { status: 429, code: 'rate_limited' },
  invalid_request: { status: 400, code: 'invalid_parameter' },
  idempotency_key_reused: { status: 409, code: 'idempotency_key_reused' },
  duplicate_reference: { status: 409, code: 'duplicate_reference' },
  resource_not_found: { status: 404, code: 'not_found' },
  payment_not_found: { status: 404, code: 'transaction_not_found' },
  refund_not_found: { status: 404, code: 'refund_not_found' },
  currency_mismatch: { status: 409, code: 'currency_mismatch' },
  payment_not_refundable: { status: 409, code: 'transaction_not_refundable' },
  payment_disputed: { status: 409, code: 'transaction_disputed' },
  refund_window_expired: { status: 409, code: 'refund_window_expired' },
  already_refunded: { status: 409, code: 'already_refunded' },
  refund_count_exceeded: { status: 409, code: 'refund_count_exceeded' },
  reason_required: { status: 409, code: 'reason_required' },
  below_minimum: { status: 409, code: 'below_minimum' },
  partial_refund_not_allowed: { status: 409, code: 'partial_refund_not_allowed' },
  amount_exceeds_refundable: { status: 409, code: 'amount_exceeds_available' },
  expected_refundable_mismatch: { status: 409, code: 'available_amount_mismatch' },
  insufficient_merchant_balance: { status: 409, code: 'insufficient_merchant_balance' },
  not_capturable: { status: 409, code: 'not_capturable' },
  not_voidable: { status: 409, code: 'not_voidable' },
  not_cancelable: { status: 409, code: 'not_cancelable' },
  not_reversible: { status: 409, code: 'not_reversible' },
  nothing_to_settle: { status: 409, code: 'nothing_to_settle' },
  approval_not_allowed: { status: 409, code: 'approval_not_allowed' },
  overloaded: { status: 503, code: 'overloaded' },
  outcome_unknown: { status: 503, code: 'outcome_unknown' },
  internal_error: { status: 500, code: 'internal_error' },
};

interface ReturnState {
  readonly httpStatus: number;
  readonly status: 'PASS' | 'FAIL' | 'PENDING';
  readonly responseCode: string;
  readonly responseMessage: string;
  readonly achStatus: string;
}

const WAITS = { httpStatus: 202, status: 'PENDING', achStatus: 'Pending' } as const;
const FAILED = { httpStatus: 200, status: 'FAIL', achStatus: 'Rejected' } as const;

/** A refund in each of its states. `PASS` with its codes and `FAIL` are the partner's, `PENDING` and the rest ours. */
export const RETURN_STATES: Readonly<Record<Exclude<RefundStatus, 'refused'>, ReturnState>> = {
  succeeded: {
    httpStatus: 200,
    status: 'PASS',
    responseCode: 'A0000',
    responseMessage: 'Success',
    achStatus: 'Accepted',
  },
  pending_approval: { ...WAITS, responseCode: 'P0001', responseMessage: "Waits for a second person's approval" },
  pending: { ...WAITS, responseCode: 'P0002', responseMessage: 'In progress' },
  unknown: { ...WAITS, responseCode: 'P0002', responseMessage: 'In progress' },
  failed: { ...FAILED, responseCode: 'F0001', responseMessage: 'Failed' },
  canceled: { ...FAILED, responseCode: 'F0002', responseMessage: 'Canceled' },
  reversed: { ...FAILED, responseCode: 'F0003', responseMessage: 'Came back' },
};

/** The codes of the host's that the partner's examples and their pattern tell; other schemes keep their name. */
export const CARD_TYPES: Readonly<Record<string, string>> = { VISA: 'V', MASTERCARD: 'M' };
