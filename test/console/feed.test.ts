/** The feed tells everybody what happens in what they may see, once, also across a lost connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const everybody = await Browser.of(server, 'read');
const merchantId = await server.books.merchant();
const otherId = await server.books.merchant();
const mine = await Browser.of(server, 'operator', { merchantId });

/** What an EventSource does, with its events in a list. */
class Follower {
  readonly #life = new AbortController();
  readonly events: { type: string; data: any }[] = [];
  lastId = '';
  ended = false;
  readonly status: number;

  private constructor(answer: Response) {
    this.status = answer.status;
    void this.#read(answer);
    after(() => this.#life.abort());
  }

  static async open(browser: Browser, lastId = '', query = ''): Promise<Follower> {
    const life = new AbortController();
    const answer = await fetch(`${server.url}/console/api/feed${query}`, {
      headers: { cookie: browser.cookie, ...(lastId === '' ? {} : { 'last-event-id': lastId }) },
      signal: life.signal,
    });
    const follower = new Follower(answer);
    follower.#life.signal.addEventListener('abort', () => life.abort());
    if (answer.status === 200) {
      assert.equal(answer.headers.get('content-type'), 'text/event-stream');
      await follower.until(() => follower.lastId !== '' || follower.ended);
    }
    return follower;
  }

  async #read(answer: Response): Promise<void> {
    let text = '';
    try {
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          this.#take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch {
      // Closed by the test.
    }
    this.ended = true;
  }

  #take(block: string): void {
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data !== undefined) this.events.push({ type: fields.get('event') ?? 'message', data: JSON.parse(data) });
  }

  get payments(): string[] {
    return this.events.map(({ data }) => data.payment_id);
  }

  async until(isTrue: () => boolean): Promise<void> {
    for (const end = Date.now() + 10_000; !isTrue();) {
      assert.ok(Date.now() < end, `not in time; heard ${JSON.stringify(this.events.map(({ data }) => data.kind))}`);
      await sleep(10);
    }
  }

  close(): void {
    this.#life.abort();
  }
}

test('entries are told as they happen, to each what they may see', async () => {
  const [all, own, asked] = [
    await Follower.open(everybody),
    await Follower.open(mine),
    await Follower.open(everybody, '', `?merchant_id=${otherId}`),
  ];
  const first = await server.books.payment(merchantId);
  const second = await server.books.payment(otherId);
  await server.books.refund(first, 100n);
  await all.until(() => all.events.length === 3);
  assert.deepEqual(new Set(all.payments), new Set([first.id, second.id]));
  await own.until(() => own.events.length === 2);
  assert.deepEqual(
    own.events.map(({ type, data }) => [type, data.kind, data.amount]),
    [
      ['entry', 'payment_registered', 10_000],
      ['entry', 'refund_succeeded', 100],
    ],
  );
  await asked.until(() => asked.events.length === 1);
  assert.deepEqual(asked.payments, [second.id]);
  for (const follower of [all, own, asked]) follower.close();
});

test('whoever comes back is told what they missed, and nothing twice', async () => {
  const before = await Follower.open(mine);
  const heard = await server.books.payment(merchantId);
  await before.until(() => before.events.length === 1);
  await before.until(() => before.lastId !== '');
  const { lastId } = before;
  before.close();
  const missed = await server.books.payment(merchantId);
  const again = await Follower.open(mine, lastId);
  const later = await server.books.payment(merchantId);
  await again.until(() => again.events.length >= 2);
  assert.deepEqual(again.payments, [missed.id, later.id]);
  assert.ok(!again.payments.includes(heard.id));
  again.close();
});

