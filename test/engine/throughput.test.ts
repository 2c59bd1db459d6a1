/**
 * Lanes share commits: many callers at once must get more refunds through than a transaction for each would, and batches
 * must hold many. It fails on a gross loss only; `npm run bench` measures.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runOrdinary } from '../../bench/kit/baseline.ts';
import { Books } from '../kit/books.ts';
import { createDatabase } from '../kit/database.ts';

const SECONDS = 1;
const CALLERS = 256;
const MERCHANTS = 8;

test('many callers at once share commits, and are faster than one transaction each', async () => {
  const database = await createDatabase();
  const batches: number[] = [];
  const books = await Books.open({ observer: { batch: (_bucket, commands) => void batches.push(commands) } }, database);
  const merchants = await Promise.all(Array.from({ length: MERCHANTS }, () => books.merchant()));
  const payments = await Promise.all(
    Array.from({ length: 400 }, (_, index) =>
      books.payment(merchants[index % MERCHANTS] ?? '', { amountMinor: 10_000_000n }),
    ),
  );
  const ordinary = await runOrdinary(
    database,
    payments.map(({ id, merchantId }) => ({ id, merchant: { id: merchantId } })),
    16,
    SECONDS,
  );

  let done = 0;
  batches.length = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let turn = 0; performance.now() - began < SECONDS * 1000; turn += 1) {
        const payment = payments[(caller + turn * 7) % payments.length];
        assert.ok(payment);
        const { refusal } = await books.refund(payment, 1n, {}, { idempotencyKey: `${caller}-${turn}` });
        assert.equal(refusal, null);
        done += 1;
      }
    }),
  );
  const perSecond = done / ((performance.now() - began) / 1000);
  const together = done / batches.length;
  assert.ok(together > 8, `${together.toFixed(1)} refunds share a commit`);
  assert.ok(
    perSecond > ordinary.perSecond,
    `${Math.round(perSecond)} refunds/s with lanes, ${Math.round(ordinary.perSecond)} without`,
  );
});
