/**
 * The write path's saves. A refund's rows, its entry, the payment, the balance and the head go in one set-based
 * statement; what is rarer has a statement of its own in the same wait. Every save counts the rows it changed and raises
 * when the count is another than meant.
 */
import type pg from 'pg';
import type { Balance } from '../core/account.ts';
import type { Book } from '../core/book.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Payment } from '../core/payment.ts';
import { policyToStored } from '../core/policy.ts';
import type { Refund } from '../core/refund.ts';

/** One column of a set-based statement: its name, how PostgreSQL reads it, and where its values come from. */
type Column<T> = readonly [name: string, type: string, value: (item: T) => unknown, expression?: string];

const TIME = 'bigint';
const asTime = (name: string): string => `to_timestamp(d.${name}::double precision / 1000)`;
const asBytes = (name: string): string => `decode(d.${name}, 'hex')`;

const ENTRY: readonly Column<JournalEntry>[] = [
  ['seq', 'bigint', (e) => e.seq],
  ['at', TIME, (e) => e.at, asTime('at')],
  ['kind', 'text', (e) => e.kind],
  ['operation', 'text', (e) => e.operation],
  ['merchant_id', 'uuid', (e) => e.merchantId],
  ['actor', 'text', (e) => e.actor],
  ['protocol', 'text', (e) => e.protocol],
  ['request_id', 'text', (e) => e.requestId],
  ['idempotency_key', 'text', (e) => e.idempotencyKey],
  ['fingerprint', 'text', (e) => e.fingerprint, asBytes('fingerprint')],
  ['payment_id', 'uuid', (e) => e.paymentId],
  ['refund_id', 'uuid', (e) => e.refundId],
  ['amount_minor', 'bigint', (e) => e.amountMinor],
  ['currency', 'text', (e) => e.currency],
  ['debit', 'text', (e) => e.debit],
  ['credit', 'text', (e) => e.credit],
  ['captured_minor', 'bigint', (e) => e.payment?.capturedMinor],
  ['refunded_minor', 'bigint', (e) => e.payment?.refundedMinor],
  ['reserved_minor', 'bigint', (e) => e.payment?.reservedMinor],
  ['payment_status', 'text', (e) => e.payment?.status],
  ['payment_disputed', 'boolean', (e) => e.payment?.disputed],
  ['unsettled_minor', 'bigint', (e) => e.unsettledMinor],
  ['refusal_code', 'text', (e) => e.refusalCode],
  ['facts', 'jsonb', (e) => (e.facts === null ? null : JSON.stringify(e.facts))],
  ['digest', 'text', (e) => e.digest, asBytes('digest')],
  ['hash', 'text', (e) => e.hash, asBytes('hash')],
];

const NEW_REFUND: readonly Column<Refund>[] = [
  ['id', 'uuid', (r) => r.id],
  ['merchant_id', 'uuid', (r) => r.merchantId],
  ['payment_id', 'uuid', (r) => r.paymentId],
  ['amount_minor', 'bigint', (r) => r.amountMinor],
  ['currency', 'text', (r) => r.currency],
  ['status', 'text', (r) => r.status],
  ['refusal_code', 'text', (r) => r.refusalCode],
  ['cancel_reason', 'text', (r) => r.cancelReason],
  ['reference_namespace', 'text', (r) => r.reference?.namespace],
  ['reference', 'text', (r) => r.reference?.value],
  ['requested_by', 'text', (r) => r.requestedBy],
  ['expires_at', TIME, (r) => r.expiresAt, asTime('expires_at')],
  ['details', 'jsonb', (r) => JSON.stringify(r.details)],
  ['details_salt', 'text', (r) => r.detailsSalt],
  ['protocol', 'text', (r) => r.protocol],
  ['created_at', TIME, (r) => r.createdAt, asTime('created_at')],
  ['updated_at', TIME, (r) => r.updatedAt, asTime('updated_at')],
  ['created_seq', 'bigint', (r) => r.createdSeq],
  ['last_seq', 'bigint', (r) => r.lastSeq],
];

