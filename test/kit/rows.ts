/**
 * The tables of one bucket in memory. A batch loads what it names and saves what it changed, as the database has it, so
 * that rules are tested together with what they may count on being loaded.
 */
import assert from 'node:assert/strict';
import type { Balance, Credential, Merchant, Settlement } from '../../src/core/account.ts';
import { Book, type Head } from '../../src/core/book.ts';
import { GENESIS_HASH, type JournalEntry } from '../../src/core/journal.ts';
import type { NamedReference, Names } from '../../src/core/names.ts';
import type { Coupon, Entitlement, Payment } from '../../src/core/payment.ts';
import type { Refund } from '../../src/core/refund.ts';
import { namedId, outcomeOf } from '../../src/core/replay.ts';

export class Rows {
  readonly bucket: number;
  head: Head = { seq: 0n, hash: GENESIS_HASH, at: 0 };
  readonly merchants = new Map<string, Merchant>();
  readonly balances = new Map<string, Balance>();
  readonly payments = new Map<string, Payment>();
  readonly refunds = new Map<string, Refund>();
  readonly entitlements = new Map<string, Entitlement>();
  readonly coupons = new Map<string, Coupon>();
  readonly credentials = new Map<string, Credential>();
  readonly settlements = new Map<string, Settlement>();
  readonly journal: JournalEntry[] = [];
  /** What the unique indexes of names and keys are for: who has it. */
  readonly #paymentIds = new Map<string, string>();
  readonly #refundIds = new Map<string, string>();
  readonly #keyed = new Map<string, JournalEntry>();

  constructor(bucket = 0) {
    this.bucket = bucket;
  }

  /** A book with just what `names` need: the same rows as the write path's lookups. */
  load(names: Names): Book {
    const book = new Book(this.bucket, this.head);
    for (const id of names.merchantIds) {
      const merchant = this.merchants.get(id);
      if (merchant !== undefined) book.addMerchant(merchant);
    }
    for (const balance of this.balances.values()) {
      if (names.merchantIds.has(balance.merchantId)) book.addBalance(balance);
    }
    const named = found(this.refunds, names.refundIds);
    const payments = found(this.payments, [
      ...names.paymentIds,
      ...named.map(({ paymentId }) => paymentId),
      ...names.references.flatMap((reference) => this.#paymentIds.get(nameOf(reference)) ?? []),
    ]);
    for (const payment of payments) book.addPayment(payment);
    const referenced = names.refundReferences.flatMap((reference) => this.#refundIds.get(nameOf(reference)) ?? []);
    for (const refund of [...named, ...found(this.refunds, referenced)]) book.addRefund(refund);
    for (const id of names.credentialIds) {
      const credential = this.credentials.get(id);
      if (credential !== undefined) book.addCredential(credential);
    }
    this.#loadEntitlements(book, names, new Set(payments.filter(({ entitled }) => entitled).map(({ id }) => id)));
    this.#loadReplays(book, names);
    return book;
  }

  #loadEntitlements(book: Book, names: Names, entitled: ReadonlySet<string>): void {
    for (const coupon of this.coupons.values()) if (entitled.has(coupon.paymentId)) book.addCoupon(coupon);
    if (entitled.size === 0 && names.enrolments.length === 0) return;
    const all = [...this.entitlements.values()];
    const enrolments = [...names.enrolments, ...all.filter(({ paymentId }) => entitled.has(paymentId))];
    for (const holder of all) {
      const isMeant = enrolments.some(
        ({ merchantId, learner, kind, target }) =>
          merchantId === holder.merchantId &&
          learner === holder.learner &&
          kind === holder.kind &&
          target === holder.target,
      );
      if (!isMeant) continue;
      book.addEntitlement(holder);
      if (book.payment(holder.paymentId) === undefined) book.addPayment(present(this.payments.get(holder.paymentId)));
    }
  }

  #loadReplays(book: Book, names: Names): void {
    for (const { merchantId, idempotencyKey } of names.keys) {
      const entry = this.#keyed.get(keyOf(merchantId, idempotencyKey));
      if (entry === undefined) continue;
      const { fingerprint } = entry;
      assert.ok(fingerprint !== null, `entry ${entry.seq} has a key and no fingerprint`);
      const outcome = outcomeOf(entry, {
        payment: this.payments.get(entry.paymentId ?? '') ?? null,
        refund: this.refunds.get(entry.refundId ?? '') ?? null,
        settlement: this.settlements.get(namedId(entry, 'settlement_id') ?? '') ?? null,
        merchant: book.merchant(merchantId) ?? null,
        credential: this.credentials.get(namedId(entry, 'credential_id') ?? '') ?? null,
        entitlements: [...this.entitlements.values()].filter(({ paymentId }) => paymentId === entry.paymentId),
        coupons: [...this.coupons.values()].filter(({ paymentId }) => paymentId === entry.paymentId),
      });
      book.bindKey(merchantId, idempotencyKey, { fingerprint, outcome });
    }
  }

