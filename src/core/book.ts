/**
 * A book in memory: the rows of one bucket that a batch names, and what the batch has changed of them so far. `decide`
 * reads it; `record` is the only way to change it.
 */
import type { Balance, Credential, Merchant, Settlement } from './account.ts';
import { emptyBalance } from './account.ts';
import type { Decision } from './decision.ts';
import { hashEntry, type JournalEntry } from './journal.ts';
import type { Outcome } from './outcome.ts';
import { type Coupon, type Entitlement, grantsEntitlements, type Payment, type Reference } from './payment.ts';
import type { Refund } from './refund.ts';

/** Where a bucket's chain ends. */
export interface Head {
  readonly seq: bigint;
  readonly hash: string;
  /** Time of the last entry: time never runs backwards in a book. */
  readonly at: number;
}

/** An outcome that an idempotency key is bound to. */
export interface KeyedOutcome {
  readonly fingerprint: string;
  readonly outcome: Outcome;
}

/** What a batch wants to have saved, last versions only. */
export interface Changes {
  readonly entries: JournalEntry[];
  readonly newPayments: Map<string, Payment>;
  readonly changedPayments: Map<string, Payment>;
  readonly newRefunds: Map<string, Refund>;
  readonly changedRefunds: Map<string, Refund>;
  readonly newBalances: Map<string, Balance>;
  readonly changedBalances: Map<string, Balance>;
  readonly newMerchants: Map<string, Merchant>;
  readonly changedMerchants: Map<string, Merchant>;
  readonly newCredentials: Map<string, Credential>;
  readonly revokedCredentials: Map<string, Credential>;
  readonly entitlements: Entitlement[];
  readonly coupons: Coupon[];
  readonly settlements: Settlement[];
}

const key = (...parts: readonly string[]): string => parts.join('\u0000');

function enrolmentKey({ merchantId, learner, kind, target }: Entitlement): string {
  return key(merchantId, learner, kind, target);
}

function addTo(index: Map<string, Map<string, Entitlement>>, name: string, entitlement: Entitlement): void {
  const entries = index.get(name) ?? new Map<string, Entitlement>();
  entries.set(entitlement.id, entitlement);
  index.set(name, entries);
}

export class Book {
  readonly bucket: number;
  readonly #loadedHead: Head;
  #head: Head;
  readonly #merchants = new Map<string, Merchant>();
  readonly #balances = new Map<string, Balance>();
  readonly #payments = new Map<string, Payment>();
  readonly #paymentIds = new Map<string, string>();
  readonly #refunds = new Map<string, Refund>();
  readonly #refundIds = new Map<string, string>();
  /** Entitlements by payment, and by who is enrolled where: one refund of a large group must not walk the book. */
  readonly #entitlements = new Map<string, Map<string, Entitlement>>();
  readonly #holders = new Map<string, Map<string, Entitlement>>();
  readonly #coupons = new Map<string, Coupon>();
  readonly #credentials = new Map<string, Credential>();
  readonly #keys = new Map<string, KeyedOutcome>();
  readonly changes: Changes = {
    entries: [],
    newPayments: new Map(),
    changedPayments: new Map(),
    newRefunds: new Map(),
    changedRefunds: new Map(),
    newBalances: new Map(),
    changedBalances: new Map(),
    newMerchants: new Map(),
    changedMerchants: new Map(),
    newCredentials: new Map(),
    revokedCredentials: new Map(),
    entitlements: [],
    coupons: [],
    settlements: [],
  };

  constructor(bucket: number, head: Head) {
    this.bucket = bucket;
    this.#loadedHead = head;
    this.#head = head;
  }

  get head(): Head {
    return this.#head;
  }

  get nextSeq(): bigint {
    return this.#head.seq + 1n;
  }

  get hasChanges(): boolean {
    return this.#head !== this.#loadedHead;
  }

  addMerchant(merchant: Merchant): void {
    this.#merchants.set(merchant.id, merchant);
  }

  addBalance(balance: Balance): void {
    this.#balances.set(key(balance.merchantId, balance.currency), balance);
  }

  addPayment(payment: Payment): void {
    this.#payments.set(payment.id, payment);
    for (const reference of payment.references) {
      this.#paymentIds.set(key(payment.merchantId, reference.namespace, reference.value), payment.id);
    }
  }

  addRefund(refund: Refund): void {
    this.#refunds.set(refund.id, refund);
    if (refund.reference !== null) {
      this.#refundIds.set(key(refund.merchantId, refund.reference.namespace, refund.reference.value), refund.id);
    }
  }

