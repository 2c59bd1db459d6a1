/** The write path's lookups: just the rows that a batch names, each by an index on all its keys. */
import type { ClientBase } from 'pg';
import { Book, type Head } from '../core/book.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { NamedEnrolment, Names } from '../core/names.ts';
import { namedId, outcomeOf } from '../core/replay.ts';
import {
  BALANCE_COLUMNS,
  type BalanceRow,
  columns,
  COUPON_COLUMNS,
  type CouponRow,
  CREDENTIAL_COLUMNS,
  type CredentialRow,
  ENTITLEMENT_COLUMNS,
  type EntitlementRow,
  JOURNAL_COLUMNS,
  type JournalRow,
  MERCHANT_COLUMNS,
  type MerchantRow,
  PAYMENT_COLUMNS,
  type PaymentRow,
  REFUND_COLUMNS,
  type RefundRow,
  SETTLEMENT_COLUMNS,
  type SettlementRow,
  toBalance,
  toCoupon,
  toCredential,
  toEntitlement,
  toEntry,
  toMerchant,
  toPayment,
  toRefund,
  toSettlement,
} from './rows.ts';

/**
 * The payment that a row names, looked up row by row: a plain join could be planned the other way round, as a scan of the
 * bucket's payments, while they are few. OFFSET 0 keeps it from being turned into one.
 */
const paymentOf = (row: string): string =>
  `CROSS JOIN LATERAL (SELECT * FROM payment WHERE id = ${row}.payment_id AND bucket = $1 OFFSET 0) AS p`;

/** What callers name, one name a row: arrays beside each other would be looked up in every combination. */
const REFERENCES = 'unnest($2::text[], $3::text[], $4::uuid[]) AS named(value, namespace, merchant_id)';

/** Statements of the write path by name: prepared once per lane, and explained by a test. */
export const LOADS = {
  head: `SELECT seq, hash, at FROM bucket WHERE bucket = $1`,
  head_locked: `SELECT seq, hash, at FROM bucket WHERE bucket = $1 FOR UPDATE`,
  merchants: `SELECT ${columns('m', MERCHANT_COLUMNS)} FROM merchant m WHERE m.bucket = $1 AND m.id = ANY($2::uuid[])`,
  balances: `SELECT ${columns('b', BALANCE_COLUMNS)} FROM balance b WHERE b.bucket = $1 AND b.merchant_id = ANY($2::uuid[])`,
  payments: `SELECT ${columns('p', PAYMENT_COLUMNS)} FROM payment p WHERE p.bucket = $1 AND p.id = ANY($2::uuid[])`,
  payments_by_reference: `
    SELECT ${columns('p', PAYMENT_COLUMNS)}
    FROM ${REFERENCES} CROSS JOIN LATERAL (
      SELECT payment_id FROM payment_reference
      WHERE bucket = $1 AND value = named.value AND namespace = named.namespace AND merchant_id = named.merchant_id OFFSET 0
    ) AS r ${paymentOf('r')}`,
  payments_by_refund: `
    SELECT ${columns('p', PAYMENT_COLUMNS)}
    FROM refund r ${paymentOf('r')}
    WHERE r.bucket = $1 AND r.id = ANY($2::uuid[])`,
  refunds: `SELECT ${columns('r', REFUND_COLUMNS)} FROM refund r WHERE r.bucket = $1 AND r.id = ANY($2::uuid[])`,
  refunds_by_reference: `
    SELECT ${columns('r', REFUND_COLUMNS)}
    FROM ${REFERENCES} CROSS JOIN LATERAL (
      SELECT * FROM refund
      WHERE bucket = $1 AND reference IS NOT NULL AND reference = named.value AND reference_namespace = named.namespace
        AND merchant_id = named.merchant_id OFFSET 0
    ) AS r`,
  entries_by_key: `
    SELECT ${columns('j', JOURNAL_COLUMNS)}
    FROM unnest($2::text[], $3::uuid[]) AS named(idempotency_key, merchant_id) CROSS JOIN LATERAL (
      SELECT * FROM journal
      WHERE bucket = $1 AND idempotency_key IS NOT NULL AND idempotency_key = named.idempotency_key
        AND merchant_id = named.merchant_id OFFSET 0
    ) AS j`,
  credentials: `SELECT ${columns('c', CREDENTIAL_COLUMNS)} FROM credential c WHERE c.id = ANY($2::uuid[]) AND c.bucket = $1`,
  entitlements: `
    SELECT ${columns('e', ENTITLEMENT_COLUMNS)} FROM entitlement e WHERE e.bucket = $1 AND e.payment_id = ANY($2::uuid[])`,
  coupons: `SELECT ${columns('c', COUPON_COLUMNS)} FROM coupon c WHERE c.bucket = $1 AND c.payment_id = ANY($2::uuid[])`,
  enrolments: `
    SELECT ${columns('e', ENTITLEMENT_COLUMNS)} FROM entitlement e
    WHERE e.bucket = $1 AND e.learner = ANY($2::text[]) AND e.target = ANY($3::text[]) AND e.kind = ANY($4::text[])
      AND e.merchant_id = ANY($5::uuid[])`,
  settlements: `
    SELECT ${columns('s', SETTLEMENT_COLUMNS)} FROM settlement s WHERE s.bucket = $1 AND s.id = ANY($2::uuid[])`,
} as const;

