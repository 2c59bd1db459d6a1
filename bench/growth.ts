/**
 * Whether Refundry stays as fast when its books grow: refunds per second, reads and lists with 100,000, 1,000,000 and
 * 10,000,000 payments and as many refunds stored, and whether 16 buckets cost throughput against 4.
 *
 *     npm run bench:growth
 *     BENCH_SIZES=100000,1000000 npm run bench:growth
 *
 * Ratios are to the smallest size; of processor time, the smallest size's to theirs. The largest size takes about 20
 * minutes to make, and 23 GB in the system's folder for temporary files.
 *
 * BENCH_SIZES      payments stored, smallest first             (100000,1000000,10000000)
 * BENCH_MERCHANTS  merchants that payments are spread over      (100)
 * BENCH_ROUNDS     rounds, whose medians are shown              (3)
 * BENCH_SECONDS    seconds of each load of refunds              (8)
 * BENCH_VERIFY     sizes up to here are proven at the end       (1000000)
 */
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { BenchBooks } from './kit/books.ts';
import { refundry } from './kit/command.ts';
import { findGenerator, type Generator, load } from './kit/load.ts';
import { Postgres } from './kit/postgres.ts';
import { Product } from './kit/product.ts';
import { secondsBetween, type Used, usedBy } from './kit/processor.ts';
import { type Line, line, machine, median, progress, publish } from './kit/report.ts';
import { seed } from './kit/seed.ts';
import { type BenchMerchant, type BenchPayment, NATIVE, type WireRequest } from './kit/wire.ts';

const setting = (name: string, otherwise: string): string => process.env[`BENCH_${name}`] ?? otherwise;
const SIZES = setting('SIZES', '100000,1000000,10000000').split(',').map(Number);
const MERCHANTS = Number(setting('MERCHANTS', '100'));
const ROUNDS = Number(setting('ROUNDS', '3'));
const SECONDS = Number(setting('SECONDS', '8'));
const VERIFY = Number(setting('VERIFY', '1000000'));

const CONNECTIONS = 256;
const WARM_UP_SECONDS = 2;
const READ_SECONDS = 2;
/** More than the product and the generator together can do on any machine that we know. */
const MOST_PER_SECOND = 40_000;
const BYTES_PER_PAYMENT = 2_400;
const VERIFY_TIMEOUT_SECONDS = 1_800;

/** Of every round: what one load of refunds gave and took. */
interface Loads {
  readonly perSecond: number[];
  /** Processor time per refund, of the server and PostgreSQL together, in microseconds: other work disturbs it less. */
  readonly processor: number[];
  /** Write-ahead log per refund, in kilobytes: the larger the books, the fewer refunds share a page. */
  readonly log: number[];
}

interface Books {
  readonly name: string;
  readonly url: string;
  readonly size: number;
  readonly buckets: number;
  readonly merchants: readonly BenchMerchant[];
  /** Of any age, evenly. */
  readonly sample: readonly BenchPayment[];
  readonly newest: readonly BenchPayment[];
  readonly ofAny: Loads;
  readonly ofNewest: Loads;
  /** Milliseconds, by what was read. */
  readonly reads: Map<string, number[]>;
}

const count = (value: number): string => value.toLocaleString('en');

async function makeBooks(postgres: Postgres, size: number, buckets: number): Promise<Books> {
  const name = `growth_${size}_${buckets}`;
  const url = await postgres.createBooks(name, buckets);
  const open = await BenchBooks.open(url);
  const merchants = await open.merchants(MERCHANTS).finally(() => open.close());
  let said = 0;
  const { sample, newest, seconds } = await seed(url, merchants, size, (done, what) => {
    if (performance.now() - said < 5_000) return;
    said = performance.now();
    progress(`${count(size)}: ${count(done)} ${what}`);
  });
  progress(`${count(size)} payments and refunds in ${buckets} buckets, made in ${seconds.toFixed(0)} s`);
  return {
    name,
    url,
    size,
    buckets,
    merchants,
    sample,
    newest,
    ofAny: { perSecond: [], processor: [], log: [] },
    ofNewest: { perSecond: [], processor: [], log: [] },
    reads: new Map(),
  };
}

