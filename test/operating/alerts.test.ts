/** What each alert is about is brought about, on a real server: the metric that it watches moves. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCredential } from '../../src/dialects/issue.ts';
import { start, urlOf } from '../cli/refundry.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';
import { ROOT } from '../kit/process.ts';
import { rulesIn, Scrape, type Selector, selectorsIn } from './prometheus.ts';

const FILE = join(ROOT, 'docs', 'operating', 'alerts.yml');
const rules = rulesIn(readFileSync(FILE, 'utf8'));
const page = readFileSync(join(ROOT, 'docs', 'operating', 'alerts.md'), 'utf8');

const database = await createDatabase();
const sql = await connect(database);
const books = await Books.open({ lanes: 1 }, database);
const merchantId = await books.merchant();
const payment = await books.payment(merchantId, { amountMinor: 1_000_000n });
const { credential, secrets } = issueCredential({ protocol: 'native', role: 'merchant', label: 'alerts' });
await books.command(merchantId, { kind: 'create_credential', credential });

/** The caller's deadline; what is held up longer is heard of. */
const DEADLINE_MS = 400;
const { process: server, ended } = start(
  { DATABASE_URL: urlOf(database), PORT: '0', REFUNDRY_DEADLINE_MS: String(DEADLINE_MS), REFUNDRY_LANES: '1' },
  ['serve'],
);
const url = await new Promise<string>((resolve, reject) => {
  let output = '';
  server.stdout?.on('data', (text: string) => {
    output += text;
    const address = /"address":"([^"]+)"/.exec(output)?.[1];
    if (address !== undefined) resolve(address.replace('0.0.0.0', '127.0.0.1'));
  });
  void ended.then(({ stderr }) => reject(new Error(stderr)));
});

let keys = 0;

/** Asks for a refund; returns the status. */
async function refund(amount: number, key = `alert-${(keys += 1)}`, secret = secrets['key']): Promise<number> {
  const answer = await fetch(`${url}/v1/refunds`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
    body: JSON.stringify({ payment_id: payment.id, amount, currency: payment.currency }),
  });
  await answer.text();
  return answer.status;
}

/** While somebody's transaction by hand holds every book. */
async function whileHeld(work: () => Promise<void>): Promise<void> {
  await sql.query('BEGIN');
  await sql.query('SELECT 1 FROM bucket FOR UPDATE');
  await work().finally(() => sql.query('ROLLBACK'));
}

async function turnedAway(): Promise<void> {
  await whileHeld(async () => assert.equal(await refund(1), 503));
}

/** Commits that take longer than callers wait. */
async function slowCommits(): Promise<void> {
  await sql.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.9); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  assert.equal(await refund(1), 503);
  await sql.query('DROP TRIGGER dawdle ON journal; DROP FUNCTION dawdle');
}

