/** Files of refunds as rows, and as what they are: one run per file, one refund per line. */

export type BulkStatus = 'ready' | 'running' | 'interrupted' | 'done';

/** What becomes of a line. `invalid` cannot be read; `failed` was Refundry's own mistake, and may be tried again. */
export const BULK_OUTCOMES = ['succeeded', 'pending_approval', 'refused', 'invalid', 'failed'] as const;
export type BulkOutcome = (typeof BULK_OUTCOMES)[number];

export interface BulkRun {
  /** SHA-256, hex, of the merchant and what the file's lines say. */
  readonly id: string;
  readonly merchantId: string;
  readonly name: string;
  readonly lines: number;
  readonly status: BulkStatus;
  readonly counts: BulkCounts;
  readonly createdBy: string;
  readonly startedBy: string | null;
  /** Times are milliseconds since 1970. */
  readonly createdAt: number;
  readonly previewedAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** Lines by what became of them and by what a preview expects, and the sums of what they refund, minor units. */
export interface BulkCounts {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly expected: Readonly<Record<string, number>>;
  readonly amounts: readonly {
    readonly outcome: string | null;
    readonly expected: string | null;
    readonly currency: string;
    readonly amount: string;
  }[];
}

const NO_COUNTS: BulkCounts = { outcomes: {}, expected: {}, amounts: [] };

/** A line's cells as they were written. */
export interface BulkCells {
  readonly payment: string;
  readonly reference: string;
  readonly namespace: string;
  readonly amount: string;
  readonly currency: string;
  readonly reason: string;
}

/** What a line became, or is expected to. */
export interface BulkResult {
  readonly outcome: BulkOutcome;
  readonly code: string | null;
  readonly detail: string | null;
  readonly refundId: string | null;
  readonly paymentId: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
}

export interface BulkLine {
  /** As a spreadsheet counts: the header is line 1. */
  readonly line: number;
  readonly cells: BulkCells;
  readonly outcome: BulkOutcome | null;
  readonly expected: BulkOutcome | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly refundId: string | null;
  readonly paymentId: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
}

export interface RunRow {
  id: string;
  merchant_id: string;
  name: string;
  lines: number;
  status: BulkStatus;
  counts: BulkCounts | Record<string, never>;
  created_by: string;
  started_by: string | null;
  created_at: number;
  previewed_at: number | null;
  started_at: number | null;
  finished_at: number | null;
}

export interface LineRow extends BulkCells {
  line: number;
  outcome: BulkOutcome | null;
  expected: BulkOutcome | null;
  code: string | null;
  detail: string | null;
  refund_id: string | null;
  payment_id: string | null;
  refund_amount_minor: bigint | null;
  refund_currency: string | null;
}

export function toRun(row: RunRow): BulkRun {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    name: row.name,
    lines: row.lines,
    status: row.status,
    counts: 'outcomes' in row.counts ? (row.counts as BulkCounts) : NO_COUNTS,
    createdBy: row.created_by,
    startedBy: row.started_by,
    createdAt: row.created_at,
    previewedAt: row.previewed_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export function toLine(row: LineRow): BulkLine {
  const { payment, reference, namespace, amount, currency, reason } = row;
  return {
    line: row.line,
    cells: { payment, reference, namespace, amount, currency, reason },
    outcome: row.outcome,
    expected: row.expected,
    code: row.code,
    detail: row.detail,
    refundId: row.refund_id,
    paymentId: row.payment_id,
    amountMinor: row.refund_amount_minor,
    currency: row.refund_currency,
  };
}
