/** What a backup under load is worth, what is refused, and what a restore that is killed leaves behind. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  archiveState,
  backupEmbedded,
  EmbeddedDatabaseError,
  endArchive,
  openEmbedded,
  restoreEmbedded,
} from '../../src/embedded/index.ts';
import { Engine } from '../../src/engine/engine.ts';
import { verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { migrate } from '../../src/store/migrate.ts';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { endProcess, opened, postmasterPid } from '../embedded/harness.ts';
import { createHome } from '../kit/process.ts';
import { temporaryFolder } from './page.ts';

const home = await createHome();
const folder = temporaryFolder();
const backup = join(folder, 'backup');
const data = join(home, 'postgres', 'data');

/** Works on the books in the home, as a server would. */
async function withBooks<T>(work: (books: Books) => Promise<T>): Promise<T> {
  const embedded = await openEmbedded({ home, role: 'server' });
  try {
    await migrate(embedded.connection, 2);
    const engine = await Engine.open(embedded.connection, { lanes: 2 });
    try {
      return await work(new Books(engine, embedded.connection));
    } finally {
      await engine.close();
    }
  } finally {
    await embedded.release();
  }
}

const says =
  (...parts: string[]) =>
  (error: unknown) =>
    error instanceof EmbeddedDatabaseError && parts.every((part) => error.message.includes(part));

/** What was acknowledged, and of which payment. */
const acknowledged: string[] = [];
let payment = { id: '', merchantId: '' };

/** What of it is in the books; which must be whole. */
async function found(): Promise<string[]> {
  return withBooks(async ({ database }) => {
    const readers = openReaders(database);
    try {
      assert.deepEqual((await verifyBooks(readers)).findings, []);
      const { rows } = await readers.query<{ id: string }>('SELECT id FROM refund');
      return rows.map(({ id }) => id).sort();
    } finally {
      await readers.end();
    }
  });
}

test('a backup that is made under load, and its log, bring back every refund that was acknowledged', async (t) => {
  let backedUp = -1;
  await withBooks(async (books) => {
    payment = await books.payment(await books.merchant(), { amountMinor: 100_000_000n });
    let isOver = false;
    const load = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        const { refund } = await books.refund(payment, 1n);
        assert.ok(refund);
        acknowledged.push(refund.id);
      }
    });
    while (acknowledged.length < 200) await sleep(1);
    const before = acknowledged.length;
    await backupEmbedded(home, backup);
    backedUp = acknowledged.length;
    const sql = await connect(books.database);
    const { rows } = await sql.query('SHOW archive_timeout');
    assert.deepEqual(rows, [{ archive_timeout: '1min' }], 'no change waits longer for its copy');
    await sql.end();
    assert.ok(backedUp > before, 'refunds went on meanwhile');
    while (acknowledged.length < backedUp + 200) await sleep(1);
    isOver = true;
    await Promise.all(load);
  });
  const { lastCommitAt, before } = await restoreEmbedded({ home, from: backup });
  assert.ok(lastCommitAt !== null && before !== null);
  assert.deepEqual(await found(), [...acknowledged].sort());
  t.diagnostic(
    `${acknowledged.length} refunds acknowledged, ${backedUp} of them by the end of the backup; all are there`,
  );
});

test('a restore up to a moment that the backup cannot show is refused, and all is as it was', async () => {
  const { finishedAt } = await import('../../src/embedded/backup.ts').then(({ readBackup }) => readBackup(backup));
  await assert.rejects(restoreEmbedded({ home, from: backup, until: finishedAt - 1 }), says('Take an older one'));
  const tomorrow = Date.now() + 86_400_000;
  await assert.rejects(restoreEmbedded({ home, from: backup, until: tomorrow }), says('Nothing in', 'is as late as'));
  assert.deepEqual(
    readdirSync(join(home, 'postgres')).filter((name) => name.startsWith('data')),
    ['data'],
  );
  assert.equal((await found()).length, acknowledged.length);
});

test('what is no backup, a hole in the log, and a database in use are said to be so', async () => {
  await assert.rejects(restoreEmbedded({ home, from: folder }), says(folder, 'no finished backup'));
  await assert.rejects(backupEmbedded(home, backup), says(backup, 'is not empty'));
  await assert.rejects(backupEmbedded(home, join(data, 'backup')), says('is inside the database'));
  await withBooks(() =>
    assert.rejects(restoreEmbedded({ home, from: backup }), says('Another Refundry server', 'Stop it first')),
  );
  const wal = join(backup, 'wal');
  const segments = readdirSync(wal)
    .filter((name) => /^[0-9A-F]{24}\.gz$/.test(name))
    .sort();
  const next = segments.at(-1)?.replace(/..\.gz$/, 'FE.gz') ?? '';
  writeFileSync(join(wal, next), '');
  await assert.rejects(restoreEmbedded({ home, from: backup }), says('lacks', 'has later ones', '--until'));
  rmSync(join(wal, next));
});

test('after everything was killed, what had not reached the backup comes from the old disk', async (t) => {
  const newer = join(folder, 'newer');
  const server = await opened(t, home);
  const { opened: connection } = await server.answer('opened');
  assert.ok(connection);
  await backupEmbedded(home, newer);
  const engine = await Engine.open(connection, { lanes: 1 });
  for (let count = 0; count < 10; count += 1) {
    const { refund } = await new Books(engine, connection).refund(payment, 1n);
    acknowledged.push(refund?.id ?? '');
  }
  const postmaster = postmasterPid(home);
  server.process.kill('SIGKILL');
  endProcess(postmaster);
  await server.exited;
  await engine.close();
  await restoreEmbedded({ home, from: newer });
  assert.deepEqual(await found(), [...acknowledged].sort());
});

test('a log that does not arrive is heard of, and can be given up', async () => {
  const other = join(folder, 'other');
  await backupEmbedded(home, other);
  renameSync(other, `${other}.gone`);
  const embedded = await openEmbedded({ home, role: 'command' });
  const sql = await connect(embedded.connection);
  await sql.query('SELECT pg_switch_wal()');
  let state = await archiveState(home);
  const deadline = Date.now() + 20_000;
  while ((state.failedAt ?? 0) <= (state.archivedAt ?? 0) && Date.now() < deadline) {
    await sleep(50);
    state = await archiveState(home);
  }
  assert.equal(state.folder, other);
  assert.ok((state.failedAt ?? 0) > (state.archivedAt ?? 0), 'it fails');
  assert.equal(await endArchive(home), other);
  assert.equal((await archiveState(home)).folder, undefined);
  await sql.end();
  await embedded.release();
});

test('a restore that is killed between its last two steps is finished by whoever comes next', async () => {
  renameSync(data, join(home, 'postgres', 'data.restored'));
  mkdirSync(join(home, 'postgres', 'data.restoring'));
  assert.equal((await found()).length, acknowledged.length);
  assert.ok(!existsSync(join(home, 'postgres', 'data.restored')));
  assert.ok(!existsSync(join(home, 'postgres', 'data.restoring')));
});
