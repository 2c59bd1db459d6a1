/** Runs of files of refunds, and their lines, as plain JSON and as CSV. */
import { amountView, exact, timeOrNull, timeView } from '../api/exact-json.ts';
import { formatMajor } from '../core/money.ts';
import { BULK_OUTCOMES, type BulkLine, type BulkRun } from '../store/bulk-rows.ts';
import type { Cell } from './csv.ts';

/** Lines by outcome; each outcome is named, also where there are none. */
function countsView(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(BULK_OUTCOMES.map((outcome) => [outcome, counts[outcome] ?? 0]));
}

export function runView(run: BulkRun): object {
  const { counts } = run;
  const decided = countsView(counts.outcomes);
  const done = Object.values(decided).reduce((sum, lines) => sum + lines, 0);
  return {
    id: run.id,
    merchant_id: run.merchantId,
    name: run.name,
    status: run.status,
    lines: run.lines,
    counts: { ...decided, undecided: run.lines - done },
    // What a dry run said of the lines that it saw undecided.
    expected: run.previewedAt === null ? null : countsView(counts.expected),
    amounts: counts.amounts.map(({ amount, ...group }) => ({ ...group, amount: exact(BigInt(amount)) })),
    created_by: run.createdBy,
    created_at: timeView(run.createdAt),
    dry_run_at: timeOrNull(run.previewedAt),
    started_by: run.startedBy,
    started_at: timeOrNull(run.startedAt),
    finished_at: timeOrNull(run.finishedAt),
  };
}

export function lineView(line: BulkLine): object {
  return {
    line: line.line,
    ...line.cells,
    outcome: line.outcome,
    expected: line.expected,
    code: line.code,
    detail: line.detail,
    refund_id: line.refundId,
    payment_id: line.paymentId,
    refund_amount: line.amountMinor === null ? null : amountView(line.amountMinor),
    refund_currency: line.currency,
  };
}

export const RESULT_HEADER = [
  'line',
  'payment',
  'reference',
  'namespace',
  'amount',
  'currency',
  'reason',
  'outcome',
  'code',
  'detail',
  'refund_id',
  'refund_amount',
  'refund_currency',
] as const;

export function resultCells({ line, cells, outcome, code, detail, refundId, amountMinor, currency }: BulkLine): Cell[] {
  const { payment, reference, namespace, amount, reason } = cells;
  return [
    line,
    payment,
    reference,
    namespace,
    amount,
    cells.currency,
    reason,
    outcome ?? 'undecided',
    outcome === null ? null : code,
    outcome === null ? null : detail,
    refundId,
    amountMinor === null || currency === null || outcome === null ? null : formatMajor(amountMinor, currency),
    outcome === null ? null : currency,
  ];
}
