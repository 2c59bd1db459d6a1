/** A batch is committed whole or not at all, also where a part of it never reached the server. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Book } from '../../src/core/book.ts';
import type { Command } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { bucketOf, formatId } from '../../src/core/ids.ts';
import { namesOf } from '../../src/core/names.ts';
import { connectLane, type Lane } from '../../src/store/lane.ts';
import { savesOf, sendSaves } from '../../src/store/save.ts';
import { beginBatch, commitBatch, NotCommitted } from '../../src/store/transaction.ts';
import { Books } from '../kit/books.ts';
import { connect, createDatabase } from '../kit/database.ts';

const database = await createDatabase();
const books = await Books.open({}, database);
const sql = await connect(database);
const merchantId = await books.merchant();

/** A registration with a reference and an entitlement: three saves before the last one. */
async function decideRegistration(lane: Lane, reference: string): Promise<Book> {
  const command: Command = {
    merchantId,
    actor: 'cli:test',
    protocol: 'native',
    requestId: 'test',
    idempotencyKey: null,
    protocolPolicy: null,
    action: {
      kind: 'register_payment',
      amountMinor: 100n,
      currency: 'USD',
      status: 'captured',
      references: [{ namespace: 'native.reference', value: reference, numbered: false }],
      details: {},
      entitlements: [{ learner: 'jdoe', kind: 'program', target: 'p', viaCoupon: false }],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
  };
  const book = await beginBatch(lane, bucketOf(merchantId), namesOf([command]));
  const now = Date.now();
  const env = {
    now: Math.max(now, book.head.at),
    newId: () => formatId(now, book.bucket, randomUUID()),
    newSalt: randomUUID,
  };
  book.record(decide(book, command, env));
  return book;
}

async function rows(): Promise<unknown> {
  const { rows: counts } = await sql.query(
    `SELECT (SELECT count(*) FROM payment) AS payments, (SELECT count(*) FROM payment_reference) AS "references",
            (SELECT count(*) FROM entitlement) AS entitlements, (SELECT sum(seq) FROM bucket) AS entries`,
  );
  return counts[0];
}

for (const name of ['save_references', 'save_entitlements', 'save_books']) {
  test(`when the driver refuses to send ${name}, nothing is committed and the engine is told so`, async () => {
    const before = await rows();
    const lane = await connectLane(database);
    // The driver refuses a prepared statement's name with another text, on this side of the wire.
    await lane.query({ name, text: 'SELECT 1' });
    const book = await decideRegistration(lane, `refused-${name}`);
    await assert.rejects(commitBatch(lane, book, book.head.seq - 1n), NotCommitted);
    await lane.end();
    assert.deepEqual(await rows(), before);
  });
}

test('a save that is missing makes the last one raise, so that COMMIT answers ROLLBACK', async () => {
  const before = await rows();
  const lane = await connectLane(database);
  const book = await decideRegistration(lane, 'missing');
  const statements = savesOf(book, book.head.seq - 1n, lane).filter((statement) => statement.name !== 'entitlements');
  const [last] = sendSaves(lane, statements).slice(-1);
  const commit = lane.query('COMMIT');
  await assert.rejects(last ?? Promise.resolve(), /save of batch changed 3 rows instead of 4/);
  assert.equal((await commit).command, 'ROLLBACK');
  await lane.end();
  assert.deepEqual(await rows(), before);
});

test('after a save that the database refused, COMMIT is answered ROLLBACK, and that is believed', async () => {
  const before = await rows();
  const lane = await connectLane(database);
  const book = await decideRegistration(lane, 'moved-on');
  // As if the head had moved on meanwhile: its row is not the one that is to be changed.
  const refused = commitBatch(lane, book, book.head.seq - 2n);
  await assert.rejects(
    refused,
    (error) => error instanceof NotCommitted && /save of bucket changed 0/.test(error.message),
  );
  await lane.end();
  assert.deepEqual(await rows(), before);
});

test('with nothing missing it is committed', async () => {
  const lane = await connectLane(database);
  const book = await decideRegistration(lane, 'whole');
  await commitBatch(lane, book, book.head.seq - 1n);
  await lane.end();
  const again = await books.register(merchantId, {
    references: [{ namespace: 'native.reference', value: 'whole', numbered: false }],
  });
  assert.equal(again.refusal?.code, 'duplicate_reference');
});