async function databaseAway(): Promise<void> {
  const admin = await connect({ ...database, database: 'postgres' });
  await admin.query(`ALTER DATABASE ${database.database} WITH ALLOW_CONNECTIONS false`);
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'refundry%'`,
    [database.database],
  );
}

async function databaseBack(): Promise<void> {
  const admin = await connect({ ...database, database: 'postgres' });
  await admin.query(`ALTER DATABASE ${database.database} WITH ALLOW_CONNECTIONS true`);
  while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(20);
}

const EVENT_LOOP_LAG: Selector = { metric: 'nodejs_eventloop_lag_p99_seconds', matches: () => true };
const QUEUE_DEPTH: Selector = { metric: 'refundry_queue_depth', matches: () => true };

/** By alert, what brings its situation about, and what was seen of it if it is over by then. None spoils the next. */
const SITUATIONS: Readonly<Record<string, () => Promise<Scrape | void>>> = {
  RefundryRefundsRefused: async () => assert.equal(await refund(999_999_999), 409),
  RefundryAskedAgain: async () => {
    for (let time = 0; time < 2; time += 1) assert.equal(await refund(1, 'again'), 201);
  },
  RefundryCallersRejected: async () => assert.equal(await refund(1, 'nobody', 'rk_nobody'), 401),
  RefundryMistake: async () => {
    await sql.query('ALTER TABLE refund ADD CONSTRAINT unforeseen CHECK (amount_minor <> 666) NOT VALID');
    assert.equal(await refund(666), 500);
    await sql.query('ALTER TABLE refund DROP CONSTRAINT unforeseen');
  },
  RefundryProcessBusy: async () => {
    // The measurement begins anew with each scrape, and on a busy machine a pause may fall between two of them.
    for (let attempt = 1; ; attempt += 1) {
      server.kill('SIGSTOP');
      await sleep(600);
      server.kill('SIGCONT');
      await sleep(50 * attempt);
      const during = await Scrape.of(url);
      if (during.sum(EVENT_LOOP_LAG) > 0.25 || attempt === 10) return during;
    }
  },
  RefundryQueueLong: async () => {
    let during = await Scrape.of(url);
    await whileHeld(async () => {
      const asked: Promise<number>[] = [];
      // What a batch tries is not in the queue: one is tried, and others wait.
      while (during.sum(QUEUE_DEPTH) === 0) {
        asked.push(refund(1));
        during = await Scrape.of(url);
      }
      await Promise.all(asked);
    });
    return during;
  },
  RefundryOverloaded: turnedAway,
  RefundryServerErrors: turnedAway,
  RefundryOutcomeUnknown: slowCommits,
  RefundryCommitsSlow: slowCommits,
  RefundryDatabaseTrouble: databaseAway,
  RefundryNotReady: databaseAway,
  RefundryGone: async () => {
    server.kill('SIGKILL');
    await ended;
  },
};

/** Whether a metric says what its alert waits for: a gauge, that it is past its threshold; a counter, that it was counted. */
function hears(name: string, expression: string, was: number, is: number): boolean {
  const [, operator, threshold] = /^\w+ (>|==) ([\d.]+)$/.exec(expression) ?? [];
  // A queue of a thousand is as long as one of one, but for the time that it takes to make it.
  if (threshold === undefined || name === 'RefundryQueueLong') return is > was;
  return operator === '>' ? is > Number(threshold) : is === Number(threshold);
}

/** Every alert's own test is in this order: the server does not survive the last. */
for (const [name, situation] of Object.entries(SITUATIONS)) {
  test(`${name} hears of what it is about`, async () => {
    const rule = rules.find((one) => one.name === name);
    assert.ok(rule, 'there is such an alert');
    const selectors = selectorsIn(rule.expression);
    assert.notEqual(selectors.length, 0);
    const before = await Scrape.of(url);
    for (const { metric } of selectors) assert.ok(before.has(metric), `/metrics has ${metric}`);
    if (name === 'RefundryNotReady') await databaseBack();
    const first = await Scrape.of(url);
    const during = await situation();
    if (rule.expression.startsWith('absent(')) {
      await assert.rejects(Scrape.of(url));
      return;
    }
    const deadline = Date.now() + 20_000;
    for (const selector of selectors) {
      const was = first.sum(selector);
      let is = (during ?? (await Scrape.of(url))).sum(selector);
      while (!hears(name, rule.expression, was, is) && during === undefined && Date.now() < deadline) {
        await sleep(20);
        is = (await Scrape.of(url)).sum(selector);
      }
      assert.ok(hears(name, rule.expression, was, is), `${selector.metric} was ${was} and is ${is}`);
    }
  });
}

test('every alert has its situation, and its paragraph', () => {
  const names = rules.map((rule) => rule.name).sort();
  assert.deepEqual(names, Object.keys(SITUATIONS).sort());
  assert.deepEqual([...page.matchAll(/^## (Refundry\w+)$/gm)].map(([, name]) => name).sort(), names);
  assert.deepEqual([...page.matchAll(/^\| `(Refundry\w+)` /gm)].map(([, name]) => name).sort(), names);
});

test('an alert on a metric that is not there would be noticed', async () => {
  const scrape = new Scrape('# TYPE refundry_ready gauge\nrefundry_ready 1\n');
  assert.ok(scrape.has('refundry_ready'));
  assert.ok(!scrape.has('refundry_redy'));
  const [selector] = selectorsIn('sum(rate(refundry_x_total{a!~"b|c",d="e"}[5m])) > 1');
  assert.equal(selector?.metric, 'refundry_x_total');
  assert.deepEqual(
    [{ d: 'e' }, { a: 'b', d: 'e' }, { a: 'bc', d: 'e' }, { d: 'f' }].map((labels) => selector.matches(labels)),
    [true, false, true, false],
  );
});

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

test(
  "Prometheus's own tool takes the file",
  { skip: hasPromtool ? false : 'there is no promtool on this machine' },
  () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', FILE], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  },
);
