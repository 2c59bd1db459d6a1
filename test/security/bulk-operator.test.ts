/** Who started a run of refunds answers for it: when they may no more, it goes no further. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bucketOf } from '../../src/core/ids.ts';
import { Browser, makeUser } from '../kit/console.ts';
import { connect } from '../kit/database.ts';
import { TestServer } from '../kit/server.ts';

/** More than two hundreds, which is how many lines are asked for at once. */
const LINES = 350;

const server = await TestServer.start({ engine: { deadlineMs: 60_000, maxWaitMs: 60_000 } });

/** Users of every merchant are in the first book, which must be free while the merchant's is held. */
async function merchantElsewhere(): Promise<string> {
  for (;;) {
    const id = await server.books.merchant();
    if (bucketOf(id) !== 0) return id;
  }
}

const merchantId = await merchantElsewhere();

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const ends = Date.now() + 30_000; Date.now() < ends; await sleep(10)) if (await holds()) return;
  assert.fail(`never: ${what}`);
}

test('a run stops when its operator is disabled; another operator goes on with it, and every line is done once', async () => {
  const payment = await server.books.payment(merchantId, { amountMinor: BigInt(LINES) * 100n });
  const { name, id: credentialId } = await makeUser(server, 'operator');
  const operator = new Browser(server);
  await operator.signIn(name);
  const made = await server.send({
    path: `/console/api/bulk?merchant_id=${merchantId}`,
    headers: {
      'x-refundry-console': '1',
      'sec-fetch-site': 'same-origin',
      origin: server.url,
      'content-type': 'text/csv',
      cookie: operator.cookie,
    },
    body: ['payment,amount', ...Array.from({ length: LINES }, () => `${payment.id},1.00`)].join('\n'),
  });
  assert.equal(made.status, 201, made.body);
  const { id } = JSON.parse(made.body) as { id: string };

  const client = await connect(server.database);
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM bucket WHERE bucket = $1 FOR UPDATE', [bucketOf(merchantId)]);
  assert.equal((await operator.post(`/console/api/bulk/${id}/run`)).status, 202);
  await until('the first lines wait for their book', async () => {
    // Inside a transaction PostgreSQL would say again what it said first.
    const rows = await server.rows(
      `SELECT 1 FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'`,
    );
    return rows.length > 0;
  });
  await server.revoke({ id: credentialId, merchantId: null, lookup: name, secrets: {} });
  await client.query('COMMIT');

  const other = await Browser.of(server, 'operator');
  const read = async (): Promise<any> => (await other.get(`/console/api/bulk/${id}`)).json;
  await until('the run ends', async () => (await read()).status !== 'running');
  const stopped = await read();
  assert.equal(stopped.status, 'interrupted');
  assert.deepEqual(stopped.counts.succeeded, 100, 'what was on its way, and nothing more');
  assert.equal(stopped.counts.undecided, LINES - 100);
  assert.equal((await operator.post(`/console/api/bulk/${id}/run`)).status, 401);

  assert.equal((await other.post(`/console/api/bulk/${id}/run`)).status, 202);
  await until('the run ends', async () => (await read()).status === 'done');
  assert.equal((await read()).counts.succeeded, LINES);
  const actors = await server.rows<{ actor: string; refunds: number }>(
    `SELECT actor, count(*)::int AS refunds FROM journal WHERE payment_id = $1 AND refund_id IS NOT NULL GROUP BY 1 ORDER BY 2`,
    [payment.id],
  );
  assert.deepEqual(
    actors.map(({ actor, refunds }) => [actor === `user:${name}`, refunds]),
    [
      [true, 100],
      [false, LINES - 100],
    ],
  );
  assert.deepEqual(await server.findings(), []);
});