  /** Throws where unique indexes and counted saves refuse a batch's changes. */
  assertFits({ changes }: Book): void {
    assertFree(this.#paymentIds, namesTaken([...changes.newPayments.values()].flatMap(namesOfPayment)));
    assertFree(this.#refundIds, namesTaken([...changes.newRefunds.values()].flatMap(namesOfRefund)));
    assertFree(this.#keyed, namesTaken(changes.entries.flatMap(keysOfEntry)));
    assertNew(this.merchants, changes.newMerchants, changes.changedMerchants);
    assertNew(this.payments, changes.newPayments, changes.changedPayments);
    assertNew(this.refunds, changes.newRefunds, changes.changedRefunds);
    assertNew(this.credentials, changes.newCredentials, changes.revokedCredentials);
    assertNew(this.balances, changes.newBalances, changes.changedBalances);
    assertNew(this.entitlements, byId(changes.entitlements));
    assertNew(this.coupons, byId(changes.coupons));
    assertNew(this.settlements, byId(changes.settlements));
  }

  /** Takes all of a batch's changes, or throws and takes none. */
  save(book: Book): void {
    this.assertFits(book);
    const { changes, head } = book;
    for (const payment of changes.newPayments.values()) {
      for (const [name, id] of namesOfPayment(payment)) this.#paymentIds.set(name, id);
    }
    for (const refund of changes.newRefunds.values()) {
      for (const [name, id] of namesOfRefund(refund)) this.#refundIds.set(name, id);
    }
    for (const entry of changes.entries) {
      for (const [name, keyed] of keysOfEntry(entry)) this.#keyed.set(name, keyed);
    }
    take(this.merchants, changes.newMerchants, changes.changedMerchants);
    take(this.payments, changes.newPayments, changes.changedPayments);
    take(this.refunds, changes.newRefunds, changes.changedRefunds);
    take(this.credentials, changes.newCredentials, changes.revokedCredentials);
    take(this.balances, changes.newBalances, changes.changedBalances);
    take(this.entitlements, byId(changes.entitlements));
    take(this.coupons, byId(changes.coupons));
    take(this.settlements, byId(changes.settlements));
    this.journal.push(...changes.entries);
    this.head = head;
  }
}

const nameOf = ({ merchantId, namespace, value }: NamedReference): string => `${merchantId} ${namespace} ${value}`;
const keyOf = (merchantId: string, idempotencyKey: string): string => `${merchantId} ${idempotencyKey}`;

const namesOfPayment = ({ id, merchantId, references }: Payment): [string, string][] =>
  references.map((reference) => [nameOf({ merchantId, ...reference }), id]);
const namesOfRefund = ({ id, merchantId, reference }: Refund): [string, string][] =>
  reference === null ? [] : [[nameOf({ merchantId, ...reference }), id]];
const keysOfEntry = (entry: JournalEntry): [string, JournalEntry][] =>
  entry.idempotencyKey === null || entry.merchantId === null
    ? []
    : [[keyOf(entry.merchantId, entry.idempotencyKey), entry]];

const byId = <T extends { readonly id: string }>(items: readonly T[]): Map<string, T> =>
  new Map(items.map((item) => [item.id, item]));

/** The rows of these ids that are there, each once. */
const found = <T>(table: ReadonlyMap<string, T>, ids: Iterable<string>): T[] =>
  [...new Set(ids)].flatMap((id) => table.get(id) ?? []);

function namesTaken<T>(names: readonly [string, T][]): Map<string, T> {
  const taken = new Map(names);
  assert.equal(taken.size, names.length, 'a batch takes a name twice');
  return taken;
}

function assertFree<T>(index: ReadonlyMap<string, T>, taken: ReadonlyMap<string, T>): void {
  for (const name of taken.keys()) assert.ok(!index.has(name), `${name} is taken twice`);
}

function assertNew<T>(
  table: ReadonlyMap<string, T>,
  inserted: ReadonlyMap<string, T>,
  updated: ReadonlyMap<string, T> = new Map(),
): void {
  for (const id of inserted.keys()) assert.ok(!table.has(id), `row ${id} is inserted twice`);
  for (const id of updated.keys()) assert.ok(table.has(id), `row ${id} is updated and was never inserted`);
}

function take<T>(table: Map<string, T>, ...changes: readonly ReadonlyMap<string, T>[]): void {
  for (const rows of changes) for (const [id, row] of rows) table.set(id, row);
}

/** A value that must be there. */
export function present<T>(value: T | null | undefined): T {
  assert.ok(value !== null && value !== undefined);
  return value;
}
