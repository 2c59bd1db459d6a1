/** From the journal to the rows: what an entry made must be there, and must not be older than the entry. */
import { isId } from '../../core/ids.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { type NamedTable, type Reader, readNamed } from '../../store/audit.ts';
import type { EntryAudit } from '../../store/audit-rows.ts';
import { factOf } from './facts.ts';
import type { Findings } from './findings.ts';

interface Wanted {
  readonly id: string;
  readonly entry: JournalEntry;
  /** The row must name this entry or a later one as its last; else any row will do. */
  readonly isLast: boolean;
}

export class NamedRows {
  readonly #reader: Reader;
  readonly #findings: Findings;
  #wanted: [NamedTable, Wanted][] = [];

  constructor(reader: Reader, findings: Findings) {
    this.#reader = reader;
    this.#findings = findings;
  }

  /** Checks the payment and refund of an entry, which came with it, and keeps what else it names for `lookUp`. */
  check(entry: JournalEntry, row: EntryAudit): void {
    switch (entry.kind) {
      case 'command_refused':
        // A refused attempt is the first and last of its row; any other refusal changes nothing.
        if (entry.operation === 'refund_payment' && entry.refundId !== null) this.#checkRefund(entry, row.refund_seq);
        return;
      case 'merchant_created':
      case 'policy_changed':
        if (entry.merchantId !== null) this.#want('merchant', entry.merchantId, entry, true);
        return;
      case 'credential_created':
      case 'credential_revoked':
        this.#want('credential', factOf(entry.facts, 'credential_id'), entry, entry.kind === 'credential_revoked');
        return;
      case 'balance_settled':
        this.#want('settlement', factOf(entry.facts, 'settlement_id'), entry, true);
        return;
      case 'entitlement_granted':
        this.#want('entitlement', factOf(entry.facts, 'entitlement_id'), entry, true);
        break;
      case 'payment_registered':
      case 'payment_captured':
      case 'payment_closed':
      case 'payment_voided':
      case 'payment_disputed':
      case 'payment_dispute_cleared':
        break;
      case 'refund_succeeded':
      case 'refund_requested':
      case 'refund_approved':
      case 'refund_rejected':
      case 'refund_canceled':
      case 'refund_expired':
      case 'refund_reversed':
        this.#checkRefund(entry, row.refund_seq);
    }
    this.#checkPayment(entry, row.payment_seq);
  }

  /** Looks for what the entries since the last time named. */
  async lookUp(): Promise<void> {
    if (this.#wanted.length === 0) return;
    const byTable = Map.groupBy(this.#wanted, ([table]) => table);
    this.#wanted = [];
    for (const [table, wanted] of byTable) {
      const rows = await readNamed(this.#reader, table, [...new Set(wanted.map(([, { id }]) => id))]);
      for (const [, { id, entry, isLast }] of wanted) {
        const about = this.#findings.about(table, id, entry.bucket);
        const lastSeq = rows.get(`${entry.bucket}/${id}`);
        if (lastSeq === undefined) {
          about.wrong(`the row is missing: entry ${entry.bucket}/${entry.seq} made it or changed it`, entry.seq);
        } else if (isLast && (lastSeq === null || lastSeq < entry.seq)) {
          const last = lastSeq === null ? 'says nothing' : `stops at entry ${entry.bucket}/${lastSeq}`;
          about.wrong(`the row ${last} of entry ${entry.bucket}/${entry.seq}, which changed it`, entry.seq);
        }
      }
    }
  }

  #want(table: NamedTable, id: string | null, entry: JournalEntry, isLast: boolean): void {
    // An id that is none can only be in an entry whose hash no longer fits.
    if (id !== null && isId(id)) this.#wanted.push([table, { id, entry, isLast }]);
  }

  /** A payment that is gone is named once, by the entry that registered it. */
  #checkPayment(entry: JournalEntry, paymentSeq: bigint | null): void {
    if (entry.paymentId === null || (paymentSeq !== null && paymentSeq >= entry.seq)) return;
    this.#checkRow('payment', entry.paymentId, entry, paymentSeq, entry.kind === 'payment_registered');
  }

  #checkRefund(entry: JournalEntry, refundSeq: bigint | null): void {
    if (entry.refundId === null || (refundSeq !== null && refundSeq >= entry.seq)) return;
    const isFirst =
      entry.kind === 'refund_succeeded' || entry.kind === 'refund_requested' || entry.kind === 'command_refused';
    this.#checkRow('refund', entry.refundId, entry, refundSeq, isFirst);
  }

  #checkRow(table: string, id: string, entry: JournalEntry, lastSeq: bigint | null, isFirst: boolean): void {
    const { bucket, seq } = entry;
    const about = this.#findings.about(table, id, bucket);
    if (lastSeq !== null) about.wrong(`last_seq is ${lastSeq}, but entry ${bucket}/${seq} changed the row, too`, seq);
    else if (isFirst) about.wrong(`the row is missing: entry ${bucket}/${seq} made it`, seq);
  }
}
