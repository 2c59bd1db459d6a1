/** A PostgreSQL whose connections others have taken, all of them, just when ours were lost. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestServer } from '../kit/server.ts';
import { Callers } from './callers.ts';
import { Hoard } from './hoard.ts';
import { OwnPostgres } from './postgres.ts';

const folder = await mkdtemp(join(tmpdir(), 'refundry-connections-'));
await chmod(folder, 0o755);
const postgres = await OwnPostgres.make(folder, 4, { max_connections: '24' });
after(() => postgres.remove());
const server = await TestServer.start({ database: postgres.settings, engine: { deadlineMs: 1_000 } });
const callers = await Callers.of(server);

const ready = async (): Promise<number> => (await server.send({ method: 'GET', path: '/readyz' })).status;

async function becomesReady(): Promise<void> {
  const until = performance.now() + 60_000;
  while ((await ready()) !== 200) {
    assert.ok(performance.now() < until, 'it must be ready again by itself');
    await sleep(20);
  }
}

test('without a connection left, everyone is told to come again, and all goes on when there are some', async () => {
  const wanted = await callers.wanted();
  const hoard = new Hoard(postgres.settings);
  await hoard.takeFrom('refundry');
  const logged = server.log.length;
  await callers.askInVain(wanted);
  await callers.askInVain(wanted);
  await callers.askInVain(wanted);
  assert.equal(await ready(), 503);
  const lines = server.log.slice(logged).filter((line) => line.includes('"trouble":"too_many_connections"'));
  assert.match(lines[0] ?? '', /PostgreSQL has no connection left: close some, or raise max_connections/);
  assert.ok(lines.length <= 3, `${lines.length} lines for 18 requests: one for each thing that cannot be done`);
  const metrics = await server.send({ method: 'GET', path: '/metrics' });
  assert.match(metrics.body, /^refundry_database_troubles_total\{kind="too_many_connections"\} [1-9]/m);

  await hoard.release();
  await callers.askUntilDone(wanted);
  await becomesReady();
  await callers.assertDoneOnce(wanted);
});

test('lanes that cannot be had again are tried for, until they can', async () => {
  const hoard = new Hoard(postgres.settings);
  const wanted = await callers.wanted();
  await hoard.takeFrom('refundry lane');
  // Both lanes find out that they are gone.
  await callers.askInVain(wanted);
  await callers.askInVain(wanted);
  assert.equal(await ready(), 503, 'a server that reads, but has no lane, is not ready');
  await hoard.release();
  await callers.assertNothingDone(wanted);
  await callers.askUntilDone(wanted);
  await becomesReady();
  await callers.assertDoneOnce(wanted);
});

test('none of it counts as a mistake of ours', () => {
  assert.deepEqual(
    server.log.filter((line) => (JSON.parse(line) as { level: number }).level >= 50),
    [],
  );
});
