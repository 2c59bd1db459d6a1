import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../kit/database.ts';
import { Api, assertProblem } from './server.ts';

const api = await Api.start();
const client = await connect(api.database);

test('a mistake of ours is a problem like any other, and tells nothing of the inside', async () => {
  const merchant = await api.merchant();
  await client.query('ALTER TABLE settlement RENAME TO elsewhere');
  const answer = await api.get('/v1/settlements', { key: merchant.key });
  assertProblem(answer, 500, 'internal_error');
  assert.doesNotMatch(answer.text, /settlement|relation|SQL/);
});

test('a server that is stopping says that nothing happened, and when to come again', async () => {
  const merchant = await api.merchant();
  await api.refundry.engine.close();
  const body = { amount: 1, currency: 'USD' };
  const answer = await api.post('/v1/payments', body, { key: merchant.key, idempotencyKey: 'later' });
  assertProblem(answer, 503, 'overloaded');
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal(answer.headers.get('idempotent-replayed'), null);
});
