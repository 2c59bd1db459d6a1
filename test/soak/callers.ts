/** Who calls while it soaks: partners and the native API refund, a second person approves, finance settles, people read. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIALECTS } from '../../src/dialects/index.ts';
import { Browser } from '../kit/console.ts';
import type { Random } from '../kit/random.ts';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import { type Caller, type Key, keyOf, native, type Paid, partner, waiting } from './caller.ts';
import type { Refund, Tally } from './tally.ts';
import type { World } from './world.ts';

const CAPTURED_MINOR = 10_000;
/** Past the engine's deadline, what a busy machine may add. */
const LATEST_MS = 16_000;
/** Sooner than Retry-After says: some callers are so. */
const COME_AGAIN_MS = 100;
const STACK = /\n\s+at |node_modules|\.ts:\d+/;

export class Callers {
  readonly #world: World;
  readonly #tally: Tally;
  readonly #callers: readonly Caller[];
  readonly #admin: Key;
  /** Whose refunds all wait for a second person. */
  readonly #careful: Caller;
  readonly #browser: Browser;
  readonly #payments = new Map<Caller, Paid[]>();
  /** What has no answer yet, or was told to come again. */
  readonly #open: { readonly refund: Refund; readonly caller: Caller; readonly request: HttpRequest }[] = [];
  readonly #done: { readonly refund: Refund; readonly caller: Caller; readonly request: HttpRequest }[] = [];
  private constructor(world: World, tally: Tally, parts: { callers: readonly Caller[]; admin: Key; careful: Caller }) {
    this.#world = world;
    this.#tally = tally;
    this.#callers = parts.callers;
    this.#admin = parts.admin;
    this.#careful = parts.careful;
    this.#browser = new Browser(world as unknown as TestServer);
  }

  static async of(world: World, tally: Tally): Promise<Callers> {
    const partners = await Promise.all(DIALECTS.map(({ name }) => partner(world, name)));
    const { merchantId } = await keyOf(world, await world.merchant());
    const key = await keyOf(world, merchantId);
    const careful = await world.merchant({ approvalAboveMinor: { USD: 0n } });
    await world.user('soak');
    const callers = new Callers(world, tally, {
      callers: [native(key), ...partners],
      admin: await keyOf(world, null),
      careful: waiting(await keyOf(world, careful), await keyOf(world, careful)),
    });
    await callers.#browser.signIn('soak');
    return callers;
  }

  get unanswered(): number {
    return this.#open.length;
  }

  /** A payment for imports to be counted by. */
  get merchantIds(): readonly string[] {
    return this.#callers.map(({ merchantId }) => merchantId);
  }

