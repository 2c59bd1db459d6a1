import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Books } from '../kit/books.ts';
import { Clock, writeHistory } from './history.ts';
import { assertNamed, NAMES, TamperedBooks } from './tampering.ts';

const clock = new Clock();
const engine = await Books.open({ clock: clock.read });
for (const name of ['a', 'b', 'c']) await writeHistory(engine, clock, name);
const books = await TamperedBooks.open(engine.database);
after(() => books.close());

for (const table of Object.keys(NAMES)) {
  test(`every row of ${table} that is deleted by hand is named`, async () => {
    const rows = await books.query<{ ctid: string; name: string; payment: string | null }>(
      `SELECT t.ctid::text AS ctid, ${NAMES[table]} AS name, to_jsonb(t) ->> 'payment_id' AS payment FROM ${table} t`,
    );
    assert.ok(rows.length > 0);
    // Rows are much alike: a dozen of them, the first and last of the table among these.
    const step = Math.max(1, Math.floor(rows.length / 12));
    for (const [index, { ctid, name, payment }] of rows.entries()) {
      if (index % step !== 0 && index !== rows.length - 1) continue;
      const { report } = await books.after(() => books.query(`DELETE FROM ${table} WHERE ctid = $1::tid`, [ctid]));
      // What was registered with a payment has its id nowhere else, so that it can be erased.
      const names = table === 'entitlement' || table === 'coupon' ? [name, `of payment ${payment}`] : [name];
      assertNamed(report, table, table === 'installation' ? ['the only row'] : names, 'the missing row');
    }
  });
}

/** A copy of a row, under a key of its own. */
const COPIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bucket: { bucket: '50' },
  journal: { seq: 't.seq + 1000', idempotency_key: 'NULL' },
  balance: { currency: `'XXX'` },
  payment_reference: { value: `'another'` },
  payment: { id: 'other' },
  refund: { id: 'other', reference: 'NULL', reference_namespace: 'NULL' },
  merchant: { id: 'other' },
  credential: { id: 'other' },
  entitlement: { id: 'other' },
  coupon: { id: 'other', payment_id: 'other' },
  settlement: { id: 'other' },
};

test('a row is put into every table, but into the one that has a single row', () => {
  assert.deepEqual(
    Object.keys(NAMES).filter((table) => !(table in COPIES)),
    ['installation'],
  );
});

for (const [table, changes] of Object.entries(COPIES)) {
  test(`a row put into ${table} by hand is named`, async () => {
    for (const row of await books.pick(table)) {
      const { report, made } = await books.after(async () => {
        await books.query(
          `CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
             SELECT t.* FROM ${table} t WHERE t.ctid = '${row.ctid}'`,
        );
        const other = `overlay(t.id::text placing 'abcdef012345' from 25)::uuid`;
        const sets = Object.entries(changes).map(
          ([column, value]) => `${column} = ${value === 'other' ? other : value}`,
        );
        await books.query(`UPDATE copied t SET ${sets.join(', ')}`);
        return books.query<{ name: string }>(
          `INSERT INTO ${table} AS t SELECT * FROM copied RETURNING ${NAMES[table]} AS name`,
        );
      });
      assertNamed(report, table, [made[0]?.name ?? ''], 'the new row');
    }
  });
}

test('a balance of nothing, put in by hand, is named', async () => {
  const { report, made } = await books.after(async () =>
    books.query<{ name: string }>(
      `INSERT INTO balance AS t SELECT DISTINCT ON (bucket) merchant_id, 'XXX', bucket, 0, 0, 0, 0, 0, 0 FROM balance
       RETURNING ${NAMES['balance']} AS name`,
    ),
  );
  for (const { name } of made) assertNamed(report, 'balance', [name], 'the empty balance');
});

test('an entry before the first is named', async () => {
  const { report } = await books.after(() =>
    books.query(`INSERT INTO journal SELECT -1, bucket, at, kind, operation, merchant_id, actor, protocol, request_id,
      NULL, NULL, payment_id, refund_id, amount_minor, currency, debit, credit, captured_minor, refunded_minor,
      reserved_minor, payment_status, payment_disputed, unsettled_minor, refusal_code, facts, digest, hash
      FROM journal WHERE seq = 1`),
  );
  assert.ok(report.findings.some(({ table, row }) => table === 'journal' && row.endsWith('/-1')));
});