type Load = keyof typeof LOADS;

/** Sends one named statement; its rows come later. A failure is also seen by whoever awaits the last one. */
export function ask<Row extends object>(client: ClientBase, load: Load, values: unknown[]): Promise<Row[]> {
  const rows = client.query<Row>({ name: `load_${load}`, text: LOADS[load], values }).then((result) => result.rows);
  // Another statement of the same wait may reject first; this one must not count as unhandled then.
  rows.catch(() => undefined);
  return rows;
}

/**
 * Loads the book that `names` need. With `lock`, the bucket's head is locked first, and the rows are read by later
 * statements, whose snapshots are taken after the lock is held.
 */
export async function loadBook(client: ClientBase, bucket: number, names: Names, lock: boolean): Promise<Book> {
  const head = ask<{ seq: bigint; hash: string; at: number }>(client, lock ? 'head_locked' : 'head', [bucket]);
  const merchantIds = [...names.merchantIds];
  const merchants = merchantIds.length === 0 ? [] : ask<MerchantRow>(client, 'merchants', [bucket, merchantIds]);
  const balances = merchantIds.length === 0 ? [] : ask<BalanceRow>(client, 'balances', [bucket, merchantIds]);
  const paymentIds = [...names.paymentIds];
  const payments = paymentIds.length === 0 ? [] : ask<PaymentRow>(client, 'payments', [bucket, paymentIds]);
  const referenced =
    names.references.length === 0
      ? []
      : ask<PaymentRow>(client, 'payments_by_reference', [bucket, ...referenceKeys(names.references)]);
  const refundIds = [...names.refundIds];
  const refunds = refundIds.length === 0 ? [] : ask<RefundRow>(client, 'refunds', [bucket, refundIds]);
  const refunded = refundIds.length === 0 ? [] : ask<PaymentRow>(client, 'payments_by_refund', [bucket, refundIds]);
  const refundsReferenced =
    names.refundReferences.length === 0
      ? []
      : ask<RefundRow>(client, 'refunds_by_reference', [bucket, ...referenceKeys(names.refundReferences)]);
  const credentialIds = [...names.credentialIds];
  const credentials =
    credentialIds.length === 0 ? [] : ask<CredentialRow>(client, 'credentials', [bucket, credentialIds]);
  const keyed =
    names.keys.length === 0
      ? []
      : ask<JournalRow>(client, 'entries_by_key', [
          bucket,
          names.keys.map((key) => key.idempotencyKey),
          names.keys.map((key) => key.merchantId),
        ]);

  const [headRow] = await head;
  if (headRow === undefined) throw new Error(`bucket ${bucket} does not exist in this database`);
  const book = new Book(bucket, {
    seq: headRow.seq,
    hash: headRow.hash,
    at: headRow.at,
  } satisfies Head);
  for (const row of await merchants) book.addMerchant(toMerchant(row));
  for (const row of await balances) book.addBalance(toBalance(row));
  const entitled: string[] = [];
  for (const row of [...(await payments), ...(await referenced), ...(await refunded)]) {
    if (row.entitled) entitled.push(row.id);
    book.addPayment(toPayment(row));
  }
  for (const row of [...(await refunds), ...(await refundsReferenced)]) book.addRefund(toRefund(row));
  for (const row of await credentials) book.addCredential(toCredential(row));

  const entries = (await keyed).map(toEntry);
  if (entitled.length > 0 || names.enrolments.length > 0) {
    await loadEntitlements(client, book, distinct(entitled), names.enrolments);
  }
  if (entries.length > 0) await loadReplays(client, book, entries);
  return book;
}

