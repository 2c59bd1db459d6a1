import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Books } from '../kit/books.ts';
import { Clock, writeHistory } from './history.ts';
import {
  assertNamed,
  type Column,
  NAMES,
  NOT_COVERED,
  otherValue,
  type Row,
  someValue,
  TamperedBooks,
} from './tampering.ts';

const clock = new Clock();
const engine = await Books.open({ clock: clock.read });
await writeHistory(engine, clock, 'a');
const books = await TamperedBooks.open(engine.database);
after(() => books.close());

const columns = await books.columns();
const [keys] = await books.query<{ keys: string[] }>(
  `SELECT array_agg(a.attrelid::regclass || '.' || a.attname) AS keys FROM pg_index i
   JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indisunique`,
);

test('before anybody touches them, the books have nothing wrong', async () => {
  const { findings } = await books.verify();
  assert.deepEqual(findings, []);
});

test('every table is verified, or stands in the list of those that need not be, with its reason', () => {
  const tables = new Set(columns.map(({ table }) => table));
  for (const table of tables) assert.ok(table in NAMES !== table in NOT_COVERED, table);
});

for (const table of Object.keys(NAMES)) {
  test(`a change by hand of any column of ${table} names its row`, async () => {
    const covered = columns.filter((column) => column.table === table && !(`${table}.${column.column}` in NOT_COVERED));
    assert.ok(covered.length > 0);
    for (const column of covered) await changeEveryWay(column);
  });
}

/** In a row of each variety: to another value, to a value where there is none, and to none where there is one. */
async function changeEveryWay(column: Column): Promise<void> {
  const { table, nullable } = column;
  const name = `"${column.column}"`;
  const isKey = keys?.keys.includes(`${table}.${column.column}`) === true;
  const full = await books.pick(table, `${name} IS NOT NULL`);
  assert.ok(full.length > 0, `the history has no ${table} with a ${column.column}`);
  for (const row of full) {
    await change(column, row, otherValue(column, isKey));
    if (nullable) await change(column, row, 'NULL');
  }
  if (nullable)
    for (const row of await books.pick(table, `${name} IS NULL`)) await change(column, row, someValue(column));
}

async function change({ table, column }: Column, row: Row, value: string): Promise<void> {
  const { report, made } = await books.after(() => books.set(table, row, `"${column}" = ${value}`));
  assertNamed(report, table, made, `${column} = ${value}`);
}
