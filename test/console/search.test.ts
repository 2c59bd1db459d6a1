/** One box that finds payments by whatever people have at hand, and costs refunds nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, type JsonAnswer } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const everybody = await Browser.of(server, 'read');
const merchantId = await server.books.merchant();
const otherId = await server.books.merchant();
const mine = await Browser.of(server, 'read', { merchantId });

const payment = await server.books.payment(merchantId, {
  amountMinor: 123_450n,
  references: [{ namespace: 'native.reference', value: 'order-77', numbered: false }],
  details: {
    method: { type: 'card', last4: '4242', token: 'tok_Abc' },
    customer: { name: 'Zoë', email: 'Zoe.Example@Mail.example' },
  },
});
const theirs = await server.books.payment(otherId, {
  amountMinor: 123_450n,
  details: { method: { type: 'card', last4: '4242' }, customer: { email: 'zoe.example@mail.example' } },
});
const yen = await server.books.payment(merchantId, { amountMinor: 5_000n, currency: 'JPY' });
const dinars = await server.books.payment(merchantId, { amountMinor: 49_990n, currency: 'KWD' });
const dollars = await server.books.payment(merchantId, { amountMinor: 4_999n, currency: 'USD' });

const ask = (browser: Browser, q: string, more = ''): Promise<JsonAnswer> =>
  browser.get(`/console/api/search?q=${encodeURIComponent(q)}${more}`);

async function found(browser: Browser, q: string, more = ''): Promise<[kind: string, id: string][]> {
  const answer = await ask(browser, q, more);
  assert.equal(answer.status, 200, answer.body);
  return answer.json.results.map((one: any) => [one.matched.kind, one.payment.id]);
}

test('a payment is found by everything that people know of it', async () => {
  for (const [kind, q] of [
    ['id', payment.id],
    ['id', payment.id.toUpperCase()],
    ['reference', ' order-77 '],
    ['token', 'tok_Abc'],
    ['email', 'ZOE.example@mail.EXAMPLE'],
    ['last4', '4242'],
    ['last4', '**** 4242'],
    ['last4', '•••• 4242'],
    ['amount', '1234.50'],
    ['amount', '1,234.50'],
    ['amount', '1234.5 usd'],
    ['amount', 'USD 1,234.50'],
    ['amount', '$1,234.50'],
  ] as const) {
    assert.deepEqual(await found(mine, q), [[kind, payment.id]], q);
  }
});

test('a payment is found by its refunds: their ids, and their own references', async () => {
  const { refund } = await server.books.refund(payment, 100n, {
    reference: { namespace: 'boost-aoc.spTransID', value: 'sp-77' },
  });
  assert.deepEqual(await found(mine, refund?.id ?? ''), [['refund', payment.id]]);
  const { json } = await ask(mine, 'sp-77');
  assert.deepEqual(json.results[0].matched, { kind: 'refund', namespace: 'boost-aoc.spTransID', value: 'sp-77' });
  assert.equal(json.results[0].payment.refunded, 100);
});

test('an amount means what each currency makes of it', async () => {
  assert.deepEqual(await found(mine, '5000 JPY'), [['amount', yen.id]]);
  assert.deepEqual(await found(mine, '5000'), [['amount', yen.id]]);
  // Dinars have three decimals: 49.99 are 49.990 of them.
  assert.deepEqual(await found(mine, '49.99'), [
    ['amount', dollars.id],
    ['amount', dinars.id],
  ]);
  assert.deepEqual(await found(mine, '49.990 usd'), [['amount', dollars.id]]);
  assert.deepEqual(await found(mine, '49.99 KWD'), [['amount', dinars.id]]);
});

test('whoever is bound to a merchant finds nothing of another', async () => {
  for (const q of ['4242', 'zoe.example@mail.example', '1234.50', theirs.id]) {
    const ids = (await found(mine, q)).map(([, id]) => id);
    assert.ok(!ids.includes(theirs.id), q);
    const all = (await found(everybody, q)).map(([, id]) => id);
    assert.ok(all.includes(theirs.id), q);
    assert.deepEqual(
      (await found(everybody, q, `&merchant_id=${otherId}`)).map(([, id]) => id),
      [theirs.id],
      q,
    );
  }
  assert.equal((await ask(mine, '4242', `&merchant_id=${otherId}`)).status, 404);
});

test('more than fits is said, and the newest come first', async () => {
  const crowd = await server.books.merchant();
  const made: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    made.unshift((await server.books.payment(crowd, { amountMinor: 777n })).id);
  }
  const { json } = await ask(everybody, '7.77', '&limit=3');
  assert.deepEqual(
    json.results.map((one: any) => one.payment.id),
    made.slice(0, 3),
  );
  assert.equal(json.complete, false);
  assert.equal((await ask(everybody, '7.77', '&limit=4')).json.complete, true);
});

test('what nobody has, and what is no search, finds nothing', async () => {
  for (const q of ['nobody@mail.example', '0000', '9999999.99', '12345678901234', '-1', '%', '12.345.678', '   ']) {
    assert.deepEqual(await found(mine, q), [], q);
  }
  assert.equal((await ask(mine, '')).status, 400);
  assert.equal((await ask(mine, 'a\u0000b')).status, 400);
  assert.equal((await server.send({ method: 'GET', path: '/console/api/search?q=1' })).status, 401);
});

test('every search is one index, whatever the tables hold', async () => {
  for (const size of ['as it is', 'analyzed'] as const) {
    if (size === 'analyzed') await server.rows('ANALYZE');
    for (const [index, text] of [
      [
        'payment_by_email',
        `lower(details #>> '{customer,email}') = 'x' AND details #>> '{customer,email}' IS NOT NULL`,
      ],
      ['payment_by_last4', `details #>> '{method,last4}' = 'x' AND details #>> '{method,last4}' IS NOT NULL`],
      ['payment_by_token', `details #>> '{method,token}' = 'x' AND details #>> '{method,token}' IS NOT NULL`],
      ['payment_by_amount', `amount_minor = 1 AND currency = 'USD'`],
    ] as const) {
      const { rows } = await server.refundry.readers.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT id FROM payment WHERE ${text} AND uuid_send(merchant_id) = uuid_send('${merchantId}'::uuid)
         ORDER BY uuid_send(id) DESC LIMIT 5`,
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      assert.match(plan, new RegExp(`Index Scan Backward using ${index} `), plan);
      assert.match(plan, /Index Cond: .*uuid_send\(merchant_id\)/, plan);
      assert.doesNotMatch(plan, /Filter|Sort/, plan);
    }
  }
});

test('refunds stay in the page: what is searched by adds no work to them', async () => {
  const busy = await server.books.payment(merchantId, {
    amountMinor: 100_000n,
    details: { method: { type: 'card', last4: '1111', token: 'tok_busy' }, customer: { email: 'busy@mail.example' } },
  });
  const updates = async (): Promise<{ all: number; inPage: number }> => {
    await server.rows('SELECT pg_stat_force_next_flush()');
    const [row] = await server.rows<{ all: number; inPage: number }>(
      `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS "inPage" FROM pg_stat_user_tables WHERE relname = 'payment'`,
    );
    assert.ok(row);
    return row;
  };
  for (let n = 0; n < 50; n += 1) await server.books.refund(busy, 1n);
  // The lanes tell the statistics of their work within a second, or when they end.
  await server.books.engine.close();
  const { all, inPage } = await updates();
  assert.ok(all >= 50, `${all} updates`);
  assert.equal(inPage, all, 'every update of a payment is heap-only');
});
