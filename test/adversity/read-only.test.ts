/** A database that may only be read: a standby that waits to be promoted, and one that was told so while it ran. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Proxy } from '../kit/proxy.ts';
import { TestServer } from '../kit/server.ts';
import { Callers } from './callers.ts';
import { OwnPostgres } from './postgres.ts';

const folder = await mkdtemp(join(tmpdir(), 'refundry-read-only-'));
await chmod(folder, 0o755);
const postgres = await OwnPostgres.make(folder, 4);
after(() => postgres.remove());
const proxy = await Proxy.open(postgres.settings);
const server = await TestServer.start({ database: proxy.settings });
const callers = await Callers.of(server);

const DEFAULT = `SELECT current_setting('default_transaction_read_only') AS value`;

const ready = async (): Promise<number> => (await server.send({ method: 'GET', path: '/readyz' })).status;

test('a database that is read-only unless told otherwise is told otherwise, by everything that writes', async () => {
  await postgres.run('ALTER SYSTEM SET default_transaction_read_only = on');
  await postgres.run('SELECT pg_reload_conf()');
  const until = performance.now() + 60_000;
  while ((await postgres.run<{ value: string }>(DEFAULT))[0]?.value !== 'on') {
    assert.ok(performance.now() < until, 'PostgreSQL must take its new default');
  }
  // What is connected keeps what it began with.
  await postgres.terminate('refundry');
  const wanted = await callers.wanted();
  // What became of a commit is found out by a transaction that locks, and so writes.
  const cut = proxy.cutNext('after commit');
  await callers.askUntilDone(wanted);
  await cut;
  // Signing in writes, too: the sessions of EduBrite's callers.
  const newcomers = await Callers.of(server);
  await newcomers.askUntilDone(await newcomers.wanted());
  await callers.assertDoneOnce(wanted);
});

test('a standby takes no refund, says so in every protocol, and takes them again once it is promoted', async () => {
  const wanted = await callers.wanted();
  await postgres.stop();
  postgres.becomeStandby();
  await postgres.start();
  const logged = server.log.length;
  await callers.askInVain(wanted);
  await callers.askInVain(wanted);
  assert.equal(await ready(), 503);
  // Nor is a server that has just started there, and was asked for nothing yet.
  const idle = await TestServer.start({ database: postgres.settings });
  assert.equal((await idle.send({ method: 'GET', path: '/readyz' })).status, 503);
  const troubles = server.log.slice(logged).filter((line) => line.includes('"trouble":"read_only"'));
  assert.equal(troubles.length, 1, 'the log says it, and not for each request');
  assert.match(troubles[0] ?? '', /the database may only be read: it is a standby/);

  await postgres.run('SELECT pg_promote()');
  await callers.askUntilDone(wanted);
  const until = performance.now() + 60_000;
  while ((await ready()) !== 200) {
    assert.ok(performance.now() < until, 'it must be ready again');
    await sleep(50);
  }
  while (!/PostgreSQL commits again, after \d+ s/.test(server.log.join('\n'))) {
    assert.ok(performance.now() < until, 'the log must say that it is over');
    await sleep(50);
  }
  const metrics = await server.send({ method: 'GET', path: '/metrics' });
  assert.match(metrics.body, /^refundry_database_troubles_total\{kind="read_only"\} [1-9]/m);
  await callers.assertDoneOnce(wanted);
});

test('none of it counts as a mistake of ours', () => {
  assert.deepEqual(
    server.log.filter((line) => (JSON.parse(line) as { level: number }).level >= 50),
    [],
  );
});
