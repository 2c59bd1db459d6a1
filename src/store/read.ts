/** Reading single payments and refunds, and lists of them: never on the write path, never holding a snapshot. */
import type { Pool } from 'pg';
import type { PaymentSelector } from '../core/command.ts';
import { bucketOf, isId } from '../core/ids.ts';
import type { JournalEntry } from '../core/journal.ts';
import { NOTHING, type Outcome } from '../core/outcome.ts';
import { type Coupon, type Entitlement, isSettled, type Payment, type Reference } from '../core/payment.ts';
import type { Refund, RefundStatus } from '../core/refund.ts';
import { refusalOf } from '../core/replay.ts';
import { FIRST_SCAN_ROWS, type Page, pageOf, SCAN_ROWS } from './page.ts';
import {
  columns,
  COUPON_COLUMNS,
  type CouponRow,
  ENTITLEMENT_COLUMNS,
  type EntitlementRow,
  JOURNAL_COLUMNS,
  type JournalRow,
  PAYMENT_COLUMNS,
  type PaymentRow,
  REFUND_COLUMNS,
  type RefundRow,
  toCoupon,
  toEntitlement,
  toEntry,
  toPayment,
  toRefund,
} from './rows.ts';

export interface PaymentView {
  readonly payment: Payment;
  /** Every attempt, oldest first. */
  readonly refunds: readonly Refund[];
  readonly settled: boolean;
}

/** Filters; what is `null` does not filter. Times are milliseconds since 1970: from inclusive, before exclusive. */
export interface ListFilter {
  readonly merchantId: string | null;
  readonly createdFrom: number | null;
  readonly createdBefore: number | null;
  readonly amountFromMinor: bigint | null;
  readonly amountToMinor: bigint | null;
  readonly currency: string | null;
  /** A payment's reference, in whatever namespace; for refunds also their own. */
  readonly reference: string | null;
  readonly limit: number;
  /** The last page's `next`. */
  readonly after: string | null;
}

export interface PaymentFilter extends ListFilter {
  readonly status: string | null;
  readonly disputed: boolean | null;
}

export interface RefundFilter extends ListFilter {
  readonly status: RefundStatus | null;
  readonly paymentId: string | null;
}

const PAYMENT = columns('payment', PAYMENT_COLUMNS);
const REFUND = columns('refund', REFUND_COLUMNS);

