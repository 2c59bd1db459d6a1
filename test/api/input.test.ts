import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../kit/database.ts';
import { Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);
const merchant = await api.merchant();
const { key } = merchant;
const payment = await api.payment(merchant);
const CARD = '4111 1111 1111 1111';

const raw = (text: string | Uint8Array, headers: Record<string, string> = {}) =>
  api.send('POST', '/v1/refunds', { raw: text, key, headers });

/** The parameters that an answer complains about. */
const parameters = (body: Body): string[] => body.errors.map(({ parameter }: { parameter: string }) => parameter);

test('an amount is a plain integer, as written', async () => {
  for (const amount of [
    '1.0',
    '1e2',
    '10.5',
    '-0',
    '-1',
    '0',
    '"100"',
    'true',
    'null',
    '[7]',
    '{}',
    '1000000000000',
    '99999999999999999999',
    '100000000000000000e-17',
  ]) {
    const answer = await raw(`{"payment_id":"${payment.id}","amount":${amount}}`);
    assertProblem(answer, 400, 'invalid_request');
    assert.deepEqual(parameters(answer.body), ['amount'], amount);
  }
});

test('a dispute is not cleared by a request with a body', async () => {
  const { id } = await api.payment(merchant);
  assert.equal((await api.post(`/v1/payments/${id}/dispute`, undefined, { key })).body.disputed, true);
  for (const body of ['{"reason":"won"}', '[]', '"won"', 'null', '{']) {
    const refused = await api.send('DELETE', `/v1/payments/${id}/dispute`, { key, raw: body });
    assertProblem(refused, 400, 'invalid_request');
  }
  assert.equal((await api.get(`/v1/payments/${id}`, { key })).body.disputed, true);
  // An empty object says nothing: clients that always send JSON are understood.
  const cleared = await api.send('DELETE', `/v1/payments/${id}/dispute`, { key, raw: '{}' });
  assert.equal(cleared.body.disputed, false);
});

test('a body that is not what it should be is refused with a sentence', async () => {
  const id = payment.id;
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '7',
    `{"payment_id":"${id}","amount":NaN}`,
    `{"payment_id":"${id}","amount":1,"amount":2}`,
    `{"payment_id":"${id}","amount":1,"\\u0061mount":2}`,
    `{"payment_id":"${id}","amount":1,"reason":"a\\u0000b"}`,
    `{"payment_id":"${id}","amount":1,"reason":"\\ud800"}`,
    `{"payment_id":"${id}","amount":1,"metadata":{"\\u0000":"x"}}`,
    `{"payment_id":"${id}","amount":1,"metadata":{"a":{"a":"x"}}}`,
    `{"payment_id":"${id}","amount":1,"__proto__":{"amount":2}}`,
    `{"payment_id":"${id}","amount":1,"metadata":{"__proto__":"x"}}`,
    `{"payment_id":"${id}","amount":1,"reason":${'['.repeat(40)}${']'.repeat(40)}}`,
  ]) {
    assertProblem(await raw(body), 400, 'invalid_request');
  }
  const bytes = Buffer.concat([
    Buffer.from(`{"payment_id":"${id}","reason":"`),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  assertProblem(await raw(bytes), 400, 'invalid_request');
  assert.equal((await api.get(`/v1/payments/${id}`)).body.refunded, 0);
});

test('all that is wrong is said at once, by name', async () => {
  const answer = await api.post(
    '/v1/payments',
    {
      amount: '1',
      curency: 'USD',
      method: { type: 'cash', number: '4111' },
      metadata: { a: 1, 'b!': 'x' },
      entitlements: [{}],
    },
    { key },
  );
  assertProblem(answer, 400, 'invalid_request');
  const problems = Object.fromEntries(
    answer.body.errors.map((one: { parameter: string; problem: string }) => [one.parameter, one.problem]),
  );
  assert.equal(problems['curency'], 'is no known field');
  assert.equal(problems['currency'], 'is required');
  assert.match(problems['amount'], /^must be a whole number/);
  assert.equal(problems['method.type'], 'must be one of card, ach, carrier, other');
  assert.equal(problems['method.number'], 'is no known field');
  assert.equal(problems['metadata.a'], 'must be a string');
  assert.equal(problems['metadata.b!'], 'is no possible name here');
  assert.equal(problems['entitlements.0.learner'], 'is required');
});

