/**
 * The write path's saves. A refund's rows, its entry, the payment, the balance and the head go in one set-based
 * statement; what is rarer has a statement of its own in the same wait. Every save counts the rows it changed and raises
 * when the count is another than meant.
 */
import type pg from 'pg';
import type { Book } from '../core/book.ts';
import type { Payment } from '../core/payment.ts';
import { policyToStored } from '../core/policy.ts';
import type { Lane } from './lane.ts';
import {
  BALANCE,
  CHANGED_PAYMENT,
  COUPON,
  ENTITLEMENT,
  ENTRY,
  NAMED,
  type Named,
  NEW_MERCHANT,
  NEW_PAYMENT,
  NEW_REFUND,
  type RowShape,
  SETTLEMENT,
} from './save-columns.ts';

const quoted = (name: string): string => `"${name}"`;

/** The rows of a parameter. */
const parameterRows = ({ type }: RowShape<never>, parameter: number): string => `unnest($${parameter}::${type}[])`;

function insert(table: string, shape: RowShape<never>, parameter: number): string {
  const names = shape.columns.map(([name]) => quoted(name));
  return `INSERT INTO ${table} (bucket, ${names.join(', ')})
    SELECT $1, ${names.map((name) => `d.${name}`).join(', ')} FROM ${parameterRows(shape, parameter)} AS d`;
}

/**
 * Each row is found by its key (the first `keys` columns) and then updated by its place. A plain join could be planned, while the table is empty or
 * was analyzed so, as a scan of the bucket that stays when the table has grown. The LIMIT changes nothing but the
 * estimate, from ten rows to one; then a row by its place is cheaper than any scan, whatever the table's size. The head's
 * lock keeps places from moving meanwhile.
 */
function update(table: string, keys: number, shape: RowShape<never>, parameter: number): string {
  const names = shape.columns.map(([name]) => quoted(name));
  const same = names.slice(0, keys).map((key) => `${key} = d.${key} AND `);
  const changing = names.slice(keys);
  return `UPDATE ${table} SET ${changing.map((name) => `${name} = d.${name}`).join(', ')}
    FROM (SELECT * FROM ${parameterRows(shape, parameter)} LIMIT cardinality($${parameter})) AS d
    CROSS JOIN LATERAL (SELECT ctid FROM ${table} WHERE ${same.join('')}bucket = $1 OFFSET 0) AS place
    WHERE ${table}.ctid = place.ctid AND ${table}.bucket = $1`;
}

/** Wraps one statement so that it raises unless it changes as many rows as `$2` says, and is itself counted. */
const counted = (what: string, statement: string): string =>
  `WITH saved AS (${statement} RETURNING 1)
   SELECT saved_exactly('${what}', $2::bigint, (SELECT count(*) FROM saved)) AND count_save()`;

// Parameters of the hot statement: bucket; the head before and after; how many saves went before; then the rows.
const ENTRIES_AT = 7;
const REFUNDS_AT = 8;
const PAYMENTS_AT = 9;
const BALANCES_AT = 10;

const lengthOf = (parameter: number): string => `cardinality($${parameter})`;

export const SAVES = {
  /** Everything that a refund changes. Last in the batch: it proves that all other saves of the batch have run. */
  books: `
    WITH entries AS (${insert('journal', ENTRY, ENTRIES_AT)} RETURNING 1),
    refunds AS (${insert('refund', NEW_REFUND, REFUNDS_AT)} RETURNING 1),
    payments AS (${update('payment', 1, CHANGED_PAYMENT, PAYMENTS_AT)} RETURNING 1),
    balances AS (${update('balance', 2, BALANCE, BALANCES_AT)} RETURNING 1),
    head AS (
      UPDATE bucket SET seq = $3::bigint, hash = decode($4, 'hex'), at = to_timestamp($5::double precision / 1000)
      WHERE bucket = $1 AND seq = $2::bigint RETURNING 1
    )
    SELECT saved_exactly('journal', ${lengthOf(ENTRIES_AT)}, (SELECT count(*) FROM entries))
      AND saved_exactly('refund', ${lengthOf(REFUNDS_AT)}, (SELECT count(*) FROM refunds))
      AND saved_exactly('payment', ${lengthOf(PAYMENTS_AT)}, (SELECT count(*) FROM payments))
      AND saved_exactly('balance', ${lengthOf(BALANCES_AT)}, (SELECT count(*) FROM balances))
      AND saved_exactly('bucket', 1, (SELECT count(*) FROM head))
      AND saved_exactly('batch', $6::bigint, saves_so_far())`,
  new_merchants: counted('merchant', insert('merchant', NEW_MERCHANT, 3)),
  new_balances: counted('balance', insert('balance', BALANCE, 3)),
  new_payments: counted('payment', insert('payment', NEW_PAYMENT, 3)),
  references: counted('payment_reference', insert('payment_reference', NAMED, 3)),
  entitlements: counted('entitlement', insert('entitlement', ENTITLEMENT, 3)),
  coupons: counted('coupon', insert('coupon', COUPON, 3)),
  settlements: counted('settlement', insert('settlement', SETTLEMENT, 3)),
  changed_refund: counted(
    'refund',
    `UPDATE refund SET status = $4, cancel_reason = $5, updated_at = to_timestamp($6::double precision / 1000), last_seq = $7::bigint,
       decision_reason = $8, decision_salt = $9
     WHERE id = $3::uuid AND bucket = $1`,
  ),
  changed_merchant: counted(
    'merchant',
    `UPDATE merchant SET policy = $4::jsonb, counters = $5::jsonb, policy_seq = $6::bigint WHERE id = $3::uuid AND bucket = $1`,
  ),
  new_credential: counted(
    'credential',
    `INSERT INTO credential (bucket, id, merchant_id, protocol, role, label, lookup, secret_hashes, public_key, settings,
       demo, created_at, created_seq)
     VALUES ($1, $3::uuid, $4::uuid, $5, $6, $7, $8, $9::text[], $10, $11::jsonb, $12,
       to_timestamp($13::double precision / 1000), $14::bigint)`,
  ),
  revoked_credential: counted(
    'credential',
    `UPDATE credential SET revoked_at = to_timestamp($4::double precision / 1000), revoked_seq = $5::bigint
     WHERE id = $3::uuid AND bucket = $1`,
  ),
} as const;

