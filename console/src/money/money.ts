/**
 * Amounts as people read and write them. An amount is an integer of the currency's minor units: a `bigint`, or a `number`
 * as JSON has it, which is exact for what the API sends. Nothing here divides, and no amount is ever a fraction.
 */
import { EXPONENTS } from './exponents.ts';

/** Minor units as they come from the API: whole numbers. Numbers beyond what a `number` holds come as `bigint`. */
export type Minor = number | bigint;

/** The API's own bound: at most 12 digits. */
const MAX_DIGITS = 12;

/** How many decimals a currency has; `null` for a code that is not in ISO 4217. */
export function exponentOf(currency: string): number | null {
  return EXPONENTS.get(currency) ?? null;
}

/** `1234567` minor units of USD as `12,345.67`; of an unknown currency as the number of minor units, said to be so. */
export function formatAmount(minor: Minor, currency: string): string {
  const exponent = exponentOf(currency);
  const { sign, digits } = split(minor);
  if (exponent === null) return `${sign}${grouped(digits)} minor units`;
  const padded = digits.padStart(exponent + 1, '0');
  const whole = grouped(padded.slice(0, padded.length - exponent));
  return exponent === 0 ? sign + whole : `${sign}${whole}.${padded.slice(-exponent)}`;
}

/** The same without grouping, as `readAmount` takes it: for inputs. */
export function plainAmount(minor: Minor, currency: string): string {
  return formatAmount(minor, currency).replaceAll(',', '').replace('−', '-');
}

/** With a real minus sign, which lines up with the digits. */
function split(minor: Minor): { sign: string; digits: string } {
  // BigInt() throws for a fraction: such an "amount" is a mistake of ours, and must not be shown as one.
  const value = BigInt(minor);
  return { sign: value < 0n ? '−' : '', digits: (value < 0n ? -value : value).toString() };
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

export type ReadAmount =
  { readonly minor: bigint; readonly problem: null } | { readonly minor: null; readonly problem: string };

const problem = (text: string): ReadAmount => ({ minor: null, problem: text });

/** Reads what a person typed, `12.5` USD as 1250. A comma is refused: it means thousands to some and decimals to others. */
export function readAmount(text: string, currency: string): ReadAmount {
  const exponent = exponentOf(currency);
  if (exponent === null) return problem(`${currency} is no currency of ISO 4217`);
  const typed = text.trim();
  if (typed === '') return problem('Enter an amount');
  if (typed.includes(',')) return problem('Use a dot for decimals and no commas, such as 1234.50');
  const match = /^(\d+)(?:\.(\d*))?$/.exec(typed);
  if (match === null) return problem('Use digits and one dot only');
  const [, whole = '', fraction = ''] = match;
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > exponent) {
    return problem(
      exponent === 0 ? `${currency} has no decimals` : `${currency} has ${exponent} decimals: no amount is smaller`,
    );
  }
  const digits = (whole + kept.padEnd(exponent, '0')).replace(/^0+/, '');
  if (digits === '') return problem('Must be more than zero');
  if (digits.length > MAX_DIGITS) return problem('Is larger than any payment');
  return { minor: BigInt(digits), problem: null };
}

/** How much of a whole, in tenths of a percent, 0 to 1000: for bars, never for sums. */
export function permille(part: Minor, whole: Minor): number {
  const total = BigInt(whole);
  return total <= 0n ? 0 : Number((BigInt(part) * 1000n) / total);
}

/** Orders amounts; of two currencies, by their codes, because amounts of two currencies do not compare. */
export function compareAmounts(
  a: { readonly minor: Minor; readonly currency: string },
  b: { readonly minor: Minor; readonly currency: string },
): number {
  if (a.currency !== b.currency) return a.currency < b.currency ? -1 : 1;
  const difference = BigInt(a.minor) - BigInt(b.minor);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
