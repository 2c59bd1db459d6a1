import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  currencyExponent,
  decimalFault,
  describeAmount,
  fitsDecimals,
  formatMajor,
  isCurrency,
  MAX_AMOUNT_MINOR,
  parseMajor,
} from './money.ts';

const minor = fc.bigInt({ min: 1n, max: MAX_AMOUNT_MINOR });
const currency = fc.constantFrom('JPY', 'USD', 'KWD', 'EUR', 'MYR', 'CLF');

test('exponents are those of ISO 4217, and a code that it does not list has none', () => {
  assert.deepEqual(
    ['JPY', 'USD', 'KWD', 'CLF', 'HUF'].map((code) => currencyExponent(code)),
    [0, 2, 3, 4, 2],
  );
  for (const text of ['XQQ', 'usd', 'US', 'USD ', '', '__proto__', 'toString']) {
    assert.equal(currencyExponent(text), undefined);
    assert.equal(isCurrency(text), false);
  }
});

test('payments can be in currencies that are younger than the package, and in those that they replaced', () => {
  assert.ok(isCurrency('XCG') && isCurrency('ANG'));
  assert.equal(formatMajor(1_005n, 'XCG'), '10.05');
});

test('what is written in major units reads back as the same minor units', () => {
  fc.assert(
    fc.property(minor, currency, (amount, code) => {
      assert.equal(parseMajor(formatMajor(amount, code), code), amount);
    }),
  );
});

test('decimals that a protocol demands never change the amount', () => {
  fc.assert(
    fc.property(minor, currency, fc.integer({ min: 0, max: 4 }), (amount, code, decimals) => {
      const text = formatMajor(amount, code, decimals);
      assert.equal(parseMajor(text, code), amount);
      const written = text.split('.')[1]?.length ?? 0;
      assert.equal(written === decimals, fitsDecimals(amount, code, decimals));
    }),
  );
});

test('zeros at the end are no excess, and any other digit too many is', () => {
  assert.equal(parseMajor('1.00', 'JPY'), 1n);
  assert.equal(parseMajor('10.050', 'USD'), 1005n);
  assert.equal(parseMajor('0.10', 'USD'), 10n);
  assert.equal(parseMajor('1.005', 'KWD'), 1005n);
  for (const [text, code] of [
    ['1.5', 'JPY'],
    ['10.005', 'USD'],
    ['0.0001', 'KWD'],
  ] as const) {
    assert.equal(parseMajor(text, code), null);
  }
});

test('amounts are written with the decimals of their currency', () => {
  assert.equal(formatMajor(5n, 'USD'), '0.05');
  assert.equal(formatMajor(5n, 'JPY'), '5');
  assert.equal(formatMajor(5n, 'KWD'), '0.005');
  assert.equal(formatMajor(-6_000n, 'USD'), '-60.00');
  assert.equal(formatMajor(1_000n, 'JPY', 2), '1000.00');
  assert.equal(formatMajor(1_005n, 'KWD', 2), '1.005');
  assert.equal(describeAmount(6_000n, 'USD'), '60.00 USD');
});

test('text that is no positive decimal number of at most 12 digits is refused, with the fault', () => {
  for (const text of ['10', '10.00', '0.01', '999999999999', '9999999999.99']) assert.equal(decimalFault(text), null);
  for (const text of [
    '',
    ' 10',
    '10 ',
    '+10',
    '-10',
    '1e2',
    '0x10',
    '01',
    '.5',
    '5.',
    '1,000',
    '1_000',
    'NaN',
    '１０',
  ]) {
    assert.match(decimalFault(text) ?? '', /positive decimal number/, text);
  }
  for (const text of ['1000000000000', '10000000000.00', '0.000000000001']) {
    assert.match(decimalFault(text) ?? '', /at most 12 digits/, text);
  }
  for (const text of ['0', '0.00']) assert.match(decimalFault(text) ?? '', /greater than zero/, text);
});

test('whatever text passes is read without losing a digit', () => {
  const text = fc
    .tuple(fc.nat(999_999), fc.option(fc.stringMatching(/^[0-9]{1,6}$/), { nil: '' }))
    .map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`));
  fc.assert(
    fc.property(text, currency, (written, code) => {
      fc.pre(decimalFault(written) === null);
      const read = parseMajor(written, code);
      if (read === null) return;
      const [whole = '', fraction = ''] = written.split('.');
      const scale = 10n ** BigInt(fraction.length);
      assert.equal(read * scale, BigInt(whole + fraction) * 10n ** BigInt(currencyExponent(code) ?? 0));
    }),
  );
});

test('codes of ISO 4217 that are no money to pay with are no currencies', () => {
  for (const code of ['XXX', 'XTS', 'XAU', 'XDR']) assert.equal(isCurrency(code), false, code);
  for (const code of ['USD', 'JPY', 'KWD', 'XOF', 'XPF', 'XCD']) assert.equal(isCurrency(code), true, code);
});
