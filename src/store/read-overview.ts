/** What the overview sums up: refunds in slots of five minutes, what merchants hold, and what waits for a second person. */
import type pg from 'pg';
import { bucketOf, firstIdAt } from '../core/ids.ts';
import type { RefundStatus } from '../core/refund.ts';
import { SCAN_ROWS } from './page.ts';

/** Divides every offset from UTC that is in use, so that days of all zones are made of whole slots. */
export const SLOT_MS = 5 * 60_000;

/** Refunds of one slot that are alike. */
export interface RefundGroup {
  readonly status: RefundStatus;
  readonly refusalCode: string | null;
  readonly protocol: string;
  readonly currency: string;
  readonly count: number;
  readonly amountMinor: bigint;
}

export interface RefundPage {
  /** By the slot's number: milliseconds since 1970, divided by `SLOT_MS`. */
  readonly groups: readonly (RefundGroup & { readonly slot: number })[];
  /** The last refund that was counted; `null` when the page came to the range's end. */
  readonly next: string | null;
}

export interface Unsettled {
  readonly merchantId: string;
  readonly merchantName: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** Some twenty milliseconds. */
const PAGE_ROWS = 20_000;
/** Balances that are looked at, and how many of them are shown: more is a report's business. */
const BALANCES = 5_000;
const SHOWN_BALANCES = 100;

const page = (owned: string): string => `
  WITH scanned AS MATERIALIZED (
    SELECT id, created_at, status, refusal_code, protocol, currency, amount_minor FROM refund
    WHERE ${owned} id >= $1 AND id < $2 ORDER BY id LIMIT ${PAGE_ROWS}
  ),
  grouped AS (
    SELECT floor(extract(epoch FROM created_at) / ${SLOT_MS / 1000})::integer AS slot, status, refusal_code, protocol, currency,
           count(*)::integer AS count, sum(amount_minor)::text AS amount
    FROM scanned GROUP BY 1, 2, 3, 4, 5
  )
  SELECT grouped.*, last.id AS last_id
  FROM grouped CROSS JOIN (
    SELECT CASE WHEN (SELECT count(*) FROM scanned) = ${PAGE_ROWS} THEN (SELECT id FROM scanned ORDER BY id DESC LIMIT 1) END AS id
  ) AS last`;
const PAGES = {
  all: page(''),
  merchant: page('uuid_send(merchant_id) = uuid_send($3::uuid) AND bucket = $4 AND'),
} as const;

interface GroupRow {
  slot: number;
  status: RefundStatus;
  refusal_code: string | null;
  protocol: string;
  currency: string;
  count: number;
  amount: string;
  last_id: string | null;
}

export class OverviewReader {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Refunds asked for from one time to before another, milliseconds since 1970; `after` is an earlier page's `next`. */
  async refunds(
    range: { readonly from: number; readonly before: number; readonly after: string | null },
    merchantId: string | null,
  ): Promise<RefundPage> {
    const { rows } = await this.#pool.query<GroupRow>({
      name: `overview_refunds_${merchantId === null ? 'all' : 'merchant'}`,
      text: merchantId === null ? PAGES.all : PAGES.merchant,
      values: [
        range.after === null ? firstIdAt(range.from) : following(range.after),
        firstIdAt(range.before),
        ...(merchantId === null ? [] : [merchantId, bucketOf(merchantId)]),
      ],
    });
    return {
      groups: rows.map((row) => ({
        slot: row.slot,
        status: row.status,
        refusalCode: row.refusal_code,
        protocol: row.protocol,
        currency: row.currency,
        count: row.count,
        amountMinor: BigInt(row.amount),
      })),
      next: rows[0]?.last_id ?? null,
    };
  }

  /** Ids of the refunds that wait for a second person, at most `SCAN_ROWS`. */
  async waiting(merchantId: string | null): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>({
      name: 'overview_waiting',
      text: `SELECT id FROM refund WHERE status = 'pending_approval' AND ($1::uuid IS NULL OR merchant_id = $1)
             ORDER BY expires_at LIMIT ${SCAN_ROWS}`,
      values: [merchantId],
    });
    return rows.map(({ id }) => id);
  }

  /** What merchants hold, the most first. */
  async unsettled(merchantId: string | null): Promise<Unsettled[]> {
    const { rows } = await this.#pool.query<{ merchant_id: string; name: string; currency: string; minor: bigint }>({
      name: 'overview_unsettled',
      text: `
        WITH scanned AS MATERIALIZED (
          SELECT merchant_id, currency, bucket, merchant_unsettled_minor AS minor FROM balance
          WHERE $1::uuid IS NULL OR merchant_id = $1 ORDER BY merchant_id, currency LIMIT ${BALANCES}
        ),
        shown AS (SELECT * FROM scanned WHERE minor <> 0 ORDER BY abs(minor) DESC LIMIT ${SHOWN_BALANCES})
        SELECT shown.merchant_id, m.name, shown.currency, shown.minor
        FROM shown CROSS JOIN LATERAL (SELECT name FROM merchant WHERE id = shown.merchant_id AND bucket = shown.bucket OFFSET 0) AS m
        ORDER BY abs(shown.minor) DESC, m.name, shown.currency`,
      values: [merchantId],
    });
    return rows.map((row) => ({
      merchantId: row.merchant_id,
      merchantName: row.name,
      currency: row.currency,
      amountMinor: row.minor,
    }));
  }
}

/** The least id after one. */
function following(id: string): string {
  const next = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return next.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
