/**
 * The wire of Payment Options, server to server. Requests and the answer of a refund that was done are those of the
 * partner's refund page; it publishes no refusal, so those are ours, in the same skeleton
 * (`docs/protocols/payment-options.md`).
 */
import type { ErrorCode } from '../../core/errors.ts';

export const NAME = 'payment-options';

/** Payments: the partner's id of the transaction that took the money. */
export const TRANSACTION_NAMESPACE = 'payment-options.transactionId';

/** The partner's page. */
export const DONE = { status: 201, code: 'INFO0002', message: 'Amount successfully refunded.' } as const;

/** A refund that waits is neither done nor refused, so it has a type and a status of its own. */
export const WAITING = { status: 202, code: 'PEND0001' } as const;

/** A refund that was accepted earlier, and will not happen or was undone. */
export const UNDONE = { status: 409, code: 'ERR0031' } as const;

export interface GatewayResponse {
  readonly version: '1';
  readonly type: 'INFO' | 'PENDING' | 'ERROR';
  readonly message: string;
  readonly code: string;
}

export interface MerchantDetails {
  readonly legal_name: string;
  readonly mid: string;
  readonly merchant_txn_ref?: string;
}

export interface PaymentDetails {
  /** A number literal with all decimals of the currency. */
  readonly amount: unknown;
  readonly response_code?: 0;
  readonly auth_code?: string;
  readonly currency: string;
  readonly payment_method?: string;
  readonly scheme?: string;
  readonly card?: Card;
  readonly additional_data?: { readonly payment_data_source: { readonly type: string } };
}

export interface Card {
  readonly name?: string;
  /** First six and last four digits. */
  readonly number?: string;
  readonly exp_month?: string;
  readonly exp_year?: string;
}

export interface TransactionDetails {
  readonly id: string;
  readonly ref: number;
  readonly timestamp: string;
  readonly merchant_txn_ref?: string;
}

export interface RefundAnswer {
  readonly success: boolean;
  readonly status_code: number;
  /** Absent where the caller is not known. */
  readonly is_live?: boolean;
  readonly transaction_type: 'REFUND';
  readonly gateway_response: GatewayResponse;
  readonly merchant_details?: MerchantDetails;
  readonly payment_details?: PaymentDetails;
  readonly transaction_details?: TransactionDetails;
}

export interface WireRefusal {
  readonly code: string;
  readonly status: number;
}

export const REFUSALS: Readonly<Record<ErrorCode, WireRefusal>> = {
  unauthenticated: { code: 'ERR0001', status: 401 },
  forbidden: { code: 'ERR0002', status: 403 },
  rate_limited: { code: 'ERR0003', status: 429 },
  invalid_request: { code: 'ERR0004', status: 400 },
  idempotency_key_reused: { code: 'ERR0005', status: 422 },
  duplicate_reference: { code: 'ERR0006', status: 409 },
  resource_not_found: { code: 'ERR0007', status: 404 },
  payment_not_found: { code: 'ERR0008', status: 404 },
  refund_not_found: { code: 'ERR0009', status: 404 },
  currency_mismatch: { code: 'ERR0010', status: 409 },
  payment_not_refundable: { code: 'ERR0011', status: 409 },
  payment_disputed: { code: 'ERR0012', status: 409 },
  refund_window_expired: { code: 'ERR0013', status: 409 },
  already_refunded: { code: 'ERR0014', status: 409 },
  refund_count_exceeded: { code: 'ERR0015', status: 409 },
  reason_required: { code: 'ERR0016', status: 409 },
  below_minimum: { code: 'ERR0017', status: 409 },
  partial_refund_not_allowed: { code: 'ERR0018', status: 409 },
  amount_exceeds_refundable: { code: 'ERR0019', status: 409 },
  expected_refundable_mismatch: { code: 'ERR0020', status: 409 },
  insufficient_merchant_balance: { code: 'ERR0021', status: 409 },
  not_capturable: { code: 'ERR0022', status: 409 },
  not_voidable: { code: 'ERR0023', status: 409 },
  not_cancelable: { code: 'ERR0024', status: 409 },
  not_reversible: { code: 'ERR0025', status: 409 },
  nothing_to_settle: { code: 'ERR0026', status: 409 },
  approval_not_allowed: { code: 'ERR0027', status: 409 },
  overloaded: { code: 'ERR0028', status: 503 },
  outcome_unknown: { code: 'ERR0029', status: 503 },
  internal_error: { code: 'ERR0030', status: 500 },
};
