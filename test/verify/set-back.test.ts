/** Rows put back as they were at an earlier entry: each fits the entry that it names, and there are later ones. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Outcome } from '../../src/core/outcome.ts';
import { Books } from '../kit/books.ts';
import { Clock } from './history.ts';
import { assertNamed, TamperedBooks } from './tampering.ts';

const clock = new Clock();
const engine = await Books.open({ clock: clock.read });
const merchantId = await engine.merchant();
const disputed = await engine.payment(merchantId);
const refunded = await engine.payment(merchantId);
const both = await engine.payment(merchantId);
const granted = await engine.payment(merchantId);
clock.now += 1_000;
for (const kind of ['set_dispute', 'clear_dispute'] as const) {
  await engine.command(merchantId, { kind, payment: { id: disputed.id } });
}
const done = async (outcome: Promise<Outcome>): Promise<string> => (await outcome).refund?.id ?? assert.fail('refused');
const reverse = (refundId: string): Promise<string> =>
  done(engine.command(merchantId, { kind: 'reverse_refund', refundId }));
await reverse(await done(engine.refund(refunded, 100n)));
const reversed = await reverse(await done(engine.refund(both, 100n)));
const grant = { learner: 'ada', kind: 'program', target: 'p', viaCoupon: false } as const;
await engine.command(merchantId, { kind: 'grant_entitlement', payment: { id: granted.id }, entitlement: grant });
const books = await TamperedBooks.open(engine.database);
after(() => books.close());

const SET_BACK = 'UPDATE payment SET last_seq = created_seq, updated_at = created_at WHERE id = $1';

test('before anybody touches them, the books have nothing wrong', async () => {
  assert.deepEqual((await books.verify()).findings, []);
});

test('a payment set back to before it was disputed and cleared again is named', async () => {
  const { report } = await books.after(() => books.query(SET_BACK, [disputed.id]));
  assertNamed(report, 'payment', [disputed.id], 'the payment that was set back');
});

test('a payment set back to before a refund that was reversed is named', async () => {
  const { report } = await books.after(() => books.query(SET_BACK, [refunded.id]));
  assertNamed(report, 'payment', [refunded.id], 'the payment that was set back');
});

test('a refund set back to before its reversal is named, even if its payment and the balance follow', async () => {
  const { report } = await books.after(async () => {
    await books.query(
      `UPDATE refund SET status = 'succeeded', last_seq = created_seq, updated_at = created_at WHERE id = $1`,
      [reversed],
    );
    await books.query(
      `UPDATE payment p SET refunded_minor = 100, refund_count = 1, last_seq = r.created_seq, updated_at = r.created_at
       FROM refund r WHERE r.id = $1 AND p.id = r.payment_id`,
      [reversed],
    );
    await books.query(
      `UPDATE balance SET processor_clearing_minor = processor_clearing_minor + 100,
         merchant_unsettled_minor = merchant_unsettled_minor - 100`,
    );
  });
  assertNamed(report, 'refund', [reversed], 'the refund that was set back');
});

test('a payment set back to before an entitlement was granted, which is taken away with it, is named', async () => {
  const { report } = await books.after(async () => {
    await books.query('DELETE FROM entitlement WHERE payment_id = $1', [granted.id]);
    await books.query(`${SET_BACK.replace('SET ', 'SET entitled = false, ')}`, [granted.id]);
  });
  assertNamed(report, 'payment', [granted.id], 'the payment that was set back');
});
