/** `refundry settle`: pays out a merchant's whole unsettled balance of one currency. */
import { Command } from 'commander';
import { settlementView } from '../api/views.ts';
import { isCurrency } from '../core/money.ts';
import { usage } from './failure.ts';
import { existing } from './merchant.ts';
import { fields, money, print, printJson, time } from './output.ts';
import { accepted, type CommonOptions, onBooks, withSession } from './session.ts';

export function settleCommand(): Command {
  return onBooks(
    new Command('settle')
      .argument('<merchant>', "the merchant's id")
      .argument('<currency>', 'such as USD')
      .description("pay out a merchant's whole positive unsettled balance in one currency")
      .option('--idempotency-key <key>', 'settle once, however often this is run with the same key'),
  ).action(async (merchantId: string, currency: string, options: CommonOptions & { idempotencyKey?: string }) => {
    if (!isCurrency(currency)) throw usage(`${JSON.stringify(currency)} is not an ISO 4217 code such as USD`);
    await withSession(options, { permission: 'operate' }, async (session) => {
      await existing(session, merchantId);
      const action = { kind: 'settle_balance', currency } as const;
      const { settlement, replayed } = accepted(await session.execute(merchantId, action, options.idempotencyKey));
      if (settlement === null) throw new Error('an accepted settlement has no row');
      if (options.json === true) {
        printJson({ ...settlementView(settlement), replayed });
        return;
      }
      const again = replayed ? ' (done before, with this key)' : '';
      print(`Settled ${money(settlement.amountMinor, currency)}${again}.`);
      print(
        fields([
          ['settlement', settlement.id],
          ['made', time(settlement.createdAt)],
        ]),
      );
    });
  });
}
