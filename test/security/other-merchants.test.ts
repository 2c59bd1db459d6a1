/**
 * What is one merchant's is nobody else's, on any door: every operation of the OpenAPI document and every route of the
 * console, with another merchant's ids, names and cursors wherever there is room for one. New ones are covered by being there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { registerConsole } from '../../src/console/index.ts';
import { operationsOf } from '../api/operations.ts';
import type { Body } from '../api/server.ts';
import { Browser, makeUser } from '../kit/console.ts';
import { type HttpAnswer, TestServer } from '../kit/server.ts';

/** In what is mine, and in nothing that anybody sends: whoever reads it was shown mine. */
const CANARY = 'canary';

const server = await TestServer.start();
const { refundry } = server;

interface Owner {
  readonly merchantId: string;
  readonly key: string;
  readonly reader: string;
  readonly browsers: readonly Browser[];
}

async function owner(): Promise<Owner> {
  const merchantId = await server.books.merchant({ approvalAboveMinor: { USD: 5_000n } });
  const [key, reader] = await Promise.all(
    (['merchant', 'read'] as const).map((role) => server.credential(merchantId, { protocol: 'native', role })),
  );
  const browsers = await Promise.all(
    (['operator', 'approver', 'read'] as const).map((role) => Browser.of(server, role, { merchantId })),
  );
  return { merchantId, key: key?.secrets['key'] ?? '', reader: reader?.secrets['key'] ?? '', browsers };
}

const admin = await Browser.of(server, 'admin');
const mine = await owner();
const theirs = await owner();

// What is mine: something of everything, with words of mine in it.
const marked = (word: string): string => `${CANARY} ${word}`;
const details = {
  description: marked('description'),
  metadata: { note: marked('metadata') },
  customer: { name: marked('customer'), email: 'seen@example.test' },
  method: { type: 'card', last4: '4242', holderName: marked('holder'), token: 'seen-token' },
} as const;
const payments = [];
for (const value of ['seen-1', 'seen-2', 'seen-3']) {
  payments.push(
    await server.books.payment(mine.merchantId, {
      references: [{ namespace: 'native.reference', value, numbered: false }],
      details,
      couponCode: `seen-coupon-${value}`,
      entitlements: [{ learner: 'seen-learner', kind: 'program', target: marked('programme'), viaCoupon: true }],
    }),
  );
}
const [payment] = payments;
assert.ok(payment !== undefined);
const reference = { namespace: 'boost-aoc.spTransID', value: 'seen-refund' };
const small = await server.books.refund(payment, 100n, { reference, details: { reason: marked('reason') } });
const waiting = await server.books.refund(payment, 6_000n, { details: { reason: marked('reason') } });
for (const currency of ['EUR', 'JPY']) {
  await server.books.payment(mine.merchantId, { currency, details });
  await server.books.command(mine.merchantId, { kind: 'settle_balance', currency });
}
const [settlement] = await server.rows<{ id: string }>('SELECT id FROM settlement WHERE merchant_id = $1 LIMIT 1', [
  mine.merchantId,
]);
const credential = await server.credential(mine.merchantId, { protocol: 'native' });
await server.rows(`UPDATE merchant SET name = 'canary name' WHERE id = $1`, [mine.merchantId]);
const sent = await server.send({
  path: '/console/api/bulk?name=canary.csv',
  headers: {
    'x-refundry-console': '1',
    origin: server.url,
    'content-type': 'text/csv',
    cookie: mine.browsers[0]?.cookie ?? '',
  },
  body: `payment,amount,reason\n${payment.id},1.00,canary line`,
});
assert.equal(sent.status, 201, sent.body);
const bulkId = (JSON.parse(sent.body) as { id: string }).id;

/** Ids by what they are of: the part of a path before them, or a field less its `_id`. */
const IDS: Readonly<Record<string, string>> = {
  payment: payment.id,
  payments: payment.id,
  refund: waiting.refund?.id ?? '',
  refunds: waiting.refund?.id ?? '',
  merchant: mine.merchantId,
  merchants: mine.merchantId,
  settlement: settlement?.id ?? '',
  settlements: settlement?.id ?? '',
  credential: credential.id,
  credentials: credential.id,
  bulk: bulkId,
};
const ALL_IDS = [...new Set([...Object.values(IDS), small.refund?.id ?? '', ...payments.map(({ id }) => id)])];
assert.ok(ALL_IDS.every((id) => id.length >= 36));

/** Names of mine that somebody else may have come to know: what a search can be for. */
const NAMES = [
  'seen-1',
  'seen-refund',
  'seen-token',
  'seen@example.test',
  '4242',
  '100.00 USD',
  payment.id,
  IDS['refunds'] ?? '',
];

