/** What was asked and what came of it: counts, and each kind of fault once, with the bytes that brought it about. */
import type { LongReport } from '../kit/long-run.ts';

const SHOWN_BYTES = 3_000;

export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #faults = new Map<string, { times: number; readonly first: string }>();
  readonly #asked = new Map<string, number>();

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  asked(route: string): void {
    this.#asked.set(route, (this.#asked.get(route) ?? 0) + 1);
  }

  /** Of these, what was never asked. */
  neverAsked(routes: readonly string[]): string[] {
    return routes.filter((route) => !this.#asked.has(route));
  }

  /** Notes a fault; returns whether it is the first of its kind. */
  fault(kind: string, more = ''): boolean {
    this.count('survivors');
    const known = this.#faults.get(kind);
    if (known !== undefined) known.times += 1;
    else {
      this.#faults.set(kind, { times: 1, first: more });
      // At once: a long run may be a while yet, and whoever reads on stops it.
      process.stderr.write(`✖ ${kind}\n  ${more}\n`);
    }
    return known === undefined;
  }

  /** Says more of a fault that was noted. */
  explain(kind: string, more: string): void {
    const times = this.#faults.get(kind)?.times ?? 1;
    this.#faults.set(kind, { times, first: more });
    process.stderr.write(`  ${more}\n`);
  }

  report(order: readonly string[]): LongReport {
    const refused = [...this.#counts.keys()].filter((what) => !order.includes(what)).sort();
    const counts = Object.fromEntries([...order, ...refused].map((what) => [what, this.of(what)]));
    return {
      counts,
      violations: [...this.#faults].map(
        ([kind, { times, first }]) => `${times} × ${kind}${first === '' ? '' : `\n  ${first}`}`,
      ),
    };
  }
}

/** Bytes as a text that can be pasted: `\r\n` and whatever is not ASCII escaped. */
export function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.subarray(0, SHOWN_BYTES).toString('latin1')).replace(
    /[^ -~]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return bytes.length > SHOWN_BYTES ? `${text} and ${bytes.length - SHOWN_BYTES} bytes more` : text;
}
