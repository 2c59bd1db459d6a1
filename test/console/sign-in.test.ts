/** Signing in to the console and out again, and what a cookie opens afterwards. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { seedDemo } from '../../src/demo/index.ts';
import { Browser, type JsonAnswer, makeUser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const merchant = await server.books.merchant();

const SESSION = '/console/api/session';
const ME = '/v1/me';

/** A fact about whoever sends this cookie: it opens both doors, or neither. */
async function assertOpens(cookie: string, opens: boolean): Promise<void> {
  const browser = new Browser(server);
  browser.cookie = cookie;
  for (const path of [SESSION, ME]) {
    const { status, json } = await browser.get(path);
    assert.equal(status, opens ? 200 : 401, `${path} with ${cookie}`);
    if (!opens) assert.equal(json.code, 'unauthenticated');
  }
}

const tokenOf = (cookie: string): Buffer => Buffer.from(cookie.split('=')[1] ?? '');

const age = (cookie: string, assignment: string) =>
  server.rows(`UPDATE session SET ${assignment} WHERE first_token_hash = sha256($1) RETURNING protocol`, [
    tokenOf(cookie),
  ]);

/** Every route below `/console/api`, read from the tree that the router prints. */
function consoleRoutes(): [method: string, path: string][] {
  const parts: string[] = [];
  return server.app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \((.*)\))?/.exec(line) ?? [];
      parts.splice(indent.length / 4, Infinity, part);
      const path = parts.join('');
      const isOurs = path.startsWith('/console/api/') && methods !== '';
      return isOurs ? methods.split(', ').map((method): [string, string] => [method, path]) : [];
    });
}

const withoutRequestId = ({ json }: JsonAnswer): unknown => ({ ...json, request_id: '' });

test('a name and its password open a session, which tells who it is', async () => {
  const browser = new Browser(server);
  const { name } = await makeUser(server, 'operator', { merchantId: merchant, limits: { USD: 10_000n } });
  const answer = await browser.signIn(name);
  assert.equal(answer.status, 200, answer.body);
  const [cookie = ''] = answer.headers.getSetCookie();
  assert.match(cookie, /^refundry_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.deepEqual(answer.json.user, {
    name,
    label: 'A operator',
    role: 'operator',
    merchant_id: merchant,
    limits: { USD: 10_000 },
  });
  assert.equal(answer.json.demo, false);
  const minutesLeft = (Date.parse(answer.json.expires_at) - Date.now()) / 60_000;
  assert.ok(minutesLeft > 29 && minutesLeft <= 30.1, `${minutesLeft} minutes`);

  const session = await browser.get(SESSION);
  assert.deepEqual({ ...session.json, expires_at: '' }, { ...answer.json, expires_at: '' });
  assert.equal(session.headers.get('cache-control'), 'no-store');
  const me = await browser.get(ME);
  assert.deepEqual([me.json.role, me.json.merchant_id], ['operator', merchant]);
  assert.equal(me.headers.get('cache-control'), 'no-store');
});

test('an unknown name, a wrong password and a disabled user are answered alike', async () => {
  const { name, id } = await makeUser(server, 'approver');
  const browser = new Browser(server);
  const wrong = await browser.signIn(name, 'not the password');
  const unknown = await browser.signIn('nobody', 'not the password');
  const strange = await browser.signIn('no name at all!', PASSWORD);
  await server.revoke({ id, merchantId: null, lookup: name, secrets: {} });
  server.clock.advance(2_001);
  const disabled = await browser.signIn(name);
  for (const answer of [wrong, unknown, strange, disabled]) {
    assert.equal(answer.status, 401);
    assert.equal(answer.json.code, 'unauthenticated');
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.deepEqual(withoutRequestId(answer), withoutRequestId(wrong));
  }
});

test('a name is closed after 20 wrong passwords in a minute, to the right one too, and no other name is', async () => {
  const { name } = await makeUser(server, 'read');
  const other = await makeUser(server, 'read');
  const browser = new Browser(server);
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, guess) => browser.signIn(name, `guess ${guess}`)));
  for (const { status } of guesses) assert.equal(status, 401);
  const closed = await browser.signIn(name);
  assert.equal(closed.status, 429);
  assert.equal(closed.json.code, 'rate_limited');
  assert.equal((await new Browser(server).signIn(other.name)).status, 200);
  server.clock.advance(61_000);
  assert.equal((await browser.signIn(name)).status, 200);
});

test('more sign-ins at once than can be checked are asked to come back', async () => {
  const browser = new Browser(server);
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => browser.signIn(`crowd-${index}`)));
  const busy = answers.filter(({ status }) => status === 503);
  assert.ok(busy.length > 0);
  for (const { json, headers } of busy) {
    assert.equal(json.code, 'overloaded');
    assert.ok(headers.get('retry-after') !== null);
  }
  assert.ok(answers.every(({ status }) => status === 503 || status === 401));
  await Browser.of(server, 'read');
});