/** Values that two rows of one book exchange: each fits somewhere, and neither where it is now. */
const SWAPS: readonly (readonly [table: string, columns: readonly string[], alike: string])[] = [
  [
    'refund',
    ['amount_minor'],
    'a.merchant_id = b.merchant_id AND a.currency = b.currency AND a.amount_minor <> b.amount_minor',
  ],
  ['refund', ['status', 'last_seq', 'updated_at'], `a.status = 'succeeded' AND b.status = 'reversed'`],
  ['refund', ['payment_id'], 'a.payment_id <> b.payment_id AND a.currency = b.currency'],
  ['payment', ['amount_minor', 'captured_minor'], 'a.currency = b.currency AND a.amount_minor <> b.amount_minor'],
  ['payment', ['refunded_minor', 'refund_count', 'last_seq', 'updated_at'], 'a.refunded_minor <> b.refunded_minor'],
  ['payment', ['details', 'details_salt'], 'a.details <> b.details'],
  ['settlement', ['amount_minor', 'currency'], 'a.currency <> b.currency'],
  ['settlement', ['cutoff_seq', 'created_at'], 'a.cutoff_seq <> b.cutoff_seq'],
  [
    'balance',
    ['processor_clearing_minor', 'merchant_unsettled_minor', 'refunds_payable_minor', 'merchant_settled_minor'],
    'a.merchant_settled_minor <> b.merchant_settled_minor',
  ],
  ['merchant', ['name', 'created_at', 'created_seq'], 'a.created_at <> b.created_at'],
  ['merchant', ['policy', 'policy_seq'], 'a.policy <> b.policy'],
  ['credential', ['secret_hashes', 'lookup'], 'a.lookup <> b.lookup'],
  ['credential', ['revoked_at', 'revoked_seq'], 'a.revoked_at <> b.revoked_at'],
  ['entitlement', ['learner'], 'a.learner <> b.learner'],
  ['entitlement', ['created_seq'], 'a.created_seq <> b.created_seq'],
  ['coupon', ['code'], 'a.code <> b.code'],
  ['payment_reference', ['payment_id'], 'a.payment_id <> b.payment_id'],
  ['journal', ['amount_minor'], 'a.amount_minor <> b.amount_minor'],
  ['bucket', ['hash'], 'a.hash <> b.hash'],
];

for (const [table, columns, alike] of SWAPS) {
  test(`two rows of ${table} whose ${columns.join(', ')} were exchanged are both named`, async () => {
    const [pair] = await books.query<{ a: string; b: string; names: string[] }>(
      `SELECT a.ctid::text AS a, b.ctid::text AS b,
         ARRAY[${NAMES[table]?.replaceAll('t.', 'a.')}, ${NAMES[table]?.replaceAll('t.', 'b.')}] AS names
       FROM ${table} a JOIN ${table} b ON a.ctid <> b.ctid
       WHERE ${alike} ORDER BY a.bucket <> b.bucket LIMIT 1`,
    );
    assert.ok(pair !== undefined, 'the history has no two such rows');
    const { report } = await books.after(() =>
      books.query(
        `UPDATE ${table} t SET ${columns.map((column) => `"${column}" = o."${column}"`).join(', ')} FROM ${table} o
         WHERE (t.ctid = $1::tid AND o.ctid = $2::tid) OR (t.ctid = $2::tid AND o.ctid = $1::tid)`,
        [pair.a, pair.b],
      ),
    );
    for (const name of pair.names) assertNamed(report, table, [name], 'the exchanged row');
  });
}

test('a namespace taken out of a merchant’s counters by hand is named', async () => {
  const rows = await books.query<{ id: string }>(`SELECT id FROM merchant WHERE counters <> '{}'`);
  assert.ok(rows.length > 0);
  for (const { id } of rows) {
    const { report } = await books.after(() => books.query(`UPDATE merchant SET counters = '{}' WHERE id = $1`, [id]));
    assertNamed(report, 'merchant', [id], 'the counters');
  }
});