interface Route {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  /** Fields of a body, with the document's own example. */
  readonly example: Body;
}

const document = (await admin.get('/openapi.json')).json;
const native: readonly Route[] = operationsOf(document).map(({ method, path, parameters, example }) => ({
  method,
  path,
  query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
  example,
}));

/** The console's routes, from the same registration that the server does. */
async function consoleRoutes(): Promise<readonly Route[]> {
  const routes: Route[] = [];
  const app = Fastify();
  app.addHook('onRoute', ({ method, url, schema, config }) => {
    const { access } = (config ?? {}) as { access?: string };
    if (!url.startsWith('/console/api/') || access === undefined || access === 'anyone') return;
    const query = Object.keys((schema?.querystring as { properties?: object } | undefined)?.properties ?? {});
    const body = (schema?.body as { properties?: object } | undefined)?.properties;
    const example =
      body === undefined ? undefined : Object.fromEntries(Object.keys(body).map((name) => [name, payment?.id]));
    for (const one of [method].flat()) {
      if (one !== 'HEAD') routes.push({ method: one, path: url.replaceAll(/:(\w+)/g, '{$1}'), query, example });
    }
  });
  await app.register(async (scope) => registerConsole(scope, { refundry, pages: '/nowhere', demo: null }));
  await app.ready();
  await app.close();
  return routes;
}

/** These end sessions, or never end themselves: what `feed` tells whom is in test/console/feed.test.ts. */
const NOT_ASKED = ['/console/api/sign-out', '/console/api/sign-out-everywhere', '/console/api/feed'];
const ofConsole = (await consoleRoutes()).filter(({ path }) => !NOT_ASKED.includes(path));

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: Body;
}

type Ask = (asked: Asked) => Promise<HttpAnswer>;

const byKey =
  (key: string): Ask =>
  ({ method, path, body }) =>
    server.send({
      method,
      path,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
const byBrowser =
  (browser: Browser): Ask =>
  ({ method, path, body }) =>
    browser.send(method, path, body);

/** Values of mine for a parameter, or a field, of that name. */
function valuesOf(name: string): readonly string[] {
  const id = IDS[name.replace(/_id$/, '')];
  if (name.endsWith('_id') && id !== undefined) return [id];
  return name === 'q' ? NAMES : ['seen-1', payment?.id ?? ''];
}

/** Where a list goes on for me. */
async function cursorOf(ask: Ask, path: string, query: readonly string[]): Promise<readonly string[]> {
  if (!query.includes('cursor') || !query.includes('limit')) return [];
  const learner = query.includes('learner') ? '&learner=seen-learner' : '';
  const { body } = await ask({ method: 'GET', path: `${path}?limit=1${learner}` });
  const { next_cursor: cursor = null } = JSON.parse(body) as { next_cursor?: string | null };
  return cursor === null ? [] : [cursor];
}

/** Every request that an operation has room for: nothing of mine but its path; then each of mine in each place. */
async function requestsOf({ method, path, query, example }: Route, asMe: Ask): Promise<Asked[]> {
  const at = path.replace(
    /\/(\w+)\/\{id\}/,
    (_match, of: string) => `/${of}/${IDS[of] ?? assert.fail(`whose id is in ${path}?`)}`,
  );
  assert.doesNotMatch(at, /[{}]/, path);
  const with_ = (more: Body): Body => (example === undefined ? undefined : { ...example, ...more });
  const plain: Asked = { method, path: at, ...(example === undefined ? {} : { body: example }) };
  const requests: Asked[] = [plain];
  for (const name of query) {
    const values = name === 'cursor' ? await cursorOf(asMe, at, query) : valuesOf(name);
    for (const value of values) {
      requests.push({
        ...plain,
        path: `${at}?${new URLSearchParams({ ...(query.includes('learner') ? { learner: 'seen-learner' } : {}), [name]: value }).toString()}`,
      });
    }
  }
  const bodies: Body[] = [
    { payment_id: payment?.id },
    { payment_id: payment?.id, amount: 100, payment_reference: undefined },
    { payment_id: undefined, payment_reference: { namespace: 'native.reference', value: 'seen-1' } },
    { merchant_id: mine.merchantId },
    { merchant_id: mine.merchantId, payment_id: payment?.id },
    { refund_id: waiting.refund?.id },
    { reference: 'seen-refund' },
    { references: { 'native.reference': 'seen-1' } },
  ];
  if (example !== undefined) for (const more of bodies) requests.push({ ...plain, body: with_(more) });
  return requests;
}

/** Rows that are mine, as they are, of every table that knows whose a row is. */
async function rowsOfMine(): Promise<readonly string[]> {
  const tables = await server.rows<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'merchant_id' AND table_name IN (SELECT tablename FROM pg_tables)`,
  );
  assert.ok(tables.length >= 10);
  const rows: string[] = [];
  for (const { name } of tables) {
    const found = await server.rows<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM ${name} AS t WHERE merchant_id = $1 ORDER BY 1`,
      [mine.merchantId],
    );
    assert.ok(found.length > 0, `there is no ${name} of mine`);
    rows.push(...found.map(({ row }) => `${name}: ${row}`));
  }
  return rows;
}