/** Takes as many as asked, at random; the same one again only when there are fewer. */
function pick<T>(items: readonly T[], wanted: number): T[] {
  const mixed: T[] = [];
  while (mixed.length < wanted) {
    const rest = [...items];
    for (let last = rest.length - 1; last >= 0 && mixed.length < wanted; last -= 1) {
      const at = Math.floor(Math.random() * (last + 1));
      const chosen = rest[at];
      const other = rest[last];
      if (chosen === undefined || other === undefined) break;
      mixed.push(chosen);
      rest[at] = other;
    }
  }
  return mixed;
}

function get(merchant: BenchMerchant, path: string): WireRequest {
  const [key = ''] = merchant.secrets.get('native') ?? [];
  return { method: 'GET', path, headers: { authorization: `Bearer ${key}` }, body: '' };
}

const READS: readonly { readonly what: string; readonly request: (payment: BenchPayment) => WireRequest }[] = [
  { what: 'one payment', request: ({ merchant, id }) => get(merchant, `/v1/payments/${id}`) },
  {
    what: 'a page of payments, filtered',
    request: ({ merchant }) => get(merchant, '/v1/payments?status=captured&currency=USD&amount_from=10005000&limit=20'),
  },
  {
    what: 'a page of refunds, filtered',
    request: ({ merchant }) => get(merchant, '/v1/refunds?status=succeeded&currency=USD&limit=20'),
  },
];

/** One round on one database: a server of its own, refunds at full load, then reads one after the other. */
async function round(postgres: Postgres, generator: Generator, books: Books): Promise<void> {
  const product = await Product.serve(books.url);
  const refunds = (of: readonly BenchPayment[], seconds: number): Promise<WireRequest[]> =>
    Promise.all(pick(of, seconds * MOST_PER_SECOND).map((payment, index) => NATIVE.request(payment, index)));
  const used = (): Used => new Map([...usedBy(product.pid), ...(postgres.pid === null ? [] : usedBy(postgres.pid))]);
  const measure = async (of: readonly BenchPayment[], { perSecond, processor, log }: Loads): Promise<void> => {
    const requests = await refunds(of, SECONDS);
    const before = { used: used(), log: await logBytes(postgres) };
    const done = await load(generator, product.url, requests, CONNECTIONS, SECONDS);
    perSecond.push(done.perSecond);
    processor.push((secondsBetween(before.used, used()) / done.requests) * 1e6);
    log.push(((await logBytes(postgres)) - before.log) / done.requests / 1000);
  };
  try {
    const warmUp = await refunds(books.newest, WARM_UP_SECONDS);
    await load(generator, product.url, warmUp, CONNECTIONS, WARM_UP_SECONDS);
    await measure(books.newest, books.ofNewest);
    await measure(books.sample, books.ofAny);
    for (const { what, request } of READS) {
      const reads = pick(books.sample, READ_SECONDS * 10_000).map(request);
      const { p50Ms } = await load(generator, product.url, reads, 1, READ_SECONDS);
      books.reads.set(what, [...(books.reads.get(what) ?? []), p50Ms]);
    }
  } finally {
    await product.end();
  }
}

