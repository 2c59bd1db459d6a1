/**
 * The walks of `verify`: every table once, by pages in the order of its primary key, each row beside the journal entries
 * that it names. A page is one statement, so a row and its entries are of one moment, and no snapshot lives longer.
 */
import type {
  BalanceAudit,
  CouponAudit,
  CredentialAudit,
  EntitlementAudit,
  EntryAudit,
  MerchantAudit,
  PaymentAudit,
  ReferenceAudit,
  RefundAudit,
  SettlementAudit,
} from './audit-rows.ts';
import {
  BALANCE_COLUMNS,
  COUPON_COLUMNS,
  CREDENTIAL_COLUMNS,
  ENTITLEMENT_COLUMNS,
  JOURNAL_COLUMNS,
  MERCHANT_COLUMNS,
  PAYMENT_COLUMNS,
  REFUND_COLUMNS,
  SETTLEMENT_COLUMNS,
  storedColumns,
  type JournalRow,
} from './rows.ts';

/** Columns of a journal entry that a row names, each as `<prefix>_<column>`: all `null` when there is no such entry. */
const entry = (prefix: string, names: readonly (keyof JournalRow)[]): string =>
  names.map((name) => `${prefix}."${name}" AS ${prefix}_${name}`).join(', ');

/** The entry of the row's own book that its column names. */
const joinEntry = (prefix: string, row: string, seq: string): string =>
  `LEFT JOIN journal ${prefix} ON ${prefix}.seq = ${row}.${seq} AND ${prefix}.bucket = ${row}.bucket`;

/** The same, where it is another than the one that made the row: most rows never change, and are read once then. */
const joinLaterEntry = (prefix: string, row: string, seq: string): string =>
  `LEFT JOIN journal ${prefix} ON ${prefix}.seq = NULLIF(${row}.${seq}, ${row}.created_seq)
     AND ${prefix}.bucket = ${row}.bucket`;

/** Where the first page begins: before every uuid and every bucket. */
const NIL = '00000000-0000-0000-0000-000000000000';
const FIRST_BUCKET = -2_147_483_648;
const FIRST_SEQ = '-9223372036854775808';

export interface Audit<Row> {
  /** Takes the page's rows, then the key of the row before it, then further parameters. */
  readonly text: string;
  readonly key: readonly (keyof Row & string)[];
  readonly before: readonly (string | number)[];
}

const audit = <Row>(key: Audit<Row>['key'], before: Audit<Row>['before'], text: Audit<Row>['text']): Audit<Row> => ({
  key,
  before,
  text,
});

const ENTRY = `${storedColumns('j', JOURNAL_COLUMNS)}, p.last_seq AS payment_seq, r.last_seq AS refund_seq`;
const ENTRY_ROWS = `
  LEFT JOIN payment p ON p.id = j.payment_id AND p.bucket = j.bucket
  LEFT JOIN refund r ON r.id = j.refund_id AND r.bucket = j.bucket`;

const grants = (table: string, names: readonly string[]): string => `
  SELECT ${storedColumns('t', names)}, t.bucket, ${entry('created', ['kind', 'merchant_id', 'payment_id', 'facts', 'digest'])},
    p.entitled AS payment_entitled
  FROM (SELECT * FROM ${table} WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
  ${joinEntry('created', 't', 'created_seq')}
  LEFT JOIN payment p ON p.id = t.payment_id AND p.bucket = t.bucket
  ORDER BY t.id, t.bucket`;

const BY_ID = [NIL, FIRST_BUCKET] as const;