test('many who come and go while much happens miss nothing', async () => {
  const rounds = 6;
  const heard: string[] = [];
  const made: string[] = [];
  let lastId = (await Follower.open(mine)).lastId;
  for (let round = 0; round < rounds; round += 1) {
    const writing = Promise.all(Array.from({ length: 40 }, () => server.books.payment(merchantId)));
    const follower = await Follower.open(mine, lastId);
    made.push(...(await writing).map(({ id }) => id));
    await sleep(round * 120);
    follower.close();
    await follower.until(() => follower.ended);
    heard.push(...follower.payments);
    lastId = follower.lastId;
  }
  const last = await Follower.open(mine, lastId);
  await last.until(() => heard.length + last.events.length >= made.length);
  heard.push(...last.payments);
  last.close();
  assert.deepEqual(new Set(heard), new Set(made));
  // A connection that ends in the middle of a batch hears it again; what was acknowledged by its place never.
  assert.ok(heard.length < made.length + 40, `${heard.length} heard of ${made.length}`);
});

test('a gap that nobody would read is said to be one', async () => {
  const follower = await Follower.open(mine);
  const { lastId } = follower;
  follower.close();
  await Promise.all(Array.from({ length: 2_050 }, () => server.books.payment(merchantId)));
  const again = await Follower.open(mine, lastId);
  const next = await server.books.payment(merchantId);
  await again.until(() => again.events.length === 2);
  assert.deepEqual(again.events[0], { type: 'skipped', data: { entries: 2_050 } });
  assert.equal(again.events[1]?.data.payment_id, next.id);
  again.close();
});

test('a place of other books, or of none, is no place: it begins now', async () => {
  for (const lastId of ['nonsense', (await Follower.open(everybody)).lastId]) {
    const follower = await Follower.open(mine, lastId);
    const { id } = await server.books.payment(merchantId);
    await follower.until(() => follower.events.length > 0);
    assert.deepEqual(follower.payments, [id]);
    follower.close();
  }
});

test('one user follows so many times and no more', async () => {
  const greedy = await Browser.of(server, 'read');
  const followers = [];
  for (let n = 0; n < 8; n += 1) followers.push(await Follower.open(greedy));
  assert.equal((await Follower.open(greedy)).status, 503);
  assert.equal((await Follower.open(everybody)).status, 200);
  followers[0]?.close();
  await sleep(50);
  assert.equal((await Follower.open(greedy)).status, 200);
});

test('who only asks for the headers takes no place', async () => {
  const curious = await Browser.of(server, 'read');
  for (let n = 0; n < 8; n += 1) await curious.send('HEAD', '/console/api/feed');
  assert.equal((await Follower.open(curious)).status, 200);
});

test('a page that is left open keeps nobody signed in by coming back to the feed', async () => {
  const away = await Browser.of(server, 'read');
  await server.rows(`UPDATE session SET last_used_at = now() - interval '29 minutes'
    WHERE first_token_hash = sha256('${away.cookie.split('=')[1]}')`);
  const life = new AbortController();
  await fetch(`${server.url}/console/api/feed`, {
    headers: { cookie: away.cookie, accept: 'text/event-stream' },
    signal: life.signal,
  });
  life.abort();
  const [session] = await server.rows<{
    is_idle: boolean;
  }>(`SELECT last_used_at < now() - interval '28 minutes' AS is_idle
    FROM session WHERE first_token_hash = sha256('${away.cookie.split('=')[1]}')`);
  assert.equal(session?.is_idle, true);
});

test('nobody follows without a session', async () => {
  assert.equal((await server.send({ method: 'GET', path: '/console/api/feed' })).status, 401);
});

test('a server that stops ends the feed, and waits for no connection that a browser opened ahead', async () => {
  const passing = await TestServer.start({ database: server.database });
  const browser = await Browser.of(passing, 'read');
  const answer = await fetch(`${passing.url}/console/api/feed`, { headers: { cookie: browser.cookie } });
  const reading = answer.text();
  const ahead = connect(Number(new URL(passing.url).port), '127.0.0.1');
  await once(ahead, 'connect');
  const cut = once(ahead, 'close');
  ahead.resume();
  const closing = passing.app.close();
  assert.equal(await Promise.race([closing.then(() => 'closed'), sleep(10_000, 'still open')]), 'closed');
  await cut;
  assert.match(await reading, /^retry: /);
});
