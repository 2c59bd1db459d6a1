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
import { PLAIN_PAYMENT, PLAIN_REFUND } from './audit-plain.ts';
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
export const joinEntry = (prefix: string, row: string, seq: string): string =>
  `LEFT JOIN journal ${prefix} ON ${prefix}.seq = ${row}.${seq} AND ${prefix}.bucket = ${row}.bucket`;

/** The same, where it is another than the one that made the row: most rows never change, and are read once then. */
const joinLaterEntry = (prefix: string, row: string, seq: string): string =>
  `LEFT JOIN journal ${prefix} ON ${prefix}.seq = NULLIF(${row}.${seq}, ${row}.created_seq)
     AND ${prefix}.bucket = ${row}.bucket`;

/**
 * Most rows are of the plainest kind, and fit their entries: the database can see that. What else there is to look at of a
 * row comes only where it is not so, and `is_doubtful` says so.
 */
const unlessPlain = (columnList: string, conditions: readonly string[]): string =>
  `LEFT JOIN LATERAL (SELECT true AS is_doubtful, ${columnList} WHERE (${conditions.join(' AND ')}) IS NOT TRUE) looked ON true`;

/** What the digest of a payment's entry is over: needed of every payment. */
const DIGESTED = [
  'id',
  'merchant_id',
  'amount_minor',
  'currency',
  'created_at',
  'captured_at',
  'created_seq',
  'captured_seq',
  'references',
  'details',
  'details_salt',
];

const without = (names: readonly string[], left: readonly string[]): string[] =>
  names.filter((name) => !left.includes(name));

/** Where the first page begins: before every uuid and every bucket. */
export const NIL = '00000000-0000-0000-0000-000000000000';
export const FIRST_BUCKET = -2_147_483_648;
export const FIRST_SEQ = '-9223372036854775808';

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

/** Payments of a source; `reserving`: statuses in which a refund holds funds back. */
const payments = (source: string, reserving: string): string => `
  SELECT looked.*, ${storedColumns('t', DIGESTED)}, t.bucket, ${entry('created', ['digest'])}
 FROM (${source}) t
 ${joinEntry('created', 't', 'created_seq')}
 ${joinLaterEntry('capture', 't', 'captured_seq')}
 ${joinEntry('last', 't', 'last_seq')}
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0) AS succeeded_minor,
     coalesce(sum(r.amount_minor) FILTER (WHERE r.status = ANY(${reserving}::text[])), 0) AS reserving_minor,
     count(*) FILTER (WHERE r.status = 'succeeded' OR r.status = ANY(${reserving}::text[])) AS counting_refunds
   FROM refund r WHERE r.payment_id = t.id AND r.bucket = t.bucket
 ) refunds
 CROSS JOIN LATERAL (
   SELECT count(*) AS reference_rows
   FROM jsonb_array_elements(CASE WHEN jsonb_typeof(t."references") = 'array' THEN t."references" ELSE '[]' END) AS reference
   -- The limit keeps this a lookup of one key: no plan can turn it into a scan of the merchant's references.
   CROSS JOIN LATERAL (
     SELECT FROM payment_reference x
     WHERE x.value = reference ->> 'value' AND x.namespace = reference ->> 'namespace'
       AND x.merchant_id = t.merchant_id AND x.bucket = t.bucket AND x.payment_id = t.id
     LIMIT 1
   ) there
 ) named
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
 ${unlessPlain(
   `${storedColumns('t', without(PAYMENT_COLUMNS, DIGESTED))},
   ${entry('created', ['kind', 'merchant_id', 'payment_id', 'debit'])},
   ${entry('capture', ['kind', 'payment_id', 'at'])},
   ${entry('last', ['kind', 'payment_id', 'at', 'captured_minor', 'refunded_minor', 'reserved_minor'])},
   ${entry('last', ['payment_status', 'payment_disputed'])},
   refunds.*, named.*, entitling.*`,
   PLAIN_PAYMENT,
 )}
 ORDER BY t.id, t.bucket`;

const refunds = (source: string): string => `
  SELECT looked.*, t.id, t.bucket
 FROM (${source}) t
 ${joinEntry('created', 't', 'created_seq')}
 ${joinLaterEntry('last', 't', 'last_seq')}
 ${unlessPlain(
   `${storedColumns('t', without(REFUND_COLUMNS, ['id']))},
   ${entry('created', ['kind', 'operation', 'merchant_id', 'payment_id', 'refund_id', 'amount_minor', 'currency'])},
   ${entry('created', ['refusal_code', 'protocol', 'digest'])}, created.at AS created_at_entry,
   ${entry('last', ['kind', 'refund_id', 'at', 'digest'])}`,
   PLAIN_REFUND,
 )}
 ORDER BY t.id, t.bucket`;

const references = (source: string): string => `
  SELECT t.value, t.namespace, t.merchant_id, t.bucket, t.payment_id, p.merchant_id AS payment_merchant_id,
    p."references" @> jsonb_build_array(jsonb_build_object('namespace', t.namespace, 'value', t.value)) AS is_named
  FROM (${source}) t
  LEFT JOIN payment p ON p.id = t.payment_id AND p.bucket = t.bucket
  ORDER BY t.value, t.namespace, t.merchant_id, t.bucket`;

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
    payments('SELECT * FROM payment WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1', '$4'),
  ),
  refund: audit<RefundAudit>(
    ['id', 'bucket'],
    BY_ID,
    refunds('SELECT * FROM refund WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1'),
  ),
  payment_reference: audit<ReferenceAudit>(
    ['value', 'namespace', 'merchant_id', 'bucket'],
    ['', '', NIL, FIRST_BUCKET],
    references(
      `SELECT * FROM payment_reference WHERE (value, namespace, merchant_id, bucket) > ($2, $3, $4, $5)
       ORDER BY value, namespace, merchant_id, bucket LIMIT $1`,
    ),
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

/** The same of single rows, by their keys. */
export const LOOKS = {
  /** `$1`: numbers, `$2`: their buckets. */
  entries: `
    SELECT ${ENTRY}
    FROM unnest($1::bigint[], $2::integer[]) AS k (seq, bucket)
    CROSS JOIN LATERAL (SELECT * FROM journal WHERE seq = k.seq AND bucket = k.bucket OFFSET 0) j ${ENTRY_ROWS}
    ORDER BY j.seq, j.bucket`,
  /** `$1`: ids, `$2`: as in the walk. */
  payments: payments('SELECT * FROM payment WHERE id = ANY($1::uuid[])', '$2'),
  refunds: refunds('SELECT * FROM refund WHERE id = ANY($1::uuid[])'),
  /** `$1` to `$4`: the columns of their keys. */
  references: references(
    `SELECT x.* FROM unnest($1::text[], $2::text[], $3::uuid[], $4::integer[]) AS k (value, namespace, merchant_id, bucket)
     CROSS JOIN LATERAL (
       SELECT * FROM payment_reference r
       WHERE r.value = k.value AND r.namespace = k.namespace AND r.merchant_id = k.merchant_id AND r.bucket = k.bucket OFFSET 0
     ) x`,
  ),
} as const;
