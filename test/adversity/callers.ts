/** One caller of each protocol, who asks for refunds whatever the weather, and knows what an answer must look like. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DIALECTS } from '../../src/dialects/index.ts';
import type { Payment } from '../../src/core/payment.ts';
import { connect } from '../kit/database.ts';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import { speakerOf } from '../contract/speakers.ts';

/** The engine's deadline; and what an answer may take on a machine that is busy with other things. */
const DEADLINE_MS = 10_000;
const BUSY_MS = 3_000;

/** A refund of a payment's 100.00, which can be asked for any number of times with the same key. */
export interface Wanted {
  readonly protocol: string;
  readonly payment: Payment;
  readonly request: HttpRequest;
  /** `null` when the answer says that the refund is done; else its status and code: `503 overloaded`. */
  refusedBy(answer: HttpAnswer): string | null;
  /** What stands for "come again" in this protocol. */
  readonly comeAgain: string;
}

export interface Asked extends Wanted {
  readonly answer: HttpAnswer;
  readonly refused: string | null;
}

export class Callers {
  readonly #server: TestServer;
  readonly #wants: readonly (() => Promise<Wanted>)[];

  private constructor(server: TestServer, wants: readonly (() => Promise<Wanted>)[]) {
    this.#server = server;
    this.#wants = wants;
  }

  /** A merchant with a credential for each partner's protocol, and for the native API. */
  static async of(server: TestServer): Promise<Callers> {
    return new Callers(server, [
      await native(server),
      ...(await Promise.all(DIALECTS.map(({ name }) => partner(server, name)))),
    ]);
  }

  /** A payment of each caller, and the refund of all of it that is going to be asked for. */
  wanted(): Promise<Wanted[]> {
    return Promise.all(this.#wants.map((want) => want()));
  }

  /** Asks for all at once. Every answer is in its protocol's shape, in time, and gives nothing away. */
  ask(wanted: readonly Wanted[]): Promise<Asked[]> {
    return Promise.all(
      wanted.map(async (one) => {
        const began = performance.now();
        const answer = await this.#server.send(one.request);
        const ms = performance.now() - began;
        assert.ok(ms < DEADLINE_MS + BUSY_MS, `${one.protocol} was answered after ${Math.round(ms)} ms`);
        assert.doesNotMatch(answer.body, /<html|<!doctype|\n\s+at |node_modules|\.ts:\d+|SELECT|PostgreSQL/i);
        if (answer.status >= 500) {
          assert.equal(answer.status, 503, `${one.protocol}: ${answer.body}`);
          assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/, `${one.protocol}: when to come again`);
        }
        return { ...one, answer, refused: one.refusedBy(answer) };
      }),
    );
  }

  /** Asks, and fails unless everyone is told to come again. */
  async askInVain(wanted: readonly Wanted[]): Promise<void> {
    for (const { protocol, refused, comeAgain, answer } of await this.ask(wanted)) {
      assert.equal(refused, comeAgain, `${protocol}: ${answer.body}`);
    }
  }

  /** Asks again with the same keys until every refund is done, for some seconds at most. */
  async askUntilDone(wanted: readonly Wanted[], patienceMs = 60_000): Promise<void> {
    const until = performance.now() + patienceMs;
    let open = wanted;
    while (open.length > 0) {
      const asked = await this.ask(open);
      const failed = asked.find(({ refused, comeAgain }) => refused !== null && refused !== comeAgain);
      assert.ok(failed === undefined, `${failed?.protocol}: ${failed?.answer.body}`);
      open = asked.filter(({ refused }) => refused !== null);
      assert.ok(performance.now() < until, `not done by itself: ${open.map(({ protocol }) => protocol).join(', ')}`);
    }
  }

  /** Fails unless each of these payments is refunded just once, and the books verify. */
  async assertDoneOnce(wanted: readonly Wanted[]): Promise<void> {
    for (const { protocol, payment, refunds, refunded } of await this.#booked(wanted)) {
      assert.deepEqual([protocol, payment.id, refunds, refunded], [protocol, payment.id, 1, '10000']);
    }
    assert.deepEqual(await this.#server.findings(), []);
  }

  /** Fails if anything of these refunds is in the books. */
  async assertNothingDone(wanted: readonly Wanted[]): Promise<void> {
    for (const { protocol, refunds, refunded } of await this.#booked(wanted)) {
      assert.deepEqual([protocol, refunds, refunded], [protocol, 0, '0']);
    }
  }

  async #booked(wanted: readonly Wanted[]): Promise<(Wanted & Booked)[]> {
    // The server's own connection may have been ended meanwhile.
    const client = await connect(this.#server.database);
    const { rows } = await client.query<Booked & { id: string }>(
      `SELECT id, refunded_minor AS refunded,
         (SELECT count(*)::int FROM refund WHERE payment_id = payment.id AND status = 'succeeded') AS refunds
       FROM payment WHERE id = ANY($1)`,
      [wanted.map(({ payment }) => payment.id)],
    );
    return wanted.map((one) => {
      const booked = rows.find(({ id }) => id === one.payment.id);
      assert.ok(booked, `the payment of ${one.protocol} is gone`);
      return { ...one, ...booked };
    });
  }
}

interface Booked {
  readonly refunds: number;
  readonly refunded: string;
}

async function partner(server: TestServer, protocol: string): Promise<() => Promise<Wanted>> {
  const speaker = speakerOf(protocol);
  const merchantId = await server.books.merchant();
  const voice = await speaker.voice(server, merchantId);
  return async () => {
    const name = speaker.newPaymentName();
    const references = [{ namespace: speaker.namespace, value: name, numbered: protocol === 'bbmsl' }];
    const payment = await server.books.payment(merchantId, { references });
    const request = voice.request(voice.fields(name, speaker.amount('100.00')));
    return {
      protocol,
      payment,
      request: { ...request, headers: { ...request.headers, 'idempotency-key': randomUUID() } },
      refusedBy: (answer) => {
        const { outcome, sign } = speaker.hear(answer);
        return outcome === 'succeeded' ? null : sign;
      },
      comeAgain: speaker.signs.overloaded,
    };
  };
}

async function native(server: TestServer): Promise<() => Promise<Wanted>> {
  const merchantId = await server.books.merchant();
  const { secrets } = await server.credential(merchantId, { protocol: 'native' });
  return async () => {
    const payment = await server.books.payment(merchantId);
    return {
      protocol: 'native',
      payment,
      request: {
        path: '/v1/refunds',
        headers: {
          authorization: `Bearer ${secrets['key'] ?? ''}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify({ payment_id: payment.id, amount: 10_000 }),
      },
      refusedBy: (answer) => {
        const body = JSON.parse(answer.body) as { code?: string; status: string };
        if (answer.status < 300) {
          assert.equal(body.status, 'succeeded');
          return null;
        }
        assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
        return `${answer.status} ${body.code}`;
      },
      comeAgain: '503 overloaded',
    };
  };
}