async function logBytes(postgres: Postgres): Promise<number> {
  const [row] = await postgres.run<{ bytes: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes`);
  return Number(row?.bytes);
}

async function verify({ url, size, buckets }: Books): Promise<Line> {
  progress(`${count(size)}: verifying`);
  const { seconds, stdout } = await refundry(url, ['verify', '--json'], VERIFY_TIMEOUT_SECONDS);
  const { finding_count: findings, entries } = JSON.parse(stdout) as { finding_count: number; entries: number };
  const what = `${count(size)} payments, ${buckets} buckets: findings of refundry verify`;
  progress(`${count(entries)} journal entries verified in ${seconds.toFixed(0)} s`);
  return line(what, 'findings', [findings], { atMost: 0 });
}

function linesOf(all: readonly Books[]): Line[] {
  const [smallest] = all;
  if (smallest === undefined) return [];
  const growth = all.filter(({ buckets }) => buckets === smallest.buckets);
  const more = all.filter(({ buckets }) => buckets !== smallest.buckets);
  const stored = (books: Books): string => `${count(books.size)} stored`;
  const growthOf = (what: string, loads: (books: Books) => Loads): Line[] => {
    const rate = growth.map((books) => {
      const ratio = median(loads(books).perSecond) / median(loads(smallest).perSecond);
      const against = books === smallest ? undefined : { ratio, atLeast: 0.85, stretch: 1 };
      return line(`${stored(books)}: refunds of ${what}`, '/s', loads(books).perSecond, against);
    });
    const processor = growth.map((books) => {
      const ratio = median(loads(smallest).processor) / median(loads(books).processor);
      const against = books === smallest ? undefined : { ratio };
      return line(`${stored(books)}: processor time for each`, 'µs', loads(books).processor, against);
    });
    const log = growth.map((books) => line(`${stored(books)}: log written for each`, 'kB', loads(books).log));
    return [...rate, ...processor, ...log];
  };
  return [
    ...growthOf('the newest 100,000 payments', ({ ofNewest }) => ofNewest),
    ...growthOf('any payment', ({ ofAny }) => ofAny),
    ...more.flatMap((books) => {
      const ratio = median(books.ofAny.perSecond) / median(smallest.ofAny.perSecond);
      const processor = median(smallest.ofAny.processor) / median(books.ofAny.processor);
      const against = { ratio, atLeast: 0.75, stretch: 0.9 };
      return [
        line(`${books.buckets} buckets: refunds, ÷ ${smallest.buckets} buckets`, '/s', books.ofAny.perSecond, against),
        line(`${books.buckets} buckets: processor time for each`, 'µs', books.ofAny.processor, { ratio: processor }),
      ];
    }),
    ...growth.flatMap((books) =>
      [...books.reads].map(([what, rounds]) =>
        line(`${count(books.size)} stored: ${what}, p50`, 'ms', rounds, { atMost: 5, stretch: 2 }),
      ),
    ),
  ];
}

async function assertRoom(): Promise<void> {
  if (process.env['BENCH_DATABASE_URL'] !== undefined) return;
  const needed = SIZES.reduce((sum, size) => sum + size * BYTES_PER_PAYMENT, 2 * 2 ** 30);
  const { bavail, bsize } = await statfs(tmpdir());
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  if (bavail * bsize < needed) {
    throw new Error(
      `${tmpdir()} has ${gigabytes(bavail * bsize)} GB free, this takes ${gigabytes(needed)}: see BENCH_SIZES`,
    );
  }
}

await assertRoom();
const generator = await findGenerator();
const postgres = await Postgres.start();
const all: Books[] = [];
try {
  for (const size of SIZES) all.push(await makeBooks(postgres, size, 4));
  const [smallest = 100_000] = SIZES;
  all.push(await makeBooks(postgres, smallest, 16));
  // Sizes take turns, so that whatever else the machine does meets all of them.
  for (let number = 1; number <= ROUNDS; number += 1) {
    for (const books of all) {
      await postgres.run('CHECKPOINT');
      await round(postgres, generator, books);
      const { size, buckets, ofNewest } = books;
      const rate = count(Math.round(ofNewest.perSecond.at(-1) ?? 0));
      progress(`round ${number} of ${ROUNDS}: ${count(size)} stored, ${buckets} buckets: ${rate} refunds/s`);
    }
  }
  const lines = linesOf(all);
  for (const books of all) if (books.size <= VERIFY) lines.push(await verify(books));
  await publish({
    name: 'growth',
    at: new Date().toISOString(),
    machine: machine(postgres.version, [generator, `${CONNECTIONS} connections, ${MERCHANTS} merchants`]),
    lines,
  });
} finally {
  for (const { name } of all) await postgres.dropDatabase(name).catch(() => undefined);
  await postgres.stop();
}