const CHANGED_PAYMENT: readonly Column<Payment>[] = [
  ['id', 'uuid', (p) => p.id],
  ['captured_minor', 'bigint', (p) => p.capturedMinor],
  ['refunded_minor', 'bigint', (p) => p.refundedMinor],
  ['reserved_minor', 'bigint', (p) => p.reservedMinor],
  ['status', 'text', (p) => p.status],
  ['disputed', 'boolean', (p) => p.disputed],
  ['refund_count', 'integer', (p) => p.refundCount],
  ['entitled', 'boolean', (p) => p.entitled],
  ['captured_at', TIME, (p) => p.capturedAt, asTime('captured_at')],
  ['captured_seq', 'bigint', (p) => p.capturedSeq],
  ['updated_at', TIME, (p) => p.updatedAt, asTime('updated_at')],
  ['last_seq', 'bigint', (p) => p.lastSeq],
];

const NEW_PAYMENT: readonly Column<Payment>[] = [
  ...CHANGED_PAYMENT,
  ['merchant_id', 'uuid', (p) => p.merchantId],
  ['currency', 'text', (p) => p.currency],
  ['amount_minor', 'bigint', (p) => p.amountMinor],
  ['references', 'jsonb', (p) => JSON.stringify(p.references)],
  ['details', 'jsonb', (p) => JSON.stringify(p.details)],
  ['details_salt', 'text', (p) => p.detailsSalt],
  ['created_at', TIME, (p) => p.createdAt, asTime('created_at')],
  ['created_seq', 'bigint', (p) => p.createdSeq],
];

const BALANCE: readonly Column<Balance>[] = [
  ['merchant_id', 'uuid', (b) => b.merchantId],
  ['currency', 'text', (b) => b.currency],
  ['processor_clearing_minor', 'bigint', (b) => b.minor.processor_clearing],
  ['merchant_unsettled_minor', 'bigint', (b) => b.minor.merchant_unsettled],
  ['refunds_payable_minor', 'bigint', (b) => b.minor.refunds_payable],
  ['merchant_settled_minor', 'bigint', (b) => b.minor.merchant_settled],
  ['settled_through_seq', 'bigint', (b) => b.settledThroughSeq],
  ['last_seq', 'bigint', (b) => b.lastSeq],
];

const BALANCE_KEY = new Set(['merchant_id', 'currency']);

const quoted = (name: string): string => `"${name}"`;
const expression = <T>([name, , , written]: Column<T>): string => written ?? `d.${quoted(name)}`;

/** `(SELECT * FROM unnest($n::type[], …) AS d(column, …))`, taking parameters from number `first` on. */
function data<T>(shape: readonly Column<T>[], first: number): string {
  const parameters = shape.map(([, type], index) => `$${first + index}::${type}[]`).join(', ');
  return `unnest(${parameters}) AS d(${shape.map(([name]) => quoted(name)).join(', ')})`;
}

function insert<T>(table: string, shape: readonly Column<T>[], first: number): string {
  const names = shape.map(([name]) => quoted(name)).join(', ');
  return `INSERT INTO ${table} (bucket, ${names}) SELECT $1, ${shape.map(expression).join(', ')} FROM ${data(shape, first)}`;
}

/**
 * Each row is found by its key and then updated by its place. A plain join could be planned, while the table is empty or
 * was analyzed so, as a scan of the bucket that stays when the table has grown. The LIMIT changes nothing but the
 * estimate, from ten rows to one; then a row by its place is cheaper than any scan, whatever the table's size. The head's
 * lock keeps places from moving meanwhile.
 */
function update<T>(table: string, shape: readonly Column<T>[], first: number): string {
  const changes = shape.slice(1).map((column) => `${quoted(column[0])} = ${expression(column)}`);
  const [key] = shape;
  if (key === undefined) throw new Error('an update needs its key as the first column');
  return `UPDATE ${table} SET ${changes.join(', ')}
    FROM (SELECT * FROM ${data(shape, first)} LIMIT cardinality($${first})) AS d
    CROSS JOIN LATERAL (SELECT ctid FROM ${table} WHERE ${quoted(key[0])} = d.${quoted(key[0])} AND bucket = $1 OFFSET 0) AS place
    WHERE ${table}.ctid = place.ctid AND ${table}.bucket = $1`;
}

/** The values of a set-based statement: one array per column. */
function arrays<T>(shape: readonly Column<T>[], items: Iterable<T>): unknown[][] {
  const rows = [...items];
  return shape.map(([, , value]) =>
    rows.map((row) => {
      const cell = value(row);
      return typeof cell === 'bigint' ? cell.toString() : (cell ?? null);
    }),
  );
}

