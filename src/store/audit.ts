/** How `verify` reads: pages of a table, the heads, what lies past them, and rows by name. */
import pg from 'pg';
import type { Head } from '../core/book.ts';
import type { Audit } from './audit-statements.ts';
import { hexOf } from './connection.ts';

/** Where to read, and how many rows at a time. */
export interface Reader {
  readonly pool: pg.Pool;
  readonly pageRows: number;
}

/** What lies where nothing may be is listed up to here; one is enough to know. */
const STRAY_ROWS = 1_000;

const BYTEA = 17;
const INT8 = 20;
const TIMESTAMPTZ = 1184;
const defaultParser = pg.types.getTypeParser as (oid: number, format?: string) => (text: string) => unknown;

/** As every reader's, but for times: a change of one microsecond must not be rounded away. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return BigInt;
    if (oid === BYTEA) return hexOf;
    if (oid === TIMESTAMPTZ) return exactTime;
    return defaultParser(oid, format);
  },
};

const SECOND_LENGTH = '2026-01-31 12:00:00'.length;
const UTC_LENGTH = '+00'.length;

/** The last whole second that was read: neighbours in a table are mostly of the same. */
let second = '';
let secondMs = Number.NaN;

/**
 * `2026-01-31 12:00:00.5+00` → milliseconds since 1970, with a fraction where there are microseconds; `NaN` for what no
 * clock says (`infinity`, years before Christ).
 */
function exactTime(text: string): number {
  const whole = text.slice(0, SECOND_LENGTH);
  if (whole !== second) {
    second = whole;
    secondMs = Date.parse(`${whole.replace(' ', 'T')}Z`);
  }
  const fraction = text.slice(SECOND_LENGTH + 1, -UTC_LENGTH);
  return fraction === '' ? secondMs : secondMs + Number(fraction.padEnd(6, '0')) / 1000;
}

async function read<Row extends object>({ pool }: Reader, text: string, values: unknown[] = []): Promise<Row[]> {
  return (await pool.query<Row>({ text, values, types })).rows;
}

/** A place in the order of a walk: the key of the row before the next page. */
export type Place = readonly (string | number | bigint)[];

/**
 * The rows of a walk, page by page; the next page is on its way while one is looked at. `after` is where to begin,
 * `parameters` what the statement takes beside the place.
 */
export async function* pagesOf<Row extends object>(
  reader: Reader,
  audit: Audit<Row>,
  parameters: readonly unknown[] = [],
  after: Place = audit.before,
): AsyncGenerator<Row[], void, undefined> {
  const page = (place: Place): Promise<Row[]> => {
    const rows = read<Row>(reader, audit.text, [reader.pageRows, ...place.map(String), ...parameters]);
    // Whoever walks may stop before this page is awaited.
    rows.catch(() => undefined);
    return rows;
  };
  for (let next: Promise<Row[]> | null = page(after); next !== null;) {
    const rows: Row[] = await next;
    const last = rows.length === reader.pageRows ? rows.at(-1) : undefined;
    next = last === undefined ? null : page(audit.key.map((name) => last[name] as Place[number]));
    if (rows.length > 0) yield rows;
  }
}

/** Single rows, by a statement of `LOOKS`. */
export function readLook<Row extends object>(reader: Reader, text: string, values: readonly unknown[]): Promise<Row[]> {
  return read<Row>(reader, text, [...values]);
}

export interface BucketHead extends Head {
  readonly bucket: number;
}

/** Where every book ends, all at one moment. */
export async function readHeads(reader: Reader): Promise<BucketHead[]> {
  const rows = await read<{ bucket: number; seq: bigint; hash: string; at: number }>(
    reader,
    `SELECT bucket, seq, hash, at FROM bucket ORDER BY bucket`,
  );
  return rows;
}

export async function readInstallationRow(reader: Reader): Promise<{ id: string; buckets: number } | null> {
  const [row] = await read<{ id: string; buckets: number }>(reader, `SELECT id, buckets FROM installation`);
  return row ?? null;
}

/** About how many rows there are besides the journal's, as PostgreSQL's statistics have it: for progress only. */
export async function estimateRows(reader: Reader): Promise<bigint> {
  const [row] = await read<{ rows: bigint }>(
    reader,
    `SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint AS rows FROM pg_class
     WHERE oid IN ('payment'::regclass, 'refund'::regclass, 'payment_reference'::regclass)`,
  );
  return row?.rows ?? 0n;
}

/** Entries after number `after` that lie past their book's head, or in no book. */
export async function readEntriesPastHeads(reader: Reader, after: bigint): Promise<{ bucket: number; seq: bigint }[]> {
  return read(
    reader,
    `SELECT j.bucket, j.seq FROM journal j LEFT JOIN bucket b ON b.bucket = j.bucket
     WHERE j.seq > $1 AND (b.bucket IS NULL OR j.seq > b.seq) ORDER BY j.seq, j.bucket LIMIT $2`,
    [after.toString(), STRAY_ROWS],
  );
}

/** Tables whose rows are named by what an entry says, and the column that names the last entry about such a row. */
const NAMED_BY = {
  merchant: 'policy_seq',
  credential: 'revoked_seq',
  settlement: 'cutoff_seq',
  entitlement: 'created_seq',
} as const;
export type NamedTable = keyof typeof NAMED_BY;

/** Which of these rows there are, each as `bucket/id`, with the last entry about it. */
export async function readNamed(
  reader: Reader,
  table: NamedTable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, bigint | null>> {
  const rows = await read<{ name: string; seq: bigint | null }>(
    reader,
    `SELECT bucket || '/' || id AS name, ${NAMED_BY[table]} AS seq FROM ${table} WHERE id = ANY($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ name, seq }) => [name, seq]));
}

/** The counters of one merchant as they are now. */
export async function readCounters(reader: Reader, merchantId: string): Promise<Readonly<Record<string, string>>> {
  const [row] = await read<{ counters: Record<string, string> }>(
    reader,
    `SELECT counters FROM merchant WHERE id = $1`,
    [merchantId],
  );
  return row?.counters ?? {};
}

/** Which of a payment's references have a row that names the payment, each as `namespace value`. */
export async function readReferenceRows(
  reader: Reader,
  payment: { readonly id: string; readonly bucket: number; readonly merchant_id: string },
  references: readonly { readonly namespace: string; readonly value: string }[],
): Promise<ReadonlySet<string>> {
  const rows = await read<{ name: string }>(
    reader,
    `SELECT namespace || ' ' || value AS name FROM payment_reference
     WHERE value = ANY($1::text[]) AND merchant_id = $2 AND bucket = $3 AND payment_id = $4`,
    [references.map(({ value }) => value), payment.merchant_id, payment.bucket, payment.id],
  );
  return new Set(rows.map(({ name }) => name));
}
