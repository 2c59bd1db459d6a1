import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../../api/types.ts';
import { policyChanges, RULES, ruleSentence, shortPolicy, wholePolicy } from './policy-words.ts';

const OPEN: Policy = {
  partial_refunds: true,
  refunds_per_payment: null,
  window_days: null,
  minimum: {},
  balance_must_cover: false,
  reason_required: false,
  approval_above: {},
  approval_hours: null,
};

const STRICT: Policy = {
  partial_refunds: true,
  refunds_per_payment: 3,
  window_days: 90,
  minimum: { USD: 100, JPY: 100 },
  balance_must_cover: true,
  reason_required: true,
  approval_above: { USD: 50_000, JPY: 0 },
  approval_hours: 36,
};

test('each rule is a sentence, whatever it says', () => {
  for (const policy of [OPEN, STRICT]) {
    for (const rule of RULES) assert.match(ruleSentence(policy, rule), /^[A-Z].*\.$/, rule);
  }
  assert.equal(new Set(RULES.map((rule) => ruleSentence(OPEN, rule))).size, RULES.length);
});

test('a policy without limits is told in a sentence', () => {
  assert.equal(wholePolicy(OPEN), 'All or a part of a payment may be refunded, at any time.');
  assert.equal(shortPolicy(OPEN), 'No limits');
});

test('amounts have the decimals of their currency, and a limit of zero means all', () => {
  assert.equal(
    ruleSentence(STRICT, 'minimum'),
    'A refund returns at least JPY 100 or USD 1.00, unless it returns all that is left.',
  );
  assert.equal(
    ruleSentence(STRICT, 'approval_above'),
    'A refund above USD 500.00 waits until a second person approves it. Every refund in JPY waits for a second person.',
  );
  assert.match(wholePolicy(STRICT), /^All or a part .* in at most 3 refunds, within 90 days of its capture\. /);
  assert.match(shortPolicy(STRICT), /^3 refunds · 90 days · .*above USD 500\.00 · second person for all JPY$/);
});

test('hours are days where that is easier to read', () => {
  const after = (hours: number | null) => ruleSentence({ ...OPEN, approval_hours: hours }, 'approval_hours');
  assert.match(after(null), /after 3 days/);
  assert.match(after(24), /after 24 hours/);
  assert.match(after(1), /after 1 hour\./);
});

test('a change names the rules that it changes, and no others', () => {
  const reordered = { ...STRICT, minimum: { JPY: 100, USD: 100 } };
  assert.deepEqual(policyChanges(STRICT, reordered), []);
  const changes = policyChanges(STRICT, { ...reordered, window_days: null });
  assert.deepEqual(
    changes.map(({ rule }) => rule),
    ['window_days'],
  );
  assert.match(changes[0]?.before ?? '', /90 days/);
  assert.match(changes[0]?.after ?? '', /any time/);
});