/** Further waits, only where enrolments are concerned: the payments' own, then who holds the same otherwise. */
async function loadEntitlements(
  client: ClientBase,
  book: Book,
  paymentIds: string[],
  named: readonly NamedEnrolment[],
): Promise<void> {
  const { bucket } = book;
  const own = ask<EntitlementRow>(client, 'entitlements', [bucket, paymentIds]);
  const coupons = ask<CouponRow>(client, 'coupons', [bucket, paymentIds]);
  for (const row of await coupons) book.addCoupon(toCoupon(row));
  const enrolments: readonly NamedEnrolment[] = [...named, ...(await own).map(toEntitlement)];
  if (enrolments.length === 0) return;

  const holders = await ask<EntitlementRow>(client, 'enrolments', [
    bucket,
    distinct(enrolments.map(({ learner }) => learner)),
    distinct(enrolments.map(({ target }) => target)),
    distinct(enrolments.map(({ kind }) => kind)),
    distinct(enrolments.map(({ merchantId }) => merchantId)),
  ]);
  for (const row of holders) book.addEntitlement(toEntitlement(row));
  const unloaded = distinct(holders.map((row) => row.payment_id)).filter((id) => book.payment(id) === undefined);
  if (unloaded.length === 0) return;
  for (const row of await ask<PaymentRow>(client, 'payments', [bucket, unloaded])) book.addPayment(toPayment(row));
}

/** A further wait, only where a key was used before: what its entry names, to give the same outcome again. */
async function loadReplays(client: ClientBase, book: Book, entries: readonly JournalEntry[]): Promise<void> {
  const { bucket } = book;
  const paymentIds = distinct(entries.flatMap(({ paymentId }) => paymentId ?? []));
  const refundIds = distinct(entries.flatMap(({ refundId }) => refundId ?? []));
  const settlementIds = distinct(entries.flatMap((entry) => namedId(entry, 'settlement_id') ?? []));
  const credentialIds = distinct(entries.flatMap((entry) => namedId(entry, 'credential_id') ?? []));
  const paymentRows = ask<PaymentRow>(client, 'payments', [bucket, paymentIds]);
  const refundRows = ask<RefundRow>(client, 'refunds', [bucket, refundIds]);
  const settlementRows = ask<SettlementRow>(client, 'settlements', [bucket, settlementIds]);
  const credentialRows =
    credentialIds.length === 0 ? [] : ask<CredentialRow>(client, 'credentials', [bucket, credentialIds]);
  const entitlementRows = ask<EntitlementRow>(client, 'entitlements', [bucket, paymentIds]);
  const couponRows = ask<CouponRow>(client, 'coupons', [bucket, paymentIds]);
  const payments = new Map((await paymentRows).map((row) => [row.id, toPayment(row)]));
  const refunds = new Map((await refundRows).map((row) => [row.id, toRefund(row)]));
  const settlements = new Map((await settlementRows).map((row) => [row.id, toSettlement(row)]));
  const credentials = new Map((await credentialRows).map((row) => [row.id, toCredential(row)]));
  const entitlements = (await entitlementRows).map(toEntitlement);
  const coupons = (await couponRows).map(toCoupon);
  for (const entry of entries) {
    if (entry.merchantId === null || entry.idempotencyKey === null || entry.fingerprint === null) continue;
    const outcome = outcomeOf(entry, {
      payment: payments.get(entry.paymentId ?? '') ?? null,
      refund: refunds.get(entry.refundId ?? '') ?? null,
      settlement: settlements.get(namedId(entry, 'settlement_id') ?? '') ?? null,
      merchant: book.merchant(entry.merchantId) ?? null,
      credential: credentials.get(namedId(entry, 'credential_id') ?? '') ?? null,
      entitlements: entitlements.filter(({ paymentId }) => paymentId === entry.paymentId),
      coupons: coupons.filter(({ paymentId }) => paymentId === entry.paymentId),
    });
    book.bindKey(entry.merchantId, entry.idempotencyKey, { fingerprint: entry.fingerprint, outcome });
  }
}

type ReferenceKeys = [values: string[], namespaces: string[], merchantIds: string[]];

function referenceKeys(
  references: readonly { readonly value: string; readonly namespace: string; readonly merchantId: string }[],
): ReferenceKeys {
  // Two commands may name the same; a row must come once.
  const named = [
    ...new Map(references.map((one) => [`${one.namespace}\u0000${one.value}\u0000${one.merchantId}`, one])).values(),
  ];
  return [
    named.map(({ value }) => value),
    named.map(({ namespace }) => namespace),
    named.map(({ merchantId }) => merchantId),
  ];
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
