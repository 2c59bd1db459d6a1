/** The partners' protocols as the console shows them: examples that work, errors, and each partner's words of a payment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../src/core/errors.ts';
import { DEMO_MERCHANT_ID, demoAccess, seedDemo } from '../../src/demo/index.ts';
import { DIALECTS } from '../../src/dialects/index.ts';
import { temporaryFolder } from '../cli/refundry.ts';
import { Browser } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const home = temporaryFolder();
const server = await TestServer.start({ engine: { demo: true }, demo: demoAccess(home) });
await seedDemo(server.refundry, home);
const viewer = await Browser.of(server, 'read');
const plain = await TestServer.start({ demo: demoAccess(home) });
const stranger = await Browser.of(plain, 'read');

const protocols: any[] = (await viewer.get('/console/api/protocols')).json;
const protocol = (name: string): any => protocols.find((one) => one.name === name);

/** Sends an example as a browser does, signed where it must be. */
async function send(operation: any, cookies = ''): Promise<{ status: number; body: string; cookie: string }> {
  const { query, headers, content_type: type, body } = operation.example;
  let text: string = body;
  if (operation.signed) {
    const signed = await viewer.post('/console/api/protocols/bbmsl/sign', { request: body });
    assert.equal(signed.status, 200, signed.body);
    text = signed.body;
  }
  const answer = await server.send({
    method: operation.method,
    path: operation.path + (query === '' ? '' : `?${query}`),
    headers: {
      ...headers,
      ...(type === null ? {} : { 'content-type': type }),
      ...(cookies === '' ? {} : { cookie: cookies }),
    },
    body: text,
  });
  const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';', 1).join());
  return { status: answer.status, body: answer.body, cookie: set.join('; ') };
}

test('every protocol is there, with an example for each of its operations', () => {
  assert.deepEqual(
    protocols.map(({ name }) => name),
    DIALECTS.map(({ name }) => name),
  );
  for (const dialect of DIALECTS) {
    const { operations, namespaces, errors } = protocol(dialect.name);
    assert.deepEqual(
      new Set(operations.map(({ name }: { name: string }) => name)),
      new Set(dialect.operations.map(({ name }) => name)),
    );
    for (const { name, method, path } of operations) {
      assert.ok(
        dialect.operations.some((one) => one.name === name && one.method === method && one.paths.includes(path)),
        `${method} ${path}`,
      );
    }
    assert.deepEqual(
      namespaces.map(({ name }: { name: string }) => name),
      dialect.references.map(({ name }) => name),
    );
    assert.deepEqual(
      errors.map(({ code }: { code: string }) => code),
      ERRORS.map(({ code }) => code),
    );
  }
});

test('what changes money is said to, and what must be sent before it', () => {
  const told = (name: string): any[] =>
    protocol(name).operations.map((one: any) => [one.name, one.writes, one.follows] as const);
  assert.deepEqual(told('bbmsl'), [
    ['refund', true, 0],
    ['query', false, 0],
    ['void', true, 0],
  ]);
  assert.deepEqual(told('edubrite'), [
    ['connect', false, 0],
    ['connect', false, 1],
    ['refund', true, 2],
    ['sign_out', false, 0],
  ]);
});

test('the errors are in each partner’s own words', () => {
  const error = (name: string, code: string): any => protocol(name).errors.find((one: any) => one.code === code);
  assert.match(error('boost-aoc', 'unauthenticated').body, /"errorCode":"AOC0003"/);
  assert.deepEqual([error('bbmsl', 'already_refunded').status, error('bbmsl', 'rate_limited').status], [200, 429]);
  assert.match(error('edubrite', 'forbidden').body, /<msg>/);
});

