/** Payments, refunds and references, as bytes: what they claim of the journal and of each other. */
import { hash } from 'node:crypto';
import { PAYMENT_PASS, REFERENCE_PASS, REFUND_PASS } from '../../store/proof-statements.ts';
import type { Claims } from './claims.ts';
import { Doubt } from './doubt.ts';
import { type Book, CLAIM, type ProofBooks } from './entry-proof.ts';
import { Fields } from './fields.ts';
import type { Looks } from './looks.ts';
import { forEachReference } from './reference-text.ts';
import type { Counters } from './references.ts';

const PAYMENT = PAYMENT_PASS.fields;
const REFUND = REFUND_PASS.fields;
const REFERENCE = REFERENCE_PASS.fields;
const HASH_BYTES = 32;
/** `{}` with its version. */
const NO_DETAILS_BYTES = 3;

export class RowProof {
  readonly #books: ProofBooks;
  readonly #claims: Claims;
  readonly #looks: Looks;
  readonly #counters: Counters;
  #namespaces: ReadonlySet<string> = new Set();
  readonly #payment = new Fields(PAYMENT_PASS.count);
  readonly #refund = new Fields(REFUND_PASS.count);
  readonly #reference = new Fields(REFERENCE_PASS.count);
  payments = 0n;
  refunds = 0n;

  constructor(books: ProofBooks, claims: Claims, looks: Looks, counters: Counters) {
    this.#books = books;
    this.#claims = claims;
    this.#looks = looks;
    this.#counters = counters;
  }

  readonly takePayment = (bytes: Buffer, at: number): void => {
    const fields = this.#payment;
    fields.read(bytes, at);
    this.payments += 1n;
    const book = this.#bookOf(fields, PAYMENT.bucket);
    const isNew = fields.int8(PAYMENT.created_seq) > book.headSeq;
    if (!isNew) {
      const from = fields.start(PAYMENT.currency) - 4;
      const digest = hash('sha256', bytes.subarray(from, fields.end(PAYMENT.details)), 'binary');
      this.#claims
        .begin(CLAIM.payment)
        .bytes(bytes, at, fields.end(PAYMENT.id))
        .binary(digest)
        .byte(fields.bool(PAYMENT.is_captured) ? 1 : 0)
        .subtract();
    }
    const isRecent = fields.uuidMilliseconds(PAYMENT.id) >= book.headAt;
    if (isNew || isRecent || !fields.bool(PAYMENT.fits)) this.#looks.payment(fields.uuid(PAYMENT.id));
    if (!isRecent)
      forEachReference(fields.bytes, fields.start(PAYMENT.references), fields.end(PAYMENT.references), this.#name);
  };

  /** A name that the payment at hand has: the bytes of its value and of its namespace. */
  readonly #name = (bytes: Buffer, value: number, valueEnd: number, namespace: number, namespaceEnd: number): void => {
    const fields = this.#payment;
    this.#claims
      .begin(CLAIM.reference)
      .length(valueEnd - value)
      .bytes(bytes, value, valueEnd)
      .length(namespaceEnd - namespace)
      .bytes(bytes, namespace, namespaceEnd)
      .bytes(fields.bytes, fields.start(PAYMENT.merchant_id) - 4, fields.end(PAYMENT.merchant_id))
      .bytes(fields.bytes, fields.start(PAYMENT.bucket) - 4, fields.end(PAYMENT.bucket))
      .bytes(fields.bytes, fields.start(PAYMENT.id) - 4, fields.end(PAYMENT.id))
      .add();
  };

  readonly takeRefund = (bytes: Buffer, at: number): void => {
    const fields = this.#refund;
    fields.read(bytes, at);
    this.refunds += 1n;
    const book = this.#bookOf(fields, REFUND.bucket);
    const isNew = fields.int8(REFUND.created_seq) > book.headSeq;
    if (isNew || !fields.bool(REFUND.fits)) this.#looks.refund(fields.uuid(REFUND.id));
    if (isNew) return;
    const claims = this.#claims.begin(CLAIM.refund);
    if (saysNoMore(fields)) {
      claims.bytes(bytes, at, fields.end(REFUND.kind)).subtract();
      return;
    }
    const from = fields.start(REFUND.reference_namespace) - 4;
    const digest = hash('sha256', bytes.subarray(from, fields.end(REFUND.details)), 'binary');
    claims
      .bytes(bytes, at, fields.end(REFUND.refusal_code))
      .length(HASH_BYTES)
      .binary(digest)
      .bytes(bytes, fields.start(REFUND.kind) - 4, fields.end(REFUND.kind))
      .subtract();
  };

  /** Call before references are taken, when merchants' counters are known. */
  expectNumbers(): void {
    this.#namespaces = this.#counters.namespaces;
  }

  readonly takeReference = (bytes: Buffer, at: number): void => {
    const fields = this.#reference;
    fields.read(bytes, at);
    const book = this.#bookOf(fields, REFERENCE.bucket);
    const isNumbered = this.#namespaces.size > 0 && this.#namespaces.has(fields.utf8(REFERENCE.namespace));
    const isRecent = fields.uuidMilliseconds(REFERENCE.payment_id) >= book.headAt;
    if (isNumbered || isRecent) {
      const key = {
        value: fields.utf8(REFERENCE.value),
        namespace: fields.utf8(REFERENCE.namespace),
        merchant_id: fields.uuid(REFERENCE.merchant_id),
        bucket: book.chain.bucket,
      };
      if (isNumbered) this.#counters.meet(key);
      if (isRecent) this.#looks.reference(key);
    }
    if (!isRecent) this.#claims.begin(CLAIM.reference).bytes(bytes, at, fields.end(REFERENCE.payment_id)).subtract();
  };

  #bookOf(fields: Fields, field: number): Book {
    const book = this.#books[fields.int4(field)];
    if (book === undefined) throw new Doubt(`a row is in bucket ${fields.int4(field)}, which has no book`);
    return book;
  }
}

/** Whether a refund says nothing that its entry does not: then that has no digest of it. */
function saysNoMore(fields: Fields): boolean {
  return (
    !fields.has(REFUND.reference_namespace) &&
    !fields.has(REFUND.reference) &&
    !fields.has(REFUND.requested_by) &&
    !fields.has(REFUND.expires_at) &&
    fields.length(REFUND.details_salt) === 0 &&
    fields.length(REFUND.details) === NO_DETAILS_BYTES
  );
}