/** Wraps one statement so that it raises unless it changes as many rows as `$2` says, and is itself counted. */
const counted = (what: string, statement: string): string =>
  `WITH saved AS (${statement} RETURNING 1)
   SELECT saved_exactly('${what}', $2::bigint, (SELECT count(*) FROM saved)) AND count_save()`;

// Parameters of the hot statement: bucket; head before and after; how many saves went before; then the columns of each part.
const HEAD_PARAMETERS = 6;
const ENTRIES_AT = HEAD_PARAMETERS + 1;
const REFUNDS_AT = ENTRIES_AT + ENTRY.length;
const PAYMENTS_AT = REFUNDS_AT + NEW_REFUND.length;
const BALANCES_AT = PAYMENTS_AT + CHANGED_PAYMENT.length;

const lengthOf = (parameter: number): string => `cardinality($${parameter})`;

export const SAVES = {
  /** Everything that a refund changes. Last in the batch: it proves that all other saves of the batch have run. */
  books: `
    WITH entries AS (${insert('journal', ENTRY, ENTRIES_AT)} RETURNING 1),
    refunds AS (${insert('refund', NEW_REFUND, REFUNDS_AT)} RETURNING 1),
    payments AS (${update('payment', CHANGED_PAYMENT, PAYMENTS_AT)} RETURNING 1),
    balances AS (
      ${insert('balance', BALANCE, BALANCES_AT)}
      ON CONFLICT (merchant_id, currency, bucket) DO UPDATE SET
        ${BALANCE.flatMap(([name]) => (BALANCE_KEY.has(name) ? [] : `${name} = excluded.${name}`)).join(', ')}
      RETURNING 1
    ),
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
  new_payments: counted('payment', insert('payment', NEW_PAYMENT, 3)),
  references: counted(
    'payment_reference',
    `INSERT INTO payment_reference (bucket, value, namespace, merchant_id, payment_id)
     SELECT $1, d.* FROM unnest($3::text[], $4::text[], $5::uuid[], $6::uuid[]) AS d`,
  ),
  changed_refund: counted(
    'refund',
    `UPDATE refund SET status = $4, cancel_reason = $5, updated_at = to_timestamp($6::double precision / 1000), last_seq = $7::bigint,
       decision_reason = $8, decision_salt = $9
     WHERE id = $3::uuid AND bucket = $1`,
  ),
  new_merchants: counted(
    'merchant',
    `INSERT INTO merchant (bucket, id, name, policy, counters, created_at, created_seq, policy_seq)
     SELECT $1, d.id, d.name, d.policy, d.counters, ${asTime('created_at')}, d.created_seq, d.policy_seq
     FROM unnest($3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[], $7::bigint[], $8::bigint[], $9::bigint[])
       AS d(id, name, policy, counters, created_at, created_seq, policy_seq)`,
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
  entitlements: counted(
    'entitlement',
    `INSERT INTO entitlement (bucket, id, merchant_id, payment_id, learner, kind, target, coupon_id, created_at, created_seq)
     SELECT $1, d.id, d.merchant_id, d.payment_id, d.learner, d.kind, d.target, d.coupon_id, ${asTime('created_at')}, d.created_seq
     FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::bigint[], $11::bigint[])
       AS d(id, merchant_id, payment_id, learner, kind, target, coupon_id, created_at, created_seq)`,
  ),
  coupons: counted(
    'coupon',
    `INSERT INTO coupon (bucket, id, merchant_id, payment_id, code, created_at, created_seq)
     SELECT $1, d.id, d.merchant_id, d.payment_id, d.code, ${asTime('created_at')}, d.created_seq
     FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[])
       AS d(id, merchant_id, payment_id, code, created_at, created_seq)`,
  ),
  settlements: counted(
    'settlement',
    `INSERT INTO settlement (bucket, id, merchant_id, currency, amount_minor, cutoff_seq, created_at)
     SELECT $1, d.id, d.merchant_id, d.currency, d.amount_minor, d.cutoff_seq, ${asTime('created_at')}
     FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
       AS d(id, merchant_id, currency, amount_minor, cutoff_seq, created_at)`,
  ),
} as const;

type Save = keyof typeof SAVES;

interface Statement {
  readonly name: Save;
  readonly values: unknown[];
}

const text = (value: bigint): string => value.toString();

/** The statements that save what a batch changed in a book, in the order in which they must run. */
export function savesOf(book: Book, headBefore: bigint): Statement[] {
  const { changes, bucket, head } = book;
  const statements: Statement[] = [];
  const rare = (name: Save, count: number, values: () => unknown[]): void => {
    if (count > 0) statements.push({ name, values: [bucket, count, ...values()] });
  };

  const newMerchants = [...changes.newMerchants.values()];
  rare('new_merchants', newMerchants.length, () => [
    newMerchants.map(({ id }) => id),
    newMerchants.map(({ name }) => name),
    newMerchants.map(({ policy }) => JSON.stringify(policyToStored(policy))),
    newMerchants.map(({ counters }) => JSON.stringify(counters)),
    newMerchants.map(({ createdAt }) => createdAt),
    newMerchants.map(({ createdSeq }) => text(createdSeq)),
    newMerchants.map(({ policySeq }) => text(policySeq)),
  ]);
  for (const merchant of changes.changedMerchants.values()) {
    const { id, policy, counters, policySeq } = merchant;
    rare('changed_merchant', 1, () => [
      id,
      JSON.stringify(policyToStored(policy)),
      JSON.stringify(counters),
      text(policySeq),
    ]);
  }
  for (const credential of changes.newCredentials.values()) {
    rare('new_credential', 1, () => [
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
    ]);
  }
  for (const credential of [...changes.newCredentials.values(), ...changes.revokedCredentials.values()]) {
    if (credential.revokedSeq === null) continue;
    const { id, revokedAt, revokedSeq } = credential;
    rare('revoked_credential', 1, () => [id, revokedAt, text(revokedSeq)]);
  }

  const newPayments = [...changes.newPayments.values()];
  rare('new_payments', newPayments.length, () => arrays(NEW_PAYMENT, newPayments));
  const references = newPayments.flatMap((payment) =>
    payment.references.map(({ namespace, value }) => ({ namespace, value, payment })),
  );
  rare('references', references.length, () => [
    references.map(({ value }) => value),
    references.map(({ namespace }) => namespace),
    references.map(({ payment }) => payment.merchantId),
    references.map(({ payment }) => payment.id),
  ]);
  const { coupons, entitlements, settlements } = changes;
  rare('coupons', coupons.length, () => [
    coupons.map(({ id }) => id),
    coupons.map(({ merchantId }) => merchantId),
    coupons.map(({ paymentId }) => paymentId),
    coupons.map(({ code }) => code),
    coupons.map(({ createdAt }) => createdAt),
    coupons.map(({ createdSeq }) => text(createdSeq)),
  ]);
  rare('entitlements', entitlements.length, () => [
    entitlements.map(({ id }) => id),
    entitlements.map(({ merchantId }) => merchantId),
    entitlements.map(({ paymentId }) => paymentId),
    entitlements.map(({ learner }) => learner),
    entitlements.map(({ kind }) => kind),
    entitlements.map(({ target }) => target),
    entitlements.map(({ couponId }) => couponId),
    entitlements.map(({ createdAt }) => createdAt),
    entitlements.map(({ createdSeq }) => text(createdSeq)),
  ]);
  for (const refund of changes.changedRefunds.values()) {
    const { id, status, cancelReason, updatedAt, lastSeq, decisionReason, decisionSalt } = refund;
    rare('changed_refund', 1, () => [id, status, cancelReason, updatedAt, text(lastSeq), decisionReason, decisionSalt]);
  }
  rare('settlements', settlements.length, () => [
    settlements.map(({ id }) => id),
    settlements.map(({ merchantId }) => merchantId),
    settlements.map(({ currency }) => currency),
    settlements.map(({ amountMinor }) => text(amountMinor)),
    settlements.map(({ cutoffSeq }) => text(cutoffSeq)),
    settlements.map(({ createdAt }) => createdAt),
  ]);

  statements.push({
    name: 'books',
    values: [
      bucket,
      text(headBefore),
      text(head.seq),
      head.hash,
      head.at,
      statements.length,
      ...arrays(ENTRY, changes.entries),
      ...arrays(NEW_REFUND, changes.newRefunds.values()),
      ...arrays(CHANGED_PAYMENT, changes.changedPayments.values()),
      ...arrays(BALANCE, changes.balances.values()),
    ],
  });
  return statements;
}

/** Sends the saves without waiting; each promise settles when its statement has. */
export function sendSaves(client: pg.ClientBase, statements: readonly Statement[]): Promise<unknown>[] {
  return statements.map(({ name, values }) => {
    const saved = client.query({ name: `save_${name}`, text: SAVES[name], values });
    saved.catch(() => undefined);
    return saved;
  });
}
