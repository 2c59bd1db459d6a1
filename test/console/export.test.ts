/** Exports are whole, say what the lists say, and cannot do anything in the spreadsheet that opens them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { Browser } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const everybody = await Browser.of(server, 'read');
const merchantId = await server.books.merchant();
const otherId = await server.books.merchant();
const mine = await Browser.of(server, 'read', { merchantId });

const payment = await server.books.payment(merchantId, {
  references: [{ namespace: 'native.reference', value: 'order-1', numbered: false }],
  details: {
    method: { type: 'card', scheme: 'VISA', last4: '4242' },
    customer: { name: '=HYPERLINK("https://evil.example","Zoë")', email: '+zoe@mail.example' },
    description: 'Two lines,\n"quoted"',
    orderNumber: '-1',
  },
});
await server.books.payment(otherId, { amountMinor: 1_005n, currency: 'KWD' });
await server.books.refund(payment, 2_550n, { details: { reason: '@SUM(A1)' } });
await server.books.refund(payment, 99_999n);

async function rows(browser: Browser, path: string): Promise<Record<string, string>[]> {
  const answer = await browser.get(`/console/api/export/${path}`);
  assert.equal(answer.status, 200, answer.body);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/csv; charset=utf-8/);
  return parse(answer.body, { columns: true, record_delimiter: '\r\n' });
}

test('payments are exported with their numbers in major units', async () => {
  const [row, ...more] = await rows(mine, 'payments.csv');
  assert.equal(more.length, 0);
  assert.ok(row);
  const { id, currency, amount, refunded, refundable, references, last4, refund_status: status, description } = row;
  assert.deepEqual(
    { id, currency, amount, refunded, refundable, references, last4, status, description },
    {
      id: payment.id,
      currency: 'USD',
      amount: '100.00',
      refunded: '25.50',
      refundable: '74.50',
      references: 'native.reference=order-1',
      last4: '4242',
      status: 'partial',
      description: 'Two lines,\n"quoted"',
    },
  );
  const all = await rows(everybody, 'payments.csv');
  assert.deepEqual(
    all.map((one) => [one['currency'], one['amount']]),
    [
      ['KWD', '1.005'],
      ['USD', '100.00'],
    ],
  );
});

test('no cell is a formula', async () => {
  const [row] = await rows(mine, 'payments.csv');
  assert.equal(row?.['customer_name'], `'=HYPERLINK("https://evil.example","Zoë")`);
  assert.equal(row['customer_email'], "'+zoe@mail.example");
  assert.equal(row['order_number'], "'-1");
  const refunds = await rows(mine, 'refunds.csv?status=succeeded');
  assert.equal(refunds[0]?.['reason'], "'@SUM(A1)");
});

test('no cell has a formula in it for a spreadsheet that separates cells by semicolons', async () => {
  const sly = await server.books.merchant();
  const customer = { name: "Zoë;=cmd|' /C calc'!A0;", email: '＝1+1@mail.example' };
  await server.books.payment(sly, { details: { customer, description: 'one line\n=1+1\r\nand; - no more' } });
  const [row] = await rows(everybody, `payments.csv?merchant_id=${sly}`);
  assert.equal(row?.['customer_name'], "Zoë;'=cmd|' /C calc'!A0;");
  assert.equal(row['customer_email'], "'＝1+1@mail.example");
  assert.equal(row['description'], "one line\n'=1+1\r\nand; - no more");
});

test('refunds are exported, refused attempts among them, with the filters of the list', async () => {
  assert.deepEqual(
    (await rows(mine, 'refunds.csv')).map((row) => [row['status'], row['amount'], row['refusal_code']]),
    [
      ['refused', '999.99', 'amount_exceeds_refundable'],
      ['succeeded', '25.50', ''],
    ],
  );
  assert.equal((await rows(mine, `refunds.csv?payment_id=${payment.id}&status=refused`)).length, 1);
  assert.equal((await rows(mine, 'payments.csv?currency=EUR')).length, 0);
  assert.equal((await rows(mine, 'payments.csv?reference=order-1')).length, 1);
  assert.equal((await mine.get(`/console/api/export/payments.csv?merchant_id=${otherId}`)).status, 404);
  assert.equal((await mine.get('/console/api/export/payments.csv?limit=5')).status, 400);
  const answer = await mine.get('/console/api/export/refunds.csv');
  assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="refunds-[\d-]+\.csv"$/);
});

test('an export of many pages has every payment once', async () => {
  const crowd = await server.books.merchant();
  const made = await Promise.all(Array.from({ length: 4_050 }, () => server.books.payment(crowd)));
  const exported = (await rows(everybody, `payments.csv?merchant_id=${crowd}`)).map(({ id }) => id);
  assert.deepEqual(
    exported,
    made
      .map(({ id }) => id)
      .sort()
      .reverse(),
  );
});

test('whoever stops reading makes room for the next', async () => {
  const url = `${server.url}/console/api/export/payments.csv`;
  const life = new AbortController();
  const slow = await Promise.all(
    Array.from({ length: 4 }, () => fetch(url, { headers: { cookie: everybody.cookie }, signal: life.signal })),
  );
  assert.ok(slow.every(({ status }) => status === 200));
  life.abort();
  const ends = Date.now() + 5_000;
  let status = 0;
  while (status !== 200 && Date.now() < ends) status = (await everybody.get('/console/api/export/payments.csv')).status;
  assert.equal(status, 200);
});

test('who only asks for the headers starts no export', async () => {
  for (const list of ['payments', 'refunds']) {
    const { status } = await everybody.send('HEAD', `/console/api/export/${list}.csv`);
    assert.equal(status, 404, list);
  }
});
