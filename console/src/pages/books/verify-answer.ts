/** What the server says of a verification. */
import { type Minor, permille } from '../../money/money.ts';

export interface VerifyAnswer {
  readonly status: 'idle' | 'running' | 'done' | 'failed';
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** Rows looked at, and about how many there are. */
  readonly entries: Minor;
  readonly total: Minor;
  readonly problem_count: number;
  readonly problems: readonly {
    readonly table: string;
    readonly row: string;
    readonly problem: string;
    readonly bucket: number;
    readonly seq: Minor | null;
  }[];
  readonly heads: readonly { readonly bucket: number; readonly seq: Minor; readonly hash: string }[];
  readonly installation?: string;
  readonly version: string;
}

/** 0 to 100; less than 100 until it is done, because the number of rows is an estimate. */
export function percentDone({ entries, total }: Pick<VerifyAnswer, 'entries' | 'total'>): number {
  return Math.min(99, permille(entries, total) / 10);
}

/** `12.3 seconds`. */
export function secondsBetween(from: string, to: string): string {
  return `${((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(1)} seconds`;
}
