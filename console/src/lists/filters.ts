/** What a list is filtered by, in the page's URL as a person reads it, and in the API's query as the server does. */
import type { Query } from '../api/client.ts';
import { readAmount } from '../money/money.ts';
import { startOfLocalDay } from '../time/time.ts';

/** Names in the URL. Days are local, amounts in major units of `currency`. */
export const FILTERS = ['reference', 'merchant', 'status', 'disputed', 'currency', 'from', 'to', 'min', 'max'] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export function readFilters(parameters: URLSearchParams): Filters {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = parameters.get(name)?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}

/** The URL's parameters with a filter set, or left out; everything else in them stays. */
export function withFilter(parameters: URLSearchParams, name: string, value: string | null): URLSearchParams {
  const changed = new URLSearchParams(parameters);
  if (value === null || value === '') changed.delete(name);
  else changed.set(name, value);
  return changed;
}

export interface ListRequest {
  readonly query: Query;
  /** Filters that cannot be as they are, with what is wrong; they are left out of the query. */
  readonly problems: Readonly<Partial<Record<FilterName, string>>>;
}

export function listRequest(filters: Filters): ListRequest {
  const problems: Partial<Record<FilterName, string>> = {};
  const amount = (name: 'min' | 'max'): string | undefined => {
    const text = filters[name];
    if (text === undefined) return undefined;
    if (filters.currency === undefined) {
      problems[name] = 'Choose the currency';
      return undefined;
    }
    // Zero is no payment, but "from 0" is a filter.
    const { minor, problem } = /^0(\.0*)?$/.test(text)
      ? { minor: 0n, problem: null }
      : readAmount(text, filters.currency);
    if (problem !== null) problems[name] = problem;
    return minor?.toString();
  };
  const day = (name: 'from' | 'to', daysLater: number): string | undefined => {
    const text = filters[name];
    if (text === undefined) return undefined;
    const start = startOfLocalDay(text, daysLater);
    if (start === null) problems[name] = 'Is no day';
    return start ?? undefined;
  };
  const query: Query = {
    reference: filters.reference,
    merchant_id: filters.merchant,
    status: filters.status,
    disputed: filters.disputed,
    currency: filters.currency,
    created_from: day('from', 0),
    // Through the whole of that day.
    created_before: day('to', 1),
    amount_from: amount('min'),
    amount_to: amount('max'),
  };
  return { query, problems };
}
