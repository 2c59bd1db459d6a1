/**
 * The quick proof: every table read once, as bytes, and nothing looked up. It says that all fits, or throws `Doubt`; what
 * does not fit, and where, is for the full walk to name.
 *
 * It proves the books as they stood when it began, whatever is written meanwhile: entries up to the heads of that moment,
 * and what rows say of them, which never changes. Rows made or changed since, and rows that change at all, are looked at
 * one by one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readHeads, type Reader } from '../../store/audit.ts';
import { FIRST_SEQ } from '../../store/audit-statements.ts';
import { copyRows, type OnRow } from '../../store/copy.ts';
import { ENTRY_PASS, PAYMENT_PASS, REFERENCE_PASS, REFUND_PASS, type RowPass } from '../../store/proof-statements.ts';
import type { Balances } from './balances.ts';
import type { Chains } from './chain.ts';
import { Claims } from './claims.ts';
import { Doubt } from './doubt.ts';
import { booksOf, EntryProof, type ProofBooks } from './entry-proof.ts';
import { Fields } from './fields.ts';
import type { Findings } from './findings.ts';
import { Looks } from './looks.ts';
import type { Counters } from './references.ts';
import { RowProof } from './row-proof.ts';

export interface Proof {
  readonly reader: Reader;
  readonly findings: Findings;
  readonly chains: Chains;
  readonly balances: Balances;
  readonly counters: Counters;
  /** Reads the merchants, whose counters are to be expected before the references are read. */
  readonly readMerchants: () => Promise<void>;
  readonly onRows: (rows: number) => void;
  /** Whether others are served by this process and this database: one walk after the other, with rests. */
  readonly isGentle: boolean;
}

/** How long a gentle proof rests, by how long it has worked. */
const REST = 1;

/** Returns how many payments and refunds there are. Throws `Doubt`. */
export async function prove(proof: Proof): Promise<{ payments: bigint; refunds: bigint }> {
  const { reader, findings, chains, balances, counters, isGentle } = proof;
  const books = booksOf(chains.all);
  const claims = new Claims();
  const looks = new Looks(reader, findings);
  const entries = new EntryProof(books, claims, looks, chains.numbered);
  const rows = new RowProof(books, claims, looks, counters);
  const pages = new Pages(proof, looks);

  const walkRows = async (): Promise<void> => {
    await pages.walk(PAYMENT_PASS, rows.takePayment);
    await pages.walk(REFUND_PASS, rows.takeRefund);
    await proof.readMerchants();
    rows.expectNumbers();
    await pages.walk(REFERENCE_PASS, rows.takeReference);
  };
  const walkEntries = async (): Promise<void> => {
    const through = await pages.walkEntries(books, entries.take);
    await assertWrittenSince(reader, books);
    chains.goOn(BigInt(through), BigInt(entries.entries));
  };
  // Side by side: two connections keep two cores of the database busy.
  const walks = isGentle ? [walkEntries().then(walkRows)] : [walkEntries(), walkRows()];
  try {
    await Promise.all(walks);
  } finally {
    pages.stop();
    await Promise.allSettled(walks);
  }
  await looks.look(1);
  if (!claims.isEven) throw new Doubt('payments, refunds or references are not those of the journal');
  entries.finish(balances);
  return { payments: rows.payments, refunds: rows.refunds };
}

/** Throws `Doubt` when an entry past its book's head, which the walk passed over, is not one that was written since. */
async function assertWrittenSince(reader: Reader, books: ProofBooks): Promise<void> {
  const past = books.flatMap((book) => (book === undefined || book.pastSeq === 0 ? [] : [book]));
  if (past.length === 0) return;
  const heads = new Map((await readHeads(reader)).map(({ bucket, seq }) => [bucket, seq]));
  for (const { chain, pastSeq } of past) {
    if (BigInt(pastSeq) <= (heads.get(chain.bucket) ?? 0n)) continue;
    throw new Doubt(`journal ${chain.bucket}/${pastSeq} lies past its book's head`);
  }
}

/** Reads page after page. */
class Pages {
  readonly #proof: Proof;
  readonly #looks: Looks;
  #isStopped = false;

  constructor(proof: Proof, looks: Looks) {
    this.#proof = proof;
    this.#looks = looks;
  }

  /** Another walk has failed: this one ends with its page. */
  stop(): void {
    this.#isStopped = true;
  }

  /** All entries up to the highest head; returns its number. */
  async walkEntries(books: ProofBooks, take: OnRow): Promise<number> {
    const through = books.reduce((most, book) => Math.max(most, book?.headSeq ?? 0), 0);
    const heads = books.reduce((count) => count + 1, 0);
    const step = Math.max(1, Math.floor(this.#proof.reader.pageRows / Math.max(1, heads)));
    let after: number | string = FIRST_SEQ;
    for (let to = Math.min(step, through); after !== to && !this.#isStopped; to = Math.min(to + step, through)) {
      await this.#page(ENTRY_PASS.select, [after, to], take);
      after = to;
    }
    return through;
  }

  /** All rows of a table. */
  async walk({ select, count, key, before }: RowPass, take: OnRow): Promise<void> {
    const { pageRows } = this.#proof.reader;
    const last = new Fields(count);
    for (let place: readonly (string | number)[] | null = before; place !== null && !this.#isStopped;) {
      let seen = 0;
      let next: readonly (string | number)[] | null = null;
      await this.#page(select, [pageRows, ...place], (bytes, at) => {
        take(bytes, at);
        seen += 1;
        if (seen < pageRows) return;
        last.read(bytes, at);
        next = key.map(([field, type]) => {
          if (type === 'int4') return last.int4(field);
          return type === 'uuid' ? last.uuid(field) : last.utf8(field);
        });
      });
      place = next;
    }
  }

  async #page(select: string, values: readonly (string | number)[], take: OnRow): Promise<void> {
    const { reader, onRows, isGentle } = this.#proof;
    const started = performance.now();
    let rows = 0;
    await copyRows(reader.pool, select, values, (bytes, at) => {
      take(bytes, at);
      rows += 1;
    });
    await this.#looks.look();
    onRows(rows);
    if (isGentle) await sleep((performance.now() - started) * REST);
  }
}
