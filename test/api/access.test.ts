/** Who may do what, for every operation of the OpenAPI document: a new one is covered by being there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS } from '../../src/api/access.ts';
import { connect } from '../kit/database.ts';
import { type Operation, operationsOf, requestOf } from './operations.ts';
import { type Answer, Api, assertProblem } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);
const mine = await api.merchant({ approval_above: { USD: 5_000 } });
const theirs = await api.merchant();
const keys = {
  'my reader': await api.key(mine.id, 'read'),
  'their merchant': theirs.key,
  'their reader': await api.key(theirs.id, 'read'),
  'reader of everything': await api.key(null, 'read'),
};

const payment = await api.payment(mine, { references: { 'native.reference': 'mine' } });
const refund = (await api.post('/v1/refunds', { payment_id: payment.id, amount: 6_000 }, { key: mine.key })).body;
const paid = await api.payment(mine, { currency: 'EUR' });
const settlement = (await api.post('/v1/settlements', { currency: 'EUR' }, { key: mine.key })).body;
const credential = (await api.get('/v1/credentials', { key: mine.key })).body.data[0];

const IDS: Readonly<Record<string, string>> = {
  payments: payment.id,
  refunds: refund.id,
  merchants: mine.id,
  settlements: settlement.id,
  credentials: credential.id,
};
const UNKNOWN = '019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11';

const operations = operationsOf((await api.get('/openapi.json', { key: null })).body);

/** A request about what is `mine`, or about what is nobody's. */
function send(operation: Operation, key: string | null, unknown: boolean, named: boolean) {
  const about = unknown
    ? { resources: {}, otherwise: UNKNOWN, merchantId: UNKNOWN, paymentId: UNKNOWN }
    : { resources: IDS, otherwise: '', merchantId: mine.id, paymentId: payment.id };
  const { method, url, body } = requestOf(operation, about, named);
  return api.send(method, url, { key, ...(body === undefined ? {} : { body }) });
}

const entriesOfMine = async (): Promise<string> =>
  (await client.query('SELECT count(*) AS n FROM journal WHERE merchant_id = $1', [mine.id])).rows[0].n;

const name = ({ method, path }: Operation): string => `${method} ${path}`;

test('every operation says who may use it', () => {
  assert.ok(operations.length > 30);
  for (const operation of operations) {
    assert.ok(Object.keys(ACCESS).includes(operation.access), name(operation));
  }
});

test('without a key, or with a wrong one, nothing is answered, not even what is wrong with the request', async () => {
  const before = await entriesOfMine();
  for (const operation of operations) {
    // Wrong keys are counted by the minute.
    api.advance(61_000);
    for (const key of [null, 'rk_wrong', mine.key.slice(0, -1)]) {
      for (const unknown of [false, true])
        assertProblem(await send(operation, key, unknown, false), 401, 'unauthenticated');
    }
    const { method, path } = operation;
    if (method === 'GET') continue;
    const unreadable = await api.send(method, path, {
      key: null,
      raw: '{"a"',
      headers: { 'content-type': 'text/plain' },
    });
    assertProblem(unreadable, 401, 'unauthenticated');
  }
  assert.equal(await entriesOfMine(), before);
});

