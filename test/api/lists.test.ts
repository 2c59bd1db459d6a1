import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const merchant = await api.merchant({ approval_above: { JPY: 5_000 } });
const other = await api.merchant();
const { key } = merchant;

// 30 payments: every third in JPY, every fifth pending, amounts 100, 200, …; refunds of every second captured one.
const payments: Body[] = [];
for (let index = 0; index < 30; index += 1) {
  payments.push(
    await api.payment(merchant, {
      amount: (index + 1) * 100,
      currency: index % 3 === 0 ? 'JPY' : 'USD',
      status: index % 5 === 0 ? 'pending' : 'captured',
      references: { 'native.reference': `order-${index}` },
      created_at: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
    }),
  );
}
await api.payment(other, { references: { 'native.reference': 'order-1' } });
const refunds: Body[] = [];
for (const payment of payments.filter(({ status }, index) => status === 'captured' && index % 2 === 0)) {
  for (const amount of [50, 50, 1_000_000]) {
    refunds.push((await api.post('/v1/refunds', { payment_id: payment.id, amount }, { key })).body);
  }
}

const ids = (items: readonly Body[]): string[] => items.map(({ id }) => id);
const newestFirst = (items: readonly Body[]): string[] => ids(items).reverse();

test('pages walk every payment exactly once, newest first, whatever their size', async () => {
  for (const limit of [1, 7, 30, 100]) {
    assert.deepEqual(ids(await api.walk('/v1/payments', limit, { key })), newestFirst(payments));
  }
});

test('each filter keeps just what it says, page by page', async () => {
  const filters: [string, (payment: Body) => boolean][] = [
    ['currency=JPY', ({ currency }) => currency === 'JPY'],
    ['status=pending', ({ status }) => status === 'pending'],
    ['amount_from=1000&amount_to=2000', ({ amount }) => amount >= 1_000 && amount <= 2_000],
    [
      'created_from=2026-01-05&created_before=2026-01-11T00:00:00%2B00:00',
      ({ created_at: at }) => at >= '2026-01-05' && at < '2026-01-11',
    ],
    [
      'status=captured&currency=USD&amount_to=1500',
      (p) => p.status === 'captured' && p.currency === 'USD' && p.amount <= 1_500,
    ],
    ['disputed=true', () => false],
    ['disputed=false', () => true],
    ['currency=EUR', () => false],
  ];
  for (const [query, keeps] of filters) {
    const found = await api.walk(`/v1/payments?${query}`, 3, { key });
    assert.deepEqual(ids(found), newestFirst(payments.filter(keeps)), query);
  }
});

test('a reference finds its payment, for its merchant alone', async () => {
  const mine = await api.get('/v1/payments?reference=order-1', { key });
  assert.deepEqual(ids(mine.body.data), [payments[1].id]);
  assert.equal(
    (await api.walk('/v1/payments?reference=order-1', 1)).length,
    2,
    "an administrator finds both merchants'",
  );
  assert.deepEqual((await api.get('/v1/payments?reference=order-', { key })).body.data, []);
});

test('an administrator lists everything, or one merchant', async () => {
  assert.equal((await api.walk('/v1/payments', 10)).length, 31);
  assert.equal((await api.walk(`/v1/payments?merchant_id=${other.id}`, 10)).length, 1);
  assertProblem(await api.get(`/v1/payments?merchant_id=${other.id}`, { key }), 404, 'resource_not_found');
});

test('refunds are walked and filtered in the same way, refused attempts among them', async () => {
  const all = await api.walk('/v1/refunds', 4, { key });
  assert.equal(all.length, refunds.length);
  assert.deepEqual(ids(all), [...ids(all)].sort().reverse());
  const succeeded = await api.walk('/v1/refunds?status=succeeded', 3, { key });
  assert.deepEqual(ids(succeeded), newestFirst(refunds.filter(({ status }) => status === 'succeeded')));
  const refused = await api.walk('/v1/refunds?status=refused&amount_from=1000000', 3, { key });
  assert.deepEqual(
    ids(refused),
    all.filter(({ status }) => status === 'refused').map(({ id }) => id),
  );
  assert.ok(refused.every(({ refusal_code: code }) => code === 'amount_exceeds_refundable'));
  const [first] = refunds;
  const ofOne = await api.walk(`/v1/refunds?payment_id=${first.payment_id}`, 1, { key });
  assert.equal(ofOne.length, 3);
  const byReference = await api.walk('/v1/refunds?reference=order-2', 2, { key });
  assert.equal(byReference.length, 3);
  assert.deepEqual(await api.walk(`/v1/refunds?payment_id=${first.payment_id}`, 10, { key: other.key }), []);
});

test('a cursor belongs to its own list', async () => {
  const { body } = await api.get('/v1/payments?limit=1', { key });
  assertProblem(await api.get(`/v1/refunds?cursor=${body.next_cursor}`, { key }), 400, 'invalid_request');
  assertProblem(await api.get(`/v1/payments?cursor=${body.next_cursor}x`, { key }), 400, 'invalid_request');
  assertProblem(await api.get(`/v1/journal?cursor=${body.next_cursor}`, { key }), 400, 'invalid_request');
});

test('what is added while one pages neither repeats nor hides anything', async () => {
  const own = await api.merchant();
  const before: Body[] = [];
  for (let index = 0; index < 4; index += 1) before.push(await api.payment(own));
  const first = await api.get('/v1/payments?limit=2', { key: own.key });
  await api.payment(own);
  const second = await api.get(`/v1/payments?limit=2&cursor=${first.body.next_cursor}`, { key: own.key });
  assert.deepEqual([...ids(first.body.data), ...ids(second.body.data)], newestFirst(before));
});

test('one page finds what lies behind many rows that its filter leaves out', async () => {
  const busy = await api.merchant();
  const oldest = await api.payment(busy, { currency: 'JPY' });
  await Promise.all(Array.from({ length: 120 }, () => api.payment(busy, { currency: 'USD' })));
  const { body } = await api.get('/v1/payments?currency=JPY&limit=5', { key: busy.key });
  assert.deepEqual(ids(body.data), [oldest.id]);
  assert.equal(body.has_more, false);
});
