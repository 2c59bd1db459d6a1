import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openReaders } from '../../src/store/connection.ts';
import { AUDITS, LOOKS } from '../../src/store/audit-statements.ts';
import { PASSES } from '../../src/store/proof-statements.ts';
import { createDatabase } from '../kit/database.ts';

const pool = openReaders(await createDatabase(), 1);
after(() => pool.end());

const WALKS = [
  ...Object.entries(AUDITS).map(([name, { text }]) => [`walk of ${name}`, text] as const),
  ...Object.entries(PASSES).map(([name, { select }]) => [`quick walk of ${name}`, select] as const),
];

for (const [name, text] of WALKS) {
  test(`the ${name} reads by indexes in their order: no page costs more than its rows`, async () => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.doesNotMatch(plan, /Seq Scan|Sort|Hash|Bitmap|Materialize/, plan);
    // The page begins where the last one ended, and what a row names is found by a column that names few rows.
    assert.match(plan, /Index Cond: \(\(?(ROW\([a-z_, ]+\) > ROW\(\$2|(id|seq) > \$[12])/, plan);
    const ofBooks = plan.replaceAll(/using bucket_pkey .*\n.*/g, '');
    assert.doesNotMatch(ofBooks, /Index Cond: \(+(merchant_id|bucket|namespace) /, plan);
  });
}

for (const [name, text] of Object.entries(LOOKS)) {
  test(`single ${name} are looked up by their keys`, async () => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.doesNotMatch(plan, /Seq Scan|Hash|Bitmap/, plan);
    const conditions = [...plan.matchAll(/Index Cond: \(+([a-z_]+) /g)].map(([, column]) => column);
    assert.ok(conditions.length > 0, plan);
    for (const column of conditions) assert.match(column ?? '', /^(id|seq|value|payment_id)$/, plan);
  });
}
