/** Where books end: what was made by the last entry, and what lies behind it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bucketOf } from '../../src/core/ids.ts';
import { Books } from '../kit/books.ts';
import { assertNamed, TamperedBooks } from './tampering.ts';

// Time stands still: every id is as young as the last entry.
const now = Date.now();
const engine = await Books.open({ clock: () => now });
const short = await engine.merchant();
let long = await engine.merchant();
while (bucketOf(long) === bucketOf(short)) long = await engine.merchant();
const reference = (value: string) => ({ namespace: 'native.reference', value, numbered: false });
for (let index = 0; index < 40; index += 1) await engine.payment(long, { references: [reference(`r-${index}`)] });
const last = await engine.payment(short, { references: [reference('last')] });
const books = await TamperedBooks.open(engine.database);
after(() => books.close());

test('before anybody touches them, the books have nothing wrong', async () => {
  const { findings, doubt } = await books.verify();
  assert.deepEqual([findings, doubt], [[], null]);
});

test('a reference put to the payment that the last entry made is named, and so is its own when it is gone', async () => {
  const put = await books.after(() =>
    books.query(
      `INSERT INTO payment_reference SELECT 'another', namespace, merchant_id, bucket, payment_id
       FROM payment_reference WHERE payment_id = $1`,
      [last.id],
    ),
  );
  assertNamed(put.report, 'payment_reference', ['native.reference another'], 'the new reference');
  const gone = await books.after(() => books.query('DELETE FROM payment_reference WHERE payment_id = $1', [last.id]));
  assertNamed(gone.report, 'payment_reference', ['native.reference last'], 'the missing reference');
});

test('an entry behind the end of its book is named, though another book is longer', async () => {
  const [head] = await books.query<{ seq: bigint }>('SELECT seq FROM bucket WHERE bucket = $1', [bucketOf(short)]);
  const seq = (head?.seq ?? 0n) + 5n;
  const { report } = await books.after(() =>
    books.query(
      `INSERT INTO journal SELECT (jsonb_populate_record(j, jsonb_build_object('seq', $2::bigint))).*
       FROM journal j WHERE bucket = $1 AND seq = 1`,
      [bucketOf(short), seq.toString()],
    ),
  );
  assertNamed(report, 'journal', [`${bucketOf(short)}/${seq}`], 'the entry behind the end');
});