type Save = keyof typeof SAVES;

interface Statement {
  readonly name: Save;
  readonly values: unknown[];
}

const text = (value: bigint): string => value.toString();

/** The statements that save what a batch changed in a book, in the order in which they must run. */
export function savesOf(book: Book, headBefore: bigint, { rowTypes, parameters }: Lane): Statement[] {
  const { changes, bucket, head } = book;
  const statements: Statement[] = [];
  const writer = parameters.reset();
  const rowsOf = <T>({ type, columns }: RowShape<T>, items: Iterable<T>): Buffer =>
    writer.rows(rowTypes[type], columns, [...items]);
  const one = (name: Save, ...values: readonly unknown[]): void => {
    statements.push({ name, values: [bucket, 1, ...values] });
  };
  const all = <T>(name: Save, shape: RowShape<T>, items: Iterable<T>): void => {
    const rows = [...items];
    if (rows.length > 0) statements.push({ name, values: [bucket, rows.length, rowsOf(shape, rows)] });
  };

  all('new_merchants', NEW_MERCHANT, changes.newMerchants.values());
  for (const { id, policy, counters, policySeq } of changes.changedMerchants.values()) {
    one('changed_merchant', id, JSON.stringify(policyToStored(policy)), JSON.stringify(counters), text(policySeq));
  }
  for (const credential of changes.newCredentials.values()) {
    one(
      'new_credential',
      credential.id,
      credential.merchantId,
      credential.protocol,
      credential.role,
      credential.label,
      credential.lookup,
      credential.secretHashes,
      credential.publicKey,
      JSON.stringify(credential.settings),
      credential.demo,
      credential.createdAt,
      text(credential.createdSeq),
    );
  }
  for (const { id, revokedAt, revokedSeq } of [
    ...changes.newCredentials.values(),
    ...changes.revokedCredentials.values(),
  ]) {
    if (revokedSeq !== null) one('revoked_credential', id, revokedAt, text(revokedSeq));
  }
  all('new_payments', NEW_PAYMENT, changes.newPayments.values());
  all('new_balances', BALANCE, changes.newBalances.values());
  all('references', NAMED, namesIn(changes.newPayments.values()));
  all('coupons', COUPON, changes.coupons);
  all('entitlements', ENTITLEMENT, changes.entitlements);
  for (const refund of changes.changedRefunds.values()) {
    const { id, status, cancelReason, updatedAt, lastSeq, decisionReason, decisionSalt } = refund;
    one('changed_refund', id, status, cancelReason, updatedAt, text(lastSeq), decisionReason, decisionSalt);
  }
  all('settlements', SETTLEMENT, changes.settlements);

  statements.push({
    name: 'books',
    values: [
      bucket,
      text(headBefore),
      text(head.seq),
      head.hash,
      head.at,
      statements.length,
      rowsOf(ENTRY, changes.entries),
      rowsOf(NEW_REFUND, changes.newRefunds.values()),
      rowsOf(CHANGED_PAYMENT, changes.changedPayments.values()),
      rowsOf(BALANCE, changes.changedBalances.values()),
    ],
  });
  return statements;
}

function* namesIn(payments: Iterable<Payment>): Iterable<Named> {
  for (const payment of payments) for (const reference of payment.references) yield { ...reference, payment };
}

/** Sends the saves without waiting; each promise settles when its statement has. */
export function sendSaves(client: pg.ClientBase, statements: readonly Statement[]): Promise<unknown>[] {
  return statements.map(({ name, values }) => {
    const saved = client.query({ name: `save_${name}`, text: SAVES[name], values });
    saved.catch(() => undefined);
    return saved;
  });
}
