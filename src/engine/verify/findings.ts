/** What a verification found, named: which row, what is wrong with it, and by which journal entry it shows. */

export interface Finding {
  readonly table: string;
  /** What names the row: its id, or `bucket/seq` in the journal, or its key. */
  readonly row: string;
  /** One sentence, with the numbers. */
  readonly problem: string;
  readonly bucket: number;
  /** The journal entry by which it shows, in the same bucket. */
  readonly seq?: bigint;
}

/** How many findings are kept: whoever has more needs a backup, not a longer list. All are counted. */
const KEPT_FINDINGS = 1_000;

export class Findings {
  readonly kept: Finding[] = [];
  count = 0;

  add(finding: Finding): void {
    this.count += 1;
    if (this.kept.length < KEPT_FINDINGS) this.kept.push(finding);
  }

  /** Takes over those of another walk, behind its own. */
  append(others: Findings): void {
    for (const finding of others.kept) this.add(finding);
    this.count += others.count - others.kept.length;
  }

  /** Checks of one row. */
  about(table: string, row: string, bucket: number): RowChecks {
    return new RowChecks(this, table, row, bucket);
  }
}

export type Value = string | number | bigint | boolean | null | undefined;

export class RowChecks {
  readonly #findings: Findings;
  readonly #table: string;
  readonly #row: string;
  readonly #bucket: number;

  constructor(findings: Findings, table: string, row: string, bucket: number) {
    this.#findings = findings;
    this.#table = table;
    this.#row = row;
    this.#bucket = bucket;
  }

  wrong(problem: string, seq?: bigint | null): void {
    this.#findings.add({
      table: this.#table,
      row: this.#row,
      problem,
      bucket: this.#bucket,
      ...(seq === undefined || seq === null ? {} : { seq }),
    });
  }

  /** `seq`: the entry that says what the column must be. */
  equal(column: string, actual: Value, expected: Value, seq: bigint | null): void {
    if (actual === expected) return;
    const source = seq === null ? 'the other rows say' : `entry ${this.#bucket}/${seq} says`;
    this.wrong(`${column} is ${shown(column, actual)}, ${source} ${shown(column, expected)}`, seq);
  }
}

function shown(column: string, value: Value): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'number' && (column === 'at' || column.endsWith('_at'))) return time(value);
  return String(value);
}

/** Milliseconds since 1970 for people; a time that is none, or that has microseconds, as the number it is. */
export function time(ms: number): string {
  return Number.isInteger(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms since 1970`;
}
