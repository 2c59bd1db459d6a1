import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GENESIS_HASH, hashEntry } from '../../src/core/journal.ts';
import type { Head } from '../../src/engine/verify.ts';
import { columns, JOURNAL_COLUMNS, type JournalRow, toEntry } from '../../src/store/rows.ts';
import { Books } from '../kit/books.ts';
import { Clock, writeHistory } from './history.ts';
import { TamperedBooks } from './tampering.ts';

const clock = new Clock();
const engine = await Books.open({ clock: clock.read });
for (const name of ['a', 'b', 'c', 'd']) await writeHistory(engine, clock, name);
const books = await TamperedBooks.open(engine.database);
after(() => books.close());

const printed = (await books.verify()).heads;
// A book whose last two entries are refusals of which no other row knows: the last history's ends so.
const [ending] = await books.query<{ bucket: number }>(
  `SELECT b.bucket FROM bucket b JOIN journal j ON j.bucket = b.bucket AND j.seq > b.seq - 2
   WHERE j.kind = 'command_refused' AND j.payment_id IS NULL GROUP BY b.bucket HAVING count(*) = 2 LIMIT 1`,
);
const end = printed.filter(({ bucket }) => bucket === ending?.bucket)[0] ?? assert.fail('no book ends so');
const { bucket } = end;

const problems = (findings: readonly { table: string; row: string; problem: string }[]): string[] =>
  findings.map(({ table, row, problem }) => `${table} ${row}: ${problem}`);

test('one changed entry is the only one named, whether its content was changed or its hash', async () => {
  for (const change of [`actor = 'cli:nobody'`, `hash = set_byte(hash, 3, 255 - get_byte(hash, 3))`]) {
    for (const seq of [1n, 7n, end.seq]) {
      const { report } = await books.after(() =>
        books.query(`UPDATE journal SET ${change} WHERE bucket = ${bucket} AND seq = ${seq}`),
      );
      assert.deepEqual(
        report.findings.map(({ row }) => row),
        [`${bucket}/${seq}`],
        problems(report.findings).join('\n'),
      );
    }
  }
});

test('entries that are gone are named by their numbers', async () => {
  const { report } = await books.after(() =>
    books.query(`DELETE FROM journal WHERE bucket = ${bucket} AND seq BETWEEN 5 AND 7`),
  );
  const [gap] = report.findings.filter(({ table }) => table === 'journal');
  assert.equal(gap?.row, `${bucket}/5`);
  assert.equal(gap.problem, `the entries up to ${bucket}/7 are missing, 3 in all`);
});

test('an end that was cut off is named, as the head says more', async () => {
  const { report } = await books.after(() =>
    books.query(`DELETE FROM journal WHERE bucket = ${bucket} AND seq > ${end.seq - 2n}`),
  );
  assert.deepEqual(problems(report.findings), [
    `journal ${bucket}/${end.seq - 1n}: the entries up to ${bucket}/${end.seq} are missing, 2 in all`,
  ]);
});

async function cutTail(): Promise<void> {
  await books.query(`DELETE FROM journal WHERE bucket = ${bucket} AND seq > ${end.seq - 2n}`);
  await books.query(
    `UPDATE bucket b SET seq = j.seq, hash = j.hash, at = j.at FROM journal j
     WHERE b.bucket = ${bucket} AND j.bucket = b.bucket AND j.seq = ${end.seq - 2n}`,
  );
}

test('an end that was cut off together with its head is found by heads printed earlier, and only by them', async () => {
  const alone = await books.after(cutTail);
  assert.deepEqual(alone.report.findings, []);
  const { report } = await books.after(cutTail, { against: printed });
  assert.deepEqual(problems(report.findings), [
    `journal ${bucket}/${end.seq}: a head was printed at ${end.seq}, but the book ends at ${end.seq - 2n}: its end was cut off`,
  ]);
});

/** Rewrites who did entry 3, and every hash from there to the head. */
async function recompute(): Promise<void> {
  await books.query(`UPDATE journal SET actor = 'cli:nobody' WHERE bucket = ${bucket} AND seq = 3`);
  const rows = await books.query<JournalRow>(
    `SELECT ${columns('j', JOURNAL_COLUMNS)} FROM journal j WHERE bucket = ${bucket} ORDER BY seq`,
  );
  let hash = GENESIS_HASH;
  const hashes = rows.map((row) => (hash = hashEntry(hash, toEntry(row))));
  await books.query(
    `UPDATE journal j SET hash = decode(d.hash, 'hex') FROM unnest($1::text[]) WITH ORDINALITY AS d(hash, seq)
     WHERE j.bucket = ${bucket} AND j.seq = d.seq`,
    [hashes],
  );
  await books.query(`UPDATE bucket SET hash = decode($1, 'hex') WHERE bucket = ${bucket}`, [hash]);
}

test('a chain that was wholly recomputed is found by heads printed earlier, and only by them', async () => {
  const alone = await books.after(recompute);
  assert.deepEqual(alone.report.findings, []);
  const { report } = await books.after(recompute, { against: printed });
  assert.equal(report.findingCount, 1);
  assert.match(report.findings[0]?.problem ?? '', /the chain was rewritten up to here/);
  assert.equal(report.findings[0]?.row, `${bucket}/${end.seq}`);
});

test('heads printed earlier are still in chains that went on', async () => {
  const { heads } = await books.verify();
  const earlier = await books.query<{ bucket: number; seq: bigint; hash: Buffer }>(
    'SELECT bucket, seq, hash FROM journal WHERE seq IN (1, 9)',
  );
  const against: Head[] = earlier.map(({ bucket, seq, hash }) => ({ bucket, seq, hash: hash.toString('hex') }));
  const empty = heads.map(({ bucket }) => ({ bucket, seq: 0n, hash: GENESIS_HASH }));
  const { findings } = await books.verify({ against: [...heads, ...against, ...empty] });
  assert.deepEqual(findings, []);
});

test('heads of another database, of no bucket, or past the end are findings', async () => {
  const wrong = { hash: '5'.repeat(64) };
  const { findings } = await books.verify({
    installation: '01900000-0000-4000-8000-000000000000',
    against: [
      { bucket, seq: 0n, ...wrong },
      { bucket, seq: 3n, ...wrong },
      { bucket, seq: end.seq + 1n, ...wrong },
      { bucket: 99, seq: 3n, ...wrong },
    ],
  });
  assert.deepEqual(
    findings.map(({ table, row }) => (table === 'installation' ? table : `${table} ${row}`)).sort(),
    [
      'installation',
      'journal 99/3',
      `journal ${bucket}/0`,
      `journal ${bucket}/3`,
      `journal ${bucket}/${end.seq + 1n}`,
    ].sort(),
  );
});
