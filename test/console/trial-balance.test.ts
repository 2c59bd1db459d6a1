/** The trial balance has every account of every merchant, each within the reader's sight, and sums to zero. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const { books } = server;
const everybody = await Browser.of(server, 'read');
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n } });
const otherId = await books.merchant();
const payment = await books.payment(merchantId);
await books.refund(payment, 1_000n);
await books.refund(payment, 6_000n);
await books.payment(merchantId, { amountMinor: 700n, currency: 'JPY' });
await books.payment(otherId);
await books.command(otherId, { kind: 'settle_balance', currency: 'USD' });

test('each line has the four accounts of a merchant and currency, and each total the sums of a currency', async () => {
  const { json } = await everybody.get('/console/api/trial-balance');
  assert.deepEqual(
    json.data.map(({ merchant_id: id, currency, ...accounts }: any) => [id, currency, accounts]),
    [
      [merchantId, 'JPY', { merchant_name: 'Example Ltd', ...accounts(-700, 700, 0, 0) }],
      [merchantId, 'USD', { merchant_name: 'Example Ltd', ...accounts(-9_000, 3_000, 6_000, 0) }],
      [otherId, 'USD', { merchant_name: 'Example Ltd', ...accounts(-10_000, 0, 0, 10_000) }],
    ],
  );
  assert.deepEqual(json.totals, [
    { currency: 'JPY', merchants: 1, ...accounts(-700, 700, 0, 0) },
    { currency: 'USD', merchants: 2, ...accounts(-19_000, 3_000, 6_000, 10_000) },
  ]);
  assert.equal(json.next, null);
});

test('who is bound to a merchant sees that one', async () => {
  const mine = await Browser.of(server, 'read', { merchantId: otherId });
  const { json } = await mine.get('/console/api/trial-balance');
  assert.deepEqual(
    json.data.map(({ merchant_id: id }: any) => id),
    [otherId],
  );
  assert.deepEqual(
    json.totals.map(({ currency, merchants }: any) => [currency, merchants]),
    [['USD', 1]],
  );
  assert.equal((await mine.get(`/console/api/trial-balance?merchant_id=${merchantId}`)).status, 404);
});

test('a page goes on where the last one ended', async () => {
  const rest = await everybody.get(`/console/api/trial-balance?after=${merchantId}:JPY`);
  assert.deepEqual(
    rest.json.data.map(({ currency }: any) => currency),
    ['USD', 'USD'],
  );
  assert.equal((await everybody.get('/console/api/trial-balance?after=nonsense')).status, 400);
});

function accounts(clearing: number, unsettled: number, payable: number, settled: number): object {
  return {
    processor_clearing: clearing,
    merchant_unsettled: unsettled,
    refunds_payable: payable,
    merchant_settled: settled,
    sum: 0,
  };
}
