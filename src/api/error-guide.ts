/** What each error means and what to do about it: for `/docs/errors` and `docs/reference/errors.md`. */
import type { ErrorCode } from '../core/errors.ts';

export interface ErrorAdvice {
  readonly meaning: string;
  readonly remedy: string;
}

export const ERROR_GUIDE: Readonly<Record<ErrorCode, ErrorAdvice>> = {
  unauthenticated: {
    meaning: 'No key was sent, or it is unknown, or it was revoked; or the session at the console ended.',
    remedy: 'Send a live key as `Authorization: Bearer rk_…`, or sign in again.',
  },
  forbidden: {
    meaning:
      'The key or the user is known, and the role does not allow this operation; or a session’s request does not come from the console’s own pages.',
    remedy: 'Use a key or a user with the role that `detail` names. Programs use keys, not sessions.',
  },
  rate_limited: {
    meaning: 'Too many wrong keys or passwords came from this address in a short time.',
    remedy: 'Correct it, and wait for the seconds that `Retry-After` says.',
  },
  invalid_request: {
    meaning:
      'The request cannot be read, or a parameter cannot be: `errors` lists which, and what is wrong with each. The status is 415 for a body that is not JSON by its Content-Type, 413 for one over 64 KiB, 431 for headers over 16 KiB, and 408 for a request that does not arrive within 15 seconds.',
    remedy: 'Correct the request. Nothing happened, and an idempotency key was not bound.',
  },
  idempotency_key_reused: {
    meaning: 'The Idempotency-Key belongs to an earlier request that asked for something else.',
    remedy: 'Use a new key for a new request, and the same key only to repeat the very same one.',
  },
  duplicate_reference: {
    meaning: 'The reference names another payment or refund of this merchant already: `payment_id` or `refund_id`.',
    remedy: 'If it is the same payment, use the one that is there; else choose another reference.',
  },
  resource_not_found: {
    meaning: 'There is no such path, or no such merchant, credential or settlement that this key may see.',
    remedy: 'Check the path, the method and the id.',
  },
  payment_not_found: {
    meaning: 'There is no such payment that this key may see.',
    remedy: 'Check the id or the reference, and its namespace.',
  },
  refund_not_found: {
    meaning: 'There is no such refund that this key may see.',
    remedy: 'Check the id.',
  },
  currency_mismatch: {
    meaning: "The request's currency is not the payment's.",
    remedy: "Refund in the payment's currency; check that the amount is in that currency's minor units.",
  },
  payment_not_refundable: {
    meaning: 'The payment is pending, voided or closed (`current_status`): there is nothing captured.',
    remedy: 'A pending payment can be closed instead; of a voided or closed one nothing is owed.',
  },
  payment_disputed: {
    meaning: 'The payment is disputed: the dispute decides where its funds go.',
    remedy: 'Wait for its end, and clear the dispute.',
  },
  refund_window_expired: {
    meaning: 'More days have passed since the capture than the policy allows (`window_days`, `captured_at`).',
    remedy: "An administrator can widen the merchant's policy.",
  },
  already_refunded: {
    meaning: 'Nothing is left: all that was captured is refunded, or reserved by refunds that wait.',
    remedy: 'Look at the refunds of the payment; one that waits can be canceled.',
  },
  refund_count_exceeded: {
    meaning: 'The payment has had as many refunds as the policy, or the protocol, allows (`refunds_per_payment`).',
    remedy: "An administrator can change the merchant's policy.",
  },
  reason_required: {
    meaning: "The merchant's policy asks for a reason.",
    remedy: 'Send `reason`.',
  },
  below_minimum: {
    meaning: 'The amount is below the least that the policy allows (`minimum`), and not all that is left.',
    remedy: 'Refund at least `minimum`, or all that is left.',
  },
  partial_refund_not_allowed: {
    meaning: 'The policy, or the protocol, allows full refunds only.',
    remedy: 'Leave `amount` out: all that is left is refunded.',
  },
  amount_exceeds_refundable: {
    meaning: 'The amount is more than `refundable`.',
    remedy: 'Refund at most `refundable`, or leave `amount` out.',
  },
  expected_refundable_mismatch: {
    meaning: 'What you expected to be refundable is not: somebody else has refunded meanwhile.',
    remedy: 'Look at the payment again, and decide anew.',
  },
  insufficient_merchant_balance: {
    meaning:
      "The policy, or the protocol, asks the merchant's unsettled balance to cover it, and it does not (`unsettled`).",
    remedy: 'Wait for further captures, refund less, or have an administrator change the policy.',
  },
  not_capturable: {
    meaning: 'Only a pending payment can be captured or closed; this one is not (`current_status`).',
    remedy: 'Read the payment: it may have been captured already.',
  },
  not_voidable: {
    meaning: 'The payment is not captured, or partly refunded, reserved, or settled.',
    remedy: 'Refund it instead.',
  },
  not_cancelable: {
    meaning: 'Only a refund that waits can be canceled; this one does not (`current_status`).',
    remedy: 'Read the refund.',
  },
  not_reversible: {
    meaning: 'Only a succeeded refund can come back; this one has not succeeded (`current_status`).',
    remedy: 'Read the refund.',
  },
  nothing_to_settle: {
    meaning: 'The unsettled balance in this currency is zero or negative (`unsettled`).',
    remedy: 'Wait for further captures.',
  },
  approval_not_allowed: {
    meaning:
      'The refund does not wait for approval, or no longer; or the key is the one that asked for it; or the amount is another.',
    remedy: 'Have a second person decide, with their own key, on the amount that `amount` says.',
  },
  overloaded: {
    meaning: 'Too many requests wait, or the database is away. Nothing happened.',
    remedy: 'Try again after the seconds that `Retry-After` says, with the same Idempotency-Key.',
  },
  outcome_unknown: {
    meaning:
      'The connection to the database was lost at the moment of the commit: whether it happened is not known yet.',
    remedy: 'Ask again with the same Idempotency-Key: the answer will say what became of it.',
  },
  internal_error: {
    meaning: 'A mistake of Refundry’s.',
    remedy: 'Please report it with the `request_id`; with an Idempotency-Key it is safe to ask again.',
  },
};
