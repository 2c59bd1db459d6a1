/**
 * Files of refunds. Not money: written directly, outside the engine; what a line refunded is in the journal, under the
 * line's idempotency key.
 */
import type pg from 'pg';
import { bucketOf } from '../core/ids.ts';
import {
  type BulkCells,
  type BulkCounts,
  type BulkLine,
  type BulkOutcome,
  type BulkResult,
  type BulkRun,
  type LineRow,
  type RunRow,
  toLine,
  toRun,
} from './bulk-rows.ts';

/** A run nobody spoke for since is nobody's any more. */
const SILENT_SECONDS = 5;

/** Running, and whoever ran it is gone. */
const LEFT_ALONE = `(status = 'running' AND alive_at < now() - interval '${SILENT_SECONDS} seconds')`;

const RUN = `id, merchant_id, name, lines, CASE WHEN ${LEFT_ALONE} THEN 'interrupted' ELSE status END AS status, counts,
  created_by, started_by, created_at, previewed_at, started_at, finished_at`;

const LINE = `line, payment, reference, namespace, amount, currency, reason, outcome, expected, code, detail, refund_id, payment_id,
  refund_amount_minor, refund_currency`;

/** Lines of one statement: a few milliseconds of PostgreSQL's time. */
const LINES_AT_ONCE = 2_000;

export class BulkStore {
  readonly #readers: pg.Pool;
  readonly #writers: pg.Pool;

  constructor(readers: pg.Pool, writers: pg.Pool) {
    this.#readers = readers;
    this.#writers = writers;
  }

  /** Keeps a file, with the lines that cannot be read already decided; `false` when it is there already. */
  async create(
    run: Pick<BulkRun, 'id' | 'merchantId' | 'name' | 'createdBy'>,
    lines: readonly { readonly line: number; readonly cells: BulkCells; readonly fault: string | null }[],
  ): Promise<boolean> {
    const bucket = bucketOf(run.merchantId);
    const client = await this.#writers.connect();
    let isBroken = true;
    try {
      await client.query('BEGIN');
      const { rowCount } = await client.query(
        `INSERT INTO bulk_run (id, bucket, merchant_id, name, lines, created_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id, bucket) DO NOTHING`,
        [run.id, bucket, run.merchantId, run.name, lines.length, run.createdBy],
      );
      for (let at = 0; rowCount === 1 && at < lines.length; at += LINES_AT_ONCE) {
        const rows = lines.slice(at, at + LINES_AT_ONCE);
        await client.query(
          `INSERT INTO bulk_line (run_id, bucket, line, payment, reference, namespace, amount, currency, reason, outcome, code, detail)
           SELECT $1, $2, line, payment, reference, namespace, amount, currency, reason, CASE WHEN fault IS NOT NULL THEN 'invalid' END,
             CASE WHEN fault IS NOT NULL THEN 'invalid_request' END, fault
           FROM jsonb_to_recordset($3::jsonb) AS given (line integer, payment text, reference text, namespace text, amount text,
             currency text, reason text, fault text)`,
          [run.id, bucket, JSON.stringify(rows.map(({ line, cells, fault }) => ({ line, ...cells, fault })))],
        );
      }
      await client.query('COMMIT');
      isBroken = false;
      return rowCount === 1;
    } finally {
      client.release(isBroken);
    }
  }

