/** A server whose clock jumps by an hour, either way. PostgreSQL's stays right. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../kit/console.ts';
import { DAY_MS, HOUR_MS } from '../kit/core.ts';
import { TestServer } from '../kit/server.ts';
import { Callers } from './callers.ts';
import { type LogLine, Served } from './served.ts';

const server = await TestServer.start();
const { books, clock } = server;
/** On books that no test has moved ahead. */
const timely = await TestServer.start();

/** Fails unless every entry of every book is dated at or after the one before it. */
async function assertNoTimeRunsBack(of: TestServer): Promise<void> {
  const back = await of.rows(
    `SELECT bucket, seq FROM (SELECT bucket, seq, at, lag(at) OVER (PARTITION BY bucket ORDER BY seq) AS before FROM journal)
     AS entry WHERE at < before`,
  );
  assert.deepEqual(back, []);
}

test('an hour ahead and back again: refunds go on, and no book’s time runs backwards', async () => {
  const callers = await Callers.of(server);
  const wanted = await callers.wanted();
  await callers.askUntilDone(wanted);
  for (const jump of [HOUR_MS, -HOUR_MS, -HOUR_MS, HOUR_MS]) {
    clock.advance(jump);
    const more = await callers.wanted();
    await callers.askUntilDone(more);
    // What was done before the jump is found again by its key.
    await callers.askUntilDone(wanted);
    await callers.assertDoneOnce([...wanted, ...more]);
  }
  await assertNoTimeRunsBack(server);
});

test('what was too late by a book’s time stays too late when the clock is set back', async () => {
  const merchantId = await books.merchant({ windowDays: 1 });
  // Ahead of every book.
  clock.advance(2 * HOUR_MS);
  const payment = await books.payment(merchantId, { capturedAt: clock.now() - DAY_MS + HOUR_MS / 2 });
  assert.equal((await books.refund(payment, 100n)).refusal, null);
  clock.advance(HOUR_MS);
  assert.equal((await books.refund(payment, 100n)).refusal?.code, 'refund_window_expired');
  clock.advance(-HOUR_MS);
  assert.equal((await books.refund(payment, 100n)).refusal?.code, 'refund_window_expired');
});

test('an approval that expired by a book’s time stays expired, and one that did not is still to be had', async () => {
  const merchantId = await books.merchant({ approvalAboveMinor: { USD: 0n }, approvalHours: 2 });
  clock.advance(3 * HOUR_MS);
  const waiting = async (): Promise<string> => {
    const { refund } = await books.refund(await books.payment(merchantId), 100n);
    assert.equal(refund?.status, 'pending_approval');
    return refund.id;
  };
  const [first, second] = [await waiting(), await waiting()];
  const approve = (refundId: string): ReturnType<typeof books.command> =>
    books.command(merchantId, { kind: 'approve_refund', refundId, amountMinor: null }, { actor: 'user:second' });
  clock.advance(-HOUR_MS);
  assert.equal((await approve(first)).refund?.status, 'succeeded');
  clock.advance(3 * HOUR_MS);
  await server.refundry.expire();
  clock.advance(-2 * HOUR_MS);
  assert.equal((await approve(second)).refusal?.code, 'approval_not_allowed');
});

test('a session of the console goes by PostgreSQL’s clock', async () => {
  const browser = await Browser.of(server, 'read');
  clock.advance(HOUR_MS);
  assert.equal((await browser.get('/v1/payments')).status, 200);
  clock.advance(-HOUR_MS);
});

test('a process whose clock is an hour ahead does not start', async () => {
  const folder = await folderOfOne();
  await assert.rejects(
    Served.start({ database: urlOf(timely), folder, aheadMs: HOUR_MS }),
    /This machine's clock is 3(?:600|59\d) s ahead of PostgreSQL's: refunds would be dated in the future/,
  );
});

test('a process whose clock is set while it runs says so, and dates refunds as if it had not been', async () => {
  const lines: LogLine[] = [];
  const process = await Served.start({
    database: urlOf(timely),
    folder: await folderOfOne(),
    onLine: (line) => lines.push(line),
  });
  after(() => process.stop('SIGKILL'));
  const merchantId = await timely.books.merchant();
  const credential = await timely.credential(merchantId, { protocol: 'native' });
  const { id } = await timely.books.payment(merchantId);
  const refund = async (): Promise<number> => {
    const answer = await fetch(`${process.url}/v1/refunds`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential.secrets['key'] ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({ payment_id: id, amount: 1 }),
    });
    if (answer.status === 503) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    return answer.status;
  };
  const ready = async (): Promise<number> => (await fetch(`${process.url}/readyz`)).status;
  const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
    const latest = performance.now() + 60_000;
    while (!(await holds())) {
      assert.ok(performance.now() < latest, what);
      await sleep(20);
    }
  };
  assert.equal(await refund(), 201);

  // Refunds are on their way all the time: also at the moment when it is set.
  let isOver = false;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isOver) {
        assert.equal(await refund(), 201);
        await sleep(5);
      }
    }),
  );
  process.setClock(HOUR_MS);
  await until('it says so', () => lines.some(({ msg }) => msg.includes('clock was set forward by 3600 s')));
  assert.equal(await ready(), 200);
  process.setClock(-HOUR_MS);
  await until('it says that, too', () => lines.some(({ msg }) => msg.includes('clock was set back by 3600 s')));
  assert.equal(await ready(), 200);
  isOver = true;
  await load;
  const dated = await timely.rows(
    `SELECT at FROM journal WHERE merchant_id = $1 AND abs(extract(epoch FROM now() - at)) > 60`,
    [merchantId],
  );
  assert.deepEqual(dated, []);

  // Who was known a moment before the clock was set back is not believed for an hour.
  process.setClock(0);
  assert.equal(await refund(), 201);
  process.setClock(-HOUR_MS);
  await timely.revoke(credential);
  await until('a revoked key is refused within seconds', async () => (await refund()) === 401);
  await assertNoTimeRunsBack(timely);
  assert.equal(await process.stop(), 0);
});

async function folderOfOne(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'refundry-clock-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The database as a process is told of it. */
function urlOf({ database: { host = '', port = 5432, user = '', database = '' } }: TestServer): string {
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}
