/**
 * Single rows that the quick proof does not judge: what changed after it was made, what is rare, and what was written while
 * it ran. They are looked at as the full walk does it, a few hundred at a time.
 */
import { type Reader, readLook } from '../../store/audit.ts';
import type { EntryAudit } from '../../store/audit-rows.ts';
import { LOOKS } from '../../store/audit-statements.ts';
import { toEntry } from '../../store/rows.ts';
import { assertNothing } from './doubt.ts';
import type { Findings } from './findings.ts';
import { NamedRows } from './named-rows.ts';
import { lookAtPayments } from './payments.ts';
import { lookAtReferences, type ReferenceKey } from './references.ts';
import { lookAtRefunds } from './refunds.ts';

/** Enough to be worth a statement. */
const WORTH = 500;

export class Looks {
  readonly #reader: Reader;
  readonly #findings: Findings;
  readonly #named: NamedRows;
  #payments: string[] = [];
  #refunds: string[] = [];
  #references: ReferenceKey[] = [];
  #entries: (readonly [seq: number, bucket: number])[] = [];

  constructor(reader: Reader, findings: Findings) {
    this.#reader = reader;
    this.#findings = findings;
    this.#named = new NamedRows(reader, findings);
  }

  payment(id: string): void {
    this.#payments.push(id);
  }

  refund(id: string): void {
    this.#refunds.push(id);
  }

  reference(key: ReferenceKey): void {
    this.#references.push(key);
  }

  /** Looks for the rows that an entry names: they must be there, and not be older than it. */
  entry(seq: number, bucket: number): void {
    this.#entries.push([seq, bucket]);
  }

  /** Looks at what has come together, or at all there is. Throws `Doubt` when any of it does not fit. */
  async look(atLeast: number = WORTH): Promise<void> {
    const waiting = this.#payments.length + this.#refunds.length + this.#references.length + this.#entries.length;
    if (waiting < atLeast) return;
    const [payments, refunds, references, entries] = [this.#payments, this.#refunds, this.#references, this.#entries];
    this.#payments = [];
    this.#refunds = [];
    this.#references = [];
    this.#entries = [];
    if (payments.length > 0) await lookAtPayments(this.#reader, this.#findings, payments);
    if (refunds.length > 0) await lookAtRefunds(this.#reader, this.#findings, refunds);
    if (references.length > 0) await lookAtReferences(this.#reader, this.#findings, references);
    if (entries.length > 0) await this.#lookAtEntries(entries);
    assertNothing(this.#findings);
  }

  async #lookAtEntries(entries: readonly (readonly [seq: number, bucket: number])[]): Promise<void> {
    const values = [entries.map(([seq]) => seq), entries.map(([, bucket]) => bucket)];
    for (const row of await readLook<EntryAudit>(this.#reader, LOOKS.entries, values)) {
      this.#named.check(toEntry(row), row);
    }
    await this.#named.lookUp();
  }
}