// A page's scan in three ways: all, one merchant's, or by reference; the rest is filtered from what was scanned.
const OWNED_BY = {
  payment: 'merchant_id = $2',
  // As its index has it: see the migration.
  refund: 'uuid_send(merchant_id) = uuid_send($2)',
} as const;
const SCANS = {
  all: (table: keyof typeof OWNED_BY, rows: number) =>
    `SELECT * FROM ${table} WHERE id < $1 ORDER BY id DESC LIMIT ${rows}`,
  merchant: (table: keyof typeof OWNED_BY, rows: number) =>
    `SELECT * FROM ${table} WHERE ${OWNED_BY[table]} AND bucket = $3 AND id < $1 ORDER BY id DESC LIMIT ${rows}`,
} as const;

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export class Reader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** A payment by Refundry's id. With `merchantId`, another merchant's is as unknown as none. */
  async payment(id: string, merchantId: string | null): Promise<PaymentView | null> {
    if (!isId(id)) return null;
    const bucket = bucketOf(id);
    const { rows } = await this.#pool.query<PaymentRow>({
      name: 'read_payment',
      text: `SELECT ${PAYMENT} FROM payment WHERE id = $1 AND bucket = $2`,
      values: [id, bucket],
    });
    const [row] = rows;
    if (row === undefined || (merchantId !== null && row.merchant_id !== merchantId)) return null;
    return this.#view(toPayment(row), bucket);
  }

  /** Whose payment or refund an id names; `null` if nobody's. */
  async merchantIdOf(table: 'payment' | 'refund', id: string): Promise<string | null> {
    if (!isId(id)) return null;
    const { rows } = await this.#pool.query<{ merchant_id: string }>({
      name: `read_merchant_of_${table}`,
      text: `SELECT merchant_id FROM ${table} WHERE id = $1 AND bucket = $2`,
      values: [id, bucketOf(id)],
    });
    return rows[0]?.merchant_id ?? null;
  }

  /** A payment as a merchant's caller names it; references must all name the same one. */
  async findPayment(merchantId: string, selector: PaymentSelector): Promise<PaymentView | null> {
    if ('id' in selector) return this.payment(selector.id, merchantId);
    const bucket = bucketOf(merchantId);
    let found: Payment | null = null;
    for (const reference of selector.references) {
      const { rows } = await this.#pool.query<PaymentRow>({
        name: 'read_payment_by_reference',
        text: `SELECT ${PAYMENT} FROM payment_reference r JOIN payment ON payment.id = r.payment_id AND payment.bucket = $4
               WHERE r.value = $1 AND r.namespace = $2 AND r.merchant_id = $3 AND r.bucket = $4`,
        values: [reference.value, reference.namespace, merchantId, bucket],
      });
      const [row] = rows;
      if (row === undefined || (found !== null && found.id !== row.id)) return null;
      found = toPayment(row);
    }
    return found === null ? null : this.#view(found, bucket);
  }

  async #view(payment: Payment, bucket: number): Promise<PaymentView> {
    const [refunds, settledThrough] = await Promise.all([
      this.#pool.query<RefundRow>({
        name: 'read_refunds_of_payment',
        text: `SELECT ${REFUND} FROM refund WHERE payment_id = $1 AND bucket = $2 ORDER BY created_seq`,
        values: [payment.id, bucket],
      }),
      this.#pool.query<{ settled_through_seq: bigint }>({
        name: 'read_settled_through',
        text: `SELECT settled_through_seq FROM balance WHERE merchant_id = $1 AND currency = $2 AND bucket = $3`,
        values: [payment.merchantId, payment.currency, bucket],
      }),
    ]);
    const settled = isSettled(payment, settledThrough.rows[0]?.settled_through_seq ?? 0n);
    return { payment, refunds: refunds.rows.map(toRefund), settled };
  }

  /** A refund as it is now, with its payment as it is now, its creating entry, and the refusal it met if it met one. */
  async refund(id: string, merchantId: string | null): Promise<Outcome | null> {
    if (!isId(id)) return null;
    const { rows } = await this.#pool.query<RefundRow>({
      name: 'read_refund',
      text: `SELECT ${REFUND} FROM refund WHERE id = $1 AND bucket = $2`,
      values: [id, bucketOf(id)],
    });
    const [row] = rows;
    if (row === undefined || (merchantId !== null && row.merchant_id !== merchantId)) return null;
    return this.#refundOutcome(toRefund(row));
  }

  async refundByReference(merchantId: string, reference: Reference): Promise<Outcome | null> {
    const { rows } = await this.#pool.query<RefundRow>({
      name: 'read_refund_by_reference',
      text: `SELECT ${REFUND} FROM refund
             WHERE reference = $1 AND reference_namespace = $2 AND merchant_id = $3 AND bucket = $4 AND reference IS NOT NULL`,
      values: [reference.value, reference.namespace, merchantId, bucketOf(merchantId)],
    });
    const [row] = rows;
    return row === undefined ? null : this.#refundOutcome(toRefund(row));
  }

  async #refundOutcome(refund: Refund): Promise<Outcome> {
    const bucket = bucketOf(refund.id);
    const [entry, view] = await Promise.all([
      this.entry(bucket, refund.createdSeq),
      this.payment(refund.paymentId, null),
    ]);
    return {
      ...NOTHING,
      refusal: entry === null ? null : refusalOf(entry),
      entry,
      refund,
      payment: view?.payment ?? null,
    };
  }

  /** One journal entry. */
  async entry(bucket: number, seq: bigint): Promise<JournalEntry | null> {
    const { rows } = await this.#pool.query<JournalRow>({
      name: 'read_entry',
      text: `SELECT ${columns('journal', JOURNAL_COLUMNS)} FROM journal WHERE seq = $1 AND bucket = $2`,
      values: [seq.toString(), bucket],
    });
    const [row] = rows;
    return row === undefined ? null : toEntry(row);
  }

  /** What a payment entitles to, whether or not it still does. */
  async entitlementsOf(payment: Payment): Promise<{ entitlements: Entitlement[]; coupons: Coupon[] }> {
    const values = [payment.id, bucketOf(payment.id)];
    const [entitlements, coupons] = await Promise.all([
      this.#pool.query<EntitlementRow>({
        name: 'read_entitlements',
        text: `SELECT ${columns('e', ENTITLEMENT_COLUMNS)} FROM entitlement e WHERE e.payment_id = $1 AND e.bucket = $2 ORDER BY e.id`,
        values,
      }),
      this.#pool.query<CouponRow>({
        name: 'read_coupons',
        text: `SELECT ${columns('c', COUPON_COLUMNS)} FROM coupon c WHERE c.payment_id = $1 AND c.bucket = $2 ORDER BY c.id`,
        values,
      }),
    ]);
    return { entitlements: entitlements.rows.map(toEntitlement), coupons: coupons.rows.map(toCoupon) };
  }

  /** What a learner was granted by a merchant's payments, each with whether its payment still grants it. */
  async entitlementsOfLearner(
    merchantId: string,
    learner: string,
  ): Promise<{ entitlement: Entitlement; payment: Payment }[]> {
    const { rows } = await this.#pool.query<EntitlementRow>({
      name: 'read_entitlements_of_learner',
      text: `SELECT ${columns('e', ENTITLEMENT_COLUMNS)} FROM entitlement e
             WHERE e.learner = $1 AND e.merchant_id = $2 AND e.bucket = $3 ORDER BY e.id LIMIT ${SCAN_ROWS}`,
      values: [learner, merchantId, bucketOf(merchantId)],
    });
    const payments = await this.#payments(
      rows.map((row) => row.payment_id),
      bucketOf(merchantId),
    );
    return rows.flatMap((row) => {
      const payment = payments.get(row.payment_id);
      return payment === undefined ? [] : [{ entitlement: toEntitlement(row), payment }];
    });
  }

  async #payments(ids: readonly string[], bucket: number): Promise<Map<string, Payment>> {
    const { rows } = await this.#pool.query<PaymentRow>({
      name: 'read_payments',
      text: `SELECT ${PAYMENT} FROM payment WHERE id = ANY($1::uuid[]) AND bucket = $2`,
      values: [[...new Set(ids)], bucket],
    });
    return new Map(rows.map((row) => [row.id, toPayment(row)]));
  }

  /** Payments, newest first. */
  async payments(filter: PaymentFilter): Promise<Page<Payment>> {
    if (filter.reference !== null) {
      const payments = await this.#byReference(filter.reference, filter.merchantId);
      return pageById(
        payments.filter((payment) => matches(payment, filter)),
        filter,
      );
    }
    const conditions = `
      ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
      AND ($6::bigint IS NULL OR amount_minor >= $6) AND ($7::bigint IS NULL OR amount_minor <= $7)
      AND ($8::text IS NULL OR currency = $8) AND ($9::text IS NULL OR status = $9)
      AND ($10::boolean IS NULL OR disputed = $10)`;
    const rows = await this.#scan<PaymentRow>(
      'payment',
      filter,
      conditions,
      [filter.status, filter.disputed],
      PAYMENT_COLUMNS,
    );
    return { items: rows.items.map(toPayment), next: rows.next };
  }

  /** Refunds, newest first; attempts that were refused are among them. */
  async refunds(filter: RefundFilter): Promise<Page<Refund>> {
    if (filter.paymentId !== null) {
      const view = await this.payment(filter.paymentId, filter.merchantId);
      const refunds = [...(view?.refunds ?? [])].reverse();
      return pageById(
        refunds.filter((refund) => matches(refund, filter)),
        filter,
      );
    }
    if (filter.reference !== null) {
      const refunds = await this.#refundsByReference(filter.reference, filter.merchantId);
      return pageById(
        refunds.filter((refund) => matches(refund, filter)),
        filter,
      );
    }
    if (filter.status === 'pending_approval') {
      const refunds = await this.#waiting(filter.merchantId);
      return pageById(
        refunds.filter((refund) => matches(refund, filter)),
        filter,
      );
    }
    const conditions = `
      ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
      AND ($6::bigint IS NULL OR amount_minor >= $6) AND ($7::bigint IS NULL OR amount_minor <= $7)
      AND ($8::text IS NULL OR currency = $8) AND ($9::text IS NULL OR status = $9)`;
    const rows = await this.#scan<RefundRow>('refund', filter, conditions, [filter.status], REFUND_COLUMNS);
    return { items: rows.items.map(toRefund), next: rows.next };
  }

  async #scan<Row extends { id: string }>(
    table: 'payment' | 'refund',
    filter: ListFilter,
    conditions: string,
    values: unknown[],
    names: readonly string[],
    scanRows = filter.limit < FIRST_SCAN_ROWS ? FIRST_SCAN_ROWS : SCAN_ROWS,
  ): Promise<Page<Row>> {
    const { merchantId } = filter;
    const scan = merchantId === null ? SCANS.all(table, scanRows) : SCANS.merchant(table, scanRows);
    const { rows } = await this.#pool.query<Row & { last_scanned: string | null }>({
      name: `scan_${table}_${merchantId === null ? 'all' : 'merchant'}_${scanRows}`,
      text: `
        WITH scanned AS MATERIALIZED (${scan}),
        last AS (SELECT CASE WHEN count(*) = ${scanRows} THEN (array_agg(id ORDER BY id))[1] END AS id FROM scanned),
        matching AS (SELECT * FROM scanned WHERE ($2::uuid IS NULL OR merchant_id = $2) AND ($3::integer IS NULL OR bucket = $3) AND ${conditions} ORDER BY id DESC LIMIT $${values.length + 9})
        SELECT ${columns('matching', names)}, last.id AS last_scanned FROM last LEFT JOIN matching ON true ORDER BY matching.id DESC`,
      values: [
        filter.after ?? LAST_ID,
        merchantId,
        merchantId === null ? null : bucketOf(merchantId),
        time(filter.createdFrom),
        time(filter.createdBefore),
        amount(filter.amountFromMinor),
        amount(filter.amountToMinor),
        filter.currency,
        ...values,
        filter.limit + 1,
      ],
    });
    const found = rows.filter(({ id }) => id !== null);
    const lastScanned = rows[0]?.last_scanned ?? null;
    if (found.length <= filter.limit && lastScanned !== null && scanRows < SCAN_ROWS) {
      return this.#scan(table, filter, conditions, values, names, SCAN_ROWS);
    }
    return pageOf<Row>(found, filter.limit, ({ id }) => id, lastScanned);
  }

  async #byReference(reference: string, merchantId: string | null): Promise<Payment[]> {
    const { rows } = await this.#pool.query<PaymentRow>({
      name: 'read_payments_by_reference_value',
      text: `SELECT DISTINCT ON (payment.id) ${PAYMENT}
             FROM payment_reference r JOIN payment ON payment.id = r.payment_id AND payment.bucket = r.bucket
             WHERE r.value = $1 AND ($2::uuid IS NULL OR r.merchant_id = $2) ORDER BY payment.id DESC LIMIT ${SCAN_ROWS}`,
      values: [reference, merchantId],
    });
    return rows.map(toPayment);
  }

  async #refundsByReference(reference: string, merchantId: string | null): Promise<Refund[]> {
    const { rows } = await this.#pool.query<RefundRow>({
      name: 'read_refunds_by_reference_value',
      text: `SELECT ${REFUND} FROM refund
             WHERE reference = $1 AND reference IS NOT NULL AND ($2::uuid IS NULL OR merchant_id = $2) LIMIT ${SCAN_ROWS}`,
      values: [reference, merchantId],
    });
    const own = rows.map(toRefund);
    const payments = await this.#byReference(reference, merchantId);
    const views = await Promise.all(payments.map((payment) => this.payment(payment.id, merchantId)));
    const all = [...own, ...views.flatMap((view) => view?.refunds ?? [])];
    return [...new Map(all.map((refund) => [refund.id, refund])).values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  async #waiting(merchantId: string | null): Promise<Refund[]> {
    const { rows } = await this.#pool.query<RefundRow>({
      name: 'read_waiting',
      text: `SELECT ${REFUND} FROM refund WHERE status = 'pending_approval' AND ($1::uuid IS NULL OR merchant_id = $1)
             ORDER BY expires_at LIMIT ${SCAN_ROWS}`,
      values: [merchantId],
    });
    return rows.map(toRefund).sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Refunds whose approval expired at or before `now`, for the engine to cancel. */
  async expired(now: number, limit: number): Promise<Pick<Refund, 'id' | 'merchantId'>[]> {
    const { rows } = await this.#pool.query<{ id: string; merchant_id: string }>({
      name: 'read_expired',
      text: `SELECT id, merchant_id FROM refund WHERE status = 'pending_approval' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
      values: [time(now), limit],
    });
    return rows.map((row) => ({ id: row.id, merchantId: row.merchant_id }));
  }
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function amount(minor: bigint | null): string | null {
  return minor === null ? null : minor.toString();
}

/** The filters that a list by reference or payment applies outside the database. */
function matches(
  row: Pick<Payment, 'createdAt' | 'amountMinor' | 'currency'> & { status: string; disputed?: boolean },
  filter: ListFilter & { status: string | null; disputed?: boolean | null },
): boolean {
  return (
    (filter.createdFrom === null || row.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === null || row.createdAt < filter.createdBefore) &&
    (filter.amountFromMinor === null || row.amountMinor >= filter.amountFromMinor) &&
    (filter.amountToMinor === null || row.amountMinor <= filter.amountToMinor) &&
    (filter.currency === null || row.currency === filter.currency) &&
    (filter.status === null || row.status === filter.status) &&
    (filter.disputed === undefined || filter.disputed === null || row.disputed === filter.disputed)
  );
}

/** A page of rows that are all at hand, newest first. */
function pageById<T extends { id: string }>(rows: readonly T[], filter: ListFilter): Page<T> {
  const { after } = filter;
  const rest = after === null ? rows : rows.filter(({ id }) => id < after);
  return pageOf(rest.slice(0, filter.limit + 1), filter.limit, ({ id }) => id, null);
}
