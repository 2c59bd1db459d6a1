/** One ledger behind all doors: what went back through one protocol cannot go back through another. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Payment } from '../../src/core/payment.ts';
import { type HttpAnswer, TestServer } from '../kit/server.ts';
import type { SharedRefusal, Speaker, Voice } from './speaker.ts';
import { SPEAKERS } from './speakers.ts';
import { Stage } from './stage.ts';

const server = await TestServer.start();
const speakers = SPEAKERS.filter(({ name }) => server.dialects.some((dialect) => dialect.name === name));
const merchantId = await server.books.merchant();
const native = await server.credential(merchantId, { protocol: 'native' });

/** The one merchant, in one protocol. */
interface Door {
  readonly speaker: Speaker;
  readonly stage: Stage;
  readonly voice: Voice;
}

const doors: Door[] = [];
for (const speaker of speakers) {
  doors.push({ speaker, stage: new Stage(server, speaker), voice: await speaker.voice(server, merchantId) });
}

/** A payment of 100.00 USD that every protocol knows, by one name each. */
async function payment(): Promise<{ readonly payment: Payment; readonly names: ReadonlyMap<string, string> }> {
  const names = new Map(speakers.map((speaker) => [speaker.name, speaker.newPaymentName()]));
  const references = speakers.map(({ name, namespace }) => ({
    namespace,
    value: names.get(name) ?? '',
    numbered: name === 'bbmsl',
  }));
  return { payment: await server.books.payment(merchantId, { references }), names };
}

