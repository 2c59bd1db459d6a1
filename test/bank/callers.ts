/**
 * Many callers who refund few payments at once, through all servers: small refunds and such that wait, approvals,
 * cancellations, reversals and settlements, with keys and without, the same key to two servers, a key with another body.
 */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../kit/random.ts';
import { type Answer, ask as askOver, type Wire } from './ask.ts';
import { CURRENCY, type Merchant } from './stage.ts';
import type { Ask, Asked, Told, What } from './told.ts';

/** A server process, or the place where one will be again. */
export interface Door {
  /** `null` while it is not there. */
  readonly url: string | null;
}

interface Refund {
  readonly id: string;
  readonly paymentId: string;
  readonly amountMinor: bigint;
}

/** A merchant as its callers see it. */
interface Desk {
  readonly merchant: Merchant;
  readonly payments: string[];
  registering: number;
  readonly waiting: Refund[];
  readonly succeeded: Refund[];
}

const LIVE_PAYMENTS = 2;
const CAPTURED_MINOR = 20_000;
const LARGEST_REFUND_MINOR = 700;
/** Fits into the rest of a payment of which much was refunded. */
const SMALL_REFUND_MINOR = 30;
/** How often a key is sent again at once before it is left for later. */
const AT_ONCE = 3;
const KEPT = 50;

export class Callers {
  readonly #doors: readonly Door[];
  readonly #told: Told;
  readonly #desks: Desk[];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #random: Random;
  readonly #thinkMs: number;
  readonly #answered: Ask[] = [];
  readonly #waitingForSuccess = new Set<(door: Door, sentAt: number) => void>();
  #paused: Promise<void> | null = null;
  #resume: () => void = () => undefined;
  #busy = 0;
  #asks = 0;
  #stopped = false;
  #workers: Promise<void>[] = [];
  requests = 0;

