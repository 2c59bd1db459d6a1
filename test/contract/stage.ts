/** Where a scenario plays: a server, a protocol's speaker, and short ways to set up what the scenario is about. */
import assert from 'node:assert/strict';
import type { RegisterPayment } from '../../src/core/command.ts';
import type { Payment } from '../../src/core/payment.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import type { Fields, Heard, SharedRefusal, Speaker, Voice } from './speaker.ts';

export interface Scenario {
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

/** A merchant and their credential. */
export interface Player {
  readonly merchantId: string;
  readonly voice: Voice;
}

/** A payment, and the name by which the partner knows it. */
export interface Known {
  readonly payment: Payment;
  readonly name: string;
}

export interface Exchange {
  readonly answer: HttpAnswer;
  readonly heard: Heard;
}

const MINUTE_MS = 60_000;

export class Stage {
  readonly server: TestServer;
  readonly speaker: Speaker;

  constructor(server: TestServer, speaker: Speaker) {
    this.server = server;
    this.speaker = speaker;
    // Limits per minute are of this scenario alone.
    server.clock.advance(MINUTE_MS + 1_000);
  }

  async player(policy: Partial<Policy> = {}): Promise<Player> {
    const merchantId = await this.server.books.merchant(policy);
    return { merchantId, voice: await this.speaker.voice(this.server, merchantId) };
  }

  /** Registers a captured payment of 100.00 USD, unless something else is given. */
  async payment(
    { merchantId }: Player,
    given: Partial<RegisterPayment> & { readonly name?: string } = {},
  ): Promise<Known> {
    const { name = this.speaker.newPaymentName(), ...payment } = given;
    const references = [{ namespace: this.speaker.namespace, value: name, numbered: this.speaker.name === 'bbmsl' }];
    return { name, payment: await this.server.books.payment(merchantId, { references, ...payment }) };
  }

  /** Sends a request and takes its answer apart: every answer must have the partner's shape. */
  async ask(request: HttpRequest, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    const answer = await this.server.send({ ...request, headers: { ...request.headers, ...headers } });
    assert.doesNotMatch(answer.body, /<html|<!doctype|\n\s+at |node_modules|\.ts:\d+/i);
    assert.ok(answer.headers.get('x-request-id'), 'every answer names its request');
    if (answer.status === 503 || answer.status === 429) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    return { answer, heard: this.speaker.hear(answer) };
  }

  /** The fields of a refund of so much, in major units. */
  fields({ voice }: Player, { name }: Pick<Known, 'name'>, major: string): Fields {
    return voice.fields(name, this.speaker.amount(major));
  }

  async refund(
    player: Player,
    known: Pick<Known, 'name'>,
    major: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Heard> {
    const { heard } = await this.ask(player.voice.request(this.fields(player, known, major)), headers);
    return heard;
  }

  /** Fails unless the refund was done, of just this amount where that is said. */
  assertSucceeded(heard: Heard, major: string): void {
    assert.equal(heard.outcome, 'succeeded', heard.sentence);
    if (heard.amount !== null) assert.equal(Number(heard.amount), Number(major));
  }

  /** Fails unless the refusal is this one, in the partner's spelling, and names the parameter if one is given. */
  assertRefused(heard: Heard, code: SharedRefusal, parameter?: string): void {
    assert.equal(heard.sign, this.speaker.signs[code], heard.sentence);
    assert.equal(heard.outcome, 'refused');
    assert.notEqual(heard.sentence, '');
    if (parameter !== undefined) assert.equal(heard.parameter, parameter, heard.sentence);
  }

  /** Fails if the books have changed meanwhile. */
  async writesNothing(work: () => Promise<void>): Promise<void> {
    const before = await this.server.entries();
    await work();
    assert.equal(await this.server.entries(), before, 'something was written');
  }

  /** Fails unless so much of the payment is refunded and reserved, by the payment and by the sums of its history. */
  async assertBooks({ payment }: Known, refundedMinor: bigint, reservedMinor = 0n): Promise<void> {
    const [sums] = await this.server.rows<
      Record<'refunded' | 'reserved' | 'by_refunds' | 'waiting' | 'by_journal', string>
    >(
      `SELECT refunded_minor AS refunded, reserved_minor AS reserved,
         (SELECT coalesce(sum(amount_minor), 0) FROM refund
           WHERE payment_id = payment.id AND status = 'succeeded') AS by_refunds,
         (SELECT coalesce(sum(amount_minor), 0) FROM refund
           WHERE payment_id = payment.id AND status = 'pending_approval') AS waiting,
         (SELECT coalesce(sum(amount_minor), 0) FROM journal
           WHERE payment_id = payment.id AND kind IN ('refund_succeeded', 'refund_approved')) AS by_journal
       FROM payment WHERE id = $1`,
      [payment.id],
    );
    assert.deepEqual(sums, {
      refunded: String(refundedMinor),
      reserved: String(reservedMinor),
      by_refunds: String(refundedMinor),
      waiting: String(reservedMinor),
      by_journal: String(refundedMinor),
    });
  }
}