async function refund(
  { speaker, stage, voice }: Door,
  names: ReadonlyMap<string, string>,
  major: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<Stage['ask']> {
  const fields = voice.fields(names.get(speaker.name) ?? '', speaker.amount(major));
  return stage.ask(voice.request(fields), headers);
}

async function refundNatively(
  { id }: Payment,
  amountMinor: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  return server.send({
    path: '/v1/refunds',
    headers: { authorization: `Bearer ${native.secrets['key']}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ payment_id: id, amount: amountMinor }),
  });
}

interface Entry {
  readonly kind: string;
  readonly protocol: string;
  readonly actor: string;
  readonly request_id: string;
  readonly amount_minor: string;
}

const entriesOf = ({ id }: Payment): Promise<Entry[]> =>
  server.rows<Entry>(
    `SELECT kind, protocol, actor, request_id, amount_minor FROM journal
     WHERE payment_id = $1 AND operation = 'refund_payment' ORDER BY seq`,
    [id],
  );

/** The credential's actor; where somebody acts for others, so does the entry. */
const actorOf = ({ speaker, voice }: Door): string =>
  `key:${voice.credential.id}${speaker.name === 'edubrite' ? '/chenry' : ''}`;

for (const first of doors.filter(({ speaker }) => speaker.amounts)) {
  for (const second of doors.filter((door) => door !== first && door.speaker.refundsPerPayment === null)) {
    test(`half through ${first.speaker.name}, half through ${second.speaker.name}, and a third refund through neither`, async () => {
      const { payment: paid, names } = await payment();
      first.stage.assertSucceeded((await refund(first, names, '50.00')).heard, '50.00');
      second.stage.assertSucceeded((await refund(second, names, '50.00')).heard, '50.00');
      const known = { payment: paid, name: '' };
      await first.stage.assertBooks(known, 10_000n);

      for (const door of [first, second]) {
        door.stage.assertRefused((await refund(door, names, '50.00')).heard, 'already_refunded');
      }
      const third = await refundNatively(paid, 1);
      assert.equal(third.status, 409);
      const problem = JSON.parse(third.body) as Record<string, unknown>;
      assert.deepEqual(
        [problem['code'], problem['captured'], problem['refunded'], problem['refundable']],
        ['already_refunded', 10_000, 10_000, 0],
      );
      await first.stage.assertBooks(known, 10_000n);

      const entries = await entriesOf(paid);
      assert.deepEqual(
        entries.map(({ kind, protocol, actor }) => [kind, protocol, actor]),
        [
          ['refund_succeeded', first.speaker.name, actorOf(first)],
          ['refund_succeeded', second.speaker.name, actorOf(second)],
          ['command_refused', first.speaker.name, actorOf(first)],
          ['command_refused', second.speaker.name, actorOf(second)],
          ['command_refused', 'native', `key:${native.id}`],
        ],
      );
    });
  }
}

test('a refund that waits for approval in one protocol holds its funds back in all others', async () => {
  const policy = { ...(await server.refundry.accounts.merchant(merchantId))?.policy };
  const { payment: paid, names } = await payment();
  const [door, other] = doors.filter(({ speaker }) => speaker.amounts && speaker.refundsPerPayment === null);
  assert.ok(door !== undefined && other !== undefined);
  await setPolicy({ ...policy, approvalAboveMinor: { USD: 5_000n } });
  assert.equal((await refund(door, names, '60.00')).heard.outcome, 'waiting');
  await setPolicy(policy);
  const { heard } = await refund(other, names, '60.00');
  other.stage.assertRefused(heard, 'amount_exceeds_refundable');
  assert.match(heard.sentence, /asked 60\.00 USD, refundable 40\.00 USD .*reserved 60\.00 USD/);
  await door.stage.assertBooks({ payment: paid, name: '' }, 0n, 6_000n);
});

async function setPolicy(policy: object): Promise<void> {
  const { refusal } = await server.books.command(merchantId, { kind: 'set_policy', policy: policy as never });
  assert.equal(refusal, null);
}

test('of 200 simultaneous refunds of 60.00 from 100.00 through all protocols, exactly one succeeds', async () => {
  const { payment: paid, names } = await payment();
  const speaking = doors.filter(({ speaker }) => speaker.amounts);
  const asked = new Map<string, { readonly protocol: string; readonly actor: string }>();
  const expected = (door: Door): SharedRefusal =>
    door.speaker.refundsPerPayment === 1 ? 'refund_count_exceeded' : 'amount_exceeds_refundable';

  const ask = async (index: number): Promise<'succeeded' | 'refused'> => {
    const requestId = `mix-${index}-${randomUUID()}`;
    const door = speaking[index % (speaking.length + 1)];
    if (door === undefined) {
      asked.set(requestId, { protocol: 'native', actor: `key:${native.id}` });
      const answer = await refundNatively(paid, 6_000, { 'x-request-id': requestId });
      if (answer.status === 201) return 'succeeded';
      const problem = JSON.parse(answer.body) as Record<string, unknown>;
      assert.deepEqual(
        [answer.status, problem['code'], problem['amount'], problem['refunded'], problem['refundable']],
        [409, 'amount_exceeds_refundable', 6_000, 6_000, 4_000],
      );
      return 'refused';
    }
    asked.set(requestId, { protocol: door.speaker.name, actor: actorOf(door) });
    const { heard } = await refund(door, names, '60.00', { 'x-request-id': requestId });
    if (heard.outcome === 'succeeded') return 'succeeded';
    door.stage.assertRefused(heard, expected(door));
    assert.match(
      heard.sentence,
      expected(door) === 'refund_count_exceeded'
        ? /refunds of the payment so far: 1; allowed: 1/
        : /asked 60\.00 USD, refundable 40\.00 USD \(captured 100\.00 USD, refunded 60\.00 USD, reserved 0\.00 USD\)/,
    );
    return 'refused';
  };
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index)));
  assert.equal(outcomes.filter((outcome) => outcome === 'succeeded').length, 1);

  const entries = await entriesOf(paid);
  assert.equal(entries.length, 200);
  assert.equal(entries[0]?.kind, 'refund_succeeded', 'the first to be decided is the one that succeeds');
  assert.ok(entries.slice(1).every(({ kind }) => kind === 'command_refused'));
  for (const { request_id: requestId, protocol, actor, amount_minor: amountMinor } of entries) {
    assert.deepEqual({ protocol, actor }, asked.get(requestId), 'the journal says who did what through which protocol');
    assert.equal(amountMinor, '6000');
    asked.delete(requestId);
  }
  assert.equal(asked.size, 0);
});

for (const door of doors) {
  test(`the same key 50 times at once through ${door.speaker.name} is one refund and 50 equal answers`, async () => {
    const { payment: paid, names } = await payment();
    const request = door.voice.request(
      door.voice.fields(names.get(door.speaker.name) ?? '', door.speaker.amount('30.00')),
    );
    const headers = { 'idempotency-key': randomUUID() };
    const exchanges = await Promise.all(Array.from({ length: 50 }, () => door.stage.ask(request, headers)));
    door.stage.assertSucceeded(exchanges[0]?.heard ?? assert.fail(), '30.00');
    assert.equal(new Set(exchanges.map(({ answer }) => `${answer.status} ${answer.body}`)).size, 1);
    assert.equal(exchanges.filter(({ answer }) => answer.headers.get('idempotent-replayed') === null).length, 1);
    await door.stage.assertBooks({ payment: paid, name: '' }, door.speaker.amounts ? 3_000n : 10_000n);
    assert.equal((await entriesOf(paid)).length, 1);
  });
}

test('the same key through another protocol is another request', async () => {
  const { payment: paid, names } = await payment();
  const [door, other] = doors.filter(({ speaker }) => speaker.amounts && speaker.refundsPerPayment === null);
  assert.ok(door !== undefined && other !== undefined);
  const headers = { 'idempotency-key': randomUUID() };
  door.stage.assertSucceeded((await refund(door, names, '10.00', headers)).heard, '10.00');
  other.stage.assertRefused((await refund(other, names, '10.00', headers)).heard, 'idempotency_key_reused');
  await door.stage.assertBooks({ payment: paid, name: '' }, 1_000n);
});

test('after all of that the books verify', async () => {
  assert.deepEqual(await server.findings(), []);
});
