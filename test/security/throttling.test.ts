/** Guessing: what one address may try, over how many names, and who is not kept out by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempts, FAILURES_PER_ADDRESS, FAILURES_PER_NAME, networkOf } from '../../src/engine/attempts.ts';
import { speakerOf } from '../contract/speakers.ts';
import { Browser, makeUser, PASSWORD } from '../kit/console.ts';
import { Clock, type HttpAnswer, TestServer } from '../kit/server.ts';

const MINUTE_MS = 60_000;

/** Shows a wrong secret, as an authenticator does; says whether it was turned away. */
function guess(attempts: Attempts, name: string, address: string): boolean {
  if (attempts.closed('console', name, address) !== null) return true;
  return attempts.failed('console', name, address, true) !== null;
}

const isOpen = (attempts: Attempts, name: string, address: string): boolean =>
  attempts.closed('console', name, address) === null;

test('few guesses for each of many names close an address to all names, for ten minutes, and no other address', () => {
  const clock = new Clock();
  const attempts = new Attempts(clock.now);
  for (let name = 0; name < FAILURES_PER_ADDRESS; name += 1) assert.ok(!guess(attempts, `name-${name}`, '192.0.2.1'));
  assert.ok(!isOpen(attempts, 'name-1', '192.0.2.1'));
  assert.ok(!isOpen(attempts, 'never tried', '192.0.2.1'));
  assert.ok(isOpen(attempts, 'name-1', '192.0.2.2'));
  clock.advance(9 * MINUTE_MS);
  assert.ok(!isOpen(attempts, 'never tried', '192.0.2.1'));
  clock.advance(MINUTE_MS);
  assert.ok(isOpen(attempts, 'never tried', '192.0.2.1'));
});

test('who opened from an address within a day is not kept out of it by what others there try', () => {
  const clock = new Clock();
  const attempts = new Attempts(clock.now);
  attempts.opened('console', 'olga', '192.0.2.1');
  clock.advance(23 * 60 * MINUTE_MS);
  for (let name = 0; name < FAILURES_PER_ADDRESS; name += 1) guess(attempts, `name-${name}`, '192.0.2.1');
  assert.ok(isOpen(attempts, 'olga', '192.0.2.1'));
  assert.ok(!isOpen(attempts, 'abel', '192.0.2.1'));
  // Who is known can still be guessed for no oftener than anybody.
  for (let wrong = 0; wrong < FAILURES_PER_NAME; wrong += 1) assert.ok(!guess(attempts, 'olga', '192.0.2.1'));
  assert.ok(!isOpen(attempts, 'olga', '192.0.2.1'));
});

test('a colleague’s script with an old password closes that name again and again, and an office to nobody else', () => {
  const clock = new Clock();
  const attempts = new Attempts(clock.now);
  let turnedAway = 0;
  for (let second = 0; second < 3_600; second += 1) {
    if (guess(attempts, 'script', '192.0.2.1')) turnedAway += 1;
    clock.advance(1_000);
    assert.ok(isOpen(attempts, 'new colleague', '192.0.2.1'), `after ${second} seconds`);
  }
  assert.ok(turnedAway > 2_000);
});

test('an office where every second of sixty people mistypes a password, or a name, twice is open to all of them', () => {
  const attempts = new Attempts(Date.now);
  for (let person = 0; person < 60; person += 2) {
    guess(attempts, `person-${person}`, '192.0.2.1');
    guess(attempts, `persn-${person}`, '192.0.2.1');
  }
  assert.ok(isOpen(attempts, 'person-1', '192.0.2.1'));
});

test('an address is an IPv4 address however it is written, and 64 bits of IPv6', () => {
  for (const [written, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::192.0.2.1', '2001:db8:1:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['no address', 'no address'],
  ] as const) {
    assert.equal(networkOf(written), network, written);
  }
  const attempts = new Attempts(Date.now);
  for (let host = 0; host < FAILURES_PER_NAME; host += 1) guess(attempts, 'olga', `2001:db8:1:2::${host + 1}`);
  assert.ok(!isOpen(attempts, 'olga', '2001:db8:1:2:ffff::'));
  assert.ok(isOpen(attempts, 'olga', '2001:db8:1:3::1'));
  // Who hung up before the request was read has no address any more.
  assert.equal(networkOf(undefined), '');
});

test('what is remembered of guesses is bounded, however many names of whatever length from wherever', () => {
  const attempts = new Attempts(Date.now);
  for (let guessed = 0; guessed < 50_000; guessed += 1) {
    const address = `192.${guessed >> 16}.${(guessed >> 8) & 255}.${guessed & 255}`;
    guess(attempts, guessed % 100 === 0 ? `${guessed}`.padEnd(60_000, 'x') : `${guessed}`, address);
    attempts.opened('console', `${guessed}`, address);
    attempts.session('edubrite', address);
  }
  const { entries, longestKey } = attempts.memory;
  assert.ok(entries <= 40_000, `${entries} entries`);
  assert.ok(longestKey < 150, `a key of ${longestKey} characters`);
});

// From here on over HTTP, where addresses are what a proxy in front of the server says.
const server = await TestServer.start({ trustProxy: true, engine: { lanes: 1 } });
const merchant = await server.books.merchant();
const from = (address: string): Readonly<Record<string, string>> => ({ 'x-forwarded-for': address });

const boost = speakerOf('boost-aoc');
const boostVoice = await boost.voice(server, merchant);
const boostFields = boostVoice.fields('nobody', '1.00');

/** A guess that costs the server least; nobody has that name. */
const spray = (name: number, headers: Readonly<Record<string, string>>, on = server): Promise<HttpAnswer> =>
  on.send({ ...boostVoice.request({ ...boostFields, username: JSON.stringify(`spray-${name}`) }), headers });

