/** A line that breaks around COMMIT, in every way there is: what is asked once is done once, and is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';
import { CUTS, Proxy } from '../kit/proxy.ts';

const database = await createDatabase();
const proxy = await Proxy.open(database);
const books = await Books.open({ lanes: 1 }, proxy.settings);
const sql = await connect(database);

for (const cut of CUTS) {
  test(`a refund without a key, whose line breaks (${cut}), is done and answered once`, async () => {
    const payment = await books.payment(await books.merchant());
    const broken = proxy.cutNext(cut);
    const [outcome] = await Promise.all([books.refund(payment, 4_000n), broken]);
    assert.equal(outcome.refusal, null);
    assert.equal(outcome.payment?.refundedMinor, 4_000n);
    // Whatever is still on its way arrives before the next one is decided: it must find the book as it was answered.
    const next = await books.refund(payment, 6_000n);
    assert.equal(next.payment?.refundedMinor, 10_000n);
    const { rows } = await sql.query<{ id: string }>('SELECT id FROM refund WHERE payment_id = $1 ORDER BY id', [
      payment.id,
    ]);
    assert.deepEqual(
      rows.map(({ id }) => id),
      [outcome.refund?.id, next.refund?.id],
    );
  });
}
