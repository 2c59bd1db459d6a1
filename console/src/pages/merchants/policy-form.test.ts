import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formOf, readForm } from './policy-form.ts';

const POLICY = {
  partial_refunds: false,
  refunds_per_payment: 3,
  window_days: null,
  minimum: { USD: 150, JPY: 100 },
  balance_must_cover: true,
  reason_required: false,
  approval_above: { KWD: 1_500, USD: 0 },
  approval_hours: 24,
};

test('what is not changed is sent as it came', () => {
  assert.deepEqual(readForm(formOf(POLICY)).policy, POLICY);
});

test('whatever is wrong is said where it is, and nothing is sent', () => {
  const read = readForm({
    ...formOf(POLICY),
    window_days: '0',
    approval_hours: '1.5',
    minimum: [
      { currency: 'JPY', text: '1.5' },
      { currency: 'USD', text: '0' },
    ],
    approval_above: [
      { currency: 'USD', text: '1,000' },
      { currency: '', text: '5' },
      { currency: 'KWD', text: '1' },
      { currency: 'KWD', text: '2' },
    ],
  });
  assert.equal(read.policy, null);
  assert.deepEqual(Object.keys(read.problems), ['window_days', 'approval_hours']);
  assert.deepEqual(read.amountProblems.minimum, ['JPY has no decimals', 'Must be more than zero']);
  assert.deepEqual(read.amountProblems.approval_above, [
    'Use a dot for decimals and no commas, such as 1234.50',
    'Choose the currency',
    null,
    'KWD is there already',
  ]);
});
