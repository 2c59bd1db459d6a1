/** Verifying from the console proves the same as the command, and the command takes what it printed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refundry, temporaryFolder, urlOf, writeFile } from '../cli/refundry.ts';
import { Browser } from '../kit/console.ts';
import { connect } from '../kit/database.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const admin = await Browser.of(server, 'admin');
const merchantId = await server.books.merchant();
const payment = await server.books.payment(merchantId);
await server.books.refund(payment, 2_500n);

async function ended(): Promise<any> {
  for (const ends = Date.now() + 20_000; Date.now() < ends; await sleep(10)) {
    const { json } = await admin.get('/console/api/verify');
    if (json.status !== 'running') return json;
  }
  return assert.fail('the verification does not end');
}

test('before the first, there is no result', async () => {
  assert.equal((await admin.get('/console/api/verify')).json.status, 'idle');
  assert.equal((await admin.get('/console/api/verify/result.json')).status, 404);
});

test('whole books are said to be whole, with the heads that prove it later', async () => {
  // The books are small: what it reads is held, so that the first does not end before the second is asked for.
  const sql = await connect(server.database);
  await sql.query('BEGIN');
  await sql.query('LOCK TABLE journal');
  const started = await Promise.all([admin.post('/console/api/verify'), admin.post('/console/api/verify')]);
  await sql.query('COMMIT');
  assert.deepEqual(
    started.map(({ status, json }) => [status, json.status]),
    [
      [202, 'running'],
      [202, 'running'],
    ],
  );
  assert.equal(started[0].json.started_at, started[1].json.started_at, 'the second joins the first');
  const done = await ended();
  assert.deepEqual([done.status, done.problem_count, done.problems], ['done', 0, []]);
  assert.equal(done.entries, done.total);
  assert.equal(done.heads.length, server.refundry.engine.buckets);
  assert.match(done.version, /^\d+\.\d+\.\d+/);
});

test('`refundry verify --against` takes the result, and misses what is no longer there', async () => {
  const answer = await admin.get('/console/api/verify/result.json');
  assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="refundry-heads-[\d-]+\.json"$/);
  const folder = temporaryFolder();
  const environment = { DATABASE_URL: urlOf(server.database), REFUNDRY_HOME: folder };
  const kept = writeFile(folder, 'heads.json', answer.body);
  const whole = await refundry(environment, 'verify', '--against', kept);
  assert.equal(whole.code, 0, whole.stdout + whole.stderr);
  const [head] = answer.json.heads.filter(({ seq }: { seq: number }) => seq > 0);
  const forged = answer.body.replace(head.hash, 'f'.repeat(64));
  const missed = await refundry(environment, 'verify', '--against', writeFile(folder, 'forged.json', forged));
  assert.equal(missed.code, 1, missed.stdout);
});

test('a row that was changed by hand is named', async () => {
  await server.rows(`UPDATE payment SET refunded_minor = 2400 WHERE id = '${payment.id}'`);
  await admin.post('/console/api/verify');
  const done = await ended();
  assert.equal(done.status, 'done');
  assert.ok(done.problem_count > 0);
  assert.ok(
    done.problems.some(({ table, row }: { table: string; row: string }) => table === 'payment' && row === payment.id),
    JSON.stringify(done.problems),
  );
});

test('only administrators verify', async () => {
  for (const role of ['operator', 'approver', 'read'] as const) {
    const browser = await Browser.of(server, role);
    assert.equal((await browser.post('/console/api/verify')).status, 403, role);
    assert.equal((await browser.get('/console/api/verify')).status, 403, role);
    assert.equal((await browser.get('/console/api/verify/result.json')).status, 403, role);
  }
});