test('other schemes and half a key open nothing', async () => {
  for (const authorization of ['', 'Bearer', 'Bearer ', `Basic ${mine.key}`, mine.key, `Bearer ${mine.key} x`]) {
    const answer = await api.get('/v1/me', { key: null, headers: { authorization } });
    assertProblem(answer, 401, 'unauthenticated');
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal((await api.get('/v1/me', { key: null, headers: { authorization: `bearer ${mine.key}` } })).status, 200);
});

test('a HEAD request needs a key as its GET does', async () => {
  const path = `/v1/payments/${payment.id}`;
  assert.equal((await api.send('HEAD', path, { key: null })).status, 401);
  assert.equal((await api.send('HEAD', path, { key: theirs.key })).status, 404);
  assert.equal((await api.send('HEAD', path, { key: mine.key })).status, 200);
});

test('a key that only reads changes nothing, whatever it sends', async () => {
  const before = await entriesOfMine();
  for (const operation of operations.filter(({ access }) => access !== 'read' && access !== 'everything')) {
    for (const key of [keys['my reader'], keys['reader of everything']]) {
      assertProblem(await send(operation, key, false, false), 403, 'forbidden');
      assertProblem(await send(operation, key, true, true), 403, 'forbidden');
    }
  }
  assert.equal(await entriesOfMine(), before);
});

test('a key that only reads sees all that is its own', async () => {
  for (const operation of operations.filter(({ access }) => access === 'read')) {
    const { status, text } = await send(operation, keys['my reader'], false, true);
    assert.equal(status, 200, `${name(operation)}: ${text}`);
  }
  for (const operation of operations.filter(({ access }) => access === 'read' || access === 'everything')) {
    const { status, text } = await send(operation, keys['reader of everything'], false, true);
    assert.equal(status, 200, `${name(operation)}: ${text}`);
  }
});

test('what is for administrators, or for keys of all merchants, is for no other', async () => {
  const before = await entriesOfMine();
  for (const operation of operations.filter(({ access }) => access === 'admin' || access === 'everything')) {
    for (const key of [mine.key, theirs.key, keys['my reader']]) {
      assertProblem(await send(operation, key, false, false), 403, 'forbidden');
    }
  }
  assert.equal(await entriesOfMine(), before);
});

test("another merchant's data is as unknown as what never was, to the letter", async () => {
  const before = await entriesOfMine();
  const anonymous = (answer: Answer): string =>
    answer.text
      .replaceAll(answer.body.request_id, '')
      .replaceAll(UNKNOWN, 'ID')
      .replaceAll(new RegExp(Object.values(IDS).join('|'), 'g'), 'ID');
  let compared = 0;
  for (const operation of operations.filter(({ access }) => access !== 'everything' && access !== 'admin')) {
    const takesMerchant =
      'merchant_id' in operation.fields || operation.parameters.some((one) => one.name === 'merchant_id');
    const namesMine = operation.path.includes('{id}') || 'payment_id' in operation.fields;
    for (const key of [keys['their merchant'], keys['their reader']]) {
      if (key === keys['their reader'] && operation.access !== 'read') continue;
      for (const named of takesMerchant ? [false, true] : [false]) {
        const answer = await send(operation, key, false, named);
        if (namesMine || named) {
          assert.equal(answer.status, 404, `${name(operation)}: ${answer.text}`);
          const unknown = await send(operation, key, true, named);
          assert.equal(anonymous(answer), anonymous(unknown), name(operation));
          compared += 1;
        } else {
          assert.ok(answer.status < 300 || answer.body.code === 'nothing_to_settle', answer.text);
          assert.ok(!answer.text.includes(mine.id), name(operation));
        }
      }
    }
  }
  assert.ok(compared > 30);
  assert.equal(await entriesOfMine(), before);
});

test("a merchant's payment is not found by its reference with another merchant's key", async () => {
  const payment_reference = { namespace: 'native.reference', value: 'mine' };
  const answer = await api.post('/v1/refunds', { payment_reference }, { key: theirs.key });
  assertProblem(answer, 404, 'payment_not_found');
  assert.deepEqual((await api.get('/v1/payments?reference=mine', { key: theirs.key })).body.data, []);
  const listed = await api.get(`/v1/refunds?payment_id=${paid.id}`, { key: theirs.key });
  assert.deepEqual(listed.body.data, []);
});

test('too many wrong keys of one address are turned away, and the right one still opens', async () => {
  api.advance(61_000);
  const statuses: number[] = [];
  for (let index = 0; index < 30; index += 1)
    statuses.push((await api.get('/v1/me', { key: `rk_guess${index}` })).status);
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429);
  const answer = await api.get('/v1/me', { key: 'rk_guess' });
  assertProblem(answer, 429, 'rate_limited');
  assert.match(answer.headers.get('retry-after') ?? '', /^[1-6]?[0-9]$/);
  assert.equal((await api.get('/v1/me', { key: mine.key })).status, 200);
});
