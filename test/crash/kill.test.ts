/** Servers that are killed in the middle of a load: what was acknowledged is there, once, and the books verify. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHome, runCli, type Running, startServer } from '../kit/process.ts';

/** One cent of the demo payment that two partners know, through PayEngine. */
async function refundCent(url: string, key: string): Promise<{ id: string; replayed: boolean } | null> {
  try {
    const answer = await fetch(`${url}/api/payment/refund`, {
      method: 'POST',
      headers: {
        authorization: 'Basic sk_demo_payengine',
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ id: 'BOTH-1', amount: '0.01', reason: 'load' }),
    });
    if (answer.status !== 200) return null;
    const { data } = (await answer.json()) as { data: { TransactionID: string } };
    return { id: data.TransactionID, replayed: answer.headers.get('idempotent-replayed') === 'true' };
  } catch {
    // The connection died with the server: not acknowledged.
    return null;
  }
}

/** Enough for the callers to be in the middle of it. */
const IN_THE_MIDDLE = 100;

/** Sends refunds from many callers until the server dies; what it acknowledged, by key. Calls `during` in the middle. */
async function load(server: Running, name: string, during: () => void): Promise<Map<string, string>> {
  const acknowledged = new Map<string, string>();
  let next = 0;
  const life = new AbortController();
  void server.exited().then(() => life.abort());
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (!life.signal.aborted && next < 3_000) {
        const key = `${name}-${(next += 1)}`;
        const done = await refundCent(server.url, key);
        if (done === null) continue;
        acknowledged.set(key, done.id);
        if (acknowledged.size === IN_THE_MIDDLE) during();
      }
    }),
  );
  return acknowledged;
}

async function assertThereOnce(url: string, acknowledged: Map<string, string>): Promise<void> {
  assert.ok(acknowledged.size > 0, 'something must have been acknowledged before the kill');
  await Promise.all(
    [...acknowledged].map(async ([key, id]) => {
      const again = await refundCent(url, key);
      assert.deepEqual(again, { id, replayed: true }, `${key} must be there, once`);
    }),
  );
}

async function assertVerifies(home: string): Promise<void> {
  const { code, stdout, stderr } = await runCli(home, ['verify']);
  assert.equal(code, 0, stdout + stderr);
}

const home = await createHome();

/** Kills while refunds are being asked for. */
async function killDuring(server: Running, name: string, kill: () => void): Promise<Map<string, string>> {
  const acknowledged = await load(server, name, kill);
  await server.exited();
  return acknowledged;
}

test('after SIGKILL of the server under load, the next start has every acknowledged refund, once', async () => {
  const server = await startServer(home);
  const acknowledged = await killDuring(server, 'server', () => server.child.kill('SIGKILL'));
  const next = await startServer(home);
  await assertThereOnce(next.url, acknowledged);
  await assertVerifies(home);
  next.child.kill('SIGTERM');
  assert.equal((await next.exited()).code, 0);
});

test('after SIGKILL of the server and of PostgreSQL at once, the same holds', async () => {
  const server = await startServer(home);
  const postmaster = Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const acknowledged = await killDuring(server, 'both', () => {
    process.kill(postmaster, 'SIGKILL');
    server.child.kill('SIGKILL');
  });
  const next = await startServer(home);
  await assertThereOnce(next.url, acknowledged);
  await assertVerifies(home);
  next.child.kill('SIGTERM');
  assert.equal((await next.exited()).code, 0);
});

test('after SIGKILL of PostgreSQL alone the server recovers by itself', async () => {
  const server = await startServer(home);
  const before = await refundCent(server.url, 'alone-1');
  assert.ok(before);
  const postmaster = Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGKILL');
  const deadline = Date.now() + 15_000;
  let done = null;
  while (done === null && Date.now() < deadline) done = await refundCent(server.url, 'alone-2');
  assert.ok(done, 'it must refund again within seconds');
  await assertThereOnce(server.url, new Map([['alone-1', before.id]]));
  server.child.kill('SIGTERM');
  assert.equal((await server.exited()).code, 0);
  await assertVerifies(home);
});

test('SIGTERM to the whole process group of `npm start` finishes what is in flight and stops cleanly', async (context) => {
  const server = await startServer(home, ['npm', 'start']);
  context.diagnostic(`ready ${Math.round(server.readyMs)} ms after \`npm start\` on an existing database`);
  const { pid } = server.child;
  assert.ok(pid);
  const acknowledged = await load(server, 'group', () => process.kill(-pid, 'SIGTERM'));
  await server.exited();
  assert.match(server.output(), /stopping: what is in flight will be finished/);
  const next = await startServer(home);
  await assertThereOnce(next.url, acknowledged);
  process.kill(-(next.child.pid ?? 0), 'SIGINT');
  assert.equal((await next.exited()).code, 0);
  await assertVerifies(home);
});

test('a second server on the same folder says whose it is, and leaves the first alone', async () => {
  const server = await startServer(home);
  await assert.rejects(startServer(home), (error: Error) => {
    assert.match(error.message, new RegExp(home));
    assert.doesNotMatch(error.message, /\n\s+at /, 'no stack trace');
    return true;
  });
  assert.ok(await refundCent(server.url, 'still-there'));
  server.child.kill('SIGTERM');
  await server.exited();
});

test('--reset begins afresh: the same calls get the same answers again', async () => {
  const call = async (url: string): Promise<string> => {
    const answer = await fetch(`${url}/api/refund`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"apiKey":"Ofa3M7zS2c3","username":"test","spTransID":"201903192030-test1","aocTransID":"12345","amount":"1.00"}',
    });
    const { data } = (await answer.json()) as { data: { errorCode: string } };
    return data.errorCode;
  };
  for (const round of [1, 2]) {
    const server = await startServer(home, [process.execPath, 'bin/refundry.mjs', 'start', '--reset']);
    assert.equal(await call(server.url), '00', `walk ${round}`);
    assert.equal(await call(server.url), 'AOC1001');
    server.child.kill('SIGTERM');
    await server.exited();
  }
});
