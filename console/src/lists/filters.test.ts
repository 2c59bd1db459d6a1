import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listRequest, readFilters, withFilter } from './filters.ts';

const sent = (url: string): Record<string, unknown> => {
  const { query } = listRequest(readFilters(new URLSearchParams(url)));
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
};

test('amounts are asked for in minor units of the currency that is filtered by', () => {
  assert.deepEqual(sent('currency=USD&min=10&max=99.5'), { currency: 'USD', amount_from: '1000', amount_to: '9950' });
  assert.deepEqual(sent('currency=JPY&min=10'), { currency: 'JPY', amount_from: '10' });
  assert.deepEqual(sent('currency=USD&min=0'), { currency: 'USD', amount_from: '0' });
});

test('an amount without a currency is not guessed at', () => {
  assert.deepEqual(sent('min=10'), {});
  assert.deepEqual(listRequest({ min: '10' }).problems, { min: 'Choose the currency' });
  assert.deepEqual(listRequest({ currency: 'JPY', max: '1.5' }).problems, { max: 'JPY has no decimals' });
});

test('a range of days runs from the first local midnight to the one after its last day', () => {
  assert.deepEqual(sent('from=2026-11-01&to=2026-11-30'), {
    created_from: new Date(2026, 10, 1).toISOString(),
    created_before: new Date(2026, 11, 1).toISOString(),
  });
  assert.deepEqual(listRequest({ from: 'yesterday' }).problems, { from: 'Is no day' });
});

test('an empty filter is no filter, and what else is in the URL stays', () => {
  const url = new URLSearchParams('status=captured&sort=amount.desc&unknown=1');
  assert.equal(withFilter(url, 'status', '').toString(), 'sort=amount.desc&unknown=1');
  assert.equal(withFilter(url, 'status', 'voided').toString(), 'status=voided&sort=amount.desc&unknown=1');
  assert.deepEqual(readFilters(new URLSearchParams('status=&reference=%20')), {});
});