test('a body with thousands of mistakes is answered with a bounded list', async () => {
  const wrong = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`f${index}`, 1]));
  const answer = await api.post('/v1/refunds', wrong, { key });
  assertProblem(answer, 400, 'invalid_request');
  assert.equal(answer.body.errors.length, 20);
});

test('only JSON is taken, and not too much of it', async () => {
  const body = JSON.stringify({ payment_id: payment.id, amount: 1 });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'application/xml']) {
    assertProblem(await raw(body, { 'content-type': type }), 415, 'invalid_request');
  }
  assertProblem(await raw(`{"reason":"${'x'.repeat(70_000)}"}`), 413, 'invalid_request');
  const charset = await raw(body, { 'content-type': 'application/json; charset=utf-8' });
  assert.equal(charset.status, 201);
});

test('an operation without a body refuses one with fields', async () => {
  const answer = await api.post(`/v1/payments/${payment.id}/void`, { amount: 1 }, { key });
  assertProblem(answer, 400, 'invalid_request');
  assert.deepEqual(parameters(answer.body), ['amount']);
});

test('unknown, repeated and malformed query parameters are refused', async () => {
  for (const [query, parameter] of [
    ['colour=red', 'colour'],
    ['limit=1&limit=2', 'limit'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=', 'cursor'],
    ['created_from=yesterday', 'created_from'],
    ['created_before=2026-13-01', 'created_before'],
    ['amount_from=-1', 'amount_from'],
    ['amount_to=1.5', 'amount_to'],
    ['currency=usd', 'currency'],
    ['status=SUCCEEDED', 'status'],
    ['reference=%00', 'reference'],
    ['merchant_id=1', 'merchant_id'],
  ] as const) {
    for (const list of ['/v1/payments', '/v1/refunds']) {
      const answer = await api.get(`${list}?${query}`);
      assertProblem(answer, 400, 'invalid_request');
      assert.deepEqual(parameters(answer.body), [parameter], query);
    }
  }
  const read = await api.get(`/v1/payments/${payment.id}?expand=refunds`);
  assertProblem(read, 400, 'invalid_request');
});

test('full card numbers never enter the store', async () => {
  const base = { amount: 100, currency: 'USD' };
  const payments: [Body, string][] = [
    [{ description: `paid with ${CARD}` }, 'description'],
    [{ metadata: { card: '4111111111111111' } }, 'metadata.card'],
    [{ metadata: { '4111-1111-1111-1111': 'x' } }, 'metadata'],
    [{ method: { type: 'card', token: '378282246310005' } }, 'method.token'],
    [{ method: { type: 'card', holder_name: 'Ada 5555-5555-5555-4444' } }, 'method.holder_name'],
    [{ customer: { name: '6011111111111117' } }, 'customer.name'],
  ];
  for (const [more, parameter] of payments) {
    const answer = await api.post('/v1/payments', { ...base, ...more }, { key });
    assertProblem(answer, 400, 'invalid_request');
    assert.deepEqual(parameters(answer.body), [parameter]);
    assert.doesNotMatch(answer.text, /1111.?1111|5555.?5555|2246310005|6011111/);
  }
  for (const [more, parameter] of [
    [{ reason: `card ${CARD}, stolen` }, 'reason'],
    [{ metadata: { note: 'was 12 4111111111111111' } }, 'metadata.note'],
  ] as const) {
    for (const path of ['/v1/refunds', '/v1/refunds/preview']) {
      const answer = await api.post(path, { payment_id: payment.id, amount: 1, ...more }, { key });
      assertProblem(answer, 400, 'invalid_request');
      assert.deepEqual(parameters(answer.body), [parameter]);
    }
  }
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM payment WHERE details::text ~ '4111.?1111') + (SELECT count(*) FROM refund WHERE details::text ~ '4111.?1111') AS n`,
  );
  assert.equal(rows[0].n, '0');
});

test('numbers that are no card numbers are taken', async () => {
  const metadata = { at: '1753776000000', order: '4111111111111112', phone: '+1 415 555 0100', uuid: payment.id };
  const answer = await api.post('/v1/payments', { amount: 1, currency: 'USD', metadata }, { key });
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual(answer.body.metadata, metadata);
});

test('unknown paths and methods are answered in the same shape', async () => {
  for (const [method, path] of [
    ['GET', '/v1'],
    ['GET', '/v1/nothing'],
    ['PATCH', '/v1/refunds'],
    ['DELETE', `/v1/payments/${payment.id}`],
    ['POST', '/v1/payments/'],
  ] as const) {
    assertProblem(await api.send(method, path), 404, 'resource_not_found');
  }
});
