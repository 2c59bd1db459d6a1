/** How much goes back: all, parts, and never a cent more than was captured. */
import assert from 'node:assert/strict';
import type { Scenario } from '../stage.ts';
import { text } from '../speaker.ts';

export const REFUNDS: readonly Scenario[] = [
  {
    title: 'a payment is refunded in full',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: 'a part of a payment is refunded; where a refund has no amount, one that is sent is ignored',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const fields = { ...stage.fields(player, known, '40.00'), amount: stage.speaker.amount('40.00') };
      const { heard } = await stage.ask(player.voice.request(fields));
      stage.assertSucceeded(heard, '40.00');
      await stage.assertBooks(known, stage.speaker.amounts ? 4_000n : 10_000n);
    },
  },
  {
    title: 'several parts are refunded to the last cent, as far as the protocol has parts',
    async play(stage) {
      const { speaker, server } = stage;
      const player = await stage.player();
      const known = await stage.payment(player);
      if (!speaker.amounts) {
        await server.books.refund(known.payment, 3_333n);
        stage.assertSucceeded(await stage.refund(player, known, ''), '');
      } else if (speaker.refundsPerPayment === 1) {
        stage.assertSucceeded(await stage.refund(player, known, '33.33'), '33.33');
        stage.assertRefused(await stage.refund(player, known, '33.33'), 'refund_count_exceeded');
        await stage.assertBooks(known, 3_333n);
        assert.equal((await server.books.refund(known.payment, 'all')).refund?.amountMinor, 6_667n);
      } else {
        for (const part of ['33.33', '33.33', '33.33', '0.01']) {
          stage.assertSucceeded(await stage.refund(player, known, part), part);
        }
      }
      await stage.assertBooks(known, 10_000n);
      stage.assertRefused(await stage.refund(player, known, '0.01'), 'already_refunded');
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: 'more than was captured is refused with the numbers, and the attempt is kept',
    async play(stage) {
      const { speaker, server } = stage;
      const player = await stage.player();
      const known = await stage.payment(player);
      if (!speaker.amounts) {
        const fields = { ...stage.fields(player, known, ''), amount: text('100.01') };
        stage.assertSucceeded((await stage.ask(player.voice.request(fields))).heard, '');
        await stage.assertBooks(known, 10_000n);
        return;
      }
      const before = await server.entries();
      const heard = await stage.refund(player, known, '100.01');
      stage.assertRefused(heard, 'amount_exceeds_refundable');
      assert.match(heard.sentence, /asked 100\.01 USD, refundable 100\.00 USD/);
      await stage.assertBooks(known, 0n);
      assert.equal(await server.entries(), before + 1);
      const [attempt] = await server.rows<{ refusal_code: string; amount_minor: string }>(
        'SELECT refusal_code, amount_minor FROM refund WHERE payment_id = $1',
        [known.payment.id],
      );
      assert.deepEqual(attempt, { refusal_code: 'amount_exceeds_refundable', amount_minor: '10001' });
    },
  },
  {
    title: 'more than other doors left is refused with the numbers',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      await stage.server.books.refund(known.payment, 6_000n);
      const heard = await stage.refund(player, known, '60.00');
      if (!stage.speaker.amounts) {
        stage.assertSucceeded(heard, '');
        await stage.assertBooks(known, 10_000n);
      } else if (stage.speaker.refundsPerPayment === 1) {
        stage.assertRefused(heard, 'refund_count_exceeded');
        assert.match(heard.sentence, /refunds of the payment so far: 1; allowed: 1/);
        await stage.assertBooks(known, 6_000n);
      } else {
        stage.assertRefused(heard, 'amount_exceeds_refundable');
        assert.match(heard.sentence, /asked 60\.00 USD, refundable 40\.00 USD/);
        await stage.assertBooks(known, 6_000n);
      }
    },
  },
  {
    title: 'a payment that is refunded already is refused',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
      stage.assertRefused(await stage.refund(player, known, '100.00'), 'already_refunded');
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: 'of 20 simultaneous refunds that exceed the payment together, just as many succeed as fit',
    async play(stage) {
      const { speaker } = stage;
      const player = await stage.player();
      const known = await stage.payment(player);
      const heard = await Promise.all(Array.from({ length: 20 }, () => stage.refund(player, known, '7.00')));
      const [fit, refusal] = !speaker.amounts
        ? ([1, 'already_refunded'] as const)
        : speaker.refundsPerPayment === 1
          ? ([1, 'refund_count_exceeded'] as const)
          : ([14, 'amount_exceeds_refundable'] as const);
      const refused = heard.filter(({ outcome }) => outcome !== 'succeeded');
      assert.equal(heard.length - refused.length, fit);
      for (const one of refused) {
        stage.assertRefused(one, refusal);
        if (fit === 14) assert.match(one.sentence, /asked 7\.00 USD, refundable 2\.00 USD/);
      }
      await stage.assertBooks(known, speaker.amounts ? BigInt(fit) * 700n : 10_000n);
    },
  },
];