  /** A run; with `merchantId`, another merchant's is as unknown as none. */
  async run(id: string, merchantId: string | null): Promise<BulkRun | null> {
    const { rows } = await this.#readers.query<RunRow>({
      name: 'read_bulk_run',
      text: `SELECT ${RUN} FROM bulk_run WHERE id = $1`,
      values: [id],
    });
    const [row] = rows;
    return row === undefined || (merchantId !== null && row.merchant_id !== merchantId) ? null : toRun(row);
  }

  /** Runs, newest first. */
  async runs(merchantId: string | null, limit: number): Promise<BulkRun[]> {
    const { rows } = await this.#readers.query<RunRow>({
      name: 'read_bulk_runs',
      text: `SELECT ${RUN} FROM bulk_run WHERE $1::uuid IS NULL OR merchant_id = $1 ORDER BY created_at DESC LIMIT $2`,
      values: [merchantId, limit],
    });
    return rows.map(toRun);
  }

  /**
   * Lines after one, in their order: all, those of an outcome, or those that have none yet. `expected`: only those that have
   * none yet, of which a preview expects this.
   */
  async lines(
    run: Pick<BulkRun, 'id' | 'merchantId'>,
    after: number,
    which: BulkOutcome | 'undecided' | null,
    limit: number,
    expected: BulkOutcome | null = null,
  ): Promise<BulkLine[]> {
    const { rows } = await this.#readers.query<LineRow>({
      name: 'read_bulk_lines',
      text: `SELECT ${LINE} FROM bulk_line WHERE run_id = $1 AND bucket = $2 AND line > $3
             AND ($4::text IS NULL OR coalesce(outcome, 'undecided') = $4)
             AND ($6::text IS NULL OR (outcome IS NULL AND expected = $6)) ORDER BY line LIMIT $5`,
      values: [run.id, bucketOf(run.merchantId), after, which, limit, expected],
    });
    return rows.map(toLine);
  }

  /**
   * Takes a run for somebody to run: one that is not running, or that whoever ran it left alone. Lines that failed by a
   * mistake are to be done again. `false` when it is taken, or done.
   */
  async take(run: Pick<BulkRun, 'id' | 'merchantId'>, by: string): Promise<boolean> {
    const { rowCount } = await this.#writers.query({
      name: 'take_bulk_run',
      text: `WITH again AS (
               UPDATE bulk_line SET outcome = NULL, code = NULL, detail = NULL
               WHERE run_id = $1 AND bucket = $2 AND outcome = 'failed'
                 AND EXISTS (SELECT 1 FROM bulk_run WHERE id = $1 AND bucket = $2 AND status <> 'running')
               RETURNING 1
             )
             UPDATE bulk_run SET status = 'running', started_by = $3, started_at = now(), alive_at = now(), finished_at = NULL
             WHERE id = $1 AND bucket = $2 AND (
               status IN ('ready', 'interrupted') OR ${LEFT_ALONE} OR (status = 'done' AND EXISTS (SELECT 1 FROM again))
             )`,
      values: [run.id, bucketOf(run.merchantId), by],
    });
    return rowCount === 1;
  }

  /** Says that somebody is at it. */
  async beat({ id, merchantId }: Pick<BulkRun, 'id' | 'merchantId'>): Promise<void> {
    await this.#writers.query({
      name: 'beat_bulk_run',
      text: `UPDATE bulk_run SET alive_at = now() WHERE id = $1 AND bucket = $2 AND status = 'running'`,
      values: [id, bucketOf(merchantId)],
    });
  }

  async finish({ id, merchantId }: Pick<BulkRun, 'id' | 'merchantId'>, status: 'done' | 'interrupted'): Promise<void> {
    await this.#writers.query({
      name: 'finish_bulk_run',
      text: `UPDATE bulk_run SET status = $3, finished_at = CASE WHEN $3 = 'done' THEN now() END
             WHERE id = $1 AND bucket = $2 AND status = 'running'`,
      values: [id, bucketOf(merchantId), status],
    });
  }

  /** Keeps what became of lines; what was decided before stays as it was. */
  async decide(run: Pick<BulkRun, 'id' | 'merchantId'>, results: ReadonlyMap<number, BulkResult>): Promise<void> {
    await this.#write(run, results, 'outcome');
  }

  /** Keeps what a preview expects of lines that are not decided. */
  async expect(run: Pick<BulkRun, 'id' | 'merchantId'>, results: ReadonlyMap<number, BulkResult>): Promise<void> {
    await this.#write(run, results, 'expected');
    await this.#writers.query({
      name: 'preview_bulk_run',
      text: `UPDATE bulk_run SET previewed_at = now() WHERE id = $1 AND bucket = $2`,
      values: [run.id, bucketOf(run.merchantId)],
    });
  }

  async #write(
    { id, merchantId }: Pick<BulkRun, 'id' | 'merchantId'>,
    results: ReadonlyMap<number, BulkResult>,
    column: 'outcome' | 'expected',
  ): Promise<void> {
    const all = [...results].map(([line, { amountMinor, ...result }]) => ({
      line,
      ...result,
      amountMinor: amountMinor === null ? null : String(amountMinor),
    }));
    for (let at = 0; at < all.length; at += LINES_AT_ONCE) {
      await this.#writers.query({
        name: `write_bulk_${column}`,
        text: `UPDATE bulk_line SET ${column} = given.outcome, code = given.code, detail = given.detail, refund_id = given."refundId",
                 payment_id = given."paymentId", refund_amount_minor = given."amountMinor", refund_currency = given.currency
               FROM jsonb_to_recordset($3::jsonb) AS given (line integer, outcome text, code text, detail text, "refundId" uuid,
                 "paymentId" uuid, "amountMinor" bigint, currency text)
               WHERE bulk_line.run_id = $1 AND bulk_line.bucket = $2 AND bulk_line.line = given.line AND bulk_line.outcome IS NULL`,
        values: [id, bucketOf(merchantId), JSON.stringify(all.slice(at, at + LINES_AT_ONCE))],
      });
    }
  }

  /** Counts a run's lines, and keeps the counts with the run. */
  async count({ id, merchantId }: Pick<BulkRun, 'id' | 'merchantId'>): Promise<BulkCounts> {
    const { rows } = await this.#readers.query<{
      outcome: string | null;
      expected: string | null;
      currency: string | null;
      lines: number;
      amount: string | null;
    }>({
      name: 'count_bulk_lines',
      text: `SELECT outcome, expected, refund_currency AS currency, count(*)::integer AS lines, sum(refund_amount_minor)::text AS amount
             FROM bulk_line WHERE run_id = $1 AND bucket = $2 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      values: [id, bucketOf(merchantId)],
    });
    const outcomes: Record<string, number> = {};
    const expected: Record<string, number> = {};
    for (const row of rows) {
      const outcome = row.outcome ?? 'undecided';
      outcomes[outcome] = (outcomes[outcome] ?? 0) + row.lines;
      if (row.expected !== null) expected[row.expected] = (expected[row.expected] ?? 0) + row.lines;
    }
    const amounts = rows.flatMap((row) =>
      row.currency === null || row.amount === null
        ? []
        : [{ outcome: row.outcome, expected: row.expected, currency: row.currency, amount: row.amount }],
    );
    const counts: BulkCounts = { outcomes, expected, amounts };
    await this.#writers.query({
      name: 'keep_bulk_counts',
      text: `UPDATE bulk_run SET counts = $3 WHERE id = $1 AND bucket = $2`,
      values: [id, bucketOf(merchantId), JSON.stringify(counts)],
    });
    return counts;
  }
}
