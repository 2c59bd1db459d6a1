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

  /** A book with just what `names` need: the same rows as the write path's lookups. */
  load(names: Names): Book {
    const book = new Book(0, this.head);
    for (const id of names.merchantIds) {
      const merchant = this.merchants.get(id);
      if (merchant !== undefined) book.addMerchant(merchant);
    }
    for (const balance of this.balances.values()) {
      if (names.merchantIds.has(balance.merchantId)) book.addBalance(balance);
    }
    const refunds = [...this.refunds.values()];
    const named = refunds.filter(({ id }) => names.refundIds.has(id));
    const ofNamed = new Set(named.map(({ paymentId }) => paymentId));
    const payments = [...this.payments.values()].filter(
      (payment) =>
        names.paymentIds.has(payment.id) ||
        ofNamed.has(payment.id) ||
        names.references.some((reference) => isNamedBy(payment, reference)),
    );
    for (const payment of payments) book.addPayment(payment);
    const referenced = refunds.filter(({ merchantId, reference }) =>
      names.refundReferences.some(
        (wanted) =>
          wanted.merchantId === merchantId &&
          wanted.namespace === reference?.namespace &&
          wanted.value === reference.value,
      ),
    );
    for (const refund of [...named, ...referenced]) book.addRefund(refund);
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
    for (const entry of this.journal) {
      const { merchantId, idempotencyKey, fingerprint } = entry;
      if (merchantId === null || idempotencyKey === null || fingerprint === null) continue;
      const isNamed = names.keys.some((key) => key.merchantId === merchantId && key.idempotencyKey === idempotencyKey);
      if (!isNamed) continue;
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

  /** Takes a batch's changes, and refuses what unique indexes and counted saves refuse. */
  save({ changes, head }: Book): void {
    insert(this.merchants, changes.newMerchants);
    update(this.merchants, changes.changedMerchants);
    insert(this.payments, changes.newPayments);
    update(this.payments, changes.changedPayments);
    insert(this.refunds, changes.newRefunds);
    update(this.refunds, changes.changedRefunds);
    insert(this.credentials, changes.newCredentials);
    update(this.credentials, changes.revokedCredentials);
    insert(this.balances, changes.newBalances);
    update(this.balances, changes.changedBalances);
    insert(this.entitlements, byId(changes.entitlements));
    insert(this.coupons, byId(changes.coupons));
    insert(this.settlements, byId(changes.settlements));
    this.journal.push(...changes.entries);
    this.head = head;

    assertUnique([...this.payments.values()].flatMap((payment) => payment.references.map(nameOf(payment))));
    assertUnique([...this.refunds.values()].flatMap((r) => (r.reference === null ? [] : [nameOf(r)(r.reference)])));
    assertUnique(
      this.journal.flatMap((e) => (e.idempotencyKey === null ? [] : [`${e.merchantId} ${e.idempotencyKey}`])),
    );
  }
}

function isNamedBy(payment: Payment, { merchantId, namespace, value }: NamedReference): boolean {
  return (
    payment.merchantId === merchantId && payment.references.some((r) => r.namespace === namespace && r.value === value)
  );
}

const nameOf =
  ({ merchantId }: { readonly merchantId: string }) =>
  ({ namespace, value }: { readonly namespace: string; readonly value: string }): string =>
    JSON.stringify([merchantId, namespace, value]);

const byId = <T extends { readonly id: string }>(items: readonly T[]): Map<string, T> =>
  new Map(items.map((item) => [item.id, item]));

function insert<T>(table: Map<string, T>, rows: ReadonlyMap<string, T>): void {
  for (const [id, row] of rows) {
    assert.ok(!table.has(id), `row ${id} is inserted twice`);
    table.set(id, row);
  }
}

function update<T>(table: Map<string, T>, rows: ReadonlyMap<string, T>): void {
  for (const [id, row] of rows) {
    assert.ok(table.has(id), `row ${id} is updated and was never inserted`);
    table.set(id, row);
  }
}

function assertUnique(names: readonly string[]): void {
  assert.equal(new Set(names).size, names.length, `a name is taken twice: ${names.join(', ')}`);
}

/** A value that must be there. */
export function present<T>(value: T | null | undefined): T {
  assert.ok(value !== null && value !== undefined);
  return value;
}
