/** The Idempotency-Key header: an addition that the partner's own clients never notice. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Scenario } from '../stage.ts';
import { text } from '../speaker.ts';

export const KEYS: readonly Scenario[] = [
  {
    title: 'the same key is answered with the same bytes, bare or quoted, and refunds once',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const key = randomUUID();
      const request = player.voice.request(stage.fields(player, known, '40.00'));
      const first = await stage.ask(request, { 'idempotency-key': key });
      stage.assertSucceeded(first.heard, '40.00');
      assert.equal(first.answer.headers.get('idempotent-replayed'), null);
      await stage.writesNothing(async () => {
        for (const spelled of [key, `"${key}"`, ` ${key} `]) {
          const again = await stage.ask(request, { 'idempotency-key': spelled });
          assert.equal(again.answer.status, first.answer.status);
          assert.equal(again.answer.body, first.answer.body);
          assert.equal(again.answer.headers.get('idempotent-replayed'), 'true');
        }
      });
      await stage.assertBooks(known, stage.speaker.amounts ? 4_000n : 10_000n);
    },
  },
  {
    title: 'a replay comes before every other rule: it succeeds again on a payment with nothing left',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const headers = { 'idempotency-key': randomUUID() };
      const request = player.voice.request(stage.fields(player, known, '40.00'));
      const first = await stage.ask(request, headers);
      await stage.server.books.refund(known.payment, 'all');
      await stage.server.books.command(player.merchantId, { kind: 'set_policy', policy: policyThatRefusesAll });
      const again = await stage.ask(request, headers);
      assert.equal(again.answer.body, first.answer.body);
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: 'a refusal by the rules binds the key, too',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player, { status: 'pending' });
      const headers = { 'idempotency-key': randomUUID() };
      const request = player.voice.request(stage.fields(player, known, '40.00'));
      const first = await stage.ask(request, headers);
      stage.assertRefused(first.heard, 'payment_not_refundable');
      await stage.server.books.command(player.merchantId, {
        kind: 'capture_payment',
        payment: { id: known.payment.id },
      });
      const again = await stage.ask(request, headers);
      assert.equal(again.answer.headers.get('idempotent-replayed'), 'true');
      stage.assertRefused(again.heard, 'payment_not_refundable');
      await stage.assertBooks(known, 0n);
    },
  },
  {
    title: 'the same key with another request is refused, and nothing is written',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const other = await stage.payment(player);
      const headers = { 'idempotency-key': randomUUID() };
      stage.assertSucceeded(await stage.refund(player, known, '40.00', headers), '40.00');
      await stage.writesNothing(async () => {
        stage.assertRefused(await stage.refund(player, other, '40.00', headers), 'idempotency_key_reused');
        if (stage.speaker.amounts) {
          stage.assertRefused(await stage.refund(player, known, '40.01', headers), 'idempotency_key_reused');
        }
      });
    },
  },
  {
    title: 'the same key of two merchants is two keys',
    async play(stage) {
      const headers = { 'idempotency-key': randomUUID() };
      for (const player of [await stage.player(), await stage.player()]) {
        const known = await stage.payment(player);
        stage.assertSucceeded(await stage.refund(player, known, '100.00', headers), '100.00');
        await stage.assertBooks(known, 10_000n);
      }
    },
  },
  {
    title: 'what was not decided leaves the key free',
    async play(stage) {
      const player = await stage.player();
      const headers = { 'idempotency-key': randomUUID() };
      const name = stage.speaker.newPaymentName();
      const fields = stage.fields(player, { name }, '100.00');
      await stage.writesNothing(async () => {
        const unreadable = player.voice.request({ ...fields, [stage.speaker.mandatory.at(-1) ?? '']: text('') });
        stage.assertRefused((await stage.ask(unreadable, headers)).heard, 'invalid_request');
        stage.assertRefused((await stage.ask(player.voice.request(fields), headers)).heard, 'payment_not_found');
      });
      const known = await stage.payment(player, { name });
      stage.assertSucceeded((await stage.ask(player.voice.request(fields), headers)).heard, '100.00');
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: 'a key that is none is refused by name, and nothing is written',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      await stage.writesNothing(async () => {
        for (const key of ['', '""', '"open', 'two words', 'k'.repeat(256), 'schlüssel']) {
          const heard = await stage.refund(player, known, '10.00', { 'idempotency-key': key });
          stage.assertRefused(heard, 'invalid_request', 'Idempotency-Key');
        }
      });
    },
  },
];

const policyThatRefusesAll = {
  partialRefunds: false,
  refundsPerPayment: 0,
  windowDays: 0,
  minimumMinor: { USD: 999_999n },
  balanceMustCover: true,
  reasonRequired: true,
  approvalAboveMinor: {},
  approvalHours: null,
};
