/** One name, one user: whatever several administrators do in the same moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUser } from '../../src/engine/users.ts';
import { bucketOf } from '../../src/core/ids.ts';
import { start, urlOf } from '../cli/refundry.ts';
import { Books } from '../kit/books.ts';
import { PASSWORD } from '../kit/console.ts';
import { connect } from '../kit/database.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const env = { DATABASE_URL: urlOf(server.database) };

/** A merchant whose book is not the one in which users of every merchant are. */
async function merchantElsewhere(): Promise<string> {
  for (;;) {
    const id = await server.books.merchant();
    if (bucketOf(id) !== 0) return id;
  }
}

const live = async (name: string): Promise<number> => {
  const [row] = await server.rows<{ users: number }>(
    `SELECT count(*)::int AS users FROM credential WHERE protocol = 'console' AND lookup = $1 AND revoked_at IS NULL`,
    [name],
  );
  return row?.users ?? 0;
};

const run = (words: readonly string[]) => start(env, ['user', ...words, '--password-stdin'], `${PASSWORD}\n`).ended;

test('of users of one name made in the same moment, in whichever book, by whichever process, just one is there', async () => {
  const merchant = await merchantElsewhere();
  const processes = [server.books, await Books.open({ lanes: 2 }, server.database)];
  const credential = await newUser({ name: 'twin', role: 'operator', label: '', password: PASSWORD });
  for (let round = 0; round < 10; round += 1) {
    const name = `twin-${round}`;
    const outcomes = await Promise.all(
      processes.flatMap((books) =>
        [null, merchant].map((of) =>
          books.command(of, { kind: 'create_credential', credential: { ...credential, lookup: name } }),
        ),
      ),
    );
    assert.equal(outcomes.filter(({ refusal }) => refusal === null).length, 1, name);
    assert.equal(await live(name), 1);
  }
  assert.deepEqual(await server.findings(), []);
});

test('two commands that make one user at once: one has made it, the other hears that it is there', async () => {
  const merchant = await merchantElsewhere();
  const client = await connect(server.database);
  // Both have looked, and found nobody, before either may write.
  await client.query('BEGIN');
  await client.query('LOCK TABLE credential IN SHARE MODE');
  const both = [
    run(['create', 'rivals', '--role', 'read']),
    run(['create', 'rivals', '--role', 'operator', '--merchant', merchant]),
  ];
  for (let waiting = 0; waiting < 2;) {
    const { rows } = await client.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = 'credential'::regclass`,
    );
    waiting = rows[0]?.waiting ?? 0;
  }
  await client.query('COMMIT');
  const ran = await Promise.all(both);
  assert.deepEqual(ran.map(({ code }) => code).sort(), [0, 1], ran.map(({ stderr }) => stderr).join());
  const loser = ran.find(({ code }) => code === 1);
  assert.match(loser?.stderr ?? '', /^duplicate_reference: there is a user rivals already/);
  assert.doesNotMatch(loser?.stderr ?? '', /mistake|\n\s+at /);
  assert.equal(await live('rivals'), 1);
});

/** Connections whose last question was who of a name there is. */
const lookers = async (): Promise<number> => {
  const [row] = await server.rows<{ lookers: number }>(
    `SELECT count(*)::int AS lookers FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'idle' AND query LIKE '%FROM credential WHERE lookup = $1%'`,
  );
  return row?.lookers ?? 0;
};

test('of two who disable a user and change the password in the same moment, one has done it, and the other hears so', async () => {
  assert.equal((await run(['create', 'leaver', '--role', 'read'])).code, 0);
  const client = await connect(server.database);
  const before = await lookers();
  await client.query('BEGIN');
  // Users of every merchant are in the first book: both commands wait for it, having looked who there is.
  await client.query('SELECT 1 FROM bucket WHERE bucket = 0 FOR UPDATE');
  const both = [start(env, ['user', 'disable', 'leaver']).ended, run(['password', 'leaver'])];
  for (const ends = Date.now() + 60_000; (await lookers()) < before + 2; await sleep(10)) {
    assert.ok(Date.now() < ends, 'both look who there is');
  }
  await client.query('COMMIT');
  const [disabled, changed] = await Promise.all(both);
  assert.deepEqual([disabled?.code, changed?.code].sort(), [0, 1], `${disabled?.stderr} ${changed?.stderr}`);
  assert.match(`${disabled?.stderr}${changed?.stderr}`, /^resource_not_found: somebody else changed user leaver/);
  assert.equal(await live('leaver'), changed?.code === 0 ? 1 : 0);
  assert.deepEqual(await server.findings(), []);
});
