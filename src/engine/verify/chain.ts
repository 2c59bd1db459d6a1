/**
 * The journal, entry by entry: each book's chain recomputed from its beginning to its head, every row that an entry names
 * looked for, and heads printed earlier met again on the way.
 */
import { GENESIS_HASH, hashEntry, type JournalEntry } from '../../core/journal.ts';
import { type BucketHead, pagesOf, readEntriesPastHeads, type Reader, readHeads } from '../../store/audit.ts';
import type { EntryAudit } from '../../store/audit-rows.ts';
import { AUDITS } from '../../store/audit-statements.ts';
import { toEntry } from '../../store/rows.ts';
import type { Balances } from './balances.ts';
import { memberOf } from './facts.ts';
import { type Findings, time } from './findings.ts';
import { NamedRows } from './named-rows.ts';
import { NumberedNamespaces } from './references.ts';

export interface Head {
  readonly bucket: number;
  readonly seq: bigint;
  /** SHA-256, hex, of the entry `seq`; of nothing, zeros. */
  readonly hash: string;
}

/** How far one book's chain has been walked. */
export interface Chain {
  readonly bucket: number;
  seq: bigint;
  hash: string;
  at: number;
  /** What the last entry's hash should have been, where it is another: its successor may build on either. */
  recomputed: string | null;
  /** Where the head was when the walk began; `null`: it has none. */
  readonly headSeq: bigint | null;
  readonly headAt: number;
  /** Printed heads still to be met, by number. */
  readonly against: Map<bigint, Head[]>;
}

export class Chains {
  readonly #reader: Reader;
  readonly #findings: Findings;
  readonly #balances: Balances;
  readonly #named: NamedRows;
  readonly #chains = new Map<number, Chain>();
  /** How far the walk of all books together goes. */
  #throughSeq = 0n;
  entries = 0n;

  private constructor(reader: Reader, findings: Findings, balances: Balances) {
    this.#reader = reader;
    this.#findings = findings;
    this.#balances = balances;
    this.#named = new NamedRows(reader, findings);
  }

  /** Reads where the books end now, of `buckets` that there must be. */
  static async open(
    reader: Reader,
    findings: Findings,
    balances: Balances,
    buckets: number,
    against: readonly Head[],
  ): Promise<Chains> {
    const chains = new Chains(reader, findings, balances);
    const heads = new Map((await readHeads(reader)).map((head) => [head.bucket, head]));
    // A book whose head is gone is walked as far as the others go: one finding, and not one per entry.
    for (let bucket = 0; bucket < buckets; bucket += 1) chains.#begin(bucket, null, 0);
    for (const { bucket, seq, at } of heads.values()) chains.#begin(bucket, seq, at);
    for (const head of against) chains.#meetLater(head);
    return chains;
  }

