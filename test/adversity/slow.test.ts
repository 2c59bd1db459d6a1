/** A database that takes 200 ms over each statement: nothing is refused, and nobody waits for the others' sake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDatabase } from '../kit/database.ts';
import { Proxy } from '../kit/proxy.ts';
import { TestServer } from '../kit/server.ts';
import { Callers } from './callers.ts';

/** Each way. */
const DELAY_MS = 100;

const proxy = await Proxy.open(await createDatabase());
const server = await TestServer.start({ database: proxy.settings });
const other = await TestServer.start({ database: proxy.settings });
const callers = await Callers.of(server);

test('every refund of every protocol is done, at the pace of the database', async () => {
  const wanted = await callers.wanted();
  proxy.delayMs = DELAY_MS;
  const began = performance.now();
  const asked = await callers.ask(wanted);
  const ms = performance.now() - began;
  proxy.delayMs = 0;
  for (const { protocol, refused, answer } of asked) assert.equal(refused, null, `${protocol}: ${answer.body}`);
  // Load and save: two waits at least, or the database was not slow.
  assert.ok(ms >= 4 * DELAY_MS, `all were done after ${ms} ms`);
  await callers.assertDoneOnce(wanted);
  const metrics = await server.send({ method: 'GET', path: '/metrics' });
  const [, quick = ''] = /^refundry_commit_seconds_bucket\{le="0.25"\} (\d+)$/m.exec(metrics.body) ?? [];
  const [, all = ''] = /^refundry_commit_seconds_count (\d+)$/m.exec(metrics.body) ?? [];
  assert.ok(Number(all) > Number(quick), 'the metrics show slow commits');
});

test('two servers that write to the same buckets wait for each other, and neither for ever', async () => {
  const others = await Callers.of(other);
  const [mine, theirs] = await Promise.all([callers.wanted(), others.wanted()]);
  proxy.delayMs = DELAY_MS / 4;
  // Each asks for all, in reverse: the same payments, at the same time, with the same keys.
  const both = [...mine, ...theirs];
  await Promise.all([callers.askUntilDone(both), others.askUntilDone([...both].reverse())]);
  proxy.delayMs = 0;
  await callers.assertDoneOnce(both);
});

test('slowness is no trouble, and no mistake of ours', () => {
  assert.deepEqual(
    [...server.log, ...other.log].filter((line) => (JSON.parse(line) as { level: number }).level >= 40),
    [],
  );
});
