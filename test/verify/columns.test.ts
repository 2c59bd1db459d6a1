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
  const { findings, doubt } = await books.verify();
  assert.deepEqual([findings, doubt], [[], null]);
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

/**
 * Columns by which a table's rows are told apart, or which chain them: a change may show at another row, or meet one, so each
 * is made alone. In all others of the large tables a change shows at its own row only, and is made in a row of each variety at once.
 */
const APART: Readonly<Record<string, readonly string[]>> = {
  journal: ['seq', 'bucket', 'hash', 'idempotency_key'],
  payment: ['id', 'bucket'],
  refund: ['id', 'bucket', 'reference', 'reference_namespace'],
};
const changedAlone = ({ table, column }: Column): boolean => APART[table]?.includes(column) ?? true;

const isKey = (table: string, column: string): boolean => keys?.keys.includes(`${table}.${column}`) === true;

/** In a row of each variety: to another value, to a value where there is none, and to none where there is one. */
async function changeEveryWay(column: Column): Promise<void> {
  const { table, nullable } = column;
  const name = `"${column.column}"`;
  const full = await books.pick(table, `${name} IS NOT NULL`);
  assert.ok(full.length > 0, `the history has no ${table} with a ${column.column}`);
  await change(column, full, otherValue(column, isKey(table, column.column)));
  if (!nullable) return;
  await change(column, full, 'NULL');
  await change(column, await books.pick(table, `${name} IS NULL`), someValue(column));
}

async function change(of: Column, rows: readonly Row[], value: string): Promise<void> {
  const { table, column } = of;
  const together = changedAlone(of) ? rows.map((row) => [row]) : rows.length === 0 ? [] : [rows];
  for (const these of together) {
    const { report, made } = await books.after(async () => {
      const names: string[][] = [];
      for (const row of these) names.push(await books.set(table, row, `"${column}" = ${value}`));
      return names;
    });
    for (const names of made) assertNamed(report, table, names, `${column} = ${value}`);
    if (these.length === 1) continue;
    // Together, the first to be doubted would have all of them looked at.
    for (const row of these) {
      const isDoubted = await books.areDoubtedAfter(() => books.set(table, row, `"${column}" = ${value}`));
      assert.ok(isDoubted, `${column} = ${value} of ${table} ${row.name} alone is not doubted`);
    }
  }
}
