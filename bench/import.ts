/**
 * How fast a file of payments comes in: `refundry import` of a generated CSV into empty books, and the same again, when all
 * of it is there.
 *
 *     npm run bench:import
 *     BENCH_LINES=20000 npm run bench:import
 *
 * BENCH_LINES      payments in the file                       (200000)
 * BENCH_MERCHANTS  merchants in its column "merchant"         (100)
 * BENCH_ROUNDS     rounds, whose medians are shown            (3)
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BenchBooks } from './kit/books.ts';
import { refundry } from './kit/command.ts';
import { Postgres } from './kit/postgres.ts';
import { line, machine, progress, publish } from './kit/report.ts';
import type { BenchMerchant } from './kit/wire.ts';

const LINES = Number(process.env['BENCH_LINES'] ?? '200000');
const MERCHANTS = Number(process.env['BENCH_MERCHANTS'] ?? '100');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? '3');

const TIMEOUT_SECONDS = 600;
const DAY_MS = 86_400_000;

const HEADER =
  'merchant,amount,currency,captured_at,native.reference,method_type,method_scheme,method_last4,customer_name';

function* csv(merchants: readonly BenchMerchant[]): Generator<string> {
  yield `${HEADER}\n`;
  const now = Date.now();
  for (let number = 0; number < LINES; number += 1) {
    const merchant = merchants[number % merchants.length]?.id ?? '';
    const amount = `${1 + (number % 997)}.${String(number % 100).padStart(2, '0')}`;
    const capturedAt = new Date(now - (number % 300) * DAY_MS).toISOString();
    const last4 = String(number % 10_000).padStart(4, '0');
    yield `${merchant},${amount},USD,${capturedAt},order-${number},card,VISA,${last4},"Customer, ${number % 5_000}"\n`;
  }
}

interface Imported {
  readonly lines: number;
  readonly registered: number;
  readonly already_there: number;
  readonly rejected: number;
}

/** Payments per second, of the whole command from its start to its end. Throws unless every line had the outcome meant. */
async function importFile(url: string, file: string, outcome: 'registered' | 'already_there'): Promise<number> {
  const { seconds, stdout } = await refundry(url, ['import', file, '--json'], TIMEOUT_SECONDS);
  const imported = JSON.parse(stdout) as Imported;
  if (imported[outcome] !== LINES) throw new Error(`${imported[outcome]} of ${LINES} lines were ${outcome}: ${stdout}`);
  return LINES / seconds;
}

const postgres = await Postgres.start();
const folder = await mkdtemp(join(tmpdir(), 'refundry-bench-import-'));
try {
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const url = await postgres.createBooks('import');
    const books = await BenchBooks.open(url);
    const merchants = await books.merchants(MERCHANTS).finally(() => books.close());
    const file = join(folder, `${round}.csv`);
    await pipeline(Readable.from(csv(merchants)), createWriteStream(file));
    await postgres.run('CHECKPOINT');
    first.push(await importFile(url, file, 'registered'));
    progress(`round ${round} of ${ROUNDS}: ${Math.round(first.at(-1) ?? 0)} payments/s`);
    again.push(await importFile(url, file, 'already_there'));
    progress(`round ${round} of ${ROUNDS}: ${Math.round(again.at(-1) ?? 0)} payments/s again`);
    await rm(file);
  }
  await publish({
    name: 'import',
    at: new Date().toISOString(),
    machine: machine(postgres.version, [`${LINES.toLocaleString('en')} lines, ${MERCHANTS} merchants`]),
    lines: [
      line('refundry import: payments registered', '/s', first, { atLeast: 20_000, stretch: 50_000 }),
      line('the same again: payments that are there', '/s', again, { atLeast: 20_000, stretch: 50_000 }),
    ],
  });
} finally {
  await postgres.dropDatabase('import').catch(() => undefined);
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
