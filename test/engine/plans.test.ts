/**
 * Plans that cannot flip: every statement of the write path is explained, on empty and on large tables, and may read by
 * index only, with all its keys in the index condition. (Without this the same code fell from 20,000 refunds/s to 1,000
 * whenever a lookup was planned while its table was empty.)
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from 'pg';
import { connectLane } from '../../src/store/lane.ts';
import { LOADS } from '../../src/store/load.ts';
import { SAVES } from '../../src/store/save.ts';
import { connect, createDatabase } from '../kit/database.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

/** What reads without a table, or joins what was read by index. */
const HARMLESS = new Set([
  'Aggregate',
  'CTE Scan',
  'Function Scan',
  'LockRows',
  'Limit',
  'Tid Scan',
  'ModifyTable',
  'Nested Loop',
  'Result',
  'Subquery Scan',
  'ProjectSet',
  'Memoize',
  'Unique',
]);

function flaws(plan: Plan): string[] {
  const here: string[] = [];
  const type = plan['Node Type'];
  const relation = plan['Relation Name'] ?? '';
  if (type === 'Index Scan' || type === 'Index Only Scan') {
    const condition = (plan['Index Cond'] ?? '').replaceAll('(bucket = $1)', '');
    const isSelective = relation === 'bucket' || /\w+ = /.test(condition);
    if (!isSelective) here.push(`${type} on ${relation} by ${plan['Index Cond'] ?? 'nothing'}`);
    // The head is one row by its whole key; its number is compared as a proof, not searched for.
    if (plan.Filter !== undefined && relation !== 'bucket') here.push(`${type} on ${relation} filters ${plan.Filter}`);
  } else if (!HARMLESS.has(type)) {
    here.push(`${type} on ${relation}`);
  }
  return [...here, ...(plan.Plans ?? []).flatMap(flaws)];
}

async function explain(client: Client, statement: string): Promise<Plan> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  assert.ok(plan);
  return plan;
}

const ROWS = 20_000;

/** Fills the tables that grow, without foreign logic: only their size and statistics matter here. */
const FILL = [
  `INSERT INTO merchant SELECT gen_random_uuid(), n % 4, 'm', '{}', '{}', now(), n, n FROM generate_series(1, 1000) n`,
  `INSERT INTO balance SELECT id, 'USD', bucket, -1, 1, 0, 0, 0, 0 FROM merchant`,
  `INSERT INTO payment (id, bucket, merchant_id, currency, amount_minor, captured_minor, status, "references", details,
     details_salt, created_at, updated_at, created_seq, last_seq)
   SELECT gen_random_uuid(), n % 4, gen_random_uuid(), 'USD', 100, 100, 'captured', '[]', '{}', '', now(), now(), n, n
   FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO payment_reference SELECT n::text, 'native.reference', gen_random_uuid(), n % 4, gen_random_uuid()
   FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO refund (id, bucket, merchant_id, payment_id, amount_minor, currency, status, reference_namespace, reference,
     protocol, created_at, updated_at, created_seq, last_seq)
   SELECT gen_random_uuid(), n % 4, gen_random_uuid(), gen_random_uuid(), 1, 'USD', 'succeeded', 'x', n::text, 'native',
     now(), now(), n, n FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO journal (seq, bucket, at, kind, operation, merchant_id, actor, protocol, request_id, idempotency_key,
     fingerprint, hash)
   SELECT n, n % 4, now(), 'refund_succeeded', 'refund_payment', gen_random_uuid(), 'a', 'native', 'r', n::text, '\\x00', '\\x00'
   FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO entitlement SELECT gen_random_uuid(), n % 4, gen_random_uuid(), gen_random_uuid(), n::text, 'program', 't',
     NULL, now(), n FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO coupon SELECT gen_random_uuid(), n % 4, gen_random_uuid(), gen_random_uuid(), n::text, now(), n
   FROM generate_series(1, ${ROWS}) n`,
  `INSERT INTO settlement SELECT gen_random_uuid(), n % 4, gen_random_uuid(), 'USD', 1, n, now() FROM generate_series(1, ${ROWS}) n`,
  `ANALYZE`,
];

const database = await createDatabase();

test('the checker sees a sequential scan and a filter', async () => {
  const plain = await connect(database);
  assert.match(flaws(await explain(plain, 'SELECT 1 FROM journal WHERE protocol = $1')).join(), /Seq Scan on journal/);
  const lane = await connectLane(database);
  assert.match(
    flaws(await explain(lane, 'SELECT 1 FROM payment WHERE id = $1 AND bucket = $2 AND status = $3')).join(),
    /filters/,
  );
  await lane.end();
});

for (const size of ['empty', 'analyzed but empty', 'large'] as const) {
  test(`every statement of the write path reads by index on ${size} tables`, async () => {
    if (size === 'analyzed but empty') await (await connect(database)).query('VACUUM ANALYZE');
    if (size === 'large') {
      const plain = await connect(database);
      for (const statement of FILL) await plain.query(statement);
    }
    const lane = await connectLane(database);
    try {
      const found: string[] = [];
      for (const [name, statement] of Object.entries({ ...LOADS, ...SAVES })) {
        found.push(...flaws(await explain(lane, statement)).map((flaw) => `${name}: ${flaw}`));
      }
      assert.deepEqual(found, []);
    } finally {
      await lane.end();
    }
  });
}
