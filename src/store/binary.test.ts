import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { connect, createDatabase } from '../../test/kit/database.ts';
import { type Cell, type Column, type ElementType, ParameterWriter } from './binary.ts';

const client = await connect(await createDatabase());

/** What PostgreSQL reads of a column, element by element, as text. */
async function read(
  type: ElementType,
  cells: readonly Cell[],
  writer = new ParameterWriter(),
): Promise<(string | null)[]> {
  const { rows } = await client.query<{ texts: (string | null)[] | null }>(
    `SELECT array_agg(e::text ORDER BY place) AS texts FROM unnest($1::${type}[]) WITH ORDINALITY AS d(e, place)`,
    [writer.array(type, cells)],
  );
  return rows[0]?.texts ?? [];
}

suite('parameters in binary', () => {
  test('PostgreSQL reads each type as it was meant, nulls among them', async () => {
    const id = '0198f1d0-0000-7000-8000-00000000de30';
    assert.deepEqual(await read('uuid', [id, null, id.toUpperCase()]), [id, null, id]);
    assert.deepEqual(await read('int8', [0n, -1n, 9_223_372_036_854_775_807n, 7, -7, null]), [
      ...['0', '-1', '9223372036854775807', '7', '-7'],
      null,
    ]);
    assert.deepEqual(await read('int4', [0, -1, 2_147_483_647, undefined]), ['0', '-1', '2147483647', null]);
    assert.deepEqual(await read('bool', [true, false, null]), ['true', 'false', null]);
    assert.deepEqual(await read('bytea', ['', '00ff', null]), ['\\x', '\\x00ff', null]);
    assert.deepEqual(await read('text', ['', 'a,"b"\\{}', 'NULL', null]), ['', 'a,"b"\\{}', 'NULL', null]);
    assert.deepEqual(await read('jsonb', ['{"a": [1, "é"]}', null]), ['{"a": [1, "é"]}', null]);
    await client.query(`SET timezone = 'UTC'`);
    const times = [
      0,
      Date.parse('1999-12-31T23:59:59.999Z'),
      Date.parse('2026-11-20T12:00:00.001Z'),
      Date.parse('0044-03-15T12:00:00.007Z'),
      null,
    ];
    assert.deepEqual(await read('timestamptz', times), [
      ...[
        '1970-01-01 00:00:00+00',
        '1999-12-31 23:59:59.999+00',
        '2026-11-20 12:00:00.001+00',
        '0044-03-15 12:00:00.007+00',
      ],
      null,
    ]);
  });

  test('rows are read as rows, also when they outgrow the buffer', async () => {
    await client.query('CREATE TYPE pair AS (name text, amount bigint)');
    const { rows: types } = await client.query<{ oid: number }>(`SELECT 'pair'::regtype::oid AS oid`);
    const columns: readonly Column<readonly [string | null, bigint]>[] = [
      ['name', 'text', ([name]) => name],
      ['amount', 'int8', ([, amount]) => amount],
    ];
    const items = Array.from(
      { length: 50 },
      (_, index) => [index % 7 === 0 ? null : 'x'.repeat(index), BigInt(index)] as const,
    );
    for (const bytes of [16, 32 * 1024]) {
      const { rows } = await client.query<{ name: string | null; amount: string }>(
        'SELECT name, amount FROM unnest($1::pair[])',
        [new ParameterWriter(bytes).rows(types[0]?.oid ?? 0, columns, items)],
      );
      assert.deepEqual(
        rows.map(({ name, amount }) => [name, BigInt(amount)]),
        items,
      );
    }
  });

  test('an empty column is an empty array', async () => {
    for (const type of ['uuid', 'int8', 'int4', 'bool', 'bytea', 'text', 'jsonb', 'timestamptz'] as const) {
      const { rows } = await client.query<{ length: number }>(`SELECT cardinality($1::${type}[]) AS length`, [
        new ParameterWriter().array(type, []),
      ]);
      assert.equal(rows[0]?.length, 0, type);
    }
  });

  test('any text comes back as it was, also where columns outgrow the buffer they were begun in', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((value) => !value.includes('\u0000'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(text, { minLength: 1, maxLength: 20 }), { maxLength: 4 }), async (columns) => {
        const writer = new ParameterWriter(16);
        const written = columns.map((cells) => writer.array('text', cells));
        for (const [index, cells] of columns.entries()) {
          const { rows } = await client.query<{ same: boolean }>('SELECT $1::text[] = $2::text[] AS same', [
            written[index],
            cells,
          ]);
          assert.equal(rows[0]?.same, true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a value that is none of the type is refused, not changed', () => {
    const wrong: readonly (readonly [ElementType, Cell])[] = [
      ['uuid', 'g198f1d0-0000-7000-8000-00000000de30'],
      ['uuid', '0198f1d0'],
      ['uuid', 'é198f1d0-0000-7000-8000-00000000de30'],
      ['bytea', 'zz'],
      ['bytea', 'abc'],
      ['int8', 1.5],
      ['int8', '1'],
      ['int4', 2 ** 53],
      ['timestamptz', Number.NaN],
      ['text', 7],
      ['bool', 'true'],
    ];
    for (const [type, cell] of wrong) {
      assert.throws(() => new ParameterWriter().array(type, [cell]), TypeError, `${type} ${String(cell)}`);
    }
  });
});
