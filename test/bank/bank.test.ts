/** Several servers on one database, everybody at the same few payments: in every snapshot the books are right. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { Server } from '../crash/servers.ts';
import { createDatabase } from '../kit/database.ts';
import { Auditor } from './auditor.ts';
import { Callers } from './callers.ts';
import { makeMerchants } from './stage.ts';
import { Told } from './told.ts';

const SEED = 1;
const SERVERS = 3;
const READERS = 2;
/** Enough for every kind of command, many times. */
const COMMANDS = 400;
const PATIENCE_MS = 30_000;

test('in every snapshot the ledger balances, no payment is over-refunded and no chain has a gap, whoever writes', async (context) => {
  const database = await createDatabase();
  const troubles: string[] = [];
  const servers = Array.from(
    { length: SERVERS },
    (_, index) => new Server(String(index), database, (what) => troubles.push(what)),
  );
  after(() => Promise.all(servers.map((server) => server.stop())));
  const [merchants] = await Promise.all([makeMerchants(database, 2), ...servers.map((server) => server.start())]);

  const told = new Told();
  const callers = new Callers(merchants, servers, told, { seed: SEED, callers: 24, thinkMs: 0 });
  const readers = Array.from({ length: READERS }, () => new Auditor(database));
  const auditor = new Auditor(database);
  const end = performance.now() + PATIENCE_MS;
  const isDone = (): boolean => told.count.acknowledged >= COMMANDS || performance.now() > end;
  await Promise.all(
    readers.map(async (reader) => {
      while (!isDone()) {
        await reader.snapshot();
        await sleep(10);
      }
      await reader.close();
    }),
  );
  await callers.pause();
  const left = await callers.converge(PATIENCE_MS);
  told.check(await auditor.snapshot());
  await callers.stop();
  await auditor.close();

  const { count } = told;
  const snapshots = readers.reduce((sum, reader) => sum + reader.snapshots, 0);
  context.diagnostic(
    `seed ${SEED}: ${callers.requests} requests to ${SERVERS} servers, ${count.acknowledged} acknowledged, ` +
      `${count.refused} refused by the rules, ${count.overloaded} turned away, ${auditor.entries} entries, ${snapshots} snapshots`,
  );
  assert.deepEqual(
    [...troubles, ...told.violations, ...readers.flatMap(({ violations }) => violations), ...auditor.violations],
    [],
  );
  assert.equal(left, 0, 'every key has an answer');
  assert.ok(count.acknowledged >= COMMANDS, `${count.acknowledged} acknowledged in ${PATIENCE_MS} ms`);
  assert.ok(count.refused > 0, 'some refunds must have met the limit of their payment');
  assert.ok(snapshots >= 2 * READERS, 'somebody must have read meanwhile');
  const pool = openReaders(database);
  const { findings, entries } = await verifyBooks(pool, { against: auditor.heads });
  await pool.end();
  assert.deepEqual(findings, []);
  assert.equal(entries, BigInt(auditor.entries));
});
