/**
 * Asks a server everything there is, wrongly in every way, and looks at every answer; in rounds, after each of which the
 * server must still do what it is for, and must have written nothing for requests that nothing may come of.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DIALECTS } from '../../src/dialects/index.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import type { LongReport, LongRun } from '../kit/long-run.ts';
import { Random } from '../kit/random.ts';
import type { Answer } from './answers.ts';
import { breakRequest } from './broken.ts';
import type { Draft } from './draft.ts';
import { Judge } from './judge.ts';
import { deliver, Line, listen } from './line.ts';
import { Requests, type Shot } from './requests.ts';
import { Server } from './server.ts';
import { shrink } from './shrink.ts';
import { shown, Tally } from './tally.ts';
import { World } from './world.ts';

export interface Size {
  /** Connections that ask at the same time. */
  readonly lines: number;
  /** Whole requests of a round, and broken ones. */
  readonly whole: number;
  readonly broken: number;
  /** Of the broken ones, those who wait for the server's patience to end. */
  readonly slow: number;
  readonly rounds: number;
}

const PAYMENTS_A_ROUND = 120;
const BROKEN_AT_ONCE = 12;
const ORDER = [
  'requests',
  'whole',
  'broken',
  'slow',
  'accepted',
  'refused',
  'hung up without a word',
  'journal entries',
  'rounds',
  'slowest answer, ms',
  'memory, MB',
  'survivors',
];

export async function fuzz(
  database: DatabaseSettings,
  size: Size,
  { seed, hasTime, progress }: LongRun,
): Promise<LongReport> {
  const server = await Server.start(database);
  try {
    return await new Fuzz(server, size, seed, await server.refill(PAYMENTS_A_ROUND)).run(hasTime, progress);
  } finally {
    await server.stop();
  }
}

class Fuzz {
  readonly #server: Server;
  readonly #size: Size;
  readonly #seed: number;
  readonly #world: World;
  readonly #tally = new Tally();
  readonly #slow = new Set<Promise<void>>();
  #requests!: Requests;
  #judge!: Judge;
  #number = 0;

  constructor(server: Server, size: Size, seed: number, refill: ConstructorParameters<typeof World>[1]) {
    this.#server = server;
    this.#size = size;
    this.#seed = seed;
    this.#world = new World(server.setting, refill);
  }