/** One walk per table. */
export const AUDITS = {
  /** All books together, up to the entry number `$4`. */
  journal: audit<EntryAudit>(
    ['seq', 'bucket'],
    [FIRST_SEQ, FIRST_BUCKET],
    `SELECT ${ENTRY}
     FROM (
       SELECT * FROM journal WHERE (seq, bucket) > ($2, $3) AND seq <= $4 ORDER BY seq, bucket LIMIT $1
     ) j ${ENTRY_ROWS}
     ORDER BY j.seq, j.bucket`,
  ),
  /** One book, up to `$4`. */
  book: audit<EntryAudit>(
    ['seq', 'bucket'],
    [],
    `SELECT ${ENTRY}
     FROM (
       SELECT * FROM journal WHERE seq > $2 AND bucket = $3 AND seq <= $4 ORDER BY seq LIMIT $1
     ) j ${ENTRY_ROWS}
     ORDER BY j.seq`,
  ),
  /** `$4`: statuses in which a refund holds funds back. */
  payment: audit<PaymentAudit>(
    ['id', 'bucket'],
    BY_ID,
    `SELECT ${storedColumns('t', PAYMENT_COLUMNS)}, t.bucket,
       ${entry('created', ['kind', 'merchant_id', 'payment_id', 'debit', 'digest'])},
       ${entry('capture', ['kind', 'payment_id', 'at'])},
       ${entry('last', ['kind', 'payment_id', 'at', 'captured_minor', 'refunded_minor', 'reserved_minor'])},
       ${entry('last', ['payment_status', 'payment_disputed'])},
       refunds.*,
       (
         SELECT count(*)
         FROM jsonb_array_elements(CASE WHEN jsonb_typeof(t."references") = 'array' THEN t."references" ELSE '[]' END) AS named
         -- The limit keeps this a lookup of one key: no plan can turn it into a scan of the merchant's references.
         CROSS JOIN LATERAL (
           SELECT FROM payment_reference x
           WHERE x.value = named ->> 'value' AND x.namespace = named ->> 'namespace'
             AND x.merchant_id = t.merchant_id AND x.bucket = t.bucket AND x.payment_id = t.id
           LIMIT 1
         ) there
       ) AS reference_rows,
       entitling.*
     FROM (SELECT * FROM payment WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
     ${joinEntry('created', 't', 'created_seq')}
     ${joinLaterEntry('capture', 't', 'captured_seq')}
     ${joinEntry('last', 't', 'last_seq')}
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0) AS succeeded_minor,
         coalesce(sum(r.amount_minor) FILTER (WHERE r.status = ANY($4::text[])), 0) AS reserving_minor,
         count(*) FILTER (WHERE r.status = 'succeeded' OR r.status = ANY($4::text[])) AS counting_refunds
       FROM refund r WHERE r.payment_id = t.id AND r.bucket = t.bucket
     ) refunds
     LEFT JOIN LATERAL (
       SELECT
         (SELECT count(*) FROM entitlement e WHERE e.payment_id = t.id AND e.bucket = t.bucket) AS entitlements,
         (
           SELECT count(*) FROM entitlement e
           WHERE e.payment_id = t.id AND e.bucket = t.bucket AND e.created_seq = t.created_seq
         ) AS entitlements_registered,
         (SELECT count(*) FROM coupon c WHERE c.payment_id = t.id AND c.bucket = t.bucket) AS coupons
       WHERE t.entitled OR octet_length(created.digest) > 32
     ) entitling ON true
     ORDER BY t.id, t.bucket`,
  ),
  refund: audit<RefundAudit>(
    ['id', 'bucket'],
    BY_ID,
    `SELECT ${storedColumns('t', REFUND_COLUMNS)}, t.bucket,
       ${entry('created', ['kind', 'operation', 'merchant_id', 'payment_id', 'refund_id', 'amount_minor', 'currency'])},
       ${entry('created', ['refusal_code', 'protocol', 'digest'])}, created.at AS created_at_entry,
       ${entry('last', ['kind', 'refund_id', 'at', 'digest'])}
     FROM (SELECT * FROM refund WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
     ${joinEntry('created', 't', 'created_seq')}
     ${joinLaterEntry('last', 't', 'last_seq')}
     ORDER BY t.id, t.bucket`,
  ),
  payment_reference: audit<ReferenceAudit>(
    ['value', 'namespace', 'merchant_id', 'bucket'],
    ['', '', NIL, FIRST_BUCKET],
    `SELECT t.value, t.namespace, t.merchant_id, t.bucket, t.payment_id, p.merchant_id AS payment_merchant_id,
       p."references" @> jsonb_build_array(jsonb_build_object('namespace', t.namespace, 'value', t.value)) AS is_named
     FROM (
       SELECT * FROM payment_reference WHERE (value, namespace, merchant_id, bucket) > ($2, $3, $4, $5)
       ORDER BY value, namespace, merchant_id, bucket LIMIT $1
     ) t
     LEFT JOIN payment p ON p.id = t.payment_id AND p.bucket = t.bucket
     ORDER BY t.value, t.namespace, t.merchant_id, t.bucket`,
  ),
  merchant: audit<MerchantAudit>(
    ['id', 'bucket'],
    BY_ID,
    `SELECT ${storedColumns('t', MERCHANT_COLUMNS)}, t.bucket, ${entry('created', ['kind', 'merchant_id', 'digest'])},
       ${entry('policy', ['kind', 'merchant_id', 'facts'])}
     FROM (SELECT * FROM merchant WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
     ${joinEntry('created', 't', 'created_seq')}
     ${joinEntry('policy', 't', 'policy_seq')}
     ORDER BY t.id, t.bucket`,
  ),
  credential: audit<CredentialAudit>(
    ['id'],
    [NIL],
    `SELECT ${storedColumns('t', CREDENTIAL_COLUMNS)}, t.bucket,
       ${entry('created', ['kind', 'merchant_id', 'facts', 'digest'])},
       ${entry('revoked', ['kind', 'facts'])}, revoked.at AS revoked_at_entry
     FROM (SELECT * FROM credential WHERE id > $2 ORDER BY id LIMIT $1) t
     ${joinEntry('created', 't', 'created_seq')}
     ${joinEntry('revoked', 't', 'revoked_seq')}
     ORDER BY t.id`,
  ),
  entitlement: audit<EntitlementAudit>(['id', 'bucket'], BY_ID, grants('entitlement', ENTITLEMENT_COLUMNS)),
  coupon: audit<CouponAudit>(['id', 'bucket'], BY_ID, grants('coupon', COUPON_COLUMNS)),
  settlement: audit<SettlementAudit>(
    ['id', 'bucket'],
    BY_ID,
    `SELECT ${storedColumns('t', SETTLEMENT_COLUMNS)}, t.bucket,
       ${entry('cutoff', ['kind', 'merchant_id', 'currency', 'amount_minor', 'facts', 'at'])}
     FROM (SELECT * FROM settlement WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
     ${joinEntry('cutoff', 't', 'cutoff_seq')}
     ORDER BY t.id, t.bucket`,
  ),
  balance: audit<BalanceAudit>(
    ['merchant_id', 'currency', 'bucket'],
    [NIL, '', FIRST_BUCKET],
    `SELECT ${storedColumns('t', BALANCE_COLUMNS)}, t.bucket, h.seq AS head_seq
     FROM (
       SELECT * FROM balance WHERE (merchant_id, currency, bucket) > ($2, $3, $4)
       ORDER BY merchant_id, currency, bucket LIMIT $1
     ) t
     LEFT JOIN bucket h ON h.bucket = t.bucket
     ORDER BY t.merchant_id, t.currency, t.bucket`,
  ),
} as const;
