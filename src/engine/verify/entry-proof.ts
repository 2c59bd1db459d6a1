/** The journal, as bytes: each book's chain recomputed, its postings summed up, and what its entries claim of rows. */
import { hash } from 'node:crypto';
import { ENTRY_PASS } from '../../store/proof-statements.ts';
import { memberOf } from './facts.ts';
import type { Balances } from './balances.ts';
import type { Chain } from './chain.ts';
import type { Claims } from './claims.ts';
import { Doubt } from './doubt.ts';
import { Fields } from './fields.ts';
import type { Looks } from './looks.ts';
import { PostedSums } from './posted-sums.ts';
import type { NumberedNamespaces } from './references.ts';
import type { Json } from '../../core/json.ts';

const FIELD = ENTRY_PASS.fields;
const HASH_BYTES = 32;

/** What claims are about; see `Claims`. */
export const CLAIM = { payment: 1, reference: 2, refund: 3 } as const;

/** One book, while its entries pass. */
export interface Book {
  readonly chain: Chain;
  /** Rows made by later entries were written while this ran. */
  readonly headSeq: number;
  /** Payments whose ids say an earlier time were all made by entries up to the head. */
  readonly headAt: number;
  seq: number;
  readonly hash: Buffer;
  /** Microseconds since 1970. */
  at: number;
  /** The highest number past the head, or 0: written meanwhile, or put there. */
  pastSeq: number;
}

/** By bucket. */
export type ProofBooks = readonly (Book | undefined)[];

export function booksOf(chains: readonly Chain[]): ProofBooks {
  const books: (Book | undefined)[] = [];
  for (const chain of chains) {
    if (chain.headSeq === null) throw new Doubt(`bucket ${chain.bucket} has no head`);
    books[chain.bucket] = {
      chain,
      headSeq: Number(chain.headSeq),
      headAt: chain.headAt,
      seq: 0,
      hash: Buffer.from(chain.hash, 'hex'),
      at: 0,
      pastSeq: 0,
    };
  }
  return books;
}

export class EntryProof {
  readonly #books: ProofBooks;
  readonly #claims: Claims;
  readonly #looks: Looks;
  readonly #numbered: NumberedNamespaces;
  readonly #sums = new PostedSums();
  readonly #fields = new Fields(ENTRY_PASS.count);
  /** The predecessor's hash, and behind it the entry. */
  #scratch = Buffer.alloc(4096);
  #views: (Buffer | undefined)[] = [];
  entries = 0;

  constructor(books: ProofBooks, claims: Claims, looks: Looks, numbered: NumberedNamespaces) {
    this.#books = books;
    this.#claims = claims;
    this.#looks = looks;
    this.#numbered = numbered;
  }

  /** Looks at one entry. Throws `Doubt` when it does not fit. */
  readonly take = (bytes: Buffer, at: number): void => {
    const fields = this.#fields;
    fields.read(bytes, at);
    const bucket = fields.int4(FIELD.bucket);
    const seq = fields.int8(FIELD.seq);
    const book = this.#books[bucket];
    if (book === undefined) throw new Doubt(`journal ${bucket}/${seq} is in no book`);
    if (seq > book.headSeq) {
      book.pastSeq = Math.max(book.pastSeq, seq);
      return;
    }
    if (seq !== book.seq + 1) throw new Doubt(`journal ${bucket}/${book.seq + 1} is missing`);
    this.#checkHash(book, fields, at, seq);
    const time = fields.microseconds(FIELD.at);
    if (time < book.at) throw new Doubt(`journal ${bucket}/${seq} is before its predecessor`);
    book.at = time;
    book.seq = seq;
    this.entries += 1;
    const kind = fields.ascii(FIELD.kind);
    if (fields.has(FIELD.debit)) this.#sums.post(fields, bucket, seq, kind);
    this.#claim(fields, at, kind, seq, bucket);
  };

  /** Hands over where the books stand. Call when all entries up to the heads have passed. */
  finish(balances: Balances): void {
    for (const book of this.#books) {
      if (book === undefined) continue;
      if (book.seq !== book.headSeq) throw new Doubt(`bucket ${book.chain.bucket} ends at ${book.seq}`);
      const { chain } = book;
      chain.seq = BigInt(book.seq);
      chain.hash = book.hash.toString('hex');
      if (book.seq > 0) chain.at = book.at / 1000;
    }
    this.#sums.handOver(balances);
  }

  #checkHash(book: Book, fields: Fields, at: number, seq: number): void {
    const { bytes } = fields;
    const end = fields.start(FIELD.hash) - 4;
    const length = HASH_BYTES + end - at;
    if (length > this.#scratch.length) {
      this.#scratch = Buffer.alloc(2 * length);
      this.#views = [];
    }
    const scratch = this.#scratch;
    const { hash: previous } = book;
    for (let index = 0; index < HASH_BYTES; index += 1) scratch[index] = previous[index] ?? 0;
    bytes.copy(scratch, HASH_BYTES, at, end);
    const view = (this.#views[length] ??= scratch.subarray(0, length));
    const expected = hash('sha256', view, 'binary');
    const start = fields.start(FIELD.hash);
    let isSame = fields.length(FIELD.hash) === HASH_BYTES;
    for (let index = 0; index < HASH_BYTES; index += 1) {
      const byte = bytes[start + index] ?? 0;
      if (byte !== expected.charCodeAt(index)) isSame = false;
      previous[index] = byte;
    }
    const { bucket, against } = book.chain;
    if (!isSame) throw new Doubt(`journal ${bucket}/${seq} has another hash than its content`);
    if (against.size === 0) return;
    for (const head of against.get(BigInt(seq)) ?? []) {
      if (head.hash !== previous.toString('hex'))
        throw new Doubt(`journal ${bucket}/${seq} has another hash than then`);
    }
    against.delete(BigInt(seq));
  }

  #claim(fields: Fields, at: number, kind: string, seq: number, bucket: number): void {
    const { bytes } = fields;
    switch (kind) {
      case 'payment_registered': {
        const digest = fields.start(FIELD.digest);
        this.#claims
          .begin(CLAIM.payment)
          .bytes(bytes, at, fields.end(FIELD.payment_id))
          .bytes(bytes, digest, digest + Math.min(HASH_BYTES, fields.length(FIELD.digest)))
          .byte(fields.has(FIELD.debit) ? 1 : 0)
          .add();
        // Registered with entitlements or a coupon.
        if (fields.length(FIELD.digest) > HASH_BYTES) this.#looks.payment(fields.uuid(FIELD.payment_id));
        if (fields.has(FIELD.facts)) this.#meetNumbers(fields);
        return;
      }
      case 'command_refused':
        if (!fields.has(FIELD.refund_id) || fields.ascii(FIELD.operation) !== 'refund_payment') return;
        break;
      case 'refund_succeeded':
      case 'refund_requested':
        break;
      default:
        this.#looks.entry(seq, bucket);
        return;
    }
    this.#claims.begin(CLAIM.refund).bytes(bytes, at, fields.end(FIELD.kind)).add();
  }

  #meetNumbers(fields: Fields): void {
    const text = fields.bytes.toString('utf8', fields.start(FIELD.facts) + 1, fields.end(FIELD.facts));
    const counters = memberOf(JSON.parse(text) as Json, 'counters');
    if (counters !== undefined) this.#numbered.meet(fields.uuid(FIELD.merchant_id), counters);
  }
}
