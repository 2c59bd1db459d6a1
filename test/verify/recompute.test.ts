/** What the documentation says of hashes is enough to recompute them, without any code of Refundry's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { storedJson } from '../../src/core/record.ts';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { Clock, writeHistory } from './history.ts';

const clock = new Clock();
const books = await Books.open({ clock: clock.read });
for (const name of ['a', 'b']) await writeHistory(books, clock, name);
const sql = await connect(books.database);
after(() => undefined);

const page = readFileSync(new URL('../../docs/concepts/books.md', import.meta.url), 'utf8');
const [, recipe = ''] = /```sql\n([\s\S]*?)```/.exec(page) ?? [];

const wrong = async (): Promise<unknown[]> => {
  const results = (await sql.query(recipe)) as unknown as { readonly rows: unknown[] }[];
  return results.at(-1)?.rows ?? assert.fail('the page has no recipe');
};

test('the recipe of the documentation finds every chain whole, in SQL alone', async () => {
  assert.deepEqual(await wrong(), []);
});

test('the recipe of the documentation names an entry that was changed', async () => {
  await sql.query('BEGIN');
  const { rows } = await sql.query<{ bucket: number; seq: string }>(
    `UPDATE journal SET facts = facts || '{"x": 1}' WHERE (seq, bucket) = (
       SELECT seq, bucket FROM journal WHERE facts IS NOT NULL ORDER BY seq DESC LIMIT 1
     ) RETURNING bucket, seq`,
  );
  assert.deepEqual(await wrong(), rows);
  await sql.query('ROLLBACK');
});

test('JSON is hashed as PostgreSQL shows it, whatever is in it', async () => {
  const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger());
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && value.isWellFormed());
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      numbers,
      text,
      fc.array(tie('json')),
      fc.dictionary(text, tie('json')),
    ),
  }));
  const values = fc.sample(json, 500);
  const { rows } = await sql.query<{ text: string }>(
    'SELECT value::jsonb::text AS text FROM unnest($1::text[]) WITH ORDINALITY AS v (value, n) ORDER BY n',
    [values.map((value) => JSON.stringify(value))],
  );
  for (const [index, value] of values.entries()) assert.equal(storedJson(value), rows[index]?.text);
});
