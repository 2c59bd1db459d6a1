import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExactly } from './json.ts';

test('numbers that a JavaScript number holds are read as such', () => {
  assert.deepEqual(parseExactly('{"amount": 999999999999, "took_ms": 1.5}'), { amount: 999_999_999_999, took_ms: 1.5 });
});

test('larger integers keep every digit', () => {
  assert.deepEqual(parseExactly('{"unsettled": 9007199254740993}'), { unsettled: 9_007_199_254_740_993n });
  assert.deepEqual(parseExactly('[-9007199254740993]'), [-9_007_199_254_740_993n]);
});

test('a large number that is no integer is not shown as one', () => {
  assert.throws(() => parseExactly('[1e20]'), /exactly/);
});
