/** From the rows to the payments: each reference is its payment's, and counters stand at the highest number given. */
import { pagesOf, readCounters, type Reader } from '../../store/audit.ts';
import type { MerchantAudit, ReferenceAudit } from '../../store/audit-rows.ts';
import { AUDITS } from '../../store/audit-statements.ts';
import type { Findings, RowChecks } from './findings.ts';

const NUMBER = /^\d+$/;

export async function verifyReferences(
  reader: Reader,
  findings: Findings,
  counters: Counters,
  onRows: (rows: number) => void,
): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.payment_reference)) {
    for (const row of page) {
      checkReference(findings.about('payment_reference', `${row.namespace} ${row.value}`, row.bucket), row);
      counters.meet(row);
    }
    onRows(page.length);
  }
}

function checkReference(about: RowChecks, row: ReferenceAudit): void {
  if (row.payment_merchant_id === null) {
    about.wrong(`there is no payment ${row.payment_id} in bucket ${row.bucket}`);
    return;
  }
  if (row.is_named !== true) about.wrong(`payment ${row.payment_id} does not have this reference`);
  about.equal('merchant_id', row.merchant_id, row.payment_merchant_id, null);
}

interface Counter {
  readonly merchant: Pick<MerchantAudit, 'id' | 'bucket'>;
  readonly namespace: string;
  /** As the merchant's row had it before the references were read. */
  readonly stated: unknown;
  highest: bigint;
}

/** Numbered namespaces of all merchants, with the highest number met among the references. */
export class Counters {
  readonly #counters = new Map<string, Counter>();

  expect({ id, bucket, counters }: MerchantAudit): void {
    for (const [namespace, stated] of Object.entries(counters)) {
      this.#counters.set(`${id} ${namespace}`, { merchant: { id, bucket }, namespace, stated, highest: -1n });
    }
  }

  meet(row: ReferenceAudit): void {
    const counter = this.#counters.get(`${row.merchant_id} ${row.namespace}`);
    if (counter === undefined || !NUMBER.test(row.value)) return;
    const number = BigInt(row.value);
    if (number > counter.highest) counter.highest = number;
  }

  /** Call when all references were met; a counter that moved on meanwhile is read again. */
  async finish(reader: Reader, findings: Findings): Promise<void> {
    for (const { merchant, namespace, stated, highest } of this.#counters.values()) {
      if (stated === String(highest)) continue;
      const now = (await readCounters(reader, merchant.id))[namespace];
      if (isNumber(stated) && isNumber(now) && BigInt(stated) < highest && highest <= BigInt(now)) continue;
      const references = highest === -1n ? 'no reference has a number there' : `the highest reference is ${highest}`;
      findings
        .about('merchant', merchant.id, merchant.bucket)
        .wrong(`counters has ${String(stated)} for ${namespace}, ${references}`);
    }
  }
}

const isNumber = (value: unknown): value is string => typeof value === 'string' && NUMBER.test(value);
