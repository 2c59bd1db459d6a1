/** Which payments are settled: now, and at an earlier entry of their book. */
import type { Pool } from 'pg';
import { bucketOf } from '../core/ids.ts';
import { isSettled, type Payment } from '../core/payment.ts';

export class SettledReader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The ids of those payments that are settled now. */
  async now(payments: readonly Payment[]): Promise<Set<string>> {
    if (payments.length === 0) return new Set();
    const merchantIds = [...new Set(payments.map(({ merchantId }) => merchantId))];
    const { rows } = await this.#pool.query<{ merchant_id: string; currency: string; settled_through_seq: bigint }>({
      name: 'read_settled_through_of_many',
      text: `SELECT merchant_id, currency, settled_through_seq FROM balance
             WHERE merchant_id = ANY($1::uuid[]) AND currency = ANY($2::text[]) AND bucket = ANY($3::integer[])`,
      values: [
        merchantIds,
        [...new Set(payments.map(({ currency }) => currency))],
        [...new Set(merchantIds.map(bucketOf))],
      ],
    });
    const through = new Map(rows.map((row) => [`${row.merchant_id} ${row.currency}`, row.settled_through_seq]));
    const settled = payments.filter((payment) =>
      isSettled(payment, through.get(`${payment.merchantId} ${payment.currency}`) ?? 0n),
    );
    return new Set(settled.map(({ id }) => id));
  }

  /** Whether a payment was settled when its book had come to an entry. */
  async at(payment: Payment, seq: bigint): Promise<boolean> {
    if (payment.capturedSeq === null) return false;
    const { rowCount } = await this.#pool.query({
      name: 'read_settled_at',
      text: `SELECT 1 FROM settlement
             WHERE merchant_id = $1 AND bucket = $2 AND currency = $3 AND cutoff_seq >= $4 AND cutoff_seq <= $5 LIMIT 1`,
      values: [
        payment.merchantId,
        bucketOf(payment.merchantId),
        payment.currency,
        String(payment.capturedSeq),
        String(seq),
      ],
    });
    return rowCount === 1;
  }
}
