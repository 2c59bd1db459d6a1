/** What the product is compared with: PostgreSQL's own benchmark, and the ordinary design on the product's own tables. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { median } from './report.ts';

const run = promisify(execFile);
/** Rows of TPC-B: ten branches, a million accounts. */
const SCALE = 10;

export type TpcB = 'pgbench' | 'a driver of our own';

/** Whether `pgbench` is on the PATH. */
export async function findTpcB(): Promise<TpcB> {
  return run('pgbench', ['--version']).then(
    () => 'pgbench' as const,
    () => 'a driver of our own' as const,
  );
}

/** Makes the tables of TPC-B. */
export async function prepareTpcB(by: TpcB, url: string): Promise<void> {
  if (by === 'pgbench') {
    await run('pgbench', ['--initialize', '--quiet', `--scale=${SCALE}`, url]);
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88)) WITH (fillfactor = 100);
    CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84)) WITH (fillfactor = 100);
    CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84)) WITH (fillfactor = 100);
    CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
    INSERT INTO pgbench_branches SELECT n, 0 FROM generate_series(1, ${SCALE}) n;
    INSERT INTO pgbench_tellers SELECT n, (n - 1) / 10 + 1, 0 FROM generate_series(1, ${SCALE * 10}) n;
    INSERT INTO pgbench_accounts SELECT n, (n - 1) / 100000 + 1, 0, '' FROM generate_series(1, ${SCALE * 100_000}) n`);
  await client.query('VACUUM ANALYZE');
  await client.end();
}

export interface Transactions {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly averageMs: number;
  readonly p50Ms: number;
}

export async function runTpcB(by: TpcB, url: string, clients: number, seconds: number): Promise<Transactions> {
  return by === 'pgbench'
    ? runPgbench(url, clients, seconds)
    : drive({ connectionString: url }, clients, seconds, tpcbTransaction);
}

async function runPgbench(url: string, clients: number, seconds: number): Promise<Transactions> {
  const folder = await mkdtemp(join(tmpdir(), 'refundry-bench-pgbench-'));
  try {
    const jobs = Math.min(2, clients);
    // Its average would hide what half of the transactions take: that is in its log, in microseconds, third in each line.
    const args = ['-n', '-M', 'prepared', '-c', `${clients}`, '-j', `${jobs}`, '-T', `${seconds}`, '-l', url];
    const { stdout } = await run('pgbench', args, { cwd: folder, maxBuffer: 1 << 24 });
    const logs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const times = logs.flatMap((log) =>
      log
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[2])),
    );
    return {
      perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]),
      averageMs: Number(/latency average = ([\d.]+)/.exec(stdout)?.[1]),
      p50Ms: median(times) / 1000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Transaction = (client: pg.Client, number: number) => Promise<void>;

/** Clients that each do one transaction after the other, statement by statement. */
async function drive(
  database: pg.ClientConfig,
  clients: number,
  seconds: number,
  transaction: Transaction,
): Promise<Transactions> {
  const times: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  let number = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client(database);
      await client.connect();
      for (let started = performance.now(); started < until; started = performance.now()) {
        number += 1;
        await transaction(client, number);
        times.push(performance.now() - started);
      }
      await client.end();
    }),
  );
  return {
    perSecond: times.length / ((performance.now() - began) / 1000),
    averageMs: times.reduce((sum, time) => sum + time, 0) / times.length,
    p50Ms: median(times),
  };
}

const random = (most: number): number => 1 + Math.floor(Math.random() * most);

/** The statements of pgbench's built-in script `tpcb-like`. */
async function tpcbTransaction(client: pg.Client): Promise<void> {
  const [account, branch, teller] = [random(SCALE * 100_000), random(SCALE), random(SCALE * 10)];
  const delta = random(10_001) - 5_001;
  await client.query('BEGIN');
  await client.query({
    name: 'a',
    text: 'UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2',
    values: [delta, account],
  });
  await client.query({ name: 's', text: 'SELECT abalance FROM pgbench_accounts WHERE aid = $1', values: [account] });
  await client.query({
    name: 't',
    text: 'UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2',
    values: [delta, teller],
  });
  await client.query({
    name: 'b',
    text: 'UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2',
    values: [delta, branch],
  });
  await client.query({
    name: 'h',
    text: 'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)',
    values: [teller, branch, account, delta],
  });
  await client.query('COMMIT');
}

/**
 * The ordinary design, with the same tables and driver, and without HTTP: a transaction for each refund, which locks the
 * payment and the merchant's balance. It writes the same rows, but no chain (its journal is numbered by a sequence).
 */
export async function runOrdinary(
  database: pg.ClientConfig,
  payments: readonly { readonly id: string; readonly merchant: { readonly id: string } }[],
  clients: number,
  seconds: number,
): Promise<Transactions> {
  const setup = new pg.Client(database);
  await setup.connect();
  await setup.query('CREATE SEQUENCE IF NOT EXISTS ordinary_seq START 1000000000');
  await setup.end();
  const query = (client: pg.Client, name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values });
  return drive(database, clients, seconds, async (client, number) => {
    const payment = payments[(number * 7919) % payments.length];
    if (payment === undefined) throw new RangeError('there must be a payment');
    const bucket = Number.parseInt(payment.id.slice(15, 18), 16);
    const refundId = randomUUID();
    const merchantId = payment.merchant.id;
    await client.query('BEGIN');
    const key = randomUUID();
    await query(client, 'k', 'SELECT 1 FROM journal WHERE idempotency_key = $1 AND merchant_id = $2 AND bucket = $3', [
      key,
      merchantId,
      bucket,
    ]);
    const { rows } = await query(
      client,
      'p',
      'SELECT captured_minor - refunded_minor - reserved_minor AS left FROM payment WHERE id = $1 AND bucket = $2 FOR UPDATE',
      [payment.id, bucket],
    );
    if (Number((rows[0] as { left: string } | undefined)?.left ?? 0) < 1) throw new Error('the payment is refunded');
    await query(
      client,
      'b',
      `SELECT merchant_unsettled_minor FROM balance WHERE merchant_id = $1 AND currency = 'USD' AND bucket = $2 FOR UPDATE`,
      [merchantId, bucket],
    );
    await query(
      client,
      'u',
      'UPDATE payment SET refunded_minor = refunded_minor + 1, refund_count = refund_count + 1, updated_at = now() WHERE id = $1 AND bucket = $2',
      [payment.id, bucket],
    );
    await query(
      client,
      'v',
      `UPDATE balance SET merchant_unsettled_minor = merchant_unsettled_minor - 1, processor_clearing_minor = processor_clearing_minor + 1 WHERE merchant_id = $1 AND currency = 'USD' AND bucket = $2`,
      [merchantId, bucket],
    );
    await query(
      client,
      'r',
      `INSERT INTO refund (id, bucket, merchant_id, payment_id, amount_minor, currency, status, protocol, created_at, updated_at, created_seq, last_seq)
       VALUES ($1, $2, $3, $4, 1, 'USD', 'succeeded', 'native', now(), now(), 1, 1)`,
      [refundId, bucket, merchantId, payment.id],
    );
    await query(
      client,
      'j',
      `INSERT INTO journal (seq, bucket, at, kind, operation, merchant_id, actor, protocol, request_id, idempotency_key, fingerprint, payment_id,
         refund_id, amount_minor, currency, debit, credit, captured_minor, refunded_minor, reserved_minor, payment_status, payment_disputed, unsettled_minor, hash)
       VALUES (nextval('ordinary_seq'), $1, now(), 'refund_succeeded', 'refund_payment', $2, $3, 'native', $4, $5, $6, $7, $8, 1, 'USD',
         'merchant_unsettled', 'processor_clearing', 1, 1, 0, 'captured', false, 1, $6)`,
      [bucket, merchantId, `key:${merchantId}`, key, key, Buffer.alloc(32), payment.id, refundId],
    );
    await client.query('COMMIT');
  });
}
