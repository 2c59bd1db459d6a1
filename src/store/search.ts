/**
 * Finding payments by what people have at hand: an e-mail address, the last four digits of a card, a token, an amount, a
 * reference. Every look-up is one index: see `payment_by_…` in the migration.
 */
import type pg from 'pg';
import { bucketOf } from '../core/ids.ts';
import type { Payment, Reference } from '../core/payment.ts';
import { columns, PAYMENT_COLUMNS, type PaymentRow, toPayment } from './rows.ts';
import { briefly } from './briefly.ts';

/** What a detail's index is over, as the migration has it. */
const DETAILS = {
  email: `lower(details #>> '{customer,email}')`,
  last4: `details #>> '{method,last4}'`,
  token: `details #>> '{method,token}'`,
} as const;
export type SearchedDetail = keyof typeof DETAILS;

const PRESENT: Readonly<Record<SearchedDetail, string>> = {
  ...DETAILS,
  email: `details #>> '{customer,email}'`,
};

/** An amount in one currency, minor units. */
export interface WantedAmount {
  readonly currency: string;
  readonly minor: bigint;
}

export interface FoundByReference {
  readonly paymentId: string;
  readonly reference: Reference;
}

// The indexes are over uuid_send(id) and uuid_send(merchant_id), in that order: rows come newest first, and a merchant's
// are told apart in the index itself. No other index has these expressions, so none can be taken for them.
const NEWEST_FIRST = 'ORDER BY uuid_send(id) DESC';
const OWN = 'uuid_send(merchant_id) = uuid_send($3::uuid)';

/** References of one value that are looked at: one per merchant and namespace, so more is nobody's search. */
const SAME_REFERENCES = 2_000;

export class SearchReader {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** The newest payments with this detail, at most `limit`; `null` when that took too long for a value so common. */
  byDetail(detail: SearchedDetail, value: string, merchantId: string | null, limit: number): Promise<string[] | null> {
    const wanted = detail === 'email' ? 'lower($1)' : '$1';
    return this.#newest(
      `search_by_${detail}`,
      (own) => `SELECT id FROM payment WHERE ${DETAILS[detail]} = ${wanted} AND ${PRESENT[detail]} IS NOT NULL ${own}
                ${NEWEST_FIRST} LIMIT $2`,
      [value, limit],
      merchantId,
    );
  }

  /** The newest payments of one of these amounts, at most `limit`; `null` when that took too long. */
  byAmount(amounts: readonly WantedAmount[], merchantId: string | null, limit: number): Promise<string[] | null> {
    const wanted = amounts.map(({ currency, minor }) => `${currency} ${minor}`);
    return this.#newest(
      'search_by_amount',
      (own) => `SELECT found.id FROM unnest($1::text[]) AS wanted (text)
                CROSS JOIN LATERAL (
                  SELECT id FROM payment
                  WHERE amount_minor = split_part(wanted.text, ' ', 2)::bigint AND currency = split_part(wanted.text, ' ', 1) ${own}
                  ${NEWEST_FIRST} LIMIT $2
                ) AS found ORDER BY found.id DESC LIMIT $2`,
      [wanted, limit],
      merchantId,
    );
  }

  async #newest(
    name: string,
    text: (own: string) => string,
    values: readonly unknown[],
    merchantId: string | null,
  ): Promise<string[] | null> {
    const rows =
      merchantId === null
        ? (await this.#pool.query<{ id: string }>({ name, text: text(''), values: [...values] })).rows
        : // However small the merchant, all payments with the value are passed by: that has an end.
          await briefly<{ id: string }>(this.#pool, {
            name: `${name}_of_merchant`,
            text: text(`AND ${OWN}`),
            values: [...values, merchantId],
          });
    return rows === null ? null : rows.map(({ id }) => id);
  }

  /** Payments that have this reference, in whatever namespace. */
  async byReference(value: string, merchantId: string | null, limit: number): Promise<FoundByReference[]> {
    const { rows } = await this.#pool.query<{ payment_id: string; namespace: string }>({
      name: 'search_by_reference',
      text: `SELECT payment_id, namespace FROM (
               SELECT payment_id, namespace FROM payment_reference
               WHERE value = $1 AND ($2::uuid IS NULL OR merchant_id = $2) LIMIT ${SAME_REFERENCES}
             ) AS found ORDER BY payment_id DESC LIMIT $3`,
      values: [value, merchantId, limit],
    });
    return rows.map((row) => ({ paymentId: row.payment_id, reference: { namespace: row.namespace, value } }));
  }

  /** Payments of refunds that have this reference of their own. */
  async byRefundReference(value: string, merchantId: string | null, limit: number): Promise<FoundByReference[]> {
    const { rows } = await this.#pool.query<{ payment_id: string; reference_namespace: string }>({
      name: 'search_by_refund_reference',
      text: `SELECT payment_id, reference_namespace FROM (
               SELECT payment_id, reference_namespace FROM refund
               WHERE reference = $1 AND reference IS NOT NULL AND ($2::uuid IS NULL OR merchant_id = $2) LIMIT ${SAME_REFERENCES}
             ) AS found ORDER BY payment_id DESC LIMIT $3`,
      values: [value, merchantId, limit],
    });
    return rows.map((row) => ({ paymentId: row.payment_id, reference: { namespace: row.reference_namespace, value } }));
  }

  /** A refund's payment, by the refund's id; `null` for another merchant's, too. */
  async paymentOfRefund(refundId: string, merchantId: string | null): Promise<string | null> {
    const { rows } = await this.#pool.query<{ payment_id: string }>({
      name: 'search_payment_of_refund',
      text: `SELECT payment_id FROM refund WHERE id = $1 AND bucket = $2 AND ($3::uuid IS NULL OR merchant_id = $3)`,
      values: [refundId, bucketOf(refundId), merchantId],
    });
    return rows[0]?.payment_id ?? null;
  }

  /** Payments by their ids; another merchant's are left out. */
  async payments(ids: readonly string[], merchantId: string | null): Promise<Map<string, Payment>> {
    const { rows } = await this.#pool.query<PaymentRow>({
      name: 'search_payments',
      text: `SELECT ${columns('payment', PAYMENT_COLUMNS)} FROM payment WHERE id = ANY($1::uuid[])`,
      values: [ids],
    });
    const own = merchantId === null ? rows : rows.filter((row) => row.merchant_id === merchantId);
    return new Map(own.map((row) => [row.id, toPayment(row)]));
  }
}
