/** Reading the journal in time's order, from any number of books at once, and following what is added to it. */
import type { Pool } from 'pg';
import type { JournalEntry, JournalKind } from '../core/journal.ts';
import { SCAN_ROWS } from './page.ts';
import { columns, JOURNAL_COLUMNS, type JournalRow, toEntry } from './rows.ts';

/** Per bucket, the number of the entry beside which a page begins: it is not on the page itself. */
export type JournalPositions = ReadonlyMap<number, bigint>;

export interface JournalQuery {
  /** The buckets to read, and where in each. */
  readonly positions: JournalPositions;
  readonly order: 'oldest first' | 'newest first';
  readonly limit: number;
  /** Filters; what is `null` does not filter. */
  readonly merchantId: string | null;
  readonly kind: JournalKind | null;
  readonly paymentId: string | null;
  /** Entries below this number are of no interest. */
  readonly fromSeq: bigint;
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** Where the next page begins. */
  readonly next: JournalPositions;
  /** Whether the page stopped before the end: at its limit, or at the rows that one page may look at. */
  readonly hasMore: boolean;
}

const NAMES = columns('matching', JOURNAL_COLUMNS);

// Numbers are gapless in each book, so a window of them is so many exact lookups: it costs the same in a book of ten
// entries beside one of ten million. (seq, bucket) would be no order to follow all books by: a slow book's next entry
// has a lower number than a fast book's last one.
const page = (order: JournalQuery['order']): string => {
  const isOldest = order === 'oldest first';
  const direction = isOldest ? 'ASC' : 'DESC';
  const series = isOldest
    ? 'generate_series(greatest(p.seq + 1, $4::bigint), least(p.seq + $3::bigint, b.seq))'
    : 'generate_series(greatest(p.seq - $3::bigint, $4::bigint), least(p.seq - 1, b.seq))';
  return `
    WITH scanned AS MATERIALIZED (
      SELECT j.*, row_number() OVER (ORDER BY j.at ${direction}, j.bucket, j.seq ${direction}) AS n
      FROM unnest($1::integer[], $2::bigint[]) AS p (bucket, seq)
      JOIN bucket b ON b.bucket = p.bucket
      CROSS JOIN LATERAL ${series} AS s (seq)
      CROSS JOIN LATERAL (SELECT * FROM journal WHERE seq = s.seq AND bucket = p.bucket OFFSET 0) AS j
      ORDER BY n LIMIT $3
    ),
    matching AS (
      SELECT * FROM scanned
      WHERE ($5::uuid IS NULL OR merchant_id = $5) AND ($6::text IS NULL OR kind = $6) AND ($7::uuid IS NULL OR payment_id = $7)
      ORDER BY n LIMIT $8
    ),
    total AS (SELECT count(*) AS scanned FROM scanned),
    cut AS (SELECT CASE WHEN count(*) = $8 THEN max(n) ELSE (SELECT scanned FROM total) END AS n FROM matching),
    reached AS (
      SELECT array_agg(bucket) AS buckets, array_agg(seq::text) AS seqs
      FROM (SELECT bucket, ${isOldest ? 'max' : 'min'}(seq) AS seq FROM scanned, cut WHERE scanned.n <= cut.n GROUP BY bucket) AS r
    )
    SELECT total.scanned, cut.n AS cut, reached.buckets, reached.seqs, ${NAMES}
    FROM total CROSS JOIN cut CROSS JOIN reached LEFT JOIN matching ON true ORDER BY matching.n`;
};

const PAGES = { 'oldest first': page('oldest first'), 'newest first': page('newest first') } as const;

export class JournalReader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The number of each bucket's last entry; of one bucket, if one is given. */
  async heads(bucket: number | null): Promise<Map<number, bigint>> {
    const { rows } = await this.#pool.query<{ bucket: number; seq: bigint }>({
      name: 'read_heads',
      text: `SELECT bucket, seq FROM bucket WHERE $1::integer IS NULL OR bucket = $1 ORDER BY bucket`,
      values: [bucket],
    });
    return new Map(rows.map((row) => [row.bucket, row.seq]));
  }

  /** One page. Within a book entries come in their order; books are merged by time. */
  async page(query: JournalQuery): Promise<JournalPage> {
    const { positions, order, limit } = query;
    // At least the page's limit from each book: the first of all are then among them.
    const window = Math.max(limit, Math.floor(SCAN_ROWS / Math.max(1, positions.size)));
    const { rows } = await this.#pool.query<
      JournalRow & { scanned: bigint; cut: bigint; buckets: number[] | null; seqs: string[] | null }
    >({
      name: `read_journal_${order === 'oldest first' ? 'forward' : 'backward'}`,
      text: PAGES[order],
      values: [
        [...positions.keys()],
        [...positions.values()].map(String),
        window,
        String(query.fromSeq),
        query.merchantId,
        query.kind,
        query.paymentId,
        limit,
      ],
    });
    const [first] = rows;
    const next = new Map(positions);
    for (const [index, bucket] of (first?.buckets ?? []).entries()) next.set(bucket, BigInt(first?.seqs?.[index] ?? 0));
    return {
      entries: rows.filter((row) => row.hash !== null).map(toEntry),
      next,
      hasMore: first !== undefined && (first.cut < first.scanned || first.scanned >= BigInt(window)),
    };
  }
}
