/** The rules that a payment and a merchant's policy bring: the same through every protocol, in the partner's words. */
import assert from 'node:assert/strict';
import type { Policy } from '../../../src/core/policy.ts';
import type { Known, Player, Scenario, Stage } from '../stage.ts';
import { text, type SharedRefusal } from '../speaker.ts';

const DAY_MS = 86_400_000;

/** Fails unless a refund of 40.00 of 100.00 is refused with this code and moves nothing. */
async function assertRule(stage: Stage, player: Player, known: Known, code: SharedRefusal): Promise<void> {
  stage.assertRefused(await stage.refund(player, known, '40.00'), code);
  await stage.assertBooks(known, 0n);
}

/** A merchant with a policy, and a payment of 100.00 USD. */
async function given(stage: Stage, policy: Partial<Policy> = {}): Promise<{ player: Player; known: Known }> {
  const player = await stage.player(policy);
  return { player, known: await stage.payment(player) };
}

export const RULES: readonly Scenario[] = [
  {
    title: 'a disputed payment is not refunded until the dispute is over',
    async play(stage) {
      const { player, known } = await given(stage);
      const payment = { id: known.payment.id };
      await stage.server.books.command(player.merchantId, { kind: 'set_dispute', payment });
      await assertRule(stage, player, known, 'payment_disputed');
      await stage.server.books.command(player.merchantId, { kind: 'clear_dispute', payment });
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
    },
  },
  {
    title: 'a voided payment is not refunded',
    async play(stage) {
      const { player, known } = await given(stage);
      await stage.server.books.command(player.merchantId, { kind: 'void_payment', payment: { id: known.payment.id } });
      await assertRule(stage, player, known, 'payment_not_refundable');
    },
  },
  {
    title: 'a payment that is not captured yet is not refunded',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player, { status: 'pending' });
      await assertRule(stage, player, known, 'payment_not_refundable');
    },
  },
  {
    title: 'a payment is not refunded after its window',
    async play(stage) {
      const player = await stage.player({ windowDays: 30 });
      const capturedAt = stage.server.clock.now() - 31 * DAY_MS;
      const known = await stage.payment(player, { createdAt: capturedAt, capturedAt });
      await assertRule(stage, player, known, 'refund_window_expired');
    },
  },
  {
    title: "a refund that the merchant's balance must cover is refused when it does not",
    async play(stage) {
      const { player, known } = await given(stage, { balanceMustCover: true });
      await stage.server.books.command(player.merchantId, { kind: 'settle_balance', currency: 'USD' });
      await assertRule(stage, player, known, 'insufficient_merchant_balance');
    },
  },
  {
    title: "the balance must cover a refund where the partner's page says so, and only there",
    async play(stage) {
      const { player, known } = await given(stage);
      await stage.server.books.command(player.merchantId, { kind: 'settle_balance', currency: 'USD' });
      if (stage.speaker.balanceMustCover) {
        await assertRule(stage, player, known, 'insufficient_merchant_balance');
      } else {
        stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
      }
    },
  },
  {
    title: 'a refund above the limit waits with its funds reserved until a second person approves it',
    async play(stage) {
      const { player, known } = await given(stage, { approvalAboveMinor: { USD: 5_000n } });
      const wholeMinor = stage.speaker.amounts ? 6_000n : 10_000n;
      const heard = await stage.refund(player, known, '60.00');
      assert.equal(heard.outcome, 'waiting', heard.sentence);
      await stage.assertBooks(known, 0n, wholeMinor);
      const again = await stage.refund(player, known, '60.00');
      assert.equal(again.outcome, 'refused', 'reserved funds are not refundable');
      await stage.assertBooks(known, 0n, wholeMinor);
      const [waiting] = await stage.server.rows<{ id: string }>(
        `SELECT id FROM refund WHERE payment_id = $1 AND status = 'pending_approval'`,
        [known.payment.id],
      );
      const approval = await stage.server.books.command(player.merchantId, {
        kind: 'approve_refund',
        refundId: waiting?.id ?? '',
        amountMinor: wholeMinor,
      });
      assert.equal(approval.refusal, null);
      await stage.assertBooks(known, wholeMinor);
    },
  },
  {
    title: "the merchant's rule against parts applies beside the partner's page",
    async play(stage) {
      const { player, known } = await given(stage, { partialRefunds: false });
      // Where a refund has no amount it is always of all that is left.
      if (stage.speaker.amounts) await assertRule(stage, player, known, 'partial_refund_not_allowed');
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
    },
  },
  {
    title: "the merchant's minimum applies, but not to all that is left",
    async play(stage) {
      const { player, known } = await given(stage, { minimumMinor: { USD: 5_000n } });
      if (stage.speaker.amounts) await assertRule(stage, player, known, 'below_minimum');
      await stage.server.books.refund(known.payment, 9_900n);
      const heard = await stage.refund(player, known, '1.00');
      if (stage.speaker.refundsPerPayment === 1) stage.assertRefused(heard, 'refund_count_exceeded');
      else stage.assertSucceeded(heard, '1.00');
    },
  },
  {
    title: 'the number of refunds counts those of all protocols',
    async play(stage) {
      const { player, known } = await given(stage, { refundsPerPayment: 1 });
      await stage.server.books.refund(known.payment, 1_000n);
      stage.assertRefused(await stage.refund(player, known, '40.00'), 'refund_count_exceeded');
      await stage.assertBooks(known, 1_000n);
    },
  },
  {
    title: 'a reason that the merchant requires is read where the protocol has one, else the refund is refused',
    async play(stage) {
      const { reasonField } = stage.speaker;
      const { player, known } = await given(stage, { reasonRequired: true });
      if (reasonField === null) {
        await assertRule(stage, player, known, 'reason_required');
        return;
      }
      const fields = { ...stage.fields(player, known, '40.00'), [reasonField]: text('Damaged') };
      stage.assertSucceeded((await stage.ask(player.voice.request(fields))).heard, '40.00');
      const [refund] = await stage.server.rows<{ details: { reason: string } }>(
        'SELECT details FROM refund WHERE payment_id = $1',
        [known.payment.id],
      );
      assert.equal(refund?.details.reason, 'Damaged');
    },
  },
];
