import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openReaders } from '../../src/store/connection.ts';
import { AUDITS } from '../../src/store/audit-statements.ts';
import { createDatabase } from '../kit/database.ts';

const pool = openReaders(await createDatabase(), 1);
after(() => pool.end());

for (const [name, { text }] of Object.entries(AUDITS)) {
  test(`the walk of ${name} reads by indexes in their order: no page costs more than its rows`, async () => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.doesNotMatch(plan, /Seq Scan|Sort|Hash|Bitmap|Materialize/, plan);
    // The page begins where the last one ended, and what a row names is found by a column that names few rows.
    assert.match(plan, /Index Cond: \(\(?(ROW\([a-z_, ]+\) > ROW\(\$2|(id|seq) > \$2)/, plan);
    const ofBooks = plan.replaceAll(/using bucket_pkey .*\n.*/g, '');
    assert.doesNotMatch(ofBooks, /Index Cond: \(+(merchant_id|bucket|namespace) /, plan);
  });
}