async function close(headers: Readonly<Record<string, string>>, on = server): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: FAILURES_PER_ADDRESS }, (_, name) => spray(name, headers, on)),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]));
}

/** Seconds after which an answer says to come back; it must be one of 429. */
function retryAfter({ status, headers, body }: HttpAnswer): number {
  assert.equal(status, 429, body);
  assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  return Number(headers.get('retry-after'));
}

test('an address that is closed is told so by every protocol that has names, in its own shape, and for how long', async () => {
  const headers = from('203.0.113.1');
  const { name } = await makeUser(server, 'read');
  const edubrite = speakerOf('edubrite');
  const site = await server.credential(merchant, {
    protocol: 'edubrite',
    lookup: 'throttled-site',
    settings: { administrators: ['chenry'] },
  });
  const opened = await server.send({ method: 'GET', path: '/oltpublish/site/connect.do', headers });
  const signIn = {
    path: '/oltpublish/site/connect.do',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: opened.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '',
      ...headers,
    },
    body: new URLSearchParams({ username: site.lookup, password: site.secrets['password'] ?? '' }).toString(),
  };
  await close(headers);

  const byBoost = await server.send({ ...boostVoice.request(boostFields), headers });
  assert.equal(boost.hear(byBoost).sign, boost.signs.rate_limited);
  const byEdubrite = await server.send(signIn);
  assert.equal(edubrite.hear(byEdubrite).sign, edubrite.signs.rate_limited);
  assert.deepEqual(byEdubrite.headers.getSetCookie(), []);
  const browser = new Browser(server);
  const byConsole = await browser.post('/console/api/sign-in', { name, password: PASSWORD }, headers);
  assert.equal(byConsole.json.code, 'rate_limited');
  assert.equal(byConsole.json.retry_after, retryAfter(byConsole));

  // Right secrets from elsewhere open.
  const elsewhere = { ...signIn, headers: { ...signIn.headers, ...from('203.0.113.2') } };
  const later = retryAfter(byEdubrite);
  assert.ok(later > 9 * 60 && later <= 10 * 60, `${later} seconds`);
  const signedIn = await server.send(elsewhere);
  assert.deepEqual([signedIn.status, signedIn.headers.getSetCookie().length], [200, 1], signedIn.body);
  assert.equal(
    (await browser.post('/console/api/sign-in', { name, password: PASSWORD }, from('203.0.113.2'))).status,
    200,
  );

  server.clock.advance((Math.max(later, retryAfter(byBoost)) - 5) * 1_000);
  retryAfter(await spray(0, headers));
  server.clock.advance(5_000);
  assert.equal((await spray(0, headers)).status, 401, 'open again when it was said');
});

test('whoever calls with the right secret from a closed address, and did so before, goes on', async () => {
  const headers = from('203.0.113.3');
  const before = await server.send({ ...boostVoice.request(boostFields), headers });
  assert.equal(boost.hear(before).sign, boost.signs.payment_not_found);
  await close(headers);
  retryAfter(await spray(0, headers));
  const after = await server.send({ ...boostVoice.request(boostFields), headers });
  assert.equal(boost.hear(after).sign, boost.signs.payment_not_found);
});

test('wrong native keys of one address are turned away for as long as they are told, and the right one is not', async () => {
  const headers = from('203.0.113.4');
  const { secrets } = await server.credential(merchant, { protocol: 'native' });
  const me = (key: string) =>
    server.send({ method: 'GET', path: '/v1/me', headers: { ...headers, authorization: `Bearer ${key}` } });
  for (let wrong = 0; wrong < FAILURES_PER_NAME; wrong += 1) assert.equal((await me(`rk_wrong${wrong}`)).status, 401);
  const seconds = retryAfter(await me('rk_wrong'));
  assert.ok(seconds <= 60);
  assert.equal((await me(secrets['key'] ?? '')).status, 200);
  server.clock.advance(seconds * 1_000);
  assert.equal((await me('rk_wrong')).status, 401);
});

test('what a caller writes into X-Forwarded-For changes nothing: not without a proxy, and not before what it adds', async () => {
  const direct = await TestServer.start({ database: server.database, engine: { lanes: 1 } });
  await Promise.all(
    Array.from({ length: FAILURES_PER_ADDRESS }, (_, name) => spray(name, from(`198.51.100.${name}`), direct)),
  );
  retryAfter(await spray(0, from('198.51.100.200'), direct));

  await Promise.all(
    Array.from({ length: FAILURES_PER_ADDRESS }, (_, name) => spray(name, from(`198.51.100.${name}, 203.0.113.5`))),
  );
  retryAfter(await spray(0, from('198.51.100.200, 203.0.113.5')));
  assert.equal((await spray(0, from('203.0.113.5, 203.0.113.6'))).status, 401);
});

test('proxies that are named are believed, through one another, and nobody else is', async () => {
  const named = ['127.0.0.0/8', '10.0.0.7'];
  const behind = await TestServer.start({ database: server.database, trustProxy: named, engine: { lanes: 1 } });
  await close(from('203.0.113.7, 10.0.0.7'), behind);
  retryAfter(await spray(0, from('198.51.100.1, 203.0.113.7, 10.0.0.7'), behind));
  assert.equal((await spray(0, from('203.0.113.7, 203.0.113.8'), behind)).status, 401);

  const elsewhere = await TestServer.start({
    database: server.database,
    trustProxy: ['10.0.0.7'],
    engine: { lanes: 1 },
  });
  await Promise.all(
    Array.from({ length: FAILURES_PER_ADDRESS }, (_, name) => spray(name, from(`198.51.100.${name}`), elsewhere)),
  );
  retryAfter(await spray(0, from('198.51.100.200'), elsewhere));
});