const apiPath = ({ path }: Route): boolean => path.startsWith('/v1/');

async function play(
  routes: readonly Route[],
  asks: readonly Ask[],
  asMe: Ask,
  hear: (asked: Asked, answer: HttpAnswer) => void,
): Promise<void> {
  for (const route of routes) {
    for (const asked of await requestsOf(route, asMe)) {
      await Promise.all(asks.map(async (ask) => hear(asked, await ask(asked))));
    }
  }
}

test('nobody else is shown anything of mine, or moves it, wherever they name it', async () => {
  const before = await rowsOfMine();
  let asked_ = 0;
  const hear = (asked: Asked, { status, body }: HttpAnswer): void => {
    asked_ += 1;
    const what = `${asked.method} ${asked.path} ${JSON.stringify(asked.body)}: ${status} ${body.slice(0, 600)}`;
    assert.ok(!body.includes(CANARY), what);
    assert.ok(status < 500, what);
    const said = decodeURIComponent(asked.path) + JSON.stringify(asked.body);
    for (const id of ALL_IDS) assert.ok(!body.includes(id) || said.includes(id), what);
  };
  await play(native.filter(apiPath), [theirs.key, theirs.reader].map(byKey), byKey(mine.key), hear);
  await play(native.filter(apiPath), theirs.browsers.slice(0, 1).map(byBrowser), byKey(mine.key), hear);
  await play(ofConsole, theirs.browsers.map(byBrowser), byKey(mine.key), hear);
  assert.ok(asked_ > 500, `${asked_} requests`);
  assert.deepEqual(await rowsOfMine(), before);
});

test('a key of theirs beside a request of mine is theirs: no outcome of mine is given again', async () => {
  const request = {
    method: 'POST',
    path: '/v1/refunds',
    body: JSON.stringify({ payment_id: payment.id, amount: 100 }),
  };
  const ask = (key: string): Promise<HttpAnswer> =>
    server.send({
      ...request,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': '"shared"' },
    });
  assert.equal((await ask(mine.key)).status, 201);
  const answer = await ask(theirs.key);
  assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [404, null]);
  assert.equal((await ask(mine.key)).headers.get('idempotent-replayed'), 'true');
});

test('whoever is bound to a merchant makes nothing for another, and no user of another merchant', async () => {
  const { name } = await makeUser(server, 'operator', { merchantId: theirs.merchantId });
  const browser = new Browser(server);
  await browser.signIn(name);
  const before = await rowsOfMine();
  for (const [path, body] of [
    [`/console/api/bulk?merchant_id=${mine.merchantId}`, undefined],
    ['/v1/payments', { merchant_id: mine.merchantId, amount: 100, currency: 'USD' }],
    ['/v1/settlements', { merchant_id: mine.merchantId, currency: 'USD' }],
    ['/v1/credentials', { merchant_id: mine.merchantId, protocol: 'native', role: 'merchant', label: 'x' }],
  ] as const) {
    for (const ask of [byBrowser(browser), byKey(theirs.key)]) {
      const { status } = await ask({ method: 'POST', path, ...(body === undefined ? {} : { body }) });
      assert.ok([400, 401, 403, 404].includes(status), `${path}: ${status}`);
    }
  }
  assert.deepEqual(await rowsOfMine(), before);
});

test('the same requests by me show what is mine, and change it', async () => {
  const before = await rowsOfMine();
  const showing = new Set<string>();
  const hear = ({ method, path }: Asked, { body }: HttpAnswer): void => {
    if (body.includes(CANARY)) showing.add(`${method} ${path.split('?', 1).join()}`);
  };
  await play(native.filter(apiPath), [byKey(mine.key)], byKey(mine.key), hear);
  await play(ofConsole, mine.browsers.slice(0, 1).map(byBrowser), byKey(mine.key), hear);
  for (const path of [
    '/v1/payments',
    `/v1/payments/${payment.id}`,
    '/v1/refunds',
    '/v1/me',
    '/console/api/search',
    '/console/api/bulk',
    '/console/api/export/payments.csv',
  ]) {
    assert.ok(showing.has(`GET ${path}`), `${path}: ${[...showing].join('\n')}`);
  }
  assert.notDeepEqual(await rowsOfMine(), before);
});
