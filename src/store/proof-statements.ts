/**
 * What the quick proof of `verify` reads, as bytes: each table once, in the order of its primary key. Columns that two
 * tables share stand in the same order in both, so that what they say is compared as it stands.
 */
import { IN_ITS_BUCKET } from './audit-plain.ts';
import { FIRST_BUCKET, joinEntry, NIL } from './audit-statements.ts';

/** A journal entry's columns in the order in which its hash covers them (`hashEntry`), and the hash. */
const HASHED = [
  'seq',
  'bucket',
  'currency',
  'merchant_id',
  'payment_id',
  'refund_id',
  'at',
  'amount_minor',
  'protocol',
  'refusal_code',
  'digest',
  'kind',
  'operation',
  'actor',
  'request_id',
  'idempotency_key',
  'fingerprint',
  'debit',
  'credit',
  'captured_minor',
  'refunded_minor',
  'reserved_minor',
  'payment_status',
  'payment_disputed',
  'unsettled_minor',
  'facts',
  'hash',
] as const;

const numbered = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;

/** Entries of all books, `$1` < number ≤ `$2`. */
export const ENTRY_PASS = {
  fields: numbered(HASHED),
  count: HASHED.length,
  select: `SELECT ${HASHED.join(', ')} FROM journal WHERE seq > $1 AND seq <= $2 ORDER BY seq, bucket`,
} as const;

/** A table walked in pages of `$1` rows, from the key in `$2`, `$3` … on. */
export interface RowPass {
  readonly select: string;
  readonly count: number;
  readonly key: readonly (readonly [field: number, type: 'uuid' | 'int4' | 'text'])[];
  readonly before: readonly (string | number)[];
}

/** Statuses in which a refund holds funds back: see `holdsReservation`. */
const RESERVING = `('pending_approval', 'pending', 'unknown')`;

/**
 * Captured when it was registered, without entitlements or waiting refunds, and in agreement with its last entry and its
 * refunds. Whether that entry is its last is in the sums, where a later one made a refund, and is looked at where not.
 */
const PAYMENT_FITS = [
  IN_ITS_BUCKET,
  'NOT t.entitled',
  `t.status = 'captured'`,
  't.captured_seq = t.created_seq',
  't.captured_at IS NOT NULL',
  'last.payment_id = t.id',
  `last.kind <> 'command_refused'`,
  'last.captured_minor = t.captured_minor',
  'last.refunded_minor = t.refunded_minor',
  'last.reserved_minor = t.reserved_minor',
  'last.payment_status = t.status',
  'last.payment_disputed = t.disputed',
  't.updated_at = CASE WHEN t.last_seq = t.created_seq THEN t.created_at ELSE last.at END',
  't.refunded_minor = coalesce(refunds.succeeded_minor, 0)',
  't.refund_count = refunds.succeeded',
  // Up to here sums of doubles are exact.
  't.captured_minor < 9007199254740992',
  't.reserved_minor = 0',
  'refunds.reserving = 0',
  't.refunded_minor + t.reserved_minor <= t.captured_minor',
  't.captured_minor <= t.amount_minor',
];

const PAYMENT_FIELDS = [
  'created_seq',
  'bucket',
  'currency',
  'merchant_id',
  'id',
  'amount_minor',
  'created_at',
  'captured_at',
  'references',
  'details_salt',
  'details',
  'is_captured',
  'fits',
] as const;

export const PAYMENT_PASS = {
  fields: numbered(PAYMENT_FIELDS),
  count: PAYMENT_FIELDS.length,
  key: [
    [4, 'uuid'],
    [1, 'int4'],
  ],
  before: [NIL, FIRST_BUCKET],
  select: `
    SELECT t.created_seq, t.bucket, t.currency, t.merchant_id, t.id, t.amount_minor, t.created_at,
      CASE WHEN t.captured_seq = t.created_seq THEN t.captured_at END, t."references", t.details_salt, t.details,
      t.captured_seq = t.created_seq, ${PAYMENT_FITS.join(' AND ')}
    FROM (SELECT * FROM payment WHERE (id, bucket) > ($2, $3) ORDER BY id, bucket LIMIT $1) t
    ${joinEntry('last', 't', 'last_seq')}
    CROSS JOIN LATERAL (
      SELECT sum(r.amount_minor::double precision) FILTER (WHERE r.status = 'succeeded') AS succeeded_minor,
        count(*) FILTER (WHERE r.status = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE r.status IN ${RESERVING}) AS reserving
      FROM refund r WHERE r.payment_id = t.id AND r.bucket = t.bucket
    ) refunds
    ORDER BY t.id, t.bucket`,
} as const satisfies RowPass & { fields: unknown };

const REFUND_FIELDS = [
  'created_seq',
  'bucket',
  'currency',
  'merchant_id',
  'payment_id',
  'id',
  'created_at',
  'amount_minor',
  'protocol',
  'refusal_code',
  'digest',
  'kind',
  'reference_namespace',
  'reference',
  'requested_by',
  'expires_at',
  'details_salt',
  'details',
  'fits',
] as const;

/** Not changed since it was made; what it was then shows in what never changes of it. */
const REFUND_FITS = [
  IN_ITS_BUCKET,
  't.last_seq = t.created_seq',
  't.updated_at = t.created_at',
  't.cancel_reason IS NULL',
  't.decision_reason IS NULL',
  `t.decision_salt = ''`,
  `t.status = CASE WHEN t.refusal_code IS NOT NULL THEN 'refused' WHEN t.expires_at IS NOT NULL THEN 'pending_approval'
     ELSE 'succeeded' END`,
];

export const REFUND_PASS = {
  fields: numbered(REFUND_FIELDS),
  count: REFUND_FIELDS.length,
  key: [
    [5, 'uuid'],
    [1, 'int4'],
  ],
  before: [NIL, FIRST_BUCKET],
  select: `
    SELECT t.created_seq, t.bucket, t.currency, t.merchant_id, t.payment_id, t.id, t.created_at, t.amount_minor, t.protocol,
      t.refusal_code, NULL::bytea,
      CASE WHEN t.refusal_code IS NOT NULL THEN 'command_refused' WHEN t.expires_at IS NOT NULL THEN 'refund_requested'
        ELSE 'refund_succeeded' END,
      t.reference_namespace, t.reference, t.requested_by, t.expires_at, t.details_salt, t.details,
      ${REFUND_FITS.join(' AND ')}
    FROM refund t WHERE (t.id, t.bucket) > ($2, $3) ORDER BY t.id, t.bucket LIMIT $1`,
} as const satisfies RowPass & { fields: unknown };

const REFERENCE_FIELDS = ['value', 'namespace', 'merchant_id', 'bucket', 'payment_id'] as const;

export const REFERENCE_PASS = {
  fields: numbered(REFERENCE_FIELDS),
  count: REFERENCE_FIELDS.length,
  key: [
    [0, 'text'],
    [1, 'text'],
    [2, 'uuid'],
    [3, 'int4'],
  ],
  before: ['', '', NIL, FIRST_BUCKET],
  select: `
    SELECT value, namespace, merchant_id, bucket, payment_id FROM payment_reference
    WHERE (value, namespace, merchant_id, bucket) > ($2, $3, $4, $5)
    ORDER BY value, namespace, merchant_id, bucket LIMIT $1`,
} as const satisfies RowPass & { fields: unknown };

export const PASSES = {
  journal: ENTRY_PASS,
  payment: PAYMENT_PASS,
  refund: REFUND_PASS,
  payment_reference: REFERENCE_PASS,
} as const;
