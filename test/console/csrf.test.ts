/** A browser sends its cookie whoever made it ask: what changes something must come from the console's own pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, makeUser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const merchant = await server.books.merchant();
const payment = await server.books.payment(merchant);
const admin = await Browser.of(server, 'admin');
const refund = { payment_id: payment.id, amount: 100 };

/** What requests from elsewhere look like; an empty header is not sent. */
const FROM_ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'without the header': { 'x-refundry-console': '' },
  'with another value in the header': { 'x-refundry-console': 'true' },
  'from another site': { 'sec-fetch-site': 'cross-site' },
  'from a neighbour': { 'sec-fetch-site': 'same-site' },
  'from the address bar': { 'sec-fetch-site': 'none' },
  'from the pages of another host': { origin: 'https://example.org' },
  'from another port of this host': { origin: 'http://127.0.0.1:1' },
  'from a host whose name begins alike': { origin: `${server.url}.example.org` },
  'from a sandboxed frame': { origin: 'null' },
  'with an origin that is none': { origin: 'nonsense' },
  'from elsewhere, by an old browser': { 'sec-fetch-site': '', origin: 'https://example.org' },
};

for (const [how, headers] of Object.entries(FROM_ELSEWHERE)) {
  test(`a request ${how} is refused, and nothing happens`, async () => {
    const before = await server.entries();
    const { cookie } = admin;
    for (const [path, body] of [
      ['/v1/refunds', refund],
      ['/v1/refunds/preview', refund],
      ['/v1/merchants', { name: 'Made elsewhere' }],
      ['/console/api/sign-out', undefined],
      ['/console/api/sign-out-everywhere', undefined],
    ] as const) {
      const { status, json } = await admin.post(path, body, headers);
      assert.deepEqual([status, json.code], [403, 'forbidden'], path);
    }
    assert.equal(await server.entries(), before);
    admin.cookie = cookie;
    assert.equal((await admin.get('/console/api/session')).status, 200, 'still signed in');
  });

  test(`nobody is signed in by a request ${how}`, async () => {
    const { name } = await makeUser(server, 'read');
    const visitor = new Browser(server);
    const answer = await visitor.post('/console/api/sign-in', { name, password: PASSWORD }, headers);
    assert.deepEqual([answer.status, answer.json.code, visitor.cookie], [403, 'forbidden', '']);
  });
}

test('the console’s own pages, also in an old browser that says less, and behind a proxy that speaks TLS, are let in', async () => {
  for (const headers of [
    {},
    { 'sec-fetch-site': '' },
    { origin: '' },
    { 'sec-fetch-site': '', origin: '' },
    { origin: server.url.replace('http:', 'https:') },
  ]) {
    const { status, body } = await admin.post('/v1/refunds', refund, headers);
    assert.equal(status, 201, body);
  }
});

test('reading needs nothing but the cookie, so that links and downloads work', async () => {
  const headers = { 'x-refundry-console': '', 'sec-fetch-site': 'cross-site' };
  for (const method of ['GET', 'HEAD']) {
    assert.equal((await admin.send(method, `/v1/payments/${payment.id}`, undefined, headers)).status, 200);
  }
});

test('a key needs none of it: no browser sends one by itself', async () => {
  const { secrets } = await server.credential(merchant, { protocol: 'native' });
  const { status, body } = await admin.post('/v1/refunds', refund, {
    authorization: `Bearer ${secrets['key']}`,
    'x-refundry-console': '',
    'sec-fetch-site': 'cross-site',
    origin: 'https://example.org',
  });
  assert.equal(status, 201, body);
});

test('no other site may read an answer', async () => {
  for (const path of ['/console/api/session', '/v1/me']) {
    const { headers } = await admin.send('GET', path, undefined, { origin: 'https://example.org' });
    assert.equal(headers.get('access-control-allow-origin'), null);
    const preflight = await admin.send('OPTIONS', path, undefined, {
      origin: 'https://example.org',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-refundry-console',
    });
    assert.notEqual(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
  }
});
