import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CURRENCIES, currencyExponent } from '../../../src/core/money.ts';
import { EXPONENTS } from './exponents.ts';
import { compareAmounts, formatAmount, permille, plainAmount, readAmount } from './money.ts';

test('the exponents are those of ISO 4217, for every currency that the server takes', () => {
  assert.deepEqual(
    Object.fromEntries(EXPONENTS),
    Object.fromEntries([...CURRENCIES].sort().map((code) => [code, currencyExponent(code)])),
  );
});

test('an amount is written with the decimals of its currency', () => {
  assert.equal(formatAmount(1_234_567, 'USD'), '12,345.67');
  assert.equal(formatAmount(1_234_567, 'JPY'), '1,234,567');
  assert.equal(formatAmount(1_234_567, 'KWD'), '1,234.567');
  assert.equal(formatAmount(1_234_567, 'CLF'), '123.4567');
  assert.equal(formatAmount(5, 'USD'), '0.05');
  assert.equal(formatAmount(0, 'JPY'), '0');
  assert.equal(formatAmount(-150, 'USD'), '−1.50');
});

test('amounts beyond the exact numbers keep every digit', () => {
  assert.equal(formatAmount(90_071_992_547_409_931n, 'USD'), '900,719,925,474,099.31');
});

test('an unknown currency is never shown as if it had two decimals', () => {
  assert.equal(formatAmount(1_050, 'ZZZ'), '1,050 minor units');
  assert.equal(readAmount('10', 'ZZZ').problem, 'ZZZ is no currency of ISO 4217');
});

test('a fraction of a minor unit is a mistake, not an amount', () => {
  assert.throws(() => formatAmount(10.5, 'USD'), RangeError);
});

test('what a person types is read exactly', () => {
  assert.equal(readAmount('12.5', 'USD').minor, 1_250n);
  assert.equal(readAmount(' 12.500 ', 'USD').minor, 1_250n);
  assert.equal(readAmount('0.1', 'USD').minor, 10n);
  assert.equal(readAmount('7.', 'USD').minor, 700n);
  assert.equal(readAmount('1.005', 'KWD').minor, 1_005n);
  assert.equal(readAmount('100', 'JPY').minor, 100n);
  assert.equal(readAmount('9999999999.99', 'USD').minor, 999_999_999_999n);
});

test('what cannot be an amount is refused in a sentence', () => {
  for (const [text, currency, said] of [
    ['', 'USD', 'Enter an amount'],
    ['0.00', 'USD', 'Must be more than zero'],
    ['1,5', 'USD', 'Use a dot for decimals and no commas, such as 1234.50'],
    ['1,234.50', 'USD', 'Use a dot for decimals and no commas, such as 1234.50'],
    ['-1', 'USD', 'Use digits and one dot only'],
    ['1e3', 'USD', 'Use digits and one dot only'],
    ['٣', 'USD', 'Use digits and one dot only'],
    ['10.005', 'USD', 'USD has 2 decimals: no amount is smaller'],
    ['1.5', 'JPY', 'JPY has no decimals'],
    ['10000000000.00', 'USD', 'Is larger than any payment'],
  ] as const) {
    assert.deepEqual(readAmount(text, currency), { minor: null, problem: said }, text);
  }
});

test('what an input is given is read back as the same amount', () => {
  for (const currency of ['JPY', 'USD', 'KWD', 'CLF']) {
    for (const minor of [1n, 10n, 1_000n, 123_456n, 999_999_999_999n]) {
      assert.equal(readAmount(plainAmount(minor, currency), currency).minor, minor);
    }
  }
});

test('a share is counted in whole tenths of a percent', () => {
  assert.equal(permille(60_00, 100_00), 600);
  assert.equal(permille(1, 3), 333);
  assert.equal(permille(0, 0), 0);
});

test('amounts of one currency are ordered by size, of two by currency', () => {
  const amounts = [
    { minor: 9n, currency: 'USD' },
    { minor: 100, currency: 'JPY' },
    { minor: 5, currency: 'USD' },
  ];
  assert.deepEqual(
    amounts.sort(compareAmounts).map(({ minor }) => Number(minor)),
    [100, 5, 9],
  );
});