test('forged, cut and foreign cookies open nothing', async () => {
  const { cookie } = await Browser.of(server, 'admin');
  const token = cookie.split('=')[1] ?? '';
  await assertOpens(cookie, true);
  for (const forged of [
    '',
    'refundry_session=',
    `refundry_session=${token.slice(0, -1)}`,
    `refundry_session=${token}A`,
    `refundry_session=${token.toLowerCase()}`,
    `refundry_session=${'A'.repeat(43)}`,
    `refundry_session=${"' OR true --"}`,
    `Refundry_session=${token}`,
    // Only ever set over TLS.
    `__Host-refundry_session=${token}`,
  ]) {
    await assertOpens(forged, false);
  }
  await assertOpens(`theme=dark; ${cookie}; other=1`, true);
});

test("a partner protocol's session is none of the console", async () => {
  await server.credential(merchant, {
    protocol: 'edubrite',
    lookup: 'lms',
    settings: { administrators: ['chenry'] },
    demoSecrets: ['s3cret'],
  });
  const first = await server.refundry.sessions.open('edubrite');
  await assertOpens(`refundry_session=${first}`, false);
});

test('a session ends after 30 minutes without use', async () => {
  const { cookie } = await Browser.of(server, 'read');
  assert.equal((await age(cookie, `last_used_at = now() - interval '29 minutes'`)).length, 1);
  // What a page does by itself, such as following the feed, is no use.
  const unattended = await server.refundry.authenticator.signedIn(String(tokenOf(cookie)), false);
  const secondsLeft = ((unattended?.expiresAt ?? 0) - Date.now()) / 1_000;
  assert.ok(secondsLeft > 0 && secondsLeft <= 60, `${secondsLeft} seconds`);
  const asked = await server.send({
    method: 'GET',
    path: '/console/api/session',
    headers: { cookie, 'x-refundry-unattended': '1' },
  });
  assert.equal(Date.parse(JSON.parse(asked.body).expires_at), unattended?.expiresAt);
  await assertOpens(cookie, true);
  // Being used just now, it may idle for 30 minutes again.
  const [used] = await server.rows<{ is_recent: boolean }>(
    `SELECT last_used_at > now() - interval '1 minute' AS is_recent FROM session WHERE first_token_hash = sha256($1)`,
    [tokenOf(cookie)],
  );
  assert.equal(used?.is_recent, true);
  await age(cookie, `last_used_at = now() - interval '30 minutes 1 second'`);
  await assertOpens(cookie, false);
});

test('a session ends after 12 hours, however much it is used', async () => {
  const { cookie } = await Browser.of(server, 'read');
  const [row] = await server.rows<{ hours: number }>(
    `SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::int AS hours FROM session
     WHERE first_token_hash = sha256($1)`,
    [tokenOf(cookie)],
  );
  assert.equal(row?.hours, 12);
  await age(cookie, `last_used_at = now() - interval '2 minutes', expires_at = now() + interval '1 minute'`);
  await assertOpens(cookie, true);
  const browser = new Browser(server);
  browser.cookie = cookie;
  const { json } = await browser.get(SESSION);
  assert.ok(Date.parse(json.expires_at) - Date.now() <= 60_000, 'using it does not prolong the whole');
  await age(cookie, `expires_at = now()`);
  await assertOpens(cookie, false);
});

test('a cookie that was signed out opens nothing when it is sent again', async () => {
  const browser = await Browser.of(server, 'operator');
  const { cookie } = browser;
  const answer = await browser.post('/console/api/sign-out');
  assert.equal(answer.status, 204);
  assert.match(answer.headers.getSetCookie().join(), /^refundry_session=; .*Max-Age=0/);
  await assertOpens(cookie, false);
});

test('signing out everywhere ends all sessions of that user, and nobody else’s', async () => {
  const { name } = await makeUser(server, 'admin');
  const [here, there, other] = [new Browser(server), new Browser(server), await Browser.of(server, 'admin')];
  await here.signIn(name);
  await there.signIn(name);
  const cookies = [here.cookie, there.cookie];
  assert.equal((await here.post('/console/api/sign-out-everywhere')).status, 204);
  for (const cookie of cookies) await assertOpens(cookie, false);
  await assertOpens(other.cookie, true);
});

test('signing in again ends the session that was there', async () => {
  const { name } = await makeUser(server, 'read');
  const browser = new Browser(server);
  await browser.signIn(name);
  const before = browser.cookie;
  await browser.signIn(name);
  assert.notEqual(browser.cookie, before);
  await assertOpens(before, false);
  await assertOpens(browser.cookie, true);
});

test('disabling a user ends their sessions at once', async () => {
  const { name, id } = await makeUser(server, 'admin');
  const browser = new Browser(server);
  await browser.signIn(name);
  await server.revoke({ id, merchantId: null, lookup: name, secrets: {} });
  await assertOpens(browser.cookie, false);
});

