import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { verifyBooks } from '../../src/engine/verify.ts';
import { Doubt } from '../../src/engine/verify/doubt.ts';
import { Fields } from '../../src/engine/verify/fields.ts';
import { PostedSums } from '../../src/engine/verify/posted-sums.ts';
import { openReaders } from '../../src/store/connection.ts';
import { copyRows } from '../../src/store/copy.ts';
import { ENTRY_PASS } from '../../src/store/proof-statements.ts';
import { Books } from '../kit/books.ts';
import { connect, TEST_BUCKETS } from '../kit/database.ts';
import { Clock, writeHistory } from './history.ts';

const clock = new Clock();
const books = await Books.open({ clock: clock.read });
const pool = openReaders(books.database, 2);
after(() => pool.end());
for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await writeHistory(books, clock, name);

test('books that only Refundry wrote have nothing wrong, and every row of them was looked at', async () => {
  const report = await verifyBooks(pool);
  assert.deepEqual(report.findings, []);
  assert.equal(report.doubt, null, 'the quick proof is enough for them, whatever is in them');
  const client = await connect(books.database);
  const { rows } = await client.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM journal) AS entries, (SELECT count(*) FROM payment) AS payments,
       (SELECT count(*) FROM refund) AS refunds, (SELECT count(*) FROM balance) AS balances, (SELECT id FROM installation)`,
  );
  const { entries, payments, refunds, balances } = report;
  assert.deepEqual(
    { entries, payments, refunds, balances },
    {
      entries: BigInt(rows[0]?.['entries'] ?? 0),
      payments: BigInt(rows[0]?.['payments'] ?? 0),
      refunds: BigInt(rows[0]?.['refunds'] ?? 0),
      balances: BigInt(rows[0]?.['balances'] ?? 0),
    },
  );
  assert.equal(report.installation, rows[0]?.['id']);
  assert.equal(report.heads.length, TEST_BUCKETS);
});

test('references with quotes, backslashes and letters of any alphabet are proven as they are', async () => {
  const merchantId = await books.merchant();
  for (const value of ['a"b', 'c\\d', '"}]', 'é–漢字', '\t \u0001', 'x', '😀"']) {
    await books.payment(merchantId, { references: [{ namespace: 'native.reference', value, numbered: false }] });
  }
  const { findings, doubt } = await verifyBooks(pool);
  assert.deepEqual([findings, doubt], [[], null]);
});

test('books whose balances are beyond what a double can hold are proven row by row', async () => {
  const select = (amount: string, stated: string): string => {
    const value = (name: string): string =>
      ({
        seq: '1::bigint',
        bucket: '0',
        currency: `'USD'`,
        merchant_id: `'01900000-0000-7000-8000-000000000001'::uuid`,
        amount_minor: `${amount}::bigint`,
        debit: `'processor_clearing'`,
        credit: `'merchant_unsettled'`,
        unsettled_minor: `${stated}::bigint`,
      })[name] ?? 'NULL';
    return `SELECT ${Object.keys(ENTRY_PASS.fields).map(value).join(', ')}`;
  };
  const fields = new Fields(ENTRY_PASS.count);
  const sums = new PostedSums();
  const post = (amount: string, stated: string): Promise<void> =>
    copyRows(pool, select(amount, stated), [], (bytes, at) => {
      fields.read(bytes, at);
      sums.post(fields, 0, 1, 'payment_captured');
    });
  await post('9007199254740990', '9007199254740990');
  await post('1', '9007199254740991');
  await assert.rejects(post('1', '9007199254740993'), (error: Doubt) => error.isOfSize);
  await assert.rejects(post('1', '5'), Doubt);
});

test('progress ends where it says it will', async () => {
  const steps: [bigint, bigint][] = [];
  await verifyBooks(pool, { onProgress: (done, total) => steps.push([done, total]) });
  assert.ok(steps.every(([done, total]) => done <= total));
  const [done, total] = steps.at(-1) ?? [0n, 1n];
  assert.equal(done, total);
});

test('an aborted verification stops with the reason it was given', async () => {
  const reason = new Error('the operator pressed a key');
  await assert.rejects(verifyBooks(pool, { signal: AbortSignal.abort(reason) }), reason);
});
