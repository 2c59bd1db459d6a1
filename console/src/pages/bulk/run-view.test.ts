import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BulkRun, lineChoices, lineQuery, sumsOf } from './run-view.ts';

const NONE = { succeeded: 0, pending_approval: 0, refused: 0, invalid: 0, failed: 0 };
const run: BulkRun = {
  id: 'a',
  merchant_id: 'm',
  name: 'returns.csv',
  status: 'ready',
  lines: 6,
  counts: { ...NONE, invalid: 1, undecided: 5 },
  expected: { ...NONE, succeeded: 4, refused: 1 },
  amounts: [
    { outcome: null, expected: 'succeeded', currency: 'USD', amount: 9_007_199_254_740_993n },
    { outcome: null, expected: 'refused', currency: 'USD', amount: 7 },
    { outcome: 'succeeded', expected: 'succeeded', currency: 'USD', amount: 1 },
    { outcome: 'succeeded', expected: null, currency: 'USD', amount: 2 },
    { outcome: 'succeeded', expected: null, currency: 'JPY', amount: 3 },
  ],
  created_by: 'user:ann',
  created_at: '2026-11-20T10:00:00.000Z',
  dry_run_at: '2026-11-20T10:00:01.000Z',
  started_by: null,
  started_at: null,
  finished_at: null,
};

const shown = (choices: ReturnType<typeof lineChoices>) => choices.map(({ value, count }) => [value, count]);

test('before a run one chooses by what is expected, and only what there is', () => {
  assert.deepEqual(shown(lineChoices(run)), [
    ['', 6],
    ['expected.succeeded', 4],
    ['expected.refused', 1],
    ['invalid', 1],
  ]);
  assert.deepEqual(shown(lineChoices({ ...run, expected: null })), [
    ['', 6],
    ['undecided', 5],
    ['invalid', 1],
  ]);
});

test('once it has begun one chooses by what became of lines', () => {
  const begun: BulkRun = {
    ...run,
    status: 'interrupted',
    counts: { ...NONE, succeeded: 2, pending_approval: 1, invalid: 1, undecided: 2 },
  };
  assert.deepEqual(shown(lineChoices(begun)), [
    ['', 6],
    ['undecided', 2],
    ['succeeded', 2],
    ['pending_approval', 1],
    ['invalid', 1],
  ]);
});

test('a choice is what the server is asked for', () => {
  assert.deepEqual(lineQuery(''), {});
  assert.deepEqual(lineQuery('undecided'), { outcome: 'undecided' });
  assert.deepEqual(lineQuery('expected.refused'), { expected: 'refused' });
});

test('sums are exact, one per currency, of what is decided or of what is expected', () => {
  assert.deepEqual(sumsOf(run, 'succeeded', 'expected'), [{ currency: 'USD', minor: 9_007_199_254_740_993n }]);
  assert.deepEqual(sumsOf(run, 'succeeded', 'decided'), [
    { currency: 'JPY', minor: 3n },
    { currency: 'USD', minor: 3n },
  ]);
  assert.deepEqual(sumsOf(run, 'pending_approval', 'decided'), []);
});