test('whoever sends a key acts as that key, whatever cookie comes along', async () => {
  const admin = await Browser.of(server, 'admin');
  const { secrets } = await server.credential(merchant, { protocol: 'native', role: 'read' });
  const key = { authorization: `Bearer ${secrets['key']}` };
  const me = await admin.send('GET', ME, undefined, key);
  assert.deepEqual([me.json.role, me.json.merchant_id], ['read', merchant]);
  const wrong = await admin.send('GET', ME, undefined, { authorization: 'Bearer rk_wrong' });
  assert.equal(wrong.status, 401);
  // A proxy's own sign-in travels in the same header.
  const basic = await admin.send('GET', ME, undefined, { authorization: 'Basic cHJveHk6cHJveHk=' });
  assert.equal(basic.json.role, 'admin');
  // The console is for people.
  const session = await new Browser(server).send('GET', SESSION, undefined, key);
  assert.equal(session.status, 401);
});

test('behind TLS the cookie is bound to this host and to https', async () => {
  const proxied = await TestServer.start({ database: server.database, trustProxy: true, engine: { lanes: 1 } });
  const { name } = await makeUser(proxied, 'read');
  const browser = new Browser(proxied);
  const secure = { 'x-forwarded-proto': 'https' };
  const answer = await browser.post('/console/api/sign-in', { name, password: PASSWORD }, secure);
  const [cookie = ''] = answer.headers.getSetCookie();
  assert.match(cookie, /^__Host-refundry_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  assert.equal((await browser.send('GET', SESSION, undefined, secure)).status, 200);
  assert.equal((await browser.get(SESSION)).status, 401, 'the cookie is none without TLS');
});

test('one click signs in to the demo, and nowhere else', async () => {
  const demo = await TestServer.start({ database: server.database, engine: { demo: true, lanes: 1 } });
  const home = mkdtempSync(join(tmpdir(), 'refundry-demo-'));
  after(() => rmSync(home, { recursive: true, force: true }));
  await seedDemo(demo.refundry, home);
  await seedDemo(demo.refundry, home);

  const there = new Browser(demo);
  const offered = await there.get('/console/api/sign-in');
  assert.deepEqual(offered.json, {
    demo: true,
    demo_users: [
      { name: 'admin@demo', role: 'admin' },
      { name: 'operator@demo', role: 'operator' },
      { name: 'approver@demo', role: 'approver' },
      { name: 'viewer@demo', role: 'read' },
    ],
  });
  for (const { name, role } of offered.json.demo_users) {
    const answer = await there.post('/console/api/sign-in', { name, demo: true });
    assert.deepEqual([answer.status, answer.json.user.role, answer.json.demo], [200, role, true]);
  }
  const { name } = await makeUser(server, 'admin');
  assert.equal((await there.post('/console/api/sign-in', { name, demo: true })).status, 401, 'a user with a password');
  assert.equal((await there.signIn('approver@demo', PASSWORD)).status, 401, 'a demo user has none');

  const here = new Browser(server);
  assert.deepEqual((await here.get('/console/api/sign-in')).json, { demo: false, demo_users: [] });
  const refused = await here.post('/console/api/sign-in', { name: 'approver@demo', demo: true });
  assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden']);
  await assertOpens(there.cookie, false);
});

test('what is sent to sign in with is checked, and every other route of the console needs a session', async () => {
  const browser = new Browser(server);
  for (const body of [{}, { name: 'a' }, { name: '', password: 'x' }, { name: 'a', password: 'x', role: 'admin' }, 7]) {
    const { status, json } = await browser.post('/console/api/sign-in', body);
    assert.deepEqual([status, json.code], [400, 'invalid_request'], JSON.stringify(body));
  }
  const routes = consoleRoutes();
  assert.ok(routes.length >= 5, routes.join());
  for (const [method, path] of routes) {
    const body = method === 'POST' || method === 'PUT' ? {} : undefined;
    const { status } = await browser.send(method, path, body);
    assert.equal(status, path === '/console/api/sign-in' ? (method === 'POST' ? 400 : 200) : 401, `${method} ${path}`);
  }
  assert.equal((await browser.get('/console/api/nothing')).json.code, 'resource_not_found');
});

test('neither passwords nor tokens are in the logs or in the database', async () => {
  const secret = 'unforgettable secret words';
  const { name } = await makeUser(server, 'read', { password: secret });
  const browser = new Browser(server);
  await browser.signIn(name, secret);
  await browser.get(SESSION);
  const token = browser.cookie.split('=')[1] ?? '';
  const sessions = await server.rows<{ row: string }>(`SELECT session::text AS row FROM session`);
  const credentials = await server.rows<{ row: string }>(`SELECT credential::text AS row FROM credential`);
  const all = [...server.log, ...[...sessions, ...credentials].map(({ row }) => row)].join('\n');
  assert.ok(all.includes(name));
  assert.ok(!all.includes(secret) && !all.includes(token));
  const [kept] = await server.rows<{ hash: string }>(
    `SELECT secret_hashes[1] AS hash FROM credential WHERE lookup = $1`,
    [name],
  );
  assert.match(kept?.hash ?? '', /^scrypt\$15\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
});
