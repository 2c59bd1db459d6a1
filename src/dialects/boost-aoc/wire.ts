/**
 * The wire of Boost Connect AOC. Fields and statuses are those of the partner's refund page; `refundStatus`,
 * `chargeStatus` and the error codes are those of its other public pages (`docs/protocols/boost-aoc.md`).
 */
import type { ErrorCode } from '../../core/errors.ts';

export const NAME = 'boost-aoc';

/** Payments: the id that the AOC gateway gave the charge. */
export const CHARGE_NAMESPACE = 'boost-aoc.aocTransID';
/** Refunds: the service provider's own id of one refund call. */
export const REFUND_NAMESPACE = 'boost-aoc.spTransID';

/** The partner shows whole cents everywhere, whatever the currency. */
export const DECIMALS = 2;

/** The partner's error codes, as far as refunds meet them. */
export const AOC = {
  success: '00',
  invalidParameter: 'AOC0001',
  invalidState: 'AOC0002',
  invalidToken: 'AOC0003',
  duplicateSpTransID: 'AOC1001',
  failed: 'AOC1007',
  stillProcessing: 'AOC1008',
  chargingDenied: 'AOC1012',
  expired: 'AOC1019',
} as const;
export type AocCode = (typeof AOC)[keyof typeof AOC];

/** The answer to `refund` and `refundStatus`. */
export interface RefundData {
  readonly aocTransID: string;
  readonly transactionOperationStatus: 'refunded' | 'denied' | 'processing';
  readonly amountRefunded: string;
  readonly clientCorrelator: string;
  readonly errorCode: AocCode;
  readonly errorMessage: string;
}

/** The answer to `chargeStatus`. */
export interface ChargeData {
  readonly transactionOperationStatus: 'Charged' | 'Denied' | 'Processing';
  readonly totalAmountCharged: string;
  readonly msisdn: string;
  readonly clientCorrelator: string;
  readonly errorCode: AocCode;
  readonly errorMessage: string;
}

export interface AocRefusal {
  readonly errorCode: AocCode;
  readonly status: number;
}

const decided = (errorCode: AocCode): AocRefusal => ({ errorCode, status: 200 });

/**
 * Every refusal in the partner's codes. What the business decided is HTTP 200, as the page shows it. Where Refundry
 * cannot say whether the refund happened, the code is "still processing": a caller must not take it for a denial.
 */
export const REFUSALS: Readonly<Record<ErrorCode, AocRefusal>> = {
  unauthenticated: { errorCode: AOC.invalidToken, status: 401 },
  forbidden: { errorCode: AOC.invalidToken, status: 403 },
  rate_limited: { errorCode: AOC.invalidToken, status: 429 },
  invalid_request: { errorCode: AOC.invalidParameter, status: 400 },
  idempotency_key_reused: decided(AOC.failed),
  duplicate_reference: decided(AOC.duplicateSpTransID),
  resource_not_found: { errorCode: AOC.invalidParameter, status: 404 },
  payment_not_found: decided(AOC.invalidParameter),
  refund_not_found: decided(AOC.invalidParameter),
  currency_mismatch: decided(AOC.failed),
  payment_not_refundable: decided(AOC.invalidState),
  payment_disputed: decided(AOC.invalidState),
  refund_window_expired: decided(AOC.expired),
  already_refunded: decided(AOC.failed),
  refund_count_exceeded: decided(AOC.failed),
  reason_required: decided(AOC.failed),
  below_minimum: decided(AOC.failed),
  partial_refund_not_allowed: decided(AOC.failed),
  amount_exceeds_refundable: decided(AOC.failed),
  expected_refundable_mismatch: decided(AOC.failed),
  insufficient_merchant_balance: decided(AOC.failed),
  not_capturable: decided(AOC.failed),
  not_voidable: decided(AOC.failed),
  not_cancelable: decided(AOC.failed),
  not_reversible: decided(AOC.failed),
  nothing_to_settle: decided(AOC.failed),
  approval_not_allowed: decided(AOC.failed),
  overloaded: { errorCode: AOC.failed, status: 503 },
  outcome_unknown: { errorCode: AOC.stillProcessing, status: 503 },
  internal_error: { errorCode: AOC.stillProcessing, status: 500 },
};
