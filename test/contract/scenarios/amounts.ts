/** Amounts as they are written: what a currency cannot hold, and what is no amount, is refused and nothing is written. */
import assert from 'node:assert/strict';
import type { Scenario, Stage } from '../stage.ts';
import { text } from '../speaker.ts';

const NO_AMOUNTS: readonly string[] = [
  '0',
  '0.00',
  '-1',
  '-10.00',
  '+10.00',
  '1e3',
  '1E3',
  '1e-1',
  '10.00e0',
  'NaN',
  'Infinity',
  '-Infinity',
  '0x10',
  '1_000',
  '1,000.00',
  '10,00',
  '.50',
  '10.',
  '1.2.3',
  '007.00',
  ' 10.00',
  '10.00 ',
  '',
  ' ',
  '10.00 USD',
  '$10.00',
  '１０.００',
  '1234567890123',
  '12345678901.23',
  '99999999999999999999',
];

/** What a JSON number can be that no amount is. */
const NUMBERS: readonly string[] = ['0', '0.0', '-1', '-0', '1e3', '1E+3', '1e-1', '1234567890123', '1e400'];
const NOT_EVEN_TEXTS: readonly string[] = [
  'true',
  'false',
  'null',
  '[]',
  '["10.00"]',
  '{}',
  '{"value":"10.00"}',
  '[10]',
];

async function assertRefusedAmount(stage: Stage, currency: string, amountMinor: bigint, major: string): Promise<void> {
  const player = await stage.player();
  const known = await stage.payment(player, { currency, amountMinor });
  await stage.writesNothing(async () => {
    stage.assertRefused(await stage.refund(player, known, major), 'invalid_request', stage.speaker.amountField);
  });
}

async function assertTaken(
  stage: Stage,
  currency: string,
  amountMinor: bigint,
  major: string,
  minor: bigint,
): Promise<void> {
  const player = await stage.player();
  const known = await stage.payment(player, { currency, amountMinor });
  stage.assertSucceeded(await stage.refund(player, known, major), major);
  await stage.assertBooks(known, minor);
}

export const AMOUNTS: readonly Scenario[] = [
  {
    title: 'what is no amount is refused by name, and nothing is written; where a refund has no amount, it is ignored',
    async play(stage) {
      const { speaker } = stage;
      const player = await stage.player();
      const values = [...NO_AMOUNTS.map(text), ...(speaker.typed ? [...NUMBERS, ...NOT_EVEN_TEXTS] : [])];
      if (!speaker.amounts) {
        for (const amount of values) {
          const known = await stage.payment(player);
          const fields = { ...stage.fields(player, known, ''), amount };
          stage.assertSucceeded((await stage.ask(player.voice.request(fields))).heard, '');
          await stage.assertBooks(known, 10_000n);
        }
        return;
      }
      const known = await stage.payment(player);
      await stage.writesNothing(async () => {
        for (const amount of values) {
          const { heard } = await stage.ask(player.voice.request(player.voice.fields(known.name, amount)));
          stage.assertRefused(heard, 'invalid_request');
          assert.equal(heard.parameter, speaker.amountField, `${amount}: ${heard.sentence}`);
        }
      });
      await stage.assertBooks(known, 0n);
    },
  },
  {
    title: 'decimals that the currency does not have are refused by name; zeros at the end are none too many',
    async play(stage) {
      if (!stage.speaker.amounts) {
        await assertTaken(stage, 'JPY', 1_000n, '', 1_000n);
        return;
      }
      await assertRefusedAmount(stage, 'USD', 10_000n, '10.005');
      await assertRefusedAmount(stage, 'JPY', 1_000n, '1.5');
      await assertRefusedAmount(stage, 'JPY', 1_000n, '1.50');
      await assertTaken(stage, 'JPY', 1_000n, '1.00', 1n);
      // The largest integer that a binary float would still show right is not what limits amounts: text is.
      await assertTaken(stage, 'USD', 999_999_999n, '4503599.61', 450_359_961n);
    },
  },
  {
    title: 'three decimals of a currency are sent where the protocol can write them, else refused by name',
    async play(stage) {
      if (!stage.speaker.amounts) {
        await assertTaken(stage, 'KWD', 10_005n, '', 10_005n);
      } else if (stage.speaker.decimals === 2) {
        await assertRefusedAmount(stage, 'KWD', 10_005n, '1.005');
        // What is left goes through another door.
        const player = await stage.player();
        const known = await stage.payment(player, { currency: 'KWD', amountMinor: 1_005n });
        assert.equal((await stage.server.books.refund(known.payment, 1_005n)).refusal, null);
        await stage.assertBooks(known, 1_005n);
      } else {
        await assertTaken(stage, 'KWD', 10_005n, '1.005', 1_005n);
        await assertRefusedAmount(stage, 'KWD', 10_005n, '1.0005');
      }
    },
  },
];
