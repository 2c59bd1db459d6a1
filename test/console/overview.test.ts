/** The overview counts every refund once, in its own day, and says what it has become since. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefundSlots } from '../../src/console/refund-slots.ts';
import { OverviewReader } from '../../src/store/read-overview.ts';
import { Browser } from '../kit/console.ts';
import { Clock, TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const everybody = await Browser.of(server, 'read');
const merchantId = await server.books.merchant({ approvalAboveMinor: { USD: 5_000n } });
const otherId = await server.books.merchant();
const mine = await Browser.of(server, 'read', { merchantId });

const payment = await server.books.payment(merchantId);
const other = await server.books.payment(otherId, { amountMinor: 1_000n, currency: 'JPY' });
await server.books.refund(payment, 1_000n);
await server.books.refund(payment, 500n, {}, { protocol: 'bbmsl' });
await server.books.refund(payment, 99_999n);
const { refund: waiting } = await server.books.refund(payment, 6_000n);
await server.books.refund(other, 'all');

/** One second after another look may be answered from memory; the numbers of a merchant are not those of all. */
async function overview(browser: Browser, more = ''): Promise<any> {
  const answer = await browser.get(`/console/api/overview?${more}`);
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
}

test('refunds are counted by outcome, protocol and currency; refusals by code', async () => {
  const { refunds, refusals, unsettled, waiting: count, today, complete } = await overview(mine);
  const day = today.from.slice(0, 10);
  assert.deepEqual(refunds, [
    { day, outcome: 'pending_approval', protocol: 'native', currency: 'USD', count: 1, amount: 6_000 },
    { day, outcome: 'refused', protocol: 'native', currency: 'USD', count: 1, amount: 99_999 },
    { day, outcome: 'succeeded', protocol: 'bbmsl', currency: 'USD', count: 1, amount: 500 },
    { day, outcome: 'succeeded', protocol: 'native', currency: 'USD', count: 1, amount: 1_000 },
  ]);
  assert.deepEqual(refusals, [{ code: 'amount_exceeds_refundable', count: 1 }]);
  assert.deepEqual(unsettled, [
    { merchant_id: merchantId, merchant_name: 'Example Ltd', currency: 'USD', amount: 10_000 - 1_000 - 500 - 6_000 },
  ]);
  assert.equal(count, 1);
  assert.equal(complete, true);
});

test('who sees everything sees all merchants, or the one that is asked for', async () => {
  const all = await overview(everybody);
  assert.equal(
    all.refunds.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
    5,
  );
  const one = await overview(everybody, `merchant_id=${otherId}`);
  assert.deepEqual(
    one.refunds.map(({ currency, amount }: any) => [currency, amount]),
    [['JPY', 1_000]],
  );
  assert.equal((await mine.get(`/console/api/overview?merchant_id=${otherId}`)).status, 404);
});

test('days begin where the reader is', async () => {
  const now = Date.now();
  const minutesIntoDay = Math.floor((now % 86_400_000) / 60_000);
  // An offset that moves this moment into the neighbouring day, whatever time it is.
  const ahead =
    minutesIntoDay < 720 ? -Math.ceil((minutesIntoDay + 1) / 15) * 15 : Math.ceil((1440 - minutesIntoDay) / 15) * 15;
  const utc = await overview(mine);
  const elsewhere = await overview(mine, `tz=${ahead}`);
  assert.notEqual(elsewhere.refunds[0].day, utc.refunds[0].day);
  assert.equal(
    Date.parse(elsewhere.today.from) % 86_400_000,
    (((-ahead * 60_000) % 86_400_000) + 86_400_000) % 86_400_000,
  );
  assert.ok(Date.parse(elsewhere.today.from) <= now && now < Date.parse(elsewhere.today.to));
  for (const wrong of ['tz=7', 'tz=x', 'tz=900', 'days=0', 'days=32', 'days=1.5', 'nonsense=1']) {
    assert.equal((await mine.get(`/console/api/overview?${wrong}`)).status, 400, wrong);
  }
});

