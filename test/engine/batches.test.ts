/** Batches that fail in part, buckets held by others, deadlines: who is told what, and what the books say then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bucketOf } from '../../src/core/ids.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';

const database = await createDatabase();
const bugs: unknown[] = [];
const books = await Books.open({ observer: { bug: (_command, error) => bugs.push(error) } }, database);
const sql = await connect(database);

test('a command that the database refuses fails alone; the rest of its batch goes through', async () => {
  const payment = await books.payment(await books.merchant());
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      // jsonb cannot hold U+0000: the doors refuse it, so that this can only come from inside.
      books.refund(payment, 100n, index === 7 ? { details: { reason: 'a\u0000b' } } : {}),
    ),
  );
  assert.equal(outcomes[7]?.refusal?.code, 'internal_error');
  assert.equal(outcomes.filter(({ refusal }) => refusal === null).length, 19);
  assert.equal(bugs.length, 1);
  const { rows } = await sql.query<{ refunded: string }>(
    'SELECT refunded_minor AS refunded FROM payment WHERE id = $1',
    [payment.id],
  );
  assert.equal(rows[0]?.refunded, '1900');
});

/** Merchants in two different buckets. */
async function twoBuckets(on: Books): Promise<[string, string]> {
  const first = await on.merchant();
  for (;;) {
    const other = await on.merchant();
    if (bucketOf(other) !== bucketOf(first)) return [first, other];
  }
}

test('a bucket that another process holds does not hold up the others, and goes on when it is free', async () => {
  const [held, free] = await twoBuckets(books);
  const payment = await books.payment(held);
  const other = await books.payment(free);
  await sql.query('BEGIN');
  await sql.query('SELECT 1 FROM bucket WHERE bucket = $1 FOR UPDATE', [bucketOf(held)]);
  const waiting = books.refund(payment, 100n);
  const through = await books.refund(other, 100n);
  assert.equal(through.refusal, null);
  // Longer than the lock timeout: the batch goes to the back at least once.
  await sleep(1_000);
  await sql.query('COMMIT');
  assert.equal((await waiting).refusal, null);
});

test('whoever waits past the deadline is told that nothing happened, and that is so', async () => {
  const hasty = await Books.open({ deadlineMs: 300 }, database);
  const payment = await hasty.payment(await hasty.merchant());
  await sql.query('BEGIN');
  await sql.query('SELECT 1 FROM bucket WHERE bucket = $1 FOR UPDATE', [bucketOf(payment.id)]);
  const started = performance.now();
  const outcomes = await Promise.all(Array.from({ length: 3 }, () => hasty.refund(payment, 100n)));
  assert.ok(performance.now() - started < 1_500);
  await sql.query('COMMIT');
  assert.deepEqual(new Set(outcomes.map(({ refusal }) => refusal?.code)), new Set(['overloaded']));
  await sleep(200);
  const { rows } = await sql.query<{ refunds: number }>(
    'SELECT count(*)::integer AS refunds FROM refund WHERE payment_id = $1',
    [payment.id],
  );
  assert.equal(rows[0]?.refunds, 0);
});

test('past the bound of the queue callers are turned away at once, and those inside are served', async () => {
  const small = await Books.open({ maxQueued: 10, maxBatch: 5, lanes: 1 }, database);
  const payment = await small.payment(await small.merchant());
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => small.refund(payment, 1n)));
  const turnedAway = outcomes.filter(({ refusal }) => refusal?.code === 'overloaded').length;
  assert.equal(turnedAway, 40);
  assert.equal(outcomes.filter(({ refusal }) => refusal === null).length, 10);
});

test('two engines on one database share a bucket: never a cent more than was captured, no gap in the journal', async () => {
  const other = await Books.open({}, database);
  const payment = await books.payment(await books.merchant());
  const outcomes = await Promise.all(
    Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? books : other).refund(payment, 300n)),
  );
  assert.equal(outcomes.filter(({ refusal }) => refusal === null).length, 33);
  const { rows } = await sql.query<{ gaps: number }>(
    `SELECT count(*)::integer AS gaps FROM (SELECT bucket, max(seq) - count(*) AS missing FROM journal GROUP BY bucket) AS books WHERE missing <> 0`,
  );
  assert.equal(rows[0]?.gaps, 0);
});

test('a backend that is terminated in the middle of a load loses nothing that was acknowledged', async () => {
  const payment = await books.payment(await books.merchant(), { amountMinor: 1_000_000n });
  const load = new AbortController();
  const killer = (async () => {
    while (!load.signal.aborted) {
      await sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'refundry lane' AND datname = current_database() ORDER BY random() LIMIT 1`,
      );
      await sleep(15);
    }
  })();
  const outcomes = [];
  for (let round = 0; round < 30; round += 1) {
    outcomes.push(
      ...(await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          books.refund(payment, 1n, {}, { idempotencyKey: `killed-${round}-${index}` }),
        ),
      )),
    );
  }
  load.abort();
  await killer;
  const acknowledged = outcomes.filter(({ refusal }) => refusal === null).length;
  const { rows } = await sql.query<{ refunded: string; refunds: string }>(
    `SELECT payment.refunded_minor AS refunded, (SELECT count(*) FROM refund WHERE payment_id = payment.id) AS refunds
     FROM payment WHERE id = $1`,
    [payment.id],
  );
  assert.equal(rows[0]?.refunded, rows[0]?.refunds);
  assert.ok(acknowledged > 0);
  // Every answer was one of: done, or certainly not done, or not known.
  const unknown = outcomes.filter(({ refusal }) => refusal?.code === 'outcome_unknown').length;
  assert.ok(Number(rows[0]?.refunded) >= acknowledged && Number(rows[0]?.refunded) <= acknowledged + unknown);
});
