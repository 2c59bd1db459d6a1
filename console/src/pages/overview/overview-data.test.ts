import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountsByCurrency, countOf, daysUntil, type Overview, perDay } from './overview-data.ts';

const group = (day: string, outcome: string, protocol: string, currency: string, count: number, amount: number) => ({
  day,
  outcome,
  protocol,
  currency,
  count,
  amount,
});

const refunds = [
  group('2026-11-19', 'succeeded', 'native', 'USD', 2, 500),
  group('2026-11-20', 'succeeded', 'bbmsl', 'USD', 3, 700),
  group('2026-11-20', 'succeeded', 'native', 'JPY', 1, 90),
  group('2026-11-20', 'refused', 'native', 'EUR', 9, 9_000),
];

const overview: Overview = {
  as_of: '2026-11-20T12:00:00.000Z',
  complete: true,
  today: { from: '2026-11-19T16:00:00.000Z', to: '2026-11-20T16:00:00.000Z' },
  refunds,
  week_ago: {
    from: '2026-11-12T16:00:00.000Z',
    to: '2026-11-13T12:00:00.000Z',
    refunds: [{ outcome: 'succeeded', protocol: 'native', currency: 'GBP', count: 1, amount: 40 }],
  },
  refusals: [],
  unsettled: [],
  waiting: 0,
};

test('days are those of the reader, today last', () => {
  assert.deepEqual(daysUntil(overview.today.from, 480, 3), ['2026-11-18', '2026-11-19', '2026-11-20']);
});

test('each day has its counts, and days without any are there', () => {
  const days = ['2026-11-18', '2026-11-19', '2026-11-20'];
  assert.deepEqual(perDay(refunds, days, 'protocol'), {
    names: ['native', 'bbmsl'],
    days: [
      { day: '2026-11-18', counts: {} },
      { day: '2026-11-19', counts: { native: 2 } },
      { day: '2026-11-20', counts: { bbmsl: 3, native: 10 } },
    ],
  });
  assert.deepEqual(perDay(refunds, days, 'outcome').names, ['refused', 'succeeded']);
});

test('amounts are never added up across currencies, and only what succeeded is money returned', () => {
  assert.deepEqual(amountsByCurrency(overview, ['2026-11-19', '2026-11-20']), [
    { currency: 'JPY', today: 90n, weekAgo: 0n, daily: [0n, 90n] },
    { currency: 'USD', today: 700n, weekAgo: 0n, daily: [500n, 700n] },
    { currency: 'GBP', today: 0n, weekAgo: 40n, daily: [0n, 0n] },
  ]);
});

test('counts are of one outcome, or of all', () => {
  assert.equal(countOf(refunds, 'succeeded'), 6);
  assert.equal(countOf(refunds), 15);
});