  /** Buckets that have a head. */
  get heads(): number[] {
    return [...this.#chains.values()].flatMap(({ bucket, headSeq }) => (headSeq === null ? [] : [bucket]));
  }

  /** Entries that the walk will see at least. */
  get expected(): bigint {
    return this.#chains.values().reduce((sum, { headSeq }) => sum + (headSeq ?? 0n), 0n);
  }

  /** The books, for a walk that looks at entries as bytes; `goOn` follows it. */
  get all(): readonly Chain[] {
    return [...this.#chains.values()];
  }

  /** Goes on where such a walk has come to, which has found everything to fit. */
  goOn(throughSeq: bigint, entries: bigint): void {
    this.#throughSeq = throughSeq;
    this.entries = entries;
  }

  /** Walks all books together, as far as they reached when this began. */
  async walk(onEntries: (entries: number) => void): Promise<void> {
    for (const { headSeq } of this.#chains.values()) {
      if (headSeq !== null && headSeq > this.#throughSeq) this.#throughSeq = headSeq;
    }
    for await (const page of pagesOf(this.#reader, AUDITS.journal, [this.#throughSeq.toString()])) {
      const past: EntryAudit[] = [];
      for (const row of page) {
        const chain = this.#chains.get(row.bucket);
        if (chain !== undefined && row.seq <= (chain.headSeq ?? row.seq)) this.#take(chain, row);
        else past.push(row);
      }
      if (past.length > 0) await this.#lookPastHeads(past);
      await this.#named.lookUp();
      onEntries(page.length);
    }
  }

  /** Namespaces in which the journal says that numbers were given. */
  readonly numbered = new NumberedNamespaces();

  /** Walks what was written meanwhile, and checks that each book ends where its head says. */
  async finish(onEntries: (entries: number) => void): Promise<BucketHead[]> {
    const heads = await readHeads(this.#reader);
    for (const head of heads) {
      const chain = this.#chains.get(head.bucket);
      if (chain === undefined) continue;
      if (head.seq > chain.seq) {
        const place = [chain.seq, chain.bucket];
        for await (const page of pagesOf(this.#reader, AUDITS.book, [head.seq.toString()], place)) {
          for (const row of page) this.#take(chain, row);
          await this.#named.lookUp();
          onEntries(page.length);
        }
      }
      this.#end(chain, head);
    }
    for (const { bucket, seq } of await readEntriesPastHeads(this.#reader, this.#throughSeq)) {
      this.#past(bucket, seq);
    }
    for (const chain of this.#chains.values()) this.#notMet(chain);
    return heads;
  }

  #begin(bucket: number, headSeq: bigint | null, headAt: number): void {
    this.#chains.set(bucket, {
      bucket,
      seq: 0n,
      hash: GENESIS_HASH,
      at: 0,
      recomputed: null,
      headSeq,
      headAt,
      against: new Map(),
    });
  }

  #meetLater(head: Head): void {
    const chain = this.#chains.get(head.bucket);
    if (chain === undefined) {
      this.#about(head.bucket, head.seq).wrong('a printed head names a bucket that this database does not have');
    } else if (head.seq === 0n) {
      if (head.hash !== GENESIS_HASH) {
        this.#about(head.bucket, 0n).wrong(`the printed head's hash is ${head.hash}, an empty book's is zeros`);
      }
    } else {
      chain.against.set(head.seq, [...(chain.against.get(head.seq) ?? []), head]);
    }
  }

  #take(chain: Chain, row: EntryAudit): void {
    this.entries += 1n;
    const entry = toEntry(row);
    const { seq } = entry;
    if (seq <= chain.seq) {
      this.#about(chain.bucket, seq).wrong('no book has an entry of this number: they count from 1', seq);
      return;
    }
    const isNext = seq === chain.seq + 1n;
    if (!isNext) this.#missing(chain, seq - 1n);
    this.#checkHash(chain, entry, isNext);
    if (entry.at < chain.at) {
      const predecessor = `entry ${chain.bucket}/${chain.seq} was at ${time(chain.at)}`;
      this.#about(chain.bucket, seq).wrong(`at is ${time(entry.at)}, but ${predecessor}`, seq);
    }
    const numbers = [row.refunded_minor, row.reserved_minor, row.payment_status, row.payment_disputed];
    if (numbers.some((value) => (value === null) !== (row.captured_minor === null))) {
      this.#about(chain.bucket, seq).wrong("of the payment's five columns some are set and some are not", seq);
    }
    chain.seq = seq;
    chain.at = entry.at;
    for (const head of chain.against.get(seq) ?? []) {
      if (head.hash === entry.hash) continue;
      const was = `its hash was ${head.hash} when heads were printed, it is ${entry.hash}`;
      this.#about(chain.bucket, seq).wrong(`${was}: the chain was rewritten up to here`, seq);
    }
    chain.against.delete(seq);
    this.#balances.post(entry);
    if (entry.merchantId !== null) this.numbered.meet(entry.merchantId, memberOf(entry.facts, 'counters') ?? null);
    this.#named.check(entry, row);
  }

  /** After a gap the predecessor's hash is not known: the entry is taken as it is, and the gap is the finding. */
  #checkHash(chain: Chain, entry: JournalEntry, isNext: boolean): void {
    const { bucket, seq, hash } = entry;
    const expected = isNext ? hashEntry(chain.hash, entry) : hash;
    const fits = expected === hash || (chain.recomputed !== null && hashEntry(chain.recomputed, entry) === hash);
    if (!fits) {
      const content = `its content on top of entry ${bucket}/${seq - 1n} gives ${expected}`;
      this.#about(bucket, seq).wrong(`its hash is ${hash}, ${content}`, seq);
    }
    chain.hash = hash;
    chain.recomputed = fits ? null : expected;
  }

  #missing(chain: Chain, through: bigint): void {
    const first = chain.seq + 1n;
    const which =
      first === through
        ? 'the entry is missing'
        : `the entries up to ${chain.bucket}/${through} are missing, ${through - chain.seq} in all`;
    this.#about(chain.bucket, first).wrong(which, first);
  }

  /** Entries past the head that was known: a later look at the heads tells what is new from what was put there. */
  async #lookPastHeads(rows: readonly EntryAudit[]): Promise<void> {
    const heads = new Map((await readHeads(this.#reader)).map((head) => [head.bucket, head.seq]));
    for (const { bucket, seq } of rows) if (seq > (heads.get(bucket) ?? -1n)) this.#past(bucket, seq);
  }

  #past(bucket: number, seq: bigint): void {
    const about = this.#about(bucket, seq);
    if (this.#chains.has(bucket)) about.wrong("the entry lies past its book's head", seq);
    else about.wrong(`there is no bucket ${bucket}`, seq);
  }

  #end(chain: Chain, head: BucketHead): void {
    const about = this.#findings.about('bucket', String(chain.bucket), chain.bucket);
    const hashFits = head.hash === chain.hash || head.hash === chain.recomputed;
    if (chain.seq < head.seq && !hashFits) {
      this.#missing(chain, head.seq);
      return;
    }
    about.equal('seq', head.seq, chain.seq, chain.seq);
    if (!hashFits) about.equal('hash', head.hash, chain.hash, chain.seq);
    about.equal('at', head.at, chain.at, chain.seq);
  }

  /** Printed heads that the walk did not come to. */
  #notMet(chain: Chain): void {
    for (const head of [...chain.against.values()].flat()) {
      const about = this.#about(chain.bucket, head.seq);
      if (head.seq < chain.seq) about.wrong('the entry of a printed head is missing', head.seq);
      else about.wrong(`a head was printed at ${head.seq}, but the book ends at ${chain.seq}: its end was cut off`);
    }
  }

  #about(bucket: number, seq: bigint): ReturnType<Findings['about']> {
    return this.#findings.about('journal', `${bucket}/${seq}`, bucket);
  }
}
