/** BBMSL's spelling: its paths, field names, statuses and response codes. */
import type { ErrorCode } from '../../core/errors.ts';
import type { RefundStatus } from '../../core/refund.ts';
import type { ReferenceNamespace } from '../dialect.ts';

export const PREFIX = '/hosted-checkout/';

/** Up to 15 digits: what every JSON reader holds exactly, also one that keeps all numbers as binary floats. */
export const NUMBER = /^[1-9][0-9]{0,14}$/;

/** The page gives no length; the partner's other pages say 64. */
export const MERCHANT_REFERENCE = /^[^\p{C}]{1,64}$/u;

/** The partner's `Number(9,2)`: nine digits, of which two may be decimals. */
export const AMOUNT_DIGITS = 9;
export const AMOUNT_DECIMALS = 2;

export const MERCHANT_REFERENCES: ReferenceNamespace = {
  name: 'bbmsl.merchantReference',
  pattern: MERCHANT_REFERENCE,
  description: "The merchant's own reference of the order: 1 to 64 characters",
};

export const ORDER_IDS: ReferenceNamespace = {
  name: 'bbmsl.orderId',
  pattern: NUMBER,
  description: "BBMSL's number of the order: up to 15 digits",
  numberedWith: MERCHANT_REFERENCES.name,
};

/** The one code that the partner publishes. */
export const SUCCESS_CODE = '0000';

/** As in the partner's example of a query; its WooCommerce plugin voids an order only after it read this. */
export const SUCCESS_MESSAGE = 'Success';

interface Response {
  readonly responseCode: string;
  readonly status: number;
}

/**
 * What each refusal is here. The codes are ours; so are the statuses, but for this: 200 for every answer to a request
 * that could be read and whose signature holds, 401 for a bad signature and for an unknown merchant alike, 400 for what
 * cannot be read.
 */
export const RESPONSES: Readonly<Record<ErrorCode, Response>> = {
  unauthenticated: { responseCode: '1001', status: 401 },
  forbidden: { responseCode: '1002', status: 200 },
  rate_limited: { responseCode: '1003', status: 429 },
  invalid_request: { responseCode: '1004', status: 400 },
  idempotency_key_reused: { responseCode: '1005', status: 200 },
  resource_not_found: { responseCode: '1006', status: 404 },
  payment_not_found: { responseCode: '2001', status: 200 },
  refund_not_found: { responseCode: '2002', status: 200 },
  duplicate_reference: { responseCode: '2003', status: 200 },
  currency_mismatch: { responseCode: '2004', status: 200 },
  payment_not_refundable: { responseCode: '2005', status: 200 },
  payment_disputed: { responseCode: '2006', status: 200 },
  refund_window_expired: { responseCode: '2007', status: 200 },
  already_refunded: { responseCode: '2008', status: 200 },
  refund_count_exceeded: { responseCode: '2009', status: 200 },
  reason_required: { responseCode: '2010', status: 200 },
  below_minimum: { responseCode: '2011', status: 200 },
  partial_refund_not_allowed: { responseCode: '2012', status: 200 },
  amount_exceeds_refundable: { responseCode: '2013', status: 200 },
  expected_refundable_mismatch: { responseCode: '2014', status: 200 },
  insufficient_merchant_balance: { responseCode: '2015', status: 200 },
  not_capturable: { responseCode: '2016', status: 200 },
  not_voidable: { responseCode: '2017', status: 200 },
  not_cancelable: { responseCode: '2018', status: 200 },
  not_reversible: { responseCode: '2019', status: 200 },
  nothing_to_settle: { responseCode: '2020', status: 200 },
  approval_not_allowed: { responseCode: '2021', status: 200 },
  overloaded: { responseCode: '9001', status: 503 },
  outcome_unknown: { responseCode: '9002', status: 503 },
  internal_error: { responseCode: '9003', status: 500 },
};

export type OrderStatus = 'OPEN' | 'SUCCESS' | 'VOIDED' | 'REFUNDED' | 'CLOSED' | 'SETTLED';

/** `PENDING` is ours: the partner publishes no word for a refund that waits. */
export type TransactionStatus = 'SUCCESS' | 'DECLINED' | 'VOIDED' | 'REFUNDED' | 'SETTLED' | 'PENDING';

interface RefundState {
  readonly responseCode: string;
  readonly transaction: TransactionStatus;
  /** What is said after "the refund of 10.00 USD". */
  readonly meaning: string;
}

/** A refund in each of its states; only `succeeded` is a success here. */
export const REFUND_STATES: Readonly<Record<Exclude<RefundStatus, 'refused'>, RefundState>> = {
  succeeded: { responseCode: SUCCESS_CODE, transaction: 'SUCCESS', meaning: 'is done' },
  pending_approval: { responseCode: '3001', transaction: 'PENDING', meaning: "waits for a second person's approval" },
  pending: { responseCode: '3002', transaction: 'PENDING', meaning: 'is on its way' },
  unknown: { responseCode: '3002', transaction: 'PENDING', meaning: 'is on its way' },
  failed: { responseCode: '3003', transaction: 'DECLINED', meaning: 'failed' },
  canceled: { responseCode: '3004', transaction: 'VOIDED', meaning: 'was canceled' },
  reversed: { responseCode: '3005', transaction: 'VOIDED', meaning: 'came back' },
};

/** Card schemes that the partner spells its own way. */
export const CARD_TYPES: Readonly<Record<string, string>> = { MASTERCARD: 'MASTER' };
