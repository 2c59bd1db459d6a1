/** What an administrator may have set for the whole database must not change how books are read and written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { openReaders } from '../../src/store/connection.ts';
import { connectLane } from '../../src/store/lane.ts';
import { verifyBooks } from '../../src/engine/verify.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';

const SETTINGS = {
  datestyle: 'German, DMY',
  timezone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  intervalstyle: 'iso_8601',
  array_nulls: 'off',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  idle_session_timeout: '200ms',
};

test('settings of the whole database do not reach the books', async () => {
  const database = await createDatabase();
  const sql = await connect(database);
  await sql.query(`SET default_transaction_read_only = off`);
  for (const [name, value] of Object.entries(SETTINGS)) {
    await sql.query(`ALTER DATABASE ${database.database} SET ${name} TO '${value}'`);
  }
  const troubles: string[] = [];
  const books = await Books.open({ lanes: 2, observer: { trouble: (message) => troubles.push(message) } }, database);
  const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n } });
  const createdAt = Date.parse('2001-02-03T04:05:06.789Z');
  const payment = await books.payment(merchantId, { createdAt });
  await sleep(400);
  const waiting = await books.refund(payment, 6_000n, { details: { reason: 'NULL' } });
  assert.equal(waiting.refusal, null);
  assert.equal(waiting.payment?.createdAt, createdAt);
  const approval = { kind: 'approve_refund', refundId: waiting.refund?.id ?? '', amountMinor: 6_000n } as const;
  const approved = await books.command(merchantId, approval, { actor: 'cli:other' });
  assert.equal(approved.refund?.status, 'succeeded');
  assert.ok((approved.entry?.at ?? 0) >= (waiting.entry?.at ?? Infinity));
  assert.deepEqual(troubles, []);

  const readers: pg.Pool = openReaders(database);
  try {
    assert.deepEqual((await verifyBooks(readers)).findings, []);
  } finally {
    await readers.end();
  }
});

test('options in the database’s URL stand beside the books’ own', async () => {
  const { host = '', port, user = '', database = '' } = await createDatabase();
  const url = new URL(`postgres:///${database}`);
  url.searchParams.set('host', host);
  url.searchParams.set('user', user);
  url.searchParams.set('options', '-c timezone=Asia/Tokyo -c work_mem=9MB');
  if (port !== undefined) url.searchParams.set('port', String(port));
  const settings = { connectionString: url.href };

  const lane = await connectLane(settings);
  const readers = openReaders(settings);
  try {
    for (const client of [lane, readers]) {
      const { rows } = await client.query<Record<string, string>>(
        `SELECT current_setting('timezone') AS timezone, current_setting('work_mem') AS work_mem,
                current_setting('enable_seqscan') AS seqscan, current_database() AS database`,
      );
      assert.deepEqual({ ...rows[0] }, { timezone: 'UTC', work_mem: '9MB', seqscan: 'off', database });
    }
  } finally {
    await lane.end();
    await readers.end();
  }
});