  async run(hasTime: () => boolean, progress: LongRun['progress']): Promise<LongReport> {
    const tally = this.#tally;
    const { answers } = await new Line(this.#port).ask(
      [Buffer.from('GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n')],
      ['GET'],
    );
    const document: unknown = JSON.parse(answers[0]?.body ?? '');
    this.#requests = new Requests(this.#world, document);
    this.#judge = new Judge(
      document,
      DIALECTS.map(({ name }) => name),
    );
    const began = performance.now();
    for (let round = 0; round < this.#size.rounds && hasTime() && this.#server.death === null; round += 1) {
      const random = new Random(this.#seed + round * 7_919);
      const lines = Array.from({ length: this.#size.lines }, () => this.#askWhole(new Random(random.seed())));
      const broken = Array.from({ length: BROKEN_AT_ONCE }, () => this.#askBroken(new Random(random.seed())));
      for (let left = this.#size.slow; left > 0 && this.#slow.size < 40; left -= 1)
        this.#askSlowly(new Random(random.seed()));
      await Promise.all([...lines, ...broken]);
      tally.count('rounds');
      await this.#look();
      const perSecond = Math.round((tally.of('requests') / (performance.now() - began)) * 1_000);
      progress(`${tally.of('requests')} requests, ${perSecond} a second, ${tally.of('survivors')} survived`);
    }
    await Promise.all(this.#slow);
    if (this.#server.death === null) {
      await this.#look();
      for (const finding of await this.#server.verify()) tally.fault(`the books: ${finding}`);
      for (const route of tally.neverAsked(this.#requests.routes))
        if (tally.of('requests') > 100_000) tally.fault(`nobody asked ${route}`);
    } else tally.fault(this.#server.death);
    return tally.report(ORDER);
  }

  get #port(): number {
    return this.#server.setting.port;
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }

  /** Whole requests, one behind the other. */
  async #askWhole(random: Random): Promise<void> {
    const line = new Line(this.#port);
    const most = Math.ceil(this.#size.whole / this.#size.lines);
    let again: Shot[] = [];
    for (let asked = 0; asked < most && this.#server.death === null;) {
      const fresh = Array.from({ length: again.length > 0 ? 0 : random.pick([1, 1, 2, 4, 8, 16]) }, () =>
        this.#requests.make(random, this.#next()),
      );
      const endless = fresh.filter(({ draft }) => draft.isEndless);
      for (const shot of endless) await this.#follow(shot);
      // What comes in one packet with an offer to upgrade, and after it, Node drops: who offers waits for the answer.
      const offers = fresh.filter(({ draft }) => draft.changes.includes('an upgrade') && !draft.isEndless);
      for (const shot of offers) await this.#askAlone(shot);
      const shots = [...again, ...fresh.filter((shot) => !endless.includes(shot) && !offers.includes(shot))];
      asked += endless.length + offers.length;
      if (shots.length === 0) continue;
      const began = performance.now();
      const { answers, fault } = await line.ask(
        shots.map(({ bytes }) => bytes),
        shots.map(({ draft }) => draft.method),
      );
      this.#slowest(performance.now() - began);
      for (const [index, answer] of answers.entries()) {
        const shot = shots[index];
        if (shot !== undefined) await this.#heard(shot, answer);
      }
      asked += answers.length;
      again = shots.slice(answers.length);
      if (fault === null) continue;
      const [unanswered] = again;
      again = again.slice(1);
      asked += 1;
      // A connection that was idle may have been closed as the request went out; and CONNECT has no answer here.
      if (unanswered !== undefined && fault === 'hung up without an answer') await this.#askAlone(unanswered);
      else
        this.#tally.fault(
          fault,
          unanswered === undefined ? shots.map(({ bytes }) => shown(bytes)).join('\n  ') : shown(unanswered.bytes),
        );
    }
    line.hangUp();
  }

  async #askAlone(shot: Shot): Promise<void> {
    const line = new Line(this.#port);
    const { answers, fault } = await line.ask([shot.bytes], [shot.draft.method]);
    line.hangUp();
    const [answer] = answers;
    if (answer !== undefined) await this.#heard(shot, answer);
    if (fault !== null)
      this.#tally.fault(`${fault}: ${shot.draft.route}, ${shot.draft.changes.join(', ')}`, shown(shot.bytes));
  }

  /** The feed: its answer begins, and is not waited for any longer. */
  async #follow(shot: Shot): Promise<void> {
    const answer = await listen(this.#port, shot.bytes, shot.draft.method);
    if (answer === null) this.#tally.fault('the feed does not begin', shown(shot.bytes));
    else await this.#heard(shot, answer);
  }

  async #heard(shot: Shot, answer: Answer): Promise<void> {
    const { draft, bytes } = shot;
    const tally = this.#tally;
    tally.count('requests');
    tally.count('whole');
    tally.asked(draft.route);
    const { isAccepted, fault } = this.#judge.judge(answer, draft);
    this.#count(isAccepted, answer);
    if (isAccepted) this.#remember(draft, answer);
    const wrong = fault ?? (isAccepted && draft.isFaulty ? 'accepted, and nothing may come of it' : null);
    if (wrong === null) return;
    const kind = `${draft.route}: ${wrong}`;
    if (!tally.fault(kind, '')) return;
    const small = await shrink(draft, async (smaller) => {
      const line = new Line(this.#port);
      const { answers } = await line.ask([smaller], [draft.method]);
      line.hangUp();
      return answers[0] !== undefined && this.#judge.judge(answers[0], draft).fault === wrong;
    });
    tally.explain(
      kind,
      `${draft.changes.join(', ')}: ${shown(small ?? bytes)}\n  → ${answer.status} ${JSON.stringify(answer.body.slice(0, 600))}`,
    );
  }

  #count(isAccepted: boolean, { status }: Answer): void {
    this.#tally.count(isAccepted ? 'accepted' : 'refused');
    if (!isAccepted) this.#tally.count(`refused, ${status}`);
  }

  /** Ids that answers give can be asked about. */
  #remember({ owner, target }: Draft, { body }: Answer): void {
    if ((owner.kind !== 'native' && owner.kind !== 'console') || !body.startsWith('{')) return;
    const kind = owner.kind === 'console' ? 'bulk' : (/^\/v1\/(\w+)/.exec(target)?.[1] ?? '');
    const {
      id,
      data,
      next_cursor: cursor,
    } = JSON.parse(body) as { id?: unknown; data?: readonly { id?: unknown }[]; next_cursor?: unknown };
    if (typeof id === 'string') this.#world.remember(kind, id);
    if (typeof cursor === 'string') this.#world.remember('cursors', cursor);
    // Credentials of a list are those that are in use.
    if (Array.isArray(data) && kind !== 'credentials')
      for (const one of data.slice(0, 3)) if (typeof one.id === 'string') this.#world.remember(kind, one.id);
  }

  /** Requests that are no HTTP, each on a connection of its own. */
  async #askBroken(random: Random): Promise<void> {
    for (let left = Math.ceil(this.#size.broken / BROKEN_AT_ONCE); left > 0 && this.#server.death === null; left -= 1)
      await this.#break(random, false);
  }

  #askSlowly(random: Random): void {
    const asked = this.#break(random, true).finally(() => this.#slow.delete(asked));
    this.#slow.add(asked);
  }

  async #break(random: Random, isSlow: boolean): Promise<void> {
    const tally = this.#tally;
    let draft: Draft;
    do draft = this.#requests.make(random, this.#next()).draft;
    while (
      // An answer to HEAD has no body, unless nobody knows yet that it is one.
      draft.isEndless ||
      draft.method === 'HEAD' ||
      draft.changes.includes('another address')
    );
    const shot = breakRequest(draft, random, this.#next(), isSlow);
    const began = performance.now();
    const { answers, fault } = await deliver(this.#port, shot.delivery, shot.methods);
    if (!isSlow) this.#slowest(performance.now() - began);
    tally.count('requests');
    tally.count(isSlow ? 'slow' : 'broken');
    if (this.#server.death !== null) return;
    if (answers.length === 0) tally.count('hung up without a word');
    const wrong =
      fault ??
      (shot.isAnswered && answers.length === 0 ? 'no answer' : null) ??
      (answers.length > shot.mostAnswers ? `${answers.length} answers` : null);
    const bytes = Buffer.concat(shot.delivery.pieces);
    if (wrong !== null) tally.fault(`${shot.what}: ${wrong}`, shown(bytes));
    for (const [index, answer] of answers.entries()) {
      const verdict = this.#judge.judge(answer, {
        method: shot.methods[index] ?? 'GET',
        owner: { kind: 'anybody' },
        echo: null,
      });
      this.#count(verdict.isAccepted, answer);
      if (verdict.fault !== null)
        tally.fault(
          `${shot.what}: ${verdict.fault}`,
          `${shown(bytes)}\n  → ${answer.status} ${JSON.stringify(answer.body.slice(0, 600))}`,
        );
    }
  }

  #slowest(ms: number): void {
    const before = this.#tally.of('slowest answer, ms');
    if (ms > before) this.#tally.count('slowest answer, ms', Math.round(ms) - before);
  }

  /** Whether the server still does what it is for, and did nothing else. */
  async #look(): Promise<void> {
    const tally = this.#tally;
    if (this.#server.death !== null) return;
    const { wronglyWritten, entries, pollution, logFaults, megabytes } = await this.#server.inspect();
    tally.count('journal entries', entries);
    tally.count('memory, MB', megabytes - tally.of('memory, MB'));
    for (const one of wronglyWritten)
      tally.fault(`something was written for a request that nothing may come of: ${one.replace(/\d+/, '…')}`, one);
    for (const one of pollution) tally.fault(`all objects have ${one}`);
    for (const one of logFaults) tally.fault(`the log: ${one.split(':', 1).join()}`, one);
    await this.#control();
    this.#world.refill(await this.#server.refill(PAYMENTS_A_ROUND));
    if (this.#slow.size > 30) await pause(100);
  }

  async #control(): Promise<void> {
    const line = new Line(this.#port);
    const post = async (path: string, body: object): Promise<any> => {
      const text = JSON.stringify(body);
      const head = `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${this.#server.setting.controlKey}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`;
      const { answers, fault } = await line.ask([Buffer.from(head + text)], ['POST']);
      if (answers[0]?.status !== 201)
        this.#tally.fault('the server does not work any more', `${fault ?? ''} ${answers[0]?.body ?? ''}`);
      return JSON.parse(answers[0]?.body ?? '{}');
    };
    const payment = await post('/v1/payments', { amount: 1_000, currency: 'USD' });
    const refund = await post('/v1/refunds', { payment_id: payment.id, amount: 400 });
    if (refund.amount !== 400 || refund.status !== 'succeeded')
      this.#tally.fault('a plain refund is not what it was', JSON.stringify(refund));
    line.hangUp();
  }
}
