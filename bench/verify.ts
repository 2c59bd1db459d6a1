/**
 * How fast `refundry verify` proves the books: journal entries per second, of the whole command, with every payment,
 * refund, reference and balance held against them; and the processor time that each takes, of the command and of
 * PostgreSQL, which other work on the machine disturbs less.
 *
 *     npm run bench:verify
 *     BENCH_ENTRIES=200000 npm run bench:verify
 *
 * BENCH_ENTRIES    journal entries, half of them refunds      (1000000)
 * BENCH_MERCHANTS  merchants that they are spread over        (100)
 * BENCH_ROUNDS     rounds, whose medians are shown            (3)
 */
import { BenchBooks } from './kit/books.ts';
import { refundry } from './kit/command.ts';
import { Postgres } from './kit/postgres.ts';
import { processorSeconds } from './kit/processor.ts';
import { line, machine, progress, publish } from './kit/report.ts';
import { seed } from './kit/seed.ts';

const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? '1000000');
const MERCHANTS = Number(process.env['BENCH_MERCHANTS'] ?? '100');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? '3');

const TIMEOUT_SECONDS = 600;

interface Verified {
  readonly entries: number;
  readonly finding_count: number;
}

const postgres = await Postgres.start();
try {
  const url = await postgres.createBooks('verify');
  const books = await BenchBooks.open(url);
  const merchants = await books.merchants(MERCHANTS).finally(() => books.close());
  progress(`making ${ENTRIES} journal entries`);
  await seed(url, merchants, Math.floor(ENTRIES / 2), () => undefined);
  const rates: number[] = [];
  const times: number[] = [];
  const used = (): number => (postgres.pid === null ? Number.NaN : processorSeconds(process.pid, postgres.pid));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = used();
    const { seconds, stdout } = await refundry(url, ['verify', '--json'], TIMEOUT_SECONDS);
    const { entries, finding_count: findings } = JSON.parse(stdout) as Verified;
    if (findings > 0 || entries < ENTRIES) throw new Error(`${findings} findings in ${entries} entries`);
    rates.push(entries / seconds);
    const microseconds = ((used() - before) / entries) * 1e6;
    if (Number.isFinite(microseconds)) times.push(microseconds);
    const each = `${microseconds.toFixed(1)} µs of processor time each`;
    progress(`round ${round} of ${ROUNDS}: ${entries} entries in ${seconds.toFixed(1)} s, ${each}`);
  }
  await publish({
    name: 'verify',
    at: new Date().toISOString(),
    machine: machine(postgres.version, [`${MERCHANTS} merchants, 4 buckets`]),
    lines: [
      line('refundry verify: journal entries', '/s', rates, { atLeast: 200_000, stretch: 500_000 }),
      ...(times.length === 0 ? [] : [line('processor time of an entry', 'µs', times, { atMost: 10, stretch: 4 })]),
    ],
  });
} finally {
  await postgres.dropDatabase('verify').catch(() => undefined);
  await postgres.stop();
}
