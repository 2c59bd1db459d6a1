/** What comes in at the door: bodies that cannot be read, fields that are missing or of the wrong type, payments unknown. */
import assert from 'node:assert/strict';
import type { Scenario } from '../stage.ts';
import { text } from '../speaker.ts';

const bytes = (body: string): Uint8Array => new TextEncoder().encode(body);

const UNREADABLE: readonly Uint8Array[] = [
  '',
  ' ',
  '{',
  '{"amount":"10.00"',
  '{}',
  'null',
  'true',
  '12',
  '"text"',
  '[]',
  '[{"amount":"10.00"}]',
  '{"__proto__":{"amount":"10.00"}}',
  "{'amount':'10.00'}",
  '<refund><amount>10.00</amount></refund>',
  '%zz=1&%',
  '\u0000',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
]
  .map(bytes)
  .concat([
    Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d),
    Uint8Array.of(...bytes('{"amount":"'), 0xc3, 0x28, ...bytes('"}')),
    Uint8Array.of(...bytes('id='), 0xed, 0xa0, 0x80),
  ]);

const WRONG_TYPES: readonly string[] = ['true', '[]', '["x"]', '{}', '{"x":1}', '1.5', 'null'];

export const REQUESTS: readonly Scenario[] = [
  {
    title: 'a body that cannot be read is refused as the partner refuses a bad parameter, and nothing is written',
    async play(stage) {
      const { voice } = await stage.player();
      await stage.writesNothing(async () => {
        for (const body of UNREADABLE) {
          const { heard } = await stage.ask(voice.raw(body));
          stage.assertRefused(heard, 'invalid_request');
        }
      });
    },
  },
  {
    title: 'each missing or blank field is refused by name, and nothing is written',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      await stage.writesNothing(async () => {
        for (const field of stage.speaker.mandatory) {
          const fields = stage.fields(player, known, '10.00');
          const { [field]: _missing, ...others } = fields;
          for (const without of [others, { ...fields, [field]: text('') }, { ...fields, [field]: text('   ') }]) {
            stage.assertRefused((await stage.ask(player.voice.request(without))).heard, 'invalid_request', field);
          }
        }
      });
    },
  },
  {
    title: 'each field of a wrong type is refused by name, and nothing is written',
    async play(stage) {
      // A form has texts only: there is no wrong type.
      const fieldNames = stage.speaker.typed ? stage.speaker.mandatory : [];
      const player = await stage.player();
      const known = await stage.payment(player);
      await stage.writesNothing(async () => {
        for (const field of fieldNames) {
          for (const wrong of WRONG_TYPES) {
            // An amount may be a number, and 1.5 is one; so it is to be asked of nobody.
            if (wrong === '1.5' && field === stage.speaker.amountField) continue;
            const fields = { ...stage.fields(player, known, '10.00'), [field]: wrong };
            stage.assertRefused((await stage.ask(player.voice.request(fields))).heard, 'invalid_request', field);
          }
        }
      });
    },
  },
  {
    title: 'text that a database would mangle is refused, and nothing is written',
    async play(stage) {
      const { speaker } = stage;
      const player = await stage.player();
      const known = await stage.payment(player);
      const lone = speaker.typed ? [String.raw`"\ud800"`] : [];
      await stage.writesNothing(async () => {
        for (const field of speaker.mandatory) {
          for (const mangled of [String.raw`"a\u0000b"`, ...lone]) {
            const fields = { ...stage.fields(player, known, '10.00'), [field]: mangled };
            const { heard } = await stage.ask(player.voice.request(fields));
            // An unknown operation of a known path may be its own answer.
            if (field !== 'dispatch') stage.assertRefused(heard, 'invalid_request');
            else assert.equal(heard.outcome, 'refused');
          }
        }
      });
    },
  },
  {
    title: 'a field that nobody knows is ignored',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const fields = {
        ...stage.fields(player, known, '100.00'),
        colour: text('blue'),
        Amount: text('1.00'),
        currency: text('EUR'),
        ...(stage.speaker.typed ? { nested: '{"amount":1,"list":[1,2]}', nothing: 'null' } : {}),
      };
      stage.assertSucceeded((await stage.ask(player.voice.request(fields))).heard, '100.00');
      await stage.assertBooks(known, 10_000n);
    },
  },
  {
    title: "an unknown payment is refused, another merchant's just the same, and nothing is written",
    async play(stage) {
      const player = await stage.player();
      const other = await stage.player();
      const name = stage.speaker.newPaymentName();
      const fields = stage.fields(player, { name }, '10.00');
      const unknown = await stage.ask(player.voice.request(fields));
      stage.assertRefused(unknown.heard, 'payment_not_found');
      const theirs = await stage.payment(other, { name });
      await stage.writesNothing(async () => {
        const answer = await stage.ask(player.voice.request(fields));
        assert.equal(answer.answer.status, unknown.answer.status);
        assert.equal(answer.answer.body, unknown.answer.body);
      });
      await stage.assertBooks(theirs, 0n);
      stage.assertSucceeded(await stage.refund(other, theirs, '100.00'), '100.00');
    },
  },
  {
    title: 'two merchants may know payments by the same name: each refunds their own',
    async play(stage) {
      const one = await stage.player();
      const two = await stage.player();
      const name = stage.speaker.newPaymentName();
      const first = await stage.payment(one, { name });
      const second = await stage.payment(two, { name, amountMinor: 5_000n });
      stage.assertSucceeded(await stage.refund(two, second, '50.00'), '50.00');
      await stage.assertBooks(first, 0n);
      await stage.assertBooks(second, 5_000n);
    },
  },
  {
    title: 'wrong credentials of every kind get one and the same answer, and nothing is written',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const fields = stage.fields(player, known, '10.00');
      await stage.writesNothing(async () => {
        const answers: string[] = [];
        for (const { what, request } of player.voice.impostors(fields)) {
          const { heard, answer } = await stage.ask(request);
          assert.equal(heard.sign, stage.speaker.signs.unauthenticated, what);
          answers.push(answer.body);
        }
        // A session that lacks a cookie may be told so: it says nothing about anybody's credentials.
        if (stage.speaker.name !== 'edubrite') assert.equal(new Set(answers).size, 1, answers.join('\n'));
      });
      await stage.assertBooks(known, 0n);
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
    },
  },
  {
    title: 'a credential that may only read refunds nothing',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const reader = { ...player, voice: await stage.speaker.voice(stage.server, player.merchantId, 'read') };
      await stage.writesNothing(async () => {
        stage.assertRefused(await stage.refund(reader, known, '10.00'), 'forbidden');
      });
    },
  },
  {
    title: 'a credential that may only read hears that first, whatever else is wrong with its refund',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const voice = await stage.speaker.voice(stage.server, player.merchantId, 'read');
      const fields = stage.fields({ ...player, voice }, known, '10.00');
      const last = stage.speaker.mandatory.at(-1) ?? '';
      const { [last]: _missing, ...others } = fields;
      for (const [request, headers] of [
        [voice.request(others), {}],
        [voice.request({ ...fields, [last]: text(' ') }), {}],
        [voice.request(fields), { 'idempotency-key': '' }],
        [voice.request(stage.fields({ ...player, voice }, { name: stage.speaker.newPaymentName() }, '10.00')), {}],
      ] as const) {
        stage.assertRefused((await stage.ask(request, headers)).heard, 'forbidden');
      }
    },
  },
  {
    title: 'a revoked credential is refused within two seconds, like a wrong one',
    async play(stage) {
      const player = await stage.player();
      const known = await stage.payment(player);
      const more = await stage.payment(player);
      stage.assertSucceeded(await stage.refund(player, more, '100.00'), '100.00');
      await stage.server.revoke(player.voice.credential);
      stage.server.clock.advance(2_000);
      await stage.writesNothing(async () => {
        stage.assertRefused(await stage.refund(player, known, '10.00'), 'unauthenticated');
      });
    },
  },
];
