/** What the journal posts to each merchant's accounts, summed up; and whether its entries state the same. */
import { ACCOUNTS } from '../../core/journal.ts';
import { ENTRY_PASS } from '../../store/proof-statements.ts';
import type { Balances } from './balances.ts';
import { Doubt } from './doubt.ts';
import type { Fields } from './fields.ts';

const FIELD = ENTRY_PASS.fields;
const UNSETTLED = ACCOUNTS.indexOf('merchant_unsettled');
/** The length of a UUID, and of the length in front of it. */
const MERCHANT_BYTES = 20;

interface Sum {
  readonly bucket: number;
  /** In the order of `ACCOUNTS`; exact up to 2^53. */
  readonly minor: [number, number, number, number];
  settledThroughSeq: number;
  lastSeq: number;
}

export class PostedSums {
  /** By currency and merchant, as they stand in an entry's bytes. */
  readonly #sums = new Map<string, Sum>();

  /** Takes in the posting of the entry. Throws `Doubt` when it states another balance. */
  post(fields: Fields, bucket: number, seq: number, kind: string): void {
    if (!fields.has(FIELD.merchant_id) || !fields.has(FIELD.currency) || !fields.has(FIELD.amount_minor)) return;
    const name = fields.bytes.toString('latin1', fields.start(FIELD.currency), fields.end(FIELD.merchant_id));
    let sum = this.#sums.get(name);
    if (sum === undefined) {
      sum = { bucket, minor: [0, 0, 0, 0], settledThroughSeq: 0, lastSeq: 0 };
      this.#sums.set(name, sum);
    }
    const { minor } = sum;
    const amount = fields.int8(FIELD.amount_minor);
    const debit = accountOf(fields, FIELD.debit);
    const credit = accountOf(fields, FIELD.credit);
    minor[debit] = (minor[debit] ?? 0) - amount;
    minor[credit] = (minor[credit] ?? 0) + amount;
    if (!Number.isSafeInteger(minor[debit]) || !Number.isSafeInteger(minor[credit])) {
      throw new Doubt(`journal ${bucket}/${seq}: an account is beyond 2^53 minor units`, true);
    }
    if (!fields.has(FIELD.unsettled_minor) || fields.int8(FIELD.unsettled_minor) !== minor[UNSETTLED]) {
      throw new Doubt(`journal ${bucket}/${seq} states another balance than its postings sum to`);
    }
    sum.lastSeq = seq;
    if (kind === 'balance_settled') sum.settledThroughSeq = seq;
  }

  handOver(balances: Balances): void {
    for (const [name, { bucket, minor, settledThroughSeq, lastSeq }] of this.#sums) {
      const hex = Buffer.from(name.slice(4 - MERCHANT_BYTES), 'latin1').toString('hex');
      const merchantId = [8, 12, 16, 20, 32].map((end, part) => hex.slice([0, 8, 12, 16, 20][part], end)).join('-');
      const [clearing, unsettled, payable, settled] = minor.map(BigInt) as [bigint, bigint, bigint, bigint];
      balances.adopt(merchantId, Buffer.from(name.slice(0, -MERCHANT_BYTES), 'latin1').toString(), bucket, {
        minor: {
          processor_clearing: clearing,
          merchant_unsettled: unsettled,
          refunds_payable: payable,
          merchant_settled: settled,
        },
        settledThroughSeq: BigInt(settledThroughSeq),
        lastSeq: BigInt(lastSeq),
      });
    }
  }
}

/** Accounts differ in their lengths and first letters. */
function accountOf(fields: Fields, field: number): 0 | 1 | 2 | 3 {
  switch (fields.length(field)) {
    case 18:
      return fields.bytes[fields.start(field)] === P ? 0 : 1;
    case 15:
      return 2;
    case 16:
      return 3;
    default:
      throw new Doubt(`an entry posts to ${fields.ascii(field)}`);
  }
}
const P = 'p'.charCodeAt(0);
