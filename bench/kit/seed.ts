/**
 * Books of any size, made fast: the rules decide every command and the write path's own statements save it, so that
 * `refundry verify` passes; what is spared is one wait per command. Indexes that saving does not need are made again, as the
 * migration has them, when the rows are there: sorted once instead of kept sorted.
 */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import pg from 'pg';
import type { Book } from '../../src/core/book.ts';
import type { Action, Command } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { bucketOf, formatId } from '../../src/core/ids.ts';
import { namesOf } from '../../src/core/names.ts';
import type { Payment } from '../../src/core/payment.ts';
import { connectLane, type Lane } from '../../src/store/lane.ts';
import { beginBatch, commitBatch } from '../../src/store/transaction.ts';
import type { BenchMerchant, BenchPayment } from './wire.ts';

/** Payments of one transaction, each with its refund. */
const BATCH = 1_000;
/** Payments are returned for the load up to about here, evenly over all that there are. */
const SAMPLES = 200_000;
/** So many of the last ones are returned, too: most refunds are of payments made lately. */
const NEWEST = 100_000;

const DAY_MS = 86_400_000;
const DAYS = 300;

interface Share {
  readonly bucket: number;
  readonly merchants: readonly BenchMerchant[];
  /** Payments to come. */
  left: number;
}

export interface Seeded {
  /** Spread evenly over all payments, in the order of their registration. */
  readonly sample: readonly BenchPayment[];
  /** The last ones. */
  readonly newest: readonly BenchPayment[];
  readonly seconds: number;
}

/**
 * Registers so many payments of 100,000.00 USD, in turn for each merchant, and refunds 0.01 of each. Returns some of them,
 * to be refunded further.
 */
export async function seed(
  url: string,
  merchants: readonly BenchMerchant[],
  payments: number,
  onProgress: (payments: number, what: string) => void,
): Promise<Seeded> {
  const started = performance.now();
  const indexes = await dropIndexes(url);
  const shares = sharesOf(merchants, payments);
  const sample: BenchPayment[] = [];
  const newest: BenchPayment[] = [];
  const stride = Math.max(1, Math.floor(payments / SAMPLES));
  let done = 0;
  const lanes = await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), shares.length) }, () =>
      connectLane({ connectionString: url }, 'refundry bench'),
    ),
  );
  try {
    await Promise.all(lanes.map((lane) => lane.query('SET synchronous_commit = off')));
    await Promise.all(
      lanes.map(async (lane) => {
        // The buckets take turns, as in life: rows of several lie next to each other.
        for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
          const count = Math.min(BATCH, share.left);
          const made = await seedBatch(lane, share, done, count);
          for (let index = (stride - (done % stride)) % stride; index < made.length; index += stride) {
            const payment = made[index];
            if (payment !== undefined) sample.push(payment);
          }
          if (done + made.length > payments - NEWEST) newest.push(...made);
          done += count;
          share.left -= count;
          onProgress(done, 'payments, each with a refund');
          if (share.left > 0) shares.push(share);
        }
      }),
    );
  } finally {
    await Promise.all(lanes.map((lane) => lane.end()));
  }
  await makeIndexes(url, indexes, (name) => onProgress(done, `payments; making index ${name}`));
  return { sample, newest, seconds: (performance.now() - started) / 1000 };
}

function sharesOf(merchants: readonly BenchMerchant[], payments: number): Share[] {
  const byBucket = Map.groupBy(merchants, ({ id }) => bucketOf(id));
  const shares = [...byBucket].map(([bucket, own]): Share => {
    const left = Math.floor((payments * own.length) / merchants.length);
    return { bucket, merchants: own, left };
  });
  const [first] = shares;
  if (first === undefined) throw new RangeError('there must be a merchant');
  first.left += payments - shares.reduce((sum, { left }) => sum + left, 0);
  return shares.filter(({ left }) => left > 0);
}

/** One transaction: the payments, then a refund of each. `from` is the number of the first. */
async function seedBatch(
  lane: Lane,
  { bucket, merchants, left }: Share,
  from: number,
  count: number,
): Promise<BenchPayment[]> {
  const turn = (index: number): BenchMerchant => {
    const merchant = merchants[(left - index) % merchants.length];
    if (merchant === undefined) throw new RangeError('a bucket must have a merchant');
    return merchant;
  };
  // What a batch loads is known before its commands are: all its payments are new.
  const book = await beginBatch(lane, bucket, namesOf(merchants.map(({ id }) => command(id, null, REGISTER))));
  const { seq } = book.head;
  const made: BenchPayment[] = [];
  for (let index = 0; index < count; index += 1) {
    const merchant = turn(index);
    const name = `order-${String(from + index).padStart(9, '0')}`;
    const payment = take(book, command(merchant.id, null, { ...REGISTER, ...contentOf(name, from + index) }));
    made.push({ merchant, id: payment.id, name });
  }
  for (const { merchant, id } of made) {
    take(book, command(merchant.id, randomUUID(), { ...REFUND, payment: { id } }));
  }
  await commitBatch(lane, book, seq);
  return made;
}

const REGISTER = {
  kind: 'register_payment',
  amountMinor: 10_000_000n,
  currency: 'USD',
  status: 'captured',
  references: [],
  details: {},
  entitlements: [],
  couponCode: null,
  createdAt: null,
  capturedAt: null,
  ifSame: 'refuse',
} as const satisfies Action;

const REFUND = {
  kind: 'refund_payment',
  amount: { kind: 'minor', minor: 1n, currency: null },
  reference: null,
  details: {},
  expectedRefundableMinor: null,
} as const;

/** Differs from payment to payment where people's payments do: a search index of one value only is no index. */
function contentOf(name: string, number: number) {
  return {
    amountMinor: 10_000_000n + BigInt(number % 9_973),
    references: [{ namespace: 'native.reference', value: name, numbered: false }],
    details: { method: { type: 'card', scheme: 'VISA', last4: String(number % 10_000).padStart(4, '0') } as const },
    createdAt: Date.now() - (number % DAYS) * DAY_MS,
  };
}

function command(merchantId: string, idempotencyKey: string | null, action: Action): Command {
  return {
    merchantId,
    actor: 'cli:bench',
    protocol: 'native',
    requestId: 'seed',
    idempotencyKey,
    protocolPolicy: null,
    action,
  };
}

/** As the engine does it, for one command. */
function take(book: Book, one: Command): Payment {
  const now = Math.max(Date.now(), book.head.at);
  const env = { now, newId: () => formatId(now, book.bucket, randomUUID()), newSalt: randomUUID };
  const { payment, refusal } = book.record(decide(book, one, env));
  if (refusal !== null || payment === null) throw new Error(`a command of the seed was refused: ${refusal?.message}`);
  return payment;
}

interface Index {
  readonly name: string;
  readonly definition: string;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Drops the indexes that stand behind no constraint. Returns how to make them again. */
function dropIndexes(url: string): Promise<Index[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<Index>(
      `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
       WHERE i.indrelid = ANY('{payment,refund,journal}'::regclass[])
         AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`,
    );
    for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
    return rows;
  });
}

/** Makes the indexes, and leaves the database as it would be at rest: vacuumed, analyzed, checkpointed. */
function makeIndexes(url: string, indexes: readonly Index[], onIndex: (name: string) => void): Promise<void> {
  return withClient(url, async (client) => {
    await client.query(`SET maintenance_work_mem = '512MB'`);
    for (const { name, definition } of indexes) {
      onIndex(name);
      await client.query(definition);
    }
    onIndex('statistics');
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
  });
}
