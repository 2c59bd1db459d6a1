/** Reading what lists are asked with: pages, cursors, times and amounts, from the text of the query string. */
import { isId } from '../core/ids.ts';
import type { Page } from '../store/page.ts';
import type { ListFilter } from '../store/read.ts';
import { InvalidRequest } from './problems.ts';

const DEFAULT_LIMIT = 20;

/** What a cursor belongs to: one list's cursor means nothing to another. */
export type CursorKind = 'payment' | 'refund' | 'merchant' | 'settlement' | 'journal' | 'event';

export function encodeCursor(kind: CursorKind, position: string): string {
  return Buffer.from(`${kind}:${position}`).toString('base64url');
}

/** The position that a cursor stands for. Throws `InvalidRequest` for what no list of this kind gave out. */
export function decodeCursor(kind: CursorKind, cursor: string, pattern: RegExp): string {
  const decoded = Buffer.from(cursor, 'base64url').toString('latin1');
  const position = decoded.startsWith(`${kind}:`) ? decoded.slice(kind.length + 1) : '';
  if (!pattern.test(position) || encodeCursor(kind, position) !== cursor) throw badCursor();
  return position;
}

export function badCursor(): InvalidRequest {
  return new InvalidRequest([{ parameter: 'cursor', problem: 'was not given out by this list' }]);
}

export interface PageQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

export function limitOf({ limit }: PageQuery): number {
  return limit === undefined ? DEFAULT_LIMIT : Number(limit);
}

/** The id after which the page begins; `null` for the first. */
export function afterOf(kind: CursorKind, { cursor }: PageQuery): string | null {
  if (cursor === undefined) return null;
  const id = decodeCursor(kind, cursor, /^[0-9a-f-]{36}$/);
  if (!isId(id)) throw badCursor();
  return id;
}

export interface PageView<T> {
  readonly data: T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export function pageView<T, View>(kind: CursorKind, page: Page<T>, view: (item: T) => View): PageView<View> {
  return {
    data: page.items.map(view),
    has_more: page.next !== null,
    next_cursor: page.next === null ? null : encodeCursor(kind, page.next),
  };
}

/** A whole list in the shape of a page. */
export function wholeList<View>(data: View[]): PageView<View> {
  return { data, has_more: false, next_cursor: null };
}

export interface ListQuery extends PageQuery {
  readonly created_from?: string;
  readonly created_before?: string;
  readonly amount_from?: string;
  readonly amount_to?: string;
  readonly currency?: string;
  readonly reference?: string;
}

export function listFilter(kind: 'payment' | 'refund', query: ListQuery, merchantId: string | null): ListFilter {
  return {
    merchantId,
    createdFrom: readTime('created_from', query.created_from),
    createdBefore: readTime('created_before', query.created_before),
    amountFromMinor: query.amount_from === undefined ? null : BigInt(query.amount_from),
    amountToMinor: query.amount_to === undefined ? null : BigInt(query.amount_to),
    currency: query.currency ?? null,
    reference: query.reference ?? null,
    limit: limitOf(query),
    after: afterOf(kind, query),
  };
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * An ISO 8601 time with its offset, or a date (its first moment, UTC), in milliseconds since 1970; `null` where none is
 * given. Throws `InvalidRequest`.
 */
export function readTime(parameter: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const date = TIME.exec(text)?.[1] ?? '';
  const ms = date === '' ? Number.NaN : Date.parse(text);
  // Date.parse takes 30 February for 2 March.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const isReal = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
  if (Number.isNaN(ms) || !isReal || ms < 0) {
    const problem = 'must be an ISO 8601 time since 1970, such as 2026-01-31T12:00:00Z or 2026-01-31';
    throw new InvalidRequest([{ parameter, problem }]);
  }
  return ms;
}
