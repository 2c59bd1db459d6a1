/** Values that two rows exchange, column by column, of every table that there is: each fits somewhere, and not where it is. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Books } from '../kit/books.ts';
import { Clock, writeHistory } from './history.ts';
import { assertNamed, NAMES, NOT_COVERED, TamperedBooks } from './tampering.ts';

const clock = new Clock();
const engine = await Books.open({ clock: clock.read });
for (const name of ['a', 'b']) await writeHistory(engine, clock, name);
const books = await TamperedBooks.open(engine.database);
after(() => books.close());
const columns = (await books.columns()).filter(
  ({ table, column }) => table in NAMES && !(`${table}.${column}` in NOT_COVERED),
);

/** Columns that have one value in all of the history: nothing to exchange. */
const alike: string[] = [];

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly names: readonly string[];
  /** Whose the rows are, where they are a payment's. */
  readonly payments: readonly (string | null)[];
}

/** Rows that are looked at for two to exchange: all kinds are among the first. */
const LOOKED_AT = 80;

/** Two rows with different values; of one merchant and one book, where there are such: what is nearest is missed first. */
async function pairOf(table: string, column: string): Promise<Pair | undefined> {
  const named = (row: string): string => NAMES[table]?.replaceAll('t.', `${row}.`) ?? '';
  const isOf = (name: string): boolean => columns.some((one) => one.table === table && one.column === name);
  const near = ['merchant_id', 'bucket']
    .filter((name) => name !== column && isOf(name))
    .map((name) => `a.${name} IS DISTINCT FROM b.${name}`);
  // Books in which nothing is are alike: which of them is which says nothing.
  const [pair] = await books.query<Pair>(
    `WITH looked_at AS (SELECT ctid AS place, * FROM ${table} ORDER BY ctid LIMIT ${LOOKED_AT})
     SELECT a.place::text AS a, b.place::text AS b, ARRAY[${named('a')}, ${named('b')}] AS names,
       ARRAY[to_jsonb(a) ->> 'payment_id', to_jsonb(b) ->> 'payment_id'] AS payments
     FROM looked_at a JOIN looked_at b ON a.place < b.place AND a."${column}" IS DISTINCT FROM b."${column}"
     ${table === 'bucket' ? `WHERE to_jsonb(a) - 'place' - '${column}' <> to_jsonb(b) - 'place' - '${column}'` : ''}
     ORDER BY ${[...near, 'a.place', 'b.place'].join(', ')} LIMIT 1`,
  );
  return pair;
}

/** Exchanges a column of two rows: both are taken out, and put in again, since a key's value cannot be in two at once. */
async function exchange(table: string, column: string, { a, b }: Pair): Promise<string[]> {
  const rows = await books.query<{ row: Readonly<Record<string, unknown>> }>(
    `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ctid IN ($1::tid, $2::tid)`,
    [a, b],
  );
  const [one, other] = rows.map(({ row }) => row);
  assert.ok(one !== undefined && other !== undefined);
  await books.query(`DELETE FROM ${table} WHERE ctid IN ($1::tid, $2::tid)`, [a, b]);
  const made = await books.query<{ name: string }>(
    `INSERT INTO ${table} AS t SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) RETURNING ${NAMES[table]} AS name`,
    [
      JSON.stringify([
        { ...one, [column]: other[column] },
        { ...other, [column]: one[column] },
      ]),
    ],
  );
  return made.map(({ name }) => name);
}

/** What was registered with a payment has its id nowhere else, so that it can be erased: its payment is named. */
const namesOf = (table: string, { names, payments }: Pair): readonly (readonly string[])[] =>
  names.map((name, index) =>
    table === 'entitlement' || table === 'coupon' ? [name, `of payment ${payments[index]}`] : [name],
  );

for (const table of Object.keys(NAMES)) {
  test(`two rows of ${table} that exchanged any one column are both named`, async () => {
    const covered = columns.filter((column) => column.table === table);
    assert.ok(covered.length > 0);
    for (const { column } of covered) {
      const pair = await pairOf(table, column);
      if (pair === undefined) {
        alike.push(`${table}.${column}`);
        continue;
      }
      const { report, made } = await books.after(() => exchange(table, column, pair));
      for (const names of namesOf(table, pair)) {
        // Heads that changed places: every entry past the lower of the two is without a book that knows it.
        const isNamed =
          table === 'bucket' && report.findings.some(({ row }) => names.includes(row.split('/', 1).join()));
        if (!isNamed) assertNamed(report, table, [...names, ...made], `an exchanged ${column}`);
      }
    }
  });
}

test('the history has different values of almost every column', () => {
  assert.ok(alike.length * 10 < columns.length, `${alike.length} of ${columns.length}: ${alike.join()}`);
});
