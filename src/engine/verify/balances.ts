/**
 * Balances equal what was posted. Totals run along with the walk of the journal, per merchant and currency; the rows are
 * read later, while servers may post on, so each row is compared where its own last entry is in the walk.
 */
import { bucketOf } from '../../core/ids.ts';
import { type Account, ACCOUNTS, type JournalEntry } from '../../core/journal.ts';
import { pagesOf, type Reader } from '../../store/audit.ts';
import type { BalanceAudit } from '../../store/audit-rows.ts';
import { AUDITS } from '../../store/audit-statements.ts';
import type { Findings, RowChecks } from './findings.ts';

interface Total {
  readonly bucket: number;
  readonly minor: Record<Account, bigint>;
  /** What the last entry that did not fit stated instead: its successors may follow from either. */
  statedMinor: bigint | null;
  settledThroughSeq: bigint;
  lastSeq: bigint;
  /** The table's row, once it was read. */
  row: BalanceAudit | null;
  wasCompared: boolean;
  /** Where the chain ended when the row was read: what is posted later is not in it. */
  readAtSeq: bigint;
}

const UNSETTLED = 'merchant_unsettled';
const isAccount = (text: string): text is Account => (ACCOUNTS as readonly string[]).includes(text);

export class Balances {
  readonly #findings: Findings;
  readonly #totals = new Map<string, Total>();
  rows = 0n;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes in an entry's posting, and checks the unsettled balance that it states. */
  post(entry: JournalEntry): void {
    const { debit, credit, merchantId, currency, amountMinor, seq, bucket } = entry;
    if (debit === null || credit === null || merchantId === null || currency === null || amountMinor === null) return;
    // An entry changed so far that it posts nowhere has its own finding: its hash no longer fits.
    if (!isAccount(debit) || !isAccount(credit)) return;
    const total = this.#total(merchantId, currency, bucket);
    if (total.row !== null && seq > total.row.last_seq && seq <= total.readAtSeq) {
      this.#about(total.row).wrong(
        `last_seq is ${total.row.last_seq}, but entry ${bucket}/${seq} posts ${amountMinor} to it, too`,
        seq,
      );
    }
    const before = total.minor[UNSETTLED];
    total.minor[debit] -= amountMinor;
    total.minor[credit] += amountMinor;
    this.#checkUnsettled(total, entry, total.minor[UNSETTLED] - before);
    total.lastSeq = seq;
    if (entry.kind === 'balance_settled') total.settledThroughSeq = seq;
    if (total.row?.last_seq === seq && !total.wasCompared) this.#compare(total, total.row);
  }

  /** Takes over what the quick proof has summed up of one merchant and currency, which fits what its entries state. */
  adopt(
    merchantId: string,
    currency: string,
    bucket: number,
    sum: Pick<Total, 'minor' | 'settledThroughSeq' | 'lastSeq'>,
  ): void {
    Object.assign(this.#total(merchantId, currency, bucket), sum);
  }

  /** Reads the rows. Call when the walk has come as far as the heads were when it began. */
  async readRows(reader: Reader, onRows: (rows: number) => void): Promise<void> {
    for await (const page of pagesOf(reader, AUDITS.balance)) {
      this.rows += BigInt(page.length);
      for (const row of page) this.#take(row);
      onRows(page.length);
    }
    for (const [name, total] of this.#totals) {
      if (total.row !== null) continue;
      this.#findings
        .about('balance', name, total.bucket)
        .wrong(`the row is missing: entry ${total.bucket}/${total.lastSeq} posts to it`, total.lastSeq);
    }
  }

  /** Call at the end of the walk: whatever row still waits names an entry that does not post to it. */
  finish(): void {
    for (const { row, wasCompared } of this.#totals.values()) {
      if (row === null || wasCompared) continue;
      this.#about(row).wrong(`last_seq is ${row.last_seq}, and no entry of that number posts to it`, row.last_seq);
    }
  }

  #take(row: BalanceAudit): void {
    if (bucketOf(row.merchant_id) !== row.bucket || row.head_seq === null) {
      this.#about(row).wrong(`bucket is ${row.bucket}, its merchant's is ${bucketOf(row.merchant_id)}`);
      return;
    }
    const known = this.#totals.get(nameOf(row.merchant_id, row.currency));
    const total = known ?? this.#total(row.merchant_id, row.currency, row.bucket);
    total.readAtSeq = row.head_seq;
    total.row = row;
    if (row.last_seq <= total.lastSeq) this.#compare(total, row);
  }

  #checkUnsettled(total: Total, entry: JournalEntry, movedMinor: bigint): void {
    const { unsettledMinor: stated, seq, bucket } = entry;
    const sum = total.minor[UNSETTLED];
    if (stated === sum) {
      total.statedMinor = null;
    } else if (stated !== null && total.statedMinor !== null && stated === total.statedMinor + movedMinor) {
      total.minor[UNSETTLED] = stated;
      total.statedMinor = null;
    } else {
      this.#findings
        .about('journal', `${bucket}/${seq}`, bucket)
        .wrong(`unsettled_minor is ${stated}, the postings up to it sum to ${sum}`, seq);
      total.statedMinor = stated;
    }
  }

  #compare(total: Total, row: BalanceAudit): void {
    const about = this.#about(row);
    const { lastSeq } = total;
    const minor: Record<Account, bigint> = {
      processor_clearing: row.processor_clearing_minor,
      merchant_unsettled: row.merchant_unsettled_minor,
      refunds_payable: row.refunds_payable_minor,
      merchant_settled: row.merchant_settled_minor,
    };
    for (const account of ACCOUNTS) {
      if (minor[account] === total.minor[account]) continue;
      const sum = `the postings up to entry ${row.bucket}/${lastSeq} sum to ${total.minor[account]}`;
      about.wrong(`${account}_minor is ${minor[account]}, ${sum}`, lastSeq);
    }
    about.equal('settled_through_seq', row.settled_through_seq, total.settledThroughSeq, lastSeq);
    about.equal('last_seq', row.last_seq, lastSeq, lastSeq);
    if (lastSeq === 0n) about.wrong('no entry posts to it');
    total.wasCompared = true;
  }

  #about(row: BalanceAudit): RowChecks {
    return this.#findings.about('balance', nameOf(row.merchant_id, row.currency), row.bucket);
  }

  #total(merchantId: string, currency: string, bucket: number): Total {
    const name = nameOf(merchantId, currency);
    let total = this.#totals.get(name);
    if (total === undefined) {
      total = {
        bucket,
        minor: { processor_clearing: 0n, merchant_unsettled: 0n, refunds_payable: 0n, merchant_settled: 0n },
        statedMinor: null,
        settledThroughSeq: 0n,
        lastSeq: 0n,
        row: null,
        wasCompared: false,
        readAtSeq: 0n,
      };
      this.#totals.set(name, total);
    }
    return total;
  }
}

const nameOf = (merchantId: string, currency: string): string => `${merchantId} ${currency}`;
