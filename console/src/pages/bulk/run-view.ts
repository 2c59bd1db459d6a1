/** Runs of files of refunds as the server tells of them, and what a page makes of their numbers. */
import type { Minor } from '../../money/money.ts';
import type { Tone } from '../../parts/status-badge.tsx';

/** In the order in which people ask: what was refunded, what still needs somebody, what was not. */
export const OUTCOMES = ['succeeded', 'pending_approval', 'refused', 'invalid', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface BulkRun {
  readonly id: string;
  readonly merchant_id: string;
  /** The file's. */
  readonly name: string;
  readonly status: 'ready' | 'running' | 'interrupted' | 'done';
  readonly lines: number;
  readonly counts: Readonly<Record<Outcome | 'undecided', number>>;
  /** What a dry run said of the lines that it saw undecided. */
  readonly expected: Readonly<Record<Outcome, number>> | null;
  /** Sums of minor units; `outcome` null: of lines that are not decided. */
  readonly amounts: readonly {
    readonly outcome: Outcome | null;
    readonly expected: Outcome | null;
    readonly currency: string;
    readonly amount: Minor;
  }[];
  readonly created_by: string;
  readonly created_at: string;
  readonly dry_run_at: string | null;
  readonly started_by: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** A line with its cells as they were written. */
export interface BulkLine {
  readonly line: number;
  readonly payment: string;
  readonly reference: string;
  readonly namespace: string;
  readonly amount: string;
  readonly currency: string;
  readonly reason: string;
  readonly outcome: Outcome | null;
  readonly expected: Outcome | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly refund_id: string | null;
  readonly payment_id: string | null;
  readonly refund_amount: number | null;
  readonly refund_currency: string | null;
}

export interface BulkLines {
  readonly data: readonly BulkLine[];
  readonly has_more: boolean;
  readonly next_after: number | null;
}

type Words = readonly [tone: Tone, words: string];

export const RUN_WORDS: Readonly<Record<BulkRun['status'], Words>> = {
  ready: ['info', 'Not started'],
  running: ['wait', 'Running'],
  interrupted: ['bad', 'Interrupted'],
  done: ['good', 'Done'],
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, Words>> = {
  succeeded: ['good', 'Refunded'],
  pending_approval: ['wait', 'Awaiting approval'],
  refused: ['bad', 'Refused'],
  invalid: ['calm', 'Cannot be read'],
  failed: ['bad', 'Failed'],
};

export const EXPECTED_WORDS: Readonly<Record<Outcome, Words>> = {
  succeeded: ['info', 'Will be refunded'],
  pending_approval: ['wait', 'Will wait for approval'],
  refused: ['bad', 'Will be refused'],
  invalid: ['calm', 'Cannot be read'],
  failed: ['bad', 'Will fail'],
};

/** Some of a run's lines: all, of an outcome, without one yet, or of these what a dry run expects. */
export interface LineChoice {
  /** In the page's URL; empty for all. */
  readonly value: string;
  readonly words: string;
  readonly count: number;
}

export function lineChoices({ status, lines, counts, expected }: BulkRun): readonly LineChoice[] {
  const decided = OUTCOMES.map((outcome) => ({
    value: outcome,
    words: OUTCOME_WORDS[outcome][1],
    count: counts[outcome],
  }));
  // Once a run has begun, what was expected is no longer about the lines that are left.
  const isExpected = status === 'ready' && expected !== null;
  const left = isExpected
    ? OUTCOMES.map((outcome) => ({
        value: `expected.${outcome}`,
        words: EXPECTED_WORDS[outcome][1],
        count: expected[outcome],
      }))
    : [{ value: 'undecided', words: 'Not done yet', count: counts.undecided }];
  return [{ value: '', words: 'All lines', count: lines }, ...[...left, ...decided].filter(({ count }) => count > 0)];
}

/** A choice as the server's query has it. */
export function lineQuery(choice: string): { readonly outcome?: string; readonly expected?: string } {
  const [, expected] = /^expected\.(.+)$/.exec(choice) ?? [];
  if (expected !== undefined) return { expected };
  return choice === '' ? {} : { outcome: choice };
}

export interface Sum {
  readonly currency: string;
  readonly minor: bigint;
}

/** What lines sum up to, by currency: those of an outcome, or those not decided of which it is expected. */
export function sumsOf({ amounts }: Pick<BulkRun, 'amounts'>, outcome: Outcome, when: 'decided' | 'expected'): Sum[] {
  const sums = new Map<string, bigint>();
  for (const group of amounts) {
    const isMeant =
      when === 'decided' ? group.outcome === outcome : group.outcome === null && group.expected === outcome;
    if (isMeant) sums.set(group.currency, (sums.get(group.currency) ?? 0n) + BigInt(group.amount));
  }
  return [...sums].map(([currency, minor]) => ({ currency, minor })).sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

/** `1,234 lines`, `1 line`. */
export function linesInWords(count: number): string {
  return count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`;
}
