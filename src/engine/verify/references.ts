/** From the rows to the payments: each reference is its payment's, and counters stand at the highest number given. */
import { bucketOf } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { pagesOf, readCounters, type Reader, readLook } from '../../store/audit.ts';
import type { MerchantAudit, ReferenceAudit } from '../../store/audit-rows.ts';
import { AUDITS, LOOKS } from '../../store/audit-statements.ts';
import type { Findings, RowChecks } from './findings.ts';

const NUMBER = /^\d+$/;

export async function verifyReferences(
  reader: Reader,
  findings: Findings,
  counters: Counters,
  onRows: (rows: number) => void,
): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.payment_reference)) {
    checkReferences(findings, page);
    for (const row of page) counters.meet(row);
    onRows(page.length);
  }
}

/** What names a reference. */
export type ReferenceKey = Pick<ReferenceAudit, 'value' | 'namespace' | 'merchant_id' | 'bucket'>;

/** Looks at single references. */
export async function lookAtReferences(
  reader: Reader,
  findings: Findings,
  keys: readonly ReferenceKey[],
): Promise<void> {
  const column = (name: keyof ReferenceKey): unknown[] => keys.map((key) => key[name]);
  const values = [column('value'), column('namespace'), column('merchant_id'), column('bucket')];
  checkReferences(findings, await readLook(reader, LOOKS.references, values));
}

function checkReferences(findings: Findings, rows: readonly ReferenceAudit[]): void {
  for (const row of rows) {
    checkReference(findings.about('payment_reference', `${row.namespace} ${row.value}`, row.bucket), row);
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

/** Which merchants have numbers in which namespaces, by the journal. */
export class NumberedNamespaces {
  readonly #namespaces = new Map<string, Set<string>>();

  /** `counters` are those that an entry says it set, if it did. */
  meet(merchantId: string, counters: Json): void {
    if (counters === null || typeof counters !== 'object' || Array.isArray(counters)) return;
    const known = this.#namespaces.get(merchantId) ?? new Set();
    for (const namespace of Object.keys(counters)) known.add(namespace);
    this.#namespaces.set(merchantId, known);
  }

  *[Symbol.iterator](): Iterator<{ merchantId: string; namespace: string }> {
    for (const [merchantId, namespaces] of this.#namespaces) {
      for (const namespace of namespaces) yield { merchantId, namespace };
    }
  }
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

  meet(row: Pick<ReferenceAudit, 'merchant_id' | 'namespace' | 'value'>): void {
    const counter = this.#counters.get(`${row.merchant_id} ${row.namespace}`);
    if (counter === undefined || !NUMBER.test(row.value)) return;
    const number = BigInt(row.value);
    if (number > counter.highest) counter.highest = number;
  }

  /** In which any merchant has numbers. */
  get namespaces(): ReadonlySet<string> {
    return new Set([...this.#counters.values()].map(({ namespace }) => namespace));
  }

  /** Call when all references were met; a counter that moved on meanwhile is read again. */
  async finish(reader: Reader, findings: Findings, numbered: NumberedNamespaces): Promise<void> {
    for (const { merchantId, namespace } of numbered) {
      if (this.#counters.has(`${merchantId} ${namespace}`)) continue;
      if (namespace in (await readCounters(reader, merchantId))) continue;
      findings
        .about('merchant', merchantId, bucketOf(merchantId))
        .wrong(`counters has nothing for ${namespace}, in which the journal says that numbers were given`);
    }
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
