/** What was asked, what was answered, and what must therefore be in the books at the end. */
import type { OwnPostgres } from '../adversity/postgres.ts';

/** A refund with its key: asked for until it is known what became of it. */
export interface Refund {
  readonly key: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly protocol: string;
}

export class Tally {
  operations = 0;
  refusedByRule = 0;
  comeAgain = 0;
  replayed = 0;
  approved = 0;
  imported = 0;
  settlements = 0;
  consoleReads = 0;
  verifications = 0;
  otherServerErrors = 0;
  readonly violations: string[] = [];
  /** Refunds that the server said are done. */
  readonly acknowledged = new Map<string, Refund>();
  /** Refunds whose last answer says that they were not done, ever. */
  readonly refused = new Set<string>();
  /** Milliseconds of refunds that were done, since the last look. */
  #latencies: number[] = [];

  violate(sentence: string): void {
    if (this.violations.length < 200) this.violations.push(sentence);
  }

  done(refund: Refund, ms: number): void {
    this.acknowledged.set(refund.key, refund);
    this.#latencies.push(ms);
  }

  /** The 99th percentile of what was done since this was asked last; `null` when that was little. */
  takeP99(): number | null {
    const sorted = this.#latencies.sort((a, b) => a - b);
    this.#latencies = [];
    return sorted.length < 100 ? null : (sorted[Math.floor(sorted.length * 0.99)] ?? null);
  }

  /** Holds what was said against the books: each acknowledged refund once, no other, nothing over what was captured. */
  async hold(postgres: OwnPostgres): Promise<{ lost: number; doubled: number; overRefunded: number }> {
    const booked = await postgres.run<{ key: string; payment: string; amount: string; entries: number }>(
      `SELECT idempotency_key AS key, min(payment_id::text) AS payment, min(amount_minor)::text AS amount, count(*)::int AS entries
       FROM journal WHERE kind IN ('refund_succeeded', 'refund_requested') AND idempotency_key IS NOT NULL GROUP BY 1`,
    );
    const byKey = new Map(booked.map((row) => [row.key, row]));
    let lost = 0;
    let doubled = 0;
    for (const { key, paymentId, amountMinor, protocol } of this.acknowledged.values()) {
      const row = byKey.get(key);
      if (row?.payment !== paymentId || row.amount !== String(amountMinor)) {
        lost += 1;
        this.violate(
          `${protocol} acknowledged ${amountMinor} of ${paymentId} (key ${key}), and the books have ${JSON.stringify(row)}`,
        );
      } else if (row.entries > 1) doubled += 1;
    }
    for (const { key, payment } of booked) {
      if (this.acknowledged.has(key)) continue;
      doubled += 1;
      this.violate(
        `${payment} was refunded with key ${key}, and its caller was last told ${this.refused.has(key) ? 'that it was not' : 'nothing'}`,
      );
    }
    const over = await postgres.run<{ id: string }>(
      `SELECT id FROM payment WHERE refunded_minor + reserved_minor > captured_minor
         OR refunded_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE payment_id = payment.id AND status = 'succeeded')`,
    );
    for (const { id } of over) this.violate(`more, or other than its refunds, was refunded of ${id}`);
    return { lost, doubled, overRefunded: over.length };
  }
}