test('what an approval changed is seen in the slot of the day on which the refund was asked for', async () => {
  const slots = new RefundSlots(new OverviewReader(server.refundry.readers), merchantId);
  // Long after: the slots are done with, and only what is known to have changed is read again.
  const now = Date.now() + 120 * 60_000;
  const from = now - 24 * 60 * 60_000;
  const seen = (): string[] => [...slots.groups(from, now)].map(({ status }) => status).sort();
  await slots.refresh(from, now);
  assert.deepEqual(seen(), ['pending_approval', 'refused', 'succeeded', 'succeeded']);
  assert.ok(waiting);
  const approved = await server.books.command(
    merchantId,
    { kind: 'approve_refund', refundId: waiting.id, amountMinor: null },
    { actor: 'cli:somebody-else' },
  );
  assert.equal(approved.refusal, null);
  await slots.refresh(from, now + 1_000);
  assert.deepEqual(seen(), ['pending_approval', 'refused', 'succeeded', 'succeeded'], 'a second later: from memory');
  await slots.refresh(from, now + 5_000);
  assert.deepEqual(seen(), ['refused', 'succeeded', 'succeeded'], 'alike refunds are one group');
  assert.equal(slots.waiting.length, 0);
});

test('however many refunds there are, each is counted once', async () => {
  const crowd = await server.books.merchant();
  const { id } = await server.books.payment(crowd, { amountMinor: 10_000_000n });
  const bucket = Number.parseInt(crowd.slice(15, 18), 16);
  const begin = Date.now() - 3 * 60 * 60_000;
  // Rows as they lie after two busy hours, more than one page of a look.
  await server.rows(
    `INSERT INTO refund (id, bucket, merchant_id, payment_id, amount_minor, currency, status, protocol, created_at, updated_at, created_seq, last_seq)
     SELECT (substr(h, 1, 8) || '-' || substr(h, 9) || '-7' || lpad(to_hex($4::int), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       $4, $1, $2, 1, 'USD', 'succeeded', 'native', to_timestamp(ms / 1000.0), now(), n, n
     FROM (SELECT n, ms, lpad(to_hex(ms), 12, '0') AS h FROM (SELECT n, $3::bigint + n * 150 AS ms FROM generate_series(1, 45000) n) a) b`,
    [crowd, id, begin, bucket],
  );
  const { refunds, complete } = await overview(everybody, `merchant_id=${crowd}`);
  const counted = refunds.reduce((sum: number, { count, amount }: any) => sum + (count === amount ? count : 0), 0);
  assert.equal(counted, 45_000);
  assert.equal(complete, true);
});

test('today compares with the same day of last week, as far as that had come by this time', async () => {
  const clock = new Clock();
  const fresh = await TestServer.start({ clock });
  const HOUR = 3_600_000;
  // Before anything is written: a bucket's time never goes back, and the user may be of the merchant's bucket.
  clock.advance(-7 * 24 * HOUR - HOUR);
  const merchant = await fresh.books.merchant();
  const paid = await fresh.books.payment(merchant);
  await fresh.books.refund(paid, 100n);
  clock.advance(2 * HOUR);
  await fresh.books.refund(paid, 200n);
  clock.advance(7 * 24 * HOUR - HOUR);
  const browser = await Browser.of(fresh, 'read');
  // Where it is about noon now, an hour ago and an hour from now are of the same day.
  const minutes = Math.floor((Date.now() % (24 * HOUR)) / 60_000);
  const noon = Math.round((720 - minutes) / 15) * 15;
  const { refunds, week_ago: before } = await overview(browser, `tz=${noon}`);
  assert.equal(refunds[0].count, 2, 'both are of that day');
  assert.deepEqual(before.refunds, [
    { outcome: 'succeeded', protocol: 'native', currency: 'USD', count: 1, amount: 100 },
  ]);
  assert.equal((await overview(browser, `tz=${noon}&days=7`)).week_ago, null);
});
