/**
 * Amounts are integers of a currency's minor unit, as `bigint`, beside an ISO 4217 code. They are read from the source
 * text of the number and never pass through a binary float.
 */
import currencyCodes from 'currency-codes';

/** The most digits an amount may have, in minor units or as written: above it, every door refuses. */
export const MAX_AMOUNT_DIGITS = 12;
export const MAX_AMOUNT_MINOR = 10n ** BigInt(MAX_AMOUNT_DIGITS) - 1n;

/** Codes of ISO 4217 that are no money to pay with: metals, bond units, funds, tests, and "no currency". */
const NOT_PAYABLE = new Set('XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'.split(' '));

/**
 * What ISO 4217 has added since the package's list of 25 June 2024: XCG, the Caribbean guilder (532), of Curaçao and Sint
 * Maarten since 31 March 2025. ANG, which it replaced, stays: payments in it are still refunded.
 */
const ADDED: readonly (readonly [code: string, exponent: number])[] = [['XCG', 2]];

const EXPONENTS = new Map([...currencyCodes.data.map(({ code, digits }) => [code, digits] as const), ...ADDED]);

/** ISO 4217 exponent: JPY 0, USD 2, KWD 3; `undefined` for a code that is not listed. */
export function currencyExponent(currency: string): number | undefined {
  return EXPONENTS.get(currency);
}

/** Every currency that payments can be in. */
export const CURRENCIES: readonly string[] = [...EXPONENTS.keys()].filter((code) => !NOT_PAYABLE.has(code));

/** Whether payments can be in it: ISO 4217 lists it, and it is money. */
export function isCurrency(text: string): boolean {
  return EXPONENTS.has(text) && !NOT_PAYABLE.has(text);
}

function exponentOf(currency: string): number {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new RangeError(`not an ISO 4217 currency: ${currency}`);
  return exponent;
}

const DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * What is wrong with an amount in major units as written (`10`, `10.00`), before its currency is known; `null` if
 * nothing is. Refuses zero, signs, exponents, `NaN`, blanks, leading zeros and more than 12 digits.
 */
export function decimalFault(text: string): string | null {
  if (!DECIMAL.test(text)) return 'must be a positive decimal number, such as 10 or 10.00';
  if (text.replace('.', '').length > MAX_AMOUNT_DIGITS) return `must have at most ${MAX_AMOUNT_DIGITS} digits`;
  if (/^[0.]+$/.test(text)) return 'must be greater than zero';
  return null;
}

/**
 * Reads an amount in major units into minor units. `null` when the currency cannot hold it (`10.005` USD, `1.5` JPY);
 * trailing zeros are no excess (`1.00` JPY is 1 yen). The text must have passed `decimalFault`.
 */
export function parseMajor(text: string, currency: string): bigint | null {
  const exponent = exponentOf(currency);
  const [whole = '', fraction = ''] = text.split('.');
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > exponent) return null;
  return BigInt(whole + kept.padEnd(exponent, '0'));
}

/**
 * Writes minor units in major units. `decimals` is how many a protocol demands (two, say); without it the currency's own
 * exponent is used. Decimals that carry value are never dropped, so KWD 1.005 stays `1.005` even where two are asked.
 */
export function formatMajor(minor: bigint, currency: string, decimals?: number): string {
  const exponent = exponentOf(currency);
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  let fraction = digits.slice(digits.length - exponent);
  if (decimals !== undefined) {
    fraction = fraction.replace(/0+$/, '').padEnd(decimals, '0');
  }
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** Whether a protocol that writes `decimals` decimals can say this amount exactly. */
export function fitsDecimals(minor: bigint, currency: string, decimals: number): boolean {
  const exponent = exponentOf(currency);
  return exponent <= decimals || minor % 10n ** BigInt(exponent - decimals) === 0n;
}

/** For sentences: `60.00 USD`. */
export function describeAmount(minor: bigint, currency: string): string {
  return `${formatMajor(minor, currency)} ${currency}`;
}
