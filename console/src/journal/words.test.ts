import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOURNAL_KINDS } from '../../../src/core/journal.ts';
import { actorWords, entryTitle, factTexts } from './words.ts';

test('every kind of entry has words of its own', () => {
  const titles = JOURNAL_KINDS.map((kind) => entryTitle({ kind, operation: 'refund_payment' }));
  assert.equal(new Set(titles).size, JOURNAL_KINDS.length);
});

test('a refusal says what was refused', () => {
  assert.equal(entryTitle({ kind: 'command_refused', operation: 'approve_refund' }), 'Approval refused');
  assert.equal(entryTitle({ kind: 'command_refused', operation: 'set_dispute' }), 'Set dispute refused');
});

test('an actor is a person where there is one', () => {
  assert.equal(actorWords('user:ann@example.org'), 'ann@example.org');
  assert.equal(actorWords('cli:root'), 'root (command line)');
  assert.equal(actorWords('key:019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11'), 'API key …4e11');
  assert.equal(actorWords('key:019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11/chenry'), 'chenry (API key …4e11)');
  assert.equal(actorWords('system'), 'Refundry itself');
  assert.equal(actorWords('demo'), 'demo');
});

test('the numbers behind a refusal are amounts of its currency, and the rest is as it is', () => {
  const facts = { refundable: 4_000, amount: 6_000, currency: 'USD', window_days: 30, payment_id: 'x' };
  assert.deepEqual(factTexts(facts, 'USD'), [
    ['Requested', 'USD 60.00'],
    ['Refundable', 'USD 40.00'],
    ['Window days', '30'],
  ]);
  assert.deepEqual(factTexts({ unsettled: 9_007_199_254_740_993n }, 'JPY'), [
    ['Merchant’s unsettled balance', 'JPY 9,007,199,254,740,993'],
  ]);
});
