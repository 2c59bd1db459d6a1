/**
 * Lists in pages. A page scans a bounded number of rows, whatever its filter leaves of them: so it may be short, even
 * empty, and still have a cursor; only a page without one is the last.
 */

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `null` when there is none. */
  readonly next: string | null;
}

/** Rows that one page may look at: a few milliseconds' worth. */
export const SCAN_ROWS = 2_000;

/** Rows that are looked at first: most filters pass most rows, and a page is found among these. */
export const FIRST_SCAN_ROWS = 100;

/**
 * Makes a page of what a bounded scan found. `rows` are the matching ones in order, one more than `limit` if there are;
 * `lastScanned` names the last row that was looked at, `null` if the scan came to the end.
 */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  nameOf: (row: T) => string,
  lastScanned: string | null,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length > limit && last !== undefined) return { items, next: nameOf(last) };
  return { items, next: lastScanned };
}