  addEntitlement(entitlement: Entitlement): void {
    addTo(this.#entitlements, entitlement.paymentId, entitlement);
    addTo(this.#holders, enrolmentKey(entitlement), entitlement);
  }

  addCoupon(coupon: Coupon): void {
    this.#coupons.set(coupon.paymentId, coupon);
  }

  addCredential(credential: Credential): void {
    this.#credentials.set(credential.id, credential);
  }

  bindKey(merchantId: string, idempotencyKey: string, keyed: KeyedOutcome): void {
    this.#keys.set(key(merchantId, idempotencyKey), keyed);
  }

  merchant(id: string): Merchant | undefined {
    return this.#merchants.get(id);
  }

  balance(merchantId: string, currency: string): Balance {
    return this.#balances.get(key(merchantId, currency)) ?? emptyBalance(merchantId, currency);
  }

  payment(id: string): Payment | undefined {
    return this.#payments.get(id);
  }

  paymentByReference(merchantId: string, reference: Reference): Payment | undefined {
    const id = this.#paymentIds.get(key(merchantId, reference.namespace, reference.value));
    return id === undefined ? undefined : this.#payments.get(id);
  }

  refund(id: string): Refund | undefined {
    return this.#refunds.get(id);
  }

  refundByReference(merchantId: string, reference: Reference): Refund | undefined {
    const id = this.#refundIds.get(key(merchantId, reference.namespace, reference.value));
    return id === undefined ? undefined : this.#refunds.get(id);
  }

  credential(id: string): Credential | undefined {
    return this.#credentials.get(id);
  }

  entitlementsOf(paymentId: string): Entitlement[] {
    return [...(this.#entitlements.get(paymentId)?.values() ?? [])];
  }

  couponOf(paymentId: string): Coupon | undefined {
    return this.#coupons.get(paymentId);
  }

  /** Whether the learner holds the same enrolment through another payment. */
  isHeldOtherwise(entitlement: Entitlement): boolean {
    for (const other of this.#holders.get(enrolmentKey(entitlement))?.values() ?? []) {
      if (other.paymentId === entitlement.paymentId) continue;
      const payment = this.#payments.get(other.paymentId);
      if (payment === undefined) throw new Error(`entitlement ${other.id} is in the book without its payment`);
      if (grantsEntitlements(payment)) return true;
    }
    return false;
  }

  keyed(merchantId: string, idempotencyKey: string): KeyedOutcome | undefined {
    return this.#keys.get(key(merchantId, idempotencyKey));
  }

  /** Takes a decision into the book: seals its entry into the chain and keeps its rows for the next command. */
  record(decision: Decision): Outcome {
    const { entry: unsealed, rows } = decision;
    if (unsealed === null) return decision.outcome;
    if (unsealed.seq !== this.nextSeq || unsealed.bucket !== this.bucket || unsealed.at < this.#head.at) {
      throw new Error(`entry ${unsealed.seq} does not continue bucket ${this.bucket} at ${this.#head.seq}`);
    }
    const entry: JournalEntry = { ...unsealed, hash: hashEntry(this.#head.hash, unsealed) };
    this.#head = { seq: entry.seq, hash: entry.hash, at: entry.at };
    this.changes.entries.push(entry);

    if (rows.payment !== undefined) {
      const { payment } = rows;
      const isNew = payment.createdSeq === entry.seq || this.changes.newPayments.has(payment.id);
      this.addPayment(payment);
      (isNew ? this.changes.newPayments : this.changes.changedPayments).set(payment.id, payment);
    }
    if (rows.refund !== undefined) {
      const { refund } = rows;
      const isNew = refund.createdSeq === entry.seq || this.changes.newRefunds.has(refund.id);
      this.addRefund(refund);
      (isNew ? this.changes.newRefunds : this.changes.changedRefunds).set(refund.id, refund);
    }
    if (rows.balance !== undefined) {
      const { balance } = rows;
      const name = key(balance.merchantId, balance.currency);
      const isNew = !this.#balances.has(name) || this.changes.newBalances.has(name);
      this.addBalance(balance);
      (isNew ? this.changes.newBalances : this.changes.changedBalances).set(name, balance);
    }
    if (rows.merchant !== undefined) {
      const { merchant } = rows;
      const isNew = merchant.createdSeq === entry.seq || this.changes.newMerchants.has(merchant.id);
      this.addMerchant(merchant);
      (isNew ? this.changes.newMerchants : this.changes.changedMerchants).set(merchant.id, merchant);
    }
    if (rows.credential !== undefined) {
      const { credential } = rows;
      const isNew = credential.createdSeq === entry.seq || this.changes.newCredentials.has(credential.id);
      this.addCredential(credential);
      (isNew ? this.changes.newCredentials : this.changes.revokedCredentials).set(credential.id, credential);
    }
    if (rows.settlement !== undefined) this.changes.settlements.push(rows.settlement);
    for (const entitlement of rows.entitlements ?? []) {
      this.addEntitlement(entitlement);
      this.changes.entitlements.push(entitlement);
    }
    if (rows.coupon !== undefined) {
      this.addCoupon(rows.coupon);
      this.changes.coupons.push(rows.coupon);
    }

    const outcome: Outcome = { ...decision.outcome, entry };
    if (entry.idempotencyKey !== null && entry.merchantId !== null && entry.fingerprint !== null) {
      this.bindKey(entry.merchantId, entry.idempotencyKey, { fingerprint: entry.fingerprint, outcome });
    }
    return outcome;
  }
}