  /** One thing that somebody does, by chance. */
  async step(random: Random): Promise<void> {
    this.#tally.operations += 1;
    if (this.#open.length > 0 && random.oneIn(this.#open.length > 50 ? 2 : 5)) return this.#askAgain(random);
    const chance = random.between(1, 100);
    if (chance <= 70) return this.#refund(random);
    if (chance <= 76) return this.#replay(random);
    if (chance <= 80) return this.#approval();
    if (chance === 81) return this.#settle(random);
    return this.#read(random);
  }

  /** Asks for everything that is not known yet, until it is, or for so long. */
  async converge(random: Random, patienceMs: number): Promise<void> {
    const until = performance.now() + patienceMs;
    while (this.#open.length > 0 && performance.now() < until) await this.#askAgain(random);
    for (const { refund } of this.#open)
      this.#tally.violate(`${refund.protocol}: nobody says what became of ${refund.key}`);
  }

  async #refund(random: Random): Promise<void> {
    const caller = random.pick(this.#callers);
    const paid = await this.#paymentOf(caller, random);
    if (paid === null) return;
    const amountMinor = caller.parts ? Math.min(paid.leftMinor, random.between(1, 3_000)) : CAPTURED_MINOR;
    paid.leftMinor -= amountMinor;
    const refund: Refund = {
      key: randomUUID(),
      merchantId: caller.merchantId,
      paymentId: paid.id,
      amountMinor,
      protocol: caller.protocol,
    };
    const request = caller.request(paid, amountMinor);
    await this.#ask(refund, caller, { ...request, headers: { ...request.headers, 'idempotency-key': refund.key } });
  }

  async #askAgain(random: Random): Promise<void> {
    const [one] = this.#open.splice(random.between(0, this.#open.length - 1), 1);
    if (one !== undefined) await this.#ask(one.refund, one.caller, one.request);
  }

  /** The same key once more, long after it was done: the same answer, and nothing else. */
  async #replay(random: Random): Promise<void> {
    if (this.#done.length === 0) return;
    const { caller, request, refund } = random.pick(this.#done);
    const answer = await this.#send(caller.protocol, request);
    if (answer === null || answer.status === 503) return;
    this.#tally.replayed += 1;
    if (!caller.isDone(answer) || answer.headers.get('idempotent-replayed') !== 'true')
      this.#tally.violate(`${caller.protocol}: ${refund.key} was done, and is now ${answer.status} ${answer.body}`);
  }

  async #ask(refund: Refund, caller: Caller, request: HttpRequest): Promise<void> {
    const began = performance.now();
    const answer = await this.#send(caller.protocol, request);
    if (answer === null || answer.status === 503) {
      this.#open.push({ refund, caller, request });
      return;
    }
    if (caller.isDone(answer)) {
      this.#tally.done(refund, performance.now() - began);
      const approve = caller.approve?.(answer);
      if (approve !== undefined && (await this.#create(approve.by, approve.path, {})) !== null)
        this.#tally.approved += 1;
      this.#done.push({ refund, caller, request });
      // Enough to choose from.
      if (this.#done.length > 2_000) this.#done.splice(0, 1_000);
    } else {
      // Nothing that is asked for here is against a rule.
      this.#tally.refusedByRule += 1;
      this.#tally.refused.add(refund.key);
      this.#tally.violate(`${caller.protocol} refused ${refund.amountMinor} of ${refund.paymentId}: ${answer.body}`);
    }
  }

  /** Sends, and judges what no protocol may answer; `null` without an answer. */
  async #send(protocol: string, request: HttpRequest): Promise<HttpAnswer | null> {
    const began = performance.now();
    let answer: HttpAnswer;
    try {
      answer = await this.#world.send(request);
    } catch (error) {
      this.#tally.violate(`${protocol}: no answer after ${Math.round(performance.now() - began)} ms: ${String(error)}`);
      return null;
    }
    const ms = performance.now() - began;
    if (ms > LATEST_MS) this.#tally.violate(`${protocol}: ${request.path} was answered after ${Math.round(ms)} ms`);
    if (STACK.test(answer.body)) this.#tally.violate(`${protocol}: a stack trace: ${answer.body}`);
    if (answer.status === 503) {
      this.#tally.comeAgain += 1;
      await sleep(COME_AGAIN_MS);
      if (!/^\d+$/.test(answer.headers.get('retry-after') ?? ''))
        this.#tally.violate(`${protocol}: 503 without Retry-After`);
    } else if (answer.status >= 500) {
      this.#tally.otherServerErrors += 1;
      this.#tally.violate(`${protocol}: ${request.path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    }
    return answer;
  }

  async #paymentOf(caller: Caller, random: Random): Promise<Paid | null> {
    const payments = this.#payments.get(caller) ?? [];
    this.#payments.set(caller, payments);
    while (payments.length < 8) {
      const name = caller.newName();
      const references = caller.namespace === null ? {} : { references: { [caller.namespace]: name } };
      const id = await this.#create(this.#admin, '/v1/payments', {
        merchant_id: caller.merchantId,
        ...PAYMENT,
        ...references,
      });
      if (id === null) return null;
      payments.push({ id, name, leftMinor: CAPTURED_MINOR });
    }
    const at = random.between(0, payments.length - 1);
    const paid = payments[at] ?? null;
    // The last part, or the only one, takes it out.
    if (paid !== null && (!caller.parts || paid.leftMinor <= 3_000)) payments.splice(at, 1);
    return paid;
  }

  /** A refund that waits for a second person, who approves it as soon as it does. */
  async #approval(): Promise<void> {
    const caller = this.#careful;
    const paymentId = await this.#create(this.#admin, '/v1/payments', { merchant_id: caller.merchantId, ...PAYMENT });
    if (paymentId === null) return;
    const refund = {
      key: randomUUID(),
      paymentId,
      amountMinor: 500,
      merchantId: caller.merchantId,
      protocol: 'native',
    };
    const request = caller.request({ id: paymentId, name: '', leftMinor: 0 }, refund.amountMinor);
    await this.#ask(refund, caller, { ...request, headers: { ...request.headers, 'idempotency-key': refund.key } });
  }

  async #settle(random: Random): Promise<void> {
    // Of a merchant whose balance must cover refunds, nothing could be refunded after it was paid out.
    const { merchantId } = random.pick(this.#callers.filter(({ protocol }) => protocol !== 'bbmsl'));
    const id = await this.#create(this.#admin, '/v1/settlements', { merchant_id: merchantId, currency: 'USD' });
    if (id !== null) this.#tally.settlements += 1;
  }

  /** Makes something through the native API; `null` when it has to be done again, or is not allowed now. */
  async #create(by: Key, path: string, body: object, key: string = randomUUID()): Promise<string | null> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const answer = await this.#send('native', {
        path,
        headers: { ...by.headers, 'idempotency-key': key },
        body: JSON.stringify(body),
      });
      if (answer === null || answer.status === 503) continue;
      const { id = null } = JSON.parse(answer.body) as { id?: string };
      if (id === null && !answer.body.includes('nothing_to_settle')) this.#tally.violate(`${path}: ${answer.body}`);
      return answer.status < 300 ? id : null;
    }
    return null;
  }

  /** What people look at: pages of the console, and the feed for a moment. */
  async #read(random: Random): Promise<void> {
    const path = random.pick(PAGES);
    if (path.endsWith('/feed')) return this.#follow();
    const answer = await this.#send('console', {
      method: 'GET',
      path,
      headers: { 'x-refundry-console': '1', 'sec-fetch-site': 'same-origin', cookie: this.#browser.cookie },
    });
    if (answer?.status === 200) this.#tally.consoleReads += 1;
    else if (answer !== null && answer.status !== 503)
      this.#tally.violate(`${path}: ${answer.status} ${answer.body.slice(0, 200)}`);
  }

  async #follow(): Promise<void> {
    const leave = new AbortController();
    try {
      const answer = await fetch(`${this.#world.url}/console/api/feed`, {
        headers: {
          'x-refundry-console': '1',
          'sec-fetch-site': 'same-origin',
          cookie: this.#browser.cookie,
          accept: 'text/event-stream',
        },
        signal: leave.signal,
      });
      await answer.body?.getReader().read();
      if (answer.status === 200) this.#tally.consoleReads += 1;
    } catch (error) {
      this.#tally.violate(`the feed: ${String(error)}`);
    } finally {
      leave.abort();
    }
  }
}

const PAYMENT = { amount: CAPTURED_MINOR, currency: 'USD' };
const PAGES = [
  '/console/api/overview',
  '/console/api/search?q=order',
  '/console/api/trial-balance',
  '/console/api/session',
  '/console/api/feed',
  '/v1/payments?limit=20',
  '/v1/refunds?limit=20',
  '/v1/journal?limit=20',
  '/v1/refunds?status=pending_approval&limit=20',
];