test('in a demo the examples work as they stand', async () => {
  for (const [name, operation, expected] of [
    ['boost-aoc', 'refund', /"transactionOperationStatus":"refunded"/],
    ['boost-aoc', 'refundStatus', /"amountRefunded":"1.00"/],
    ['boost-aoc', 'chargeStatus', /"Charged"/],
    ['bbmsl', 'query', /"responseCode":"0000"/],
    ['bbmsl', 'refund', /"responseCode":"0000"/],
    ['payengine', 'refund', /"TransactionID"/],
    ['payment-options', 'refund', /Amount successfully refunded/],
  ] as const) {
    const answer = await send(protocol(name).operations.find((one: any) => one.name === operation));
    assert.equal(answer.status, name === 'payment-options' ? 201 : 200, `${name} ${operation}: ${answer.body}`);
    assert.match(answer.body, expected);
  }
  const [open, signIn, refund, signOut] = protocol('edubrite').operations;
  const first = (await send(open)).cookie;
  const second = (await send(signIn, first)).cookie;
  const both = `${first}; ${second}`;
  assert.match((await send(refund, both)).body, /<response code="0">/);
  assert.match((await send(signOut, both)).body, /<response code="0">/);
});

test('each partner’s answer about a payment is what the partner’s endpoint would say', async () => {
  const about = async (value: string): Promise<any[]> => {
    const { json } = await viewer.get(`/v1/payments?reference=${encodeURIComponent(value)}`);
    const answer = await viewer.get(`/console/api/protocols/payment/${json.data[0].id}`);
    assert.equal(answer.status, 200, answer.body);
    return answer.json;
  };
  const [aoc, ...others] = await about('12345');
  assert.equal(others.length, 0, 'only protocols that know the payment tell of it');
  assert.deepEqual(
    [aoc.protocol, aoc.operation, aoc.status, aoc.content_type],
    ['boost-aoc', 'chargeStatus', 200, 'application/json'],
  );
  const real = await send(protocol('boost-aoc').operations.find((one: any) => one.name === 'chargeStatus'));
  assert.equal(aoc.body, real.body);

  const [order] = await about('4922');
  const query = await send(protocol('bbmsl').operations.find((one: any) => one.name === 'query'));
  assert.equal(order.body, query.body);

  const [invoice] = await about('5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511');
  assert.deepEqual([invoice.protocol, invoice.operation], ['edubrite', 'refund']);
  assert.match(invoice.body, /<response code="0">/);
  const [yen] = await about('9dfd39ec-eb4a-4f8b-a526-17abf140a717');
  assert.deepEqual([yen.protocol, yen.status], ['payment-options', 201]);

  const before = await server.entries();
  assert.deepEqual(await about('order-900'), [], 'nobody but the native API knows it');
  const both = await server.books.payment(DEMO_MERCHANT_ID, {
    references: [
      { namespace: 'boost-aoc.aocTransID', value: 'two', numbered: false },
      { namespace: 'payengine.id', value: 'two', numbered: false },
    ],
  });
  const names = async (): Promise<string[]> => (await about('two')).map((one: any) => one.protocol);
  assert.deepEqual(await names(), ['boost-aoc'], 'PayEngine only tells of refunds');
  await server.books.refund(both, 100_000n);
  assert.deepEqual(await names(), ['boost-aoc', 'payengine']);
  const refused = (await about('two')).at(-1);
  assert.ok(refused.status >= 400, 'the last refund was refused, and so it is told');
  assert.equal(await server.entries(), before + 2, 'telling writes nothing');
});

test('whoever is bound to a merchant hears nothing of another’s payment', async () => {
  const otherId = await server.books.merchant();
  const bound = await Browser.of(server, 'read', { merchantId: otherId });
  const { json } = await viewer.get('/v1/payments?reference=12345');
  assert.equal((await bound.get(`/console/api/protocols/payment/${json.data[0].id}`)).status, 404);
});

test('outside of a demo nothing of it is shown, and nothing is signed', async () => {
  const answer = await stranger.get('/console/api/protocols');
  assert.equal(answer.status, 200);
  for (const secret of Object.values(demoAccess(home).callers).flatMap(({ secrets }) => secrets)) {
    assert.ok(!answer.body.includes(secret), secret);
  }
  assert.match(answer.body, /<apiKey>/);
  assert.equal((await stranger.post('/console/api/protocols/bbmsl/sign', { request: '{}' })).status, 403);
});

test('what is no JSON object is not signed', async () => {
  for (const request of ['[]', '{', '"x"']) {
    assert.equal((await viewer.post('/console/api/protocols/bbmsl/sign', { request })).status, 400, request);
  }
});
