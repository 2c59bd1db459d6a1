/**
 * `npm run bench`: refunds over HTTP against PostgreSQL's own benchmark, both over TCP to the same server with default
 * settings, all in one run. Prints a table and writes bench/results/load.json; `npm run bench:chart` draws it.
 *
 * BENCH_ROUNDS (3) and BENCH_SECONDS (5, of each measurement) make it longer or shorter; BENCH_DATABASE_URL uses a server of
 * yours (a role that may create databases); BENCH_ONLY=native,bbmsl leaves the other protocols out.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTpcB, prepareTpcB, runOrdinary, runTpcB } from './kit/baseline.ts';
import { BenchBooks } from './kit/books.ts';
import { findGenerator, type Generator, type Load, load } from './kit/load.ts';
import { Postgres } from './kit/postgres.ts';
import { Product } from './kit/product.ts';
import { type Line, line, machine, median, progress, publish } from './kit/report.ts';
import { type BenchMerchant, NATIVE, signIn, type Wire, WIRES } from './kit/wire.ts';

const run = promisify(execFile);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);
const ONLY = process.env['BENCH_ONLY']?.split(',');
const MERCHANTS = 100;
const CONNECTIONS = 256;
/** More than any machine of today does in a second; what is not sent is thrown away. */
const PREPARED_PER_SECOND = 24_000;
/** Signing a request takes much longer than refunding it. */
const SIGNED_PER_SECOND = 12_000;
const PAYMENTS = 20_000;

/** What was measured, by name, one figure for each round. */
class Figures {
  readonly #rounds = new Map<string, number[]>();

  add(name: string, value: number): void {
    this.#rounds.set(name, [...this.of(name), value]);
  }

  of(name: string): readonly number[] {
    return this.#rounds.get(name) ?? [];
  }

  median(name: string): number {
    return median(this.of(name));
  }
}

interface Shape {
  readonly wire: Wire;
  readonly merchants: readonly BenchMerchant[];
  readonly payments: number;
  readonly connections: number;
}

class Bench {
  readonly #generator: Generator;
  readonly #books: BenchBooks;
  readonly #product: Product;

  constructor(generator: Generator, books: BenchBooks, product: Product) {
    this.#generator = generator;
    this.#books = books;
    this.#product = product;
  }

