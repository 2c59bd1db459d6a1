/** What a search may mean: one text, several readings. */
import { isId } from '../core/ids.ts';
import { CURRENCIES, decimalFault, isCurrency, MAX_AMOUNT_MINOR, parseMajor } from '../core/money.ts';
import type { WantedAmount } from '../store/search.ts';

export interface SearchTerms {
  /** As it was typed, without blanks around it: a reference or a token. */
  readonly text: string;
  /** One of Refundry's ids, of a payment or a refund. */
  readonly id: string | null;
  readonly email: string | null;
  readonly last4: string | null;
  /** The amount in each currency that can hold it; of one currency where that is named. */
  readonly amounts: readonly WantedAmount[];
}

/** `4242`, and as receipts print it: `•••• 4242`, `**** 4242`, `xx4242`. */
const LAST4 = /^[*•xX.\s-]*([0-9]{4})$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;
/** `49.99`, `1,234.50`, `49.99 usd`, `EUR 49.99`, `$49.99`. */
const AMOUNT = /^(?:([a-z]{3})\s*|[$€£¥]\s*)?([0-9][0-9,]*(?:\.[0-9]+)?)(?:\s*([a-z]{3}))?$/i;
const GROUPED = /^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$/;

export function readSearch(given: string): SearchTerms {
  const text = given.trim();
  const lower = text.toLowerCase();
  return {
    text,
    id: isId(lower) ? lower : null,
    email: EMAIL.test(text) ? text : null,
    last4: LAST4.exec(text)?.[1] ?? null,
    amounts: readAmounts(text),
  };
}

function readAmounts(text: string): WantedAmount[] {
  const [, before, written = '', after] = AMOUNT.exec(text) ?? [];
  const decimal = GROUPED.test(written) ? written.replaceAll(',', '') : written;
  if (written === '' || decimalFault(decimal) !== null || (before !== undefined && after !== undefined)) return [];
  const named = (before ?? after)?.toUpperCase();
  if (named !== undefined && !isCurrency(named)) return [];
  return (named === undefined ? CURRENCIES : [named]).flatMap((currency) => {
    const minor = parseMajor(decimal, currency);
    return minor === null || minor > MAX_AMOUNT_MINOR ? [] : [{ currency, minor }];
  });
}
