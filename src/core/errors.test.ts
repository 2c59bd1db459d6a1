import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, ERRORS, errorDefinition, invalidParameter, isErrorCode, refusal, Refused } from './errors.ts';

test('refusals are in the order of precedence that all doors keep', () => {
  assert.deepEqual(
    ERRORS.map(({ code }) => code),
    [
      'unauthenticated',
      'forbidden',
      'rate_limited',
      'invalid_request',
      'idempotency_key_reused',
      'duplicate_reference',
      'resource_not_found',
      'payment_not_found',
      'refund_not_found',
      'currency_mismatch',
      'payment_not_refundable',
      'payment_disputed',
      'refund_window_expired',
      'already_refunded',
      'refund_count_exceeded',
      'reason_required',
      'below_minimum',
      'partial_refund_not_allowed',
      'amount_exceeds_refundable',
      'expected_refundable_mismatch',
      'insufficient_merchant_balance',
      'not_capturable',
      'not_voidable',
      'not_cancelable',
      'not_reversible',
      'nothing_to_settle',
      'approval_not_allowed',
      'overloaded',
      'outcome_unknown',
      'internal_error',
    ] satisfies ErrorCode[],
  );
});

test('only what the rules decided binds an idempotency key', () => {
  const undecided = ERRORS.filter(({ decided }) => !decided).map(({ code }) => code);
  assert.deepEqual(undecided, [
    'unauthenticated',
    'forbidden',
    'rate_limited',
    'invalid_request',
    'idempotency_key_reused',
    'resource_not_found',
    'payment_not_found',
    'refund_not_found',
    'overloaded',
    'outcome_unknown',
    'internal_error',
  ]);
});

test('every code has an HTTP status of an error and a title of its own', () => {
  for (const { code, status } of ERRORS) {
    assert.ok(status >= 400 && status < 600, code);
    assert.match(code, /^[a-z]+(?:_[a-z]+)+$|^(?:unauthenticated|forbidden|overloaded)$/);
    assert.equal(errorDefinition(code).status, status);
    assert.ok(isErrorCode(code));
  }
  assert.equal(new Set(ERRORS.map(({ title }) => title)).size, ERRORS.length);
  assert.equal(isErrorCode('no_such_code'), false);
  assert.equal(isErrorCode('toString'), false);
});

test('a fault of one parameter names it, for a person and for a program', () => {
  const refused = new Refused(invalidParameter('amount', 'is missing'));
  assert.equal(refused.message, 'amount: is missing');
  assert.deepEqual(refused.refusal, refusal('invalid_request', 'amount: is missing', { parameter: 'amount' }));
});