  async run({ wire, merchants, payments, connections }: Shape, seconds = SECONDS): Promise<Load> {
    const perSecond = connections === 1 ? 3_000 : wire.protocol === 'bbmsl' ? SIGNED_PER_SECOND : PREPARED_PER_SECOND;
    const count = perSecond * seconds;
    const made = await this.#books.payments(wire, merchants, wire.onceOnly ? count : payments);
    const requests = [];
    for (let from = 0; from < count; from += 1_000) {
      const numbers = Array.from({ length: Math.min(1_000, count - from) }, (_, index) => from + index);
      const some = await Promise.all(
        numbers.map((number) => {
          const payment = made[wire.onceOnly ? number : (number * 7919) % made.length];
          if (payment === undefined) throw new RangeError('there must be a payment');
          return wire.request(payment, number);
        }),
      );
      requests.push(...some);
    }
    return load(this.#generator, this.#product.url, requests, connections, seconds);
  }
}

/** Bytes of log of one registered payment. */
let walPerPayment = 0;
const postgres = await Postgres.start();
const figures = new Figures();
try {
  const tpcb = await findTpcB();
  const generator = await findGenerator();
  const tpcbUrl = await postgres.createDatabase('bench_tpcb');
  progress(`preparing TPC-B by ${tpcb}`);
  await prepareTpcB(tpcb, tpcbUrl);
  const ordinaryUrl = await postgres.createBooks('bench_ordinary');
  const ordinaryBooks = await BenchBooks.open(ordinaryUrl);
  const ordinaryPayments = await ordinaryBooks.payments(NATIVE, await ordinaryBooks.merchants(MERCHANTS), PAYMENTS);
  await ordinaryBooks.close();

  const url = await postgres.createBooks('bench_refundry');
  const books = await BenchBooks.open(url);
  const merchants = await books.merchants(MERCHANTS);
  const product = await Product.serve(url);
  const bench = new Bench(generator, books, product);
  const wires = WIRES.filter(({ protocol }) => ONLY === undefined || ONLY.includes(protocol));
  const spread = { wire: NATIVE, merchants, payments: PAYMENTS, connections: CONNECTIONS };
  await signIn(product.url, merchants);
  const before = await walOf(url);
  await books.payments(NATIVE, merchants, PAYMENTS);
  const after = await walOf(url);
  walPerPayment = (after.bytes - before.bytes) / (after.payments - before.payments);
  progress('warming up');
  await bench.run(spread, 3);

  for (let round = 1; round <= ROUNDS; round += 1) {
    const say = (what: string): void => progress(`round ${round} of ${ROUNDS}: ${what}`);
    for (const clients of [1, 8, 32]) {
      say(`TPC-B, ${clients} clients`);
      const done = await runTpcB(tpcb, tpcbUrl, clients, SECONDS);
      figures.add(`tpcb ${clients}`, done.perSecond);
      figures.add(`tpcb ${clients} latency`, done.averageMs);
      figures.add(`tpcb ${clients} p50`, done.p50Ms);
    }
    say('the ordinary design');
    figures.add(
      'ordinary',
      (await runOrdinary({ connectionString: ordinaryUrl }, ordinaryPayments, 16, SECONDS)).perSecond,
    );
    for (const wire of wires) {
      say(`${wire.protocol}, ${CONNECTIONS} connections`);
      const before = wire === NATIVE ? await walOf(url) : null;
      const done = await bench.run({ ...spread, wire });
      figures.add(wire.protocol, done.perSecond);
      figures.add(`${wire.protocol} p50`, done.p50Ms);
      figures.add(`${wire.protocol} p99`, done.p99Ms);
      if (before !== null) {
        const after = await walOf(url);
        // The payments of the load are registered in between, and are not refunds: their share is measured by themselves.
        figures.add('wal', (after.bytes - before.bytes - registered(before, after)) / done.requests);
      }
    }
    say('one merchant');
    figures.add('one merchant', (await bench.run({ ...spread, merchants: merchants.slice(0, 1) })).perSecond);
    say('one payment');
    figures.add(
      'one payment',
      (await bench.run({ ...spread, merchants: merchants.slice(0, 1), payments: 1 })).perSecond,
    );
    say('one connection');
    const single = await bench.run({ ...spread, connections: 1 });
    figures.add('single p50', single.p50Ms);
    figures.add('single p99', single.p99Ms);
    say('while verify runs');
    const verifying = verifyUntilStopped(url);
    figures.add('while verify runs', (await bench.run(spread)).perSecond);
    await verifying.stop();
  }
  figures.add('memory', product.peakMegabytes() ?? Number.NaN);
  await product.end();
  await books.close();
  await publish({
    name: 'load',
    at: new Date().toISOString(),
    machine: machine(postgres.version, [`load by ${generator}`, `TPC-B by ${tpcb}`]),
    lines: lines(wires),
  });
} finally {
  await postgres.stop();
}

interface Wal {
  readonly bytes: number;
  readonly payments: number;
}

/** Where the log stands, full-page images apart, and how many payments there are. */
async function walOf(url: string): Promise<Wal> {
  // Sessions report their images once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const [row] = await postgres.run<{ bytes: string; images: string; payments: string }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes, wal_fpi AS images,
       (SELECT count(*) FROM payment) AS payments FROM pg_stat_wal`,
    url,
  );
  if (row === undefined) throw new Error('PostgreSQL does not say where its log stands');
  return { bytes: Number(row.bytes) - Number(row.images) * 8_192, payments: Number(row.payments) };
}

/** Bytes of log of the payments that were registered in between. */
function registered(before: Wal, after: Wal): number {
  return (after.payments - before.payments) * walPerPayment;
}

/** Runs `refundry verify` over and over beside the load. */
function verifyUntilStopped(url: string): { stop: () => Promise<void> } {
  const program = fileURLToPath(new URL('../bin/refundry.mjs', import.meta.url));
  const stopping = new AbortController();
  const options = { env: { ...process.env, DATABASE_URL: url }, maxBuffer: 1 << 24, signal: stopping.signal };
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await run(process.execPath, [program, 'verify'], options).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

function lines(wires: readonly Wire[]): Line[] {
  const best = Math.max(figures.median('tpcb 8'), figures.median('tpcb 32'));
  const native = figures.median('native');
  const ofBest = (name: string): number => figures.median(name) / best;
  const perSecond = 'refunds/s';
  return [
    line('TPC-B, 8 clients', 'tps', figures.of('tpcb 8')),
    line('TPC-B, 32 clients', 'tps', figures.of('tpcb 32')),
    line('the ordinary design, 16 clients, no HTTP ÷ TPC-B', perSecond, figures.of('ordinary'), {
      ratio: ofBest('ordinary'),
    }),
    ...wires.map(({ protocol }) =>
      line(`${protocol} over HTTP, ${CONNECTIONS} connections ÷ TPC-B`, perSecond, figures.of(protocol), {
        ratio: ofBest(protocol),
        atLeast: protocol === 'native' ? 2.5 : protocol === 'bbmsl' ? 1.4 : 2,
        stretch: protocol === 'native' ? 4 : 3.5,
      }),
    ),
    line('all on one merchant ÷ spread over 100', perSecond, figures.of('one merchant'), {
      ratio: figures.median('one merchant') / native,
      atLeast: 0.7,
      stretch: 1,
    }),
    line('all on one payment ÷ spread', perSecond, figures.of('one payment'), {
      ratio: figures.median('one payment') / native,
      atLeast: 0.5,
      stretch: 1,
    }),
    line('TPC-B, 1 client, average (as pgbench reports it)', 'ms', figures.of('tpcb 1 latency')),
    line('TPC-B, 1 client, p50', 'ms', figures.of('tpcb 1 p50')),
    line('p50 at one connection ÷ average of TPC-B at one client', 'ms', figures.of('single p50'), {
      ratio: figures.median('single p50') / figures.median('tpcb 1 latency'),
      atMost: 1.2,
      stretch: 0.8,
    }),
    line(`p50 at ${CONNECTIONS} connections`, 'ms', figures.of('native p50')),
    line(`p99 at ${CONNECTIONS} connections`, 'ms', figures.of('native p99'), { atMost: 45, stretch: 25 }),
    line('while verify runs ÷ without', perSecond, figures.of('while verify runs'), {
      ratio: figures.median('while verify runs') / native,
      atLeast: 0.6,
      stretch: 0.8,
    }),
    line("server's peak memory during all of it", 'MB', figures.of('memory'), { atMost: 250, stretch: 180 }),
    line('log (WAL) per refund, full-page images apart', 'bytes', figures.of('wal'), { atMost: 1_229, stretch: 819 }),
  ];
}