  constructor(
    merchants: readonly Merchant[],
    doors: readonly Door[],
    told: Told,
    options: { readonly seed: number; readonly callers: number; readonly thinkMs: number },
  ) {
    this.#doors = doors;
    this.#told = told;
    this.#desks = merchants.map((merchant) => ({
      merchant,
      payments: [],
      registering: 0,
      waiting: [],
      succeeded: [],
    }));
    this.#random = new Random(options.seed);
    this.#thinkMs = options.thinkMs;
    this.#workers = Array.from({ length: options.callers }, () => this.#work(new Random(this.#random.seed())));
  }

  /** Waits until nothing is in flight any more, and lets nobody ask until `resume`. */
  async pause(): Promise<void> {
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
    while (this.#busy > 0) await sleep(2);
  }

  resume(): void {
    this.#paused = null;
    this.#resume();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.resume();
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  /** The first success that a door gives to what was sent from now on; when, on the monotonic clock. */
  nextSuccess(door: Door): Promise<number> {
    const since = performance.now();
    return new Promise((resolve) => {
      const listener = (through: Door, sentAt: number): void => {
        if (through !== door || sentAt < since) return;
        this.#waitingForSuccess.delete(listener);
        resolve(performance.now());
      };
      this.#waitingForSuccess.add(listener);
    });
  }

  /** Sends every key of which nobody knows what became of it, until that is known. Returns how many are left after that. */
  async converge(withinMs: number): Promise<number> {
    const end = performance.now() + withinMs;
    for (;;) {
      const unknown = this.#told.unknown;
      if (unknown.length === 0 || performance.now() > end) return unknown.length;
      await Promise.all(unknown.slice(0, 32).map((ask) => this.#send(ask, this.#random.pick(this.#doors))));
    }
  }

  async #work(random: Random): Promise<void> {
    while (!this.#stopped) {
      if (this.#paused !== null) {
        await this.#paused;
        continue;
      }
      this.#busy += 1;
      try {
        await this.#once(random);
      } finally {
        this.#busy -= 1;
      }
      await sleep(random.next() * 2 * this.#thinkMs);
    }
  }

  async #once(random: Random): Promise<void> {
    const earlier = this.#answered.length > 0 && random.oneIn(20) ? random.pick(this.#answered) : null;
    if (earlier !== null)
      return random.oneIn(3) ? this.#misuse(earlier, random) : this.#send(earlier, this.#door(random));
    const desk = random.pick(this.#desks);
    if (random.oneIn(15)) return this.#preview(desk, random);
    if (desk.payments.length + desk.registering < LIVE_PAYMENTS) {
      desk.registering += 1;
      const payment = { amount: CAPTURED_MINOR, currency: CURRENCY };
      await this.#see(desk, this.#asked('payment', desk.merchant, '/v1/payments', payment, {}), random);
      desk.registering -= 1;
    } else if (desk.payments.length > 0) {
      await this.#see(desk, this.#choose(desk, random), random);
    }
  }

  /** Asks, and asks again where there was no answer. */
  async #see(desk: Desk, asked: Asked, random: Random): Promise<void> {
    const ask = this.#told.ask(asked);
    const { idempotencyKey } = ask.wire;
    const door = this.#door(random);
    if (idempotencyKey !== null && random.oneIn(6)) {
      await Promise.all([this.#send(ask, door), this.#send(ask, this.#door(random))]);
    } else {
      await this.#send(ask, door);
    }
    for (let again = 0; again < AT_ONCE && ask.told === null; again += 1) {
      // What has no key is sent once; and of the others some are left as they are, to see what became of them.
      if (idempotencyKey === null || random.oneIn(3)) break;
      await sleep(random.between(5, 50));
      await this.#send(ask, this.#door(random));
    }
    this.#learn(desk, ask);
  }

  #door(random: Random): Door {
    const open = this.#doors.filter(({ url }) => url !== null);
    return random.pick(open.length === 0 ? this.#doors : open);
  }

  #choose(desk: Desk, random: Random): Asked {
    const { merchant, payments } = desk;
    const kind = random.between(1, 100);
    const waiting = kind <= 15 ? random.pick([null, ...desk.waiting]) : null;
    if (waiting !== null) {
      const what = random.pick(['approve', 'approve', 'cancel', 'reject'] as const);
      if (!random.oneIn(4)) desk.waiting.splice(desk.waiting.indexOf(waiting), 1);
      return this.#asked(what, merchant, `/v1/refunds/${waiting.id}/${what}`, {}, waiting, what !== 'cancel');
    }
    const succeeded = kind > 15 && kind <= 20 ? random.pick([null, ...desk.succeeded]) : null;
    if (succeeded !== null) {
      return this.#asked('reverse', merchant, `/v1/refunds/${succeeded.id}/reverse`, null, succeeded);
    }
    if (kind === 21) return this.#asked('settlement', merchant, '/v1/settlements', { currency: CURRENCY }, {});
    const paymentId = random.pick(payments);
    const amount = random.between(1, random.oneIn(3) ? SMALL_REFUND_MINOR : LARGEST_REFUND_MINOR);
    const refund = { paymentId, amountMinor: BigInt(amount) };
    return this.#asked('refund', merchant, '/v1/refunds', { payment_id: paymentId, amount }, refund, false, kind > 70);
  }

  #asked(
    what: What,
    merchant: Merchant,
    path: string,
    body: object | null,
    about: Partial<Refund>,
    second = false,
    keyless = false,
  ): Asked {
    this.#asks += 1;
    const name = `ask-${this.#asks.toString(36)}`;
    const wire: Wire = {
      path,
      body,
      secret: second ? merchant.second : merchant.secret,
      requestId: name,
      idempotencyKey: keyless ? null : name,
    };
    return {
      what,
      wire,
      paymentId: about.paymentId ?? null,
      refundId: about.id ?? null,
      amountMinor: about.amountMinor ?? null,
    };
  }

  async #send(ask: Ask, door: Door): Promise<void> {
    if (door.url !== null) ask.sent += 1;
    this.#told.hear(ask, await this.#request(ask.wire, door));
  }

  async #request(wire: Wire, door: Door): Promise<Answer> {
    const { url } = door;
    if (url === null) {
      await sleep(20);
      return { is: 'not sent' };
    }
    this.requests += 1;
    const sentAt = performance.now();
    const answer = await askOver(this.#agent, url, wire);
    const isDone = answer.is === 'accepted' && !wire.path.endsWith('/preview');
    if (isDone) for (const listener of this.#waitingForSuccess) listener(door, sentAt);
    return answer;
  }

  /** What a refund would bring about: it leaves nothing behind, and so nothing of it is told. */
  async #preview({ merchant, payments }: Desk, random: Random): Promise<void> {
    if (payments.length === 0) return;
    const body = { payment_id: random.pick(payments), amount: random.between(1, LARGEST_REFUND_MINOR) };
    const preview = this.#asked('refund', merchant, '/v1/refunds/preview', body, {}, false, true);
    const answer = await this.#request(preview.wire, this.#door(random));
    if (answer.is === 'other') this.#told.violations.push(`a preview was answered ${answer.status}: ${answer.text}`);
  }

  /** A key that belongs to another request must be refused as that, or not be answered. */
  async #misuse(earlier: Ask, random: Random): Promise<void> {
    if (earlier.what !== 'refund') return;
    const body = { ...earlier.wire.body, amount: Number(earlier.amountMinor) + 1 };
    const answer = await this.#request({ ...earlier.wire, body }, this.#door(random));
    if (answer.is === 'unknown' || answer.is === 'nothing happened' || answer.is === 'not sent') return;
    if (answer.is === 'other' && answer.code === 'idempotency_key_reused') return;
    this.#told.violations.push(`the key ${earlier.name} with another amount was ${JSON.stringify(answer)}`);
  }

  /** What a caller can go on with. */
  #learn(desk: Desk, ask: Ask): void {
    const { what, wire, told, paymentId, amountMinor } = ask;
    if (told === null) return;
    if (typeof told === 'string') {
      const at = told === 'already_refunded' ? desk.payments.indexOf(paymentId ?? '') : -1;
      if (at >= 0) desk.payments.splice(at, 1);
      return;
    }
    if (wire.idempotencyKey !== null) keep(this.#answered, ask);
    if (what === 'payment') desk.payments.push(told.id);
    if (what !== 'refund' || paymentId === null || amountMinor === null) return;
    keep(told.status === 'pending_approval' ? desk.waiting : desk.succeeded, { id: told.id, paymentId, amountMinor });
  }
}

function keep<Item>(list: Item[], item: Item): void {
  list.push(item);
  if (list.length > KEPT) list.shift();
}
