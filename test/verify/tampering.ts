/** Books that somebody writes to by hand: each change is made in a transaction, verified inside it, and rolled back. */
import assert from 'node:assert/strict';
import type pg from 'pg';
import { proveBooks, type VerifyOptions, type VerifyReport, verifyBooks } from '../../src/engine/verify.ts';
import { Doubt } from '../../src/engine/verify/doubt.ts';
import { type DatabaseSettings, openReaders } from '../../src/store/connection.ts';

/** How findings name a table's rows, as SQL over the row `t`. */
export const NAMES: Readonly<Record<string, string>> = {
  installation: 't.id::text',
  bucket: 't.bucket::text',
  journal: `t.bucket || '/' || t.seq`,
  balance: `t.merchant_id || ' ' || t.currency`,
  payment_reference: `t.namespace || ' ' || t.value`,
  payment: 't.id::text',
  refund: 't.id::text',
  merchant: 't.id::text',
  credential: 't.id::text',
  entitlement: 't.id::text',
  coupon: 't.id::text',
  settlement: 't.id::text',
};

/** Rows that hold no money and prove none, and columns that say nothing about the books; each with its reason. */
export const NOT_COVERED: Readonly<Record<string, string>> = {
  session: 'signed-in callers of the moment: an altered row opens nothing without its token, and none moves money',
  migration: 'which files were applied, for the migrations alone',
  bulk_run: 'files of refunds: what they refunded is in the journal, under the keys of their lines',
  bulk_line: 'what a file said: an altered line that was decided refunds nothing more, its key is bound to what it was',
  'installation.only_row': 'true, or there would be two rows',
  'installation.created_at': 'said to nobody; the first entries have their own times',
};

/** What makes rows of a table different enough that each is worth a change of its own; else all are. */
const VARIETIES: Readonly<Record<string, string>> = {
  payment_reference: 't.namespace',
  merchant: 't.bucket',
  journal: `t.kind = 'command_refused', t.payment_id IS NULL, t.refund_id IS NULL, t.debit IS NULL, t.facts IS NULL`,
  balance: 't.currency',
  payment: 't.status, t.entitled, t.currency, t.captured_seq = t.created_seq',
  refund: 't.status, t.cancel_reason, t.requested_by IS NULL, t.reference IS NULL, t.details_salt',
  entitlement: 't.kind, t.coupon_id IS NULL',
  credential: 't.role, t.revoked_at IS NULL',
  settlement: 't.currency',
};

export interface Row {
  readonly ctid: string;
  readonly name: string;
}

export interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

export class TamperedBooks {
  readonly #pool: pg.Pool;
  #installation = '';

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Takes the constraints away that would stop an honest mistake, but no one who means it. */
  static async open(database: DatabaseSettings): Promise<TamperedBooks> {
    // With one connection every statement, `verify`'s too, is inside the same transaction.
    const books = new TamperedBooks(openReaders(database, 1));
    await books.query('BEGIN READ WRITE');
    await books.query(`
      DO $$ DECLARE c record; BEGIN
        FOR c IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
          WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, c.conname); END LOOP;
      END $$`);
    const [row] = await books.query<{ id: string }>('SELECT id FROM installation');
    books.#installation = row?.id ?? '';
    return books;
  }

  /** Nothing of it was ever committed. */
  close(): Promise<void> {
    return this.#pool.end();
  }

  async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.#pool.query<R & pg.QueryResultRow>(text, values)).rows;
  }

  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    // Few rows a page, so that what is between two pages is seen, too.
    return verifyBooks(this.#pool, { installation: this.#installation, pageRows: 60, ...options });
  }

  /** What `verify` says after `change`, which is undone again; `change` gives what it wants to know later. */
  async after<T>(change: () => Promise<T>, options: VerifyOptions = {}): Promise<{ report: VerifyReport; made: T }> {
    await this.query('SAVEPOINT before');
    try {
      const made = await change();
      return { report: await this.verify(options), made };
    } finally {
      await this.query('ROLLBACK TO SAVEPOINT before');
    }
  }

  /** Whether the quick proof doubts the books after `change`, which is undone again: the full walk looks only then. */
  async areDoubtedAfter(change: () => Promise<unknown>): Promise<boolean> {
    await this.query('SAVEPOINT before');
    try {
      await change();
      const proof = await proveBooks(this.#pool, { installation: this.#installation });
      return proof instanceof Doubt || proof.findingCount > 0;
    } finally {
      await this.query('ROLLBACK TO SAVEPOINT before');
    }
  }

  async columns(): Promise<Column[]> {
    return this.query<Column>(
      `SELECT c.table_name AS "table", c.column_name AS "column", c.udt_name AS type, c.is_nullable = 'YES' AS nullable
       FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
       ORDER BY c.table_name, c.ordinal_position`,
    );
  }

  /** One row of each variety that fits: where it is, and how findings name it. */
  async pick(table: string, condition = 'true'): Promise<Row[]> {
    return this.query<Row>(
      `SELECT DISTINCT ON (${VARIETIES[table] ?? 't.ctid'}) t.ctid::text AS ctid, ${NAMES[table]} AS name
       FROM ${table} t WHERE ${condition} ORDER BY ${VARIETIES[table] ?? 't.ctid'}, t.ctid`,
    );
  }

  /** Sets columns of one row; gives the names by which findings may name it, as it was and as it is. */
  async set(table: string, row: Row, assignments: string): Promise<string[]> {
    const [changed] = await this.query<{ name: string }>(
      `UPDATE ${table} t SET ${assignments} WHERE ctid = $1::tid RETURNING ${NAMES[table]} AS name`,
      [row.ctid],
    );
    return [row.name, changed?.name ?? 'not changed'];
  }
}

/** Another value of a type: as near to the old one as it gets, unless it is a key and must not meet another row's. */
export function otherValue({ column, type }: Column, isKey: boolean): string {
  switch (type) {
    case 'int8':
      return `"${column}" + ${isKey ? '1000000' : '1'}`;
    case 'int4':
      return `"${column}" + ${isKey ? '50' : '1'}`;
    case 'text':
      return `"${column}" || 'x'`;
    case 'bool':
      return `NOT "${column}"`;
    case 'uuid':
      return `overlay("${column}"::text placing 'abcdef012345' from 25)::uuid`;
    case 'timestamptz':
      return `"${column}" + interval '1 microsecond'`;
    case 'bytea':
      return `set_byte("${column}", 0, 255 - get_byte("${column}", 0))`;
    case '_text':
      return `array_append("${column}", 'x')`;
    case 'jsonb':
      return `CASE jsonb_typeof("${column}") WHEN 'array' THEN "${column}" || '[{"namespace": "x", "value": "y"}]'
        ELSE "${column}" || '{"x": "1"}' END`;
    default:
      throw new Error(`no other value for the type ${type} of ${column}: say here what one is`);
  }
}

/** A value where there was none. */
export function someValue({ column, type }: Column): string {
  switch (type) {
    case 'int8':
    case 'int4':
      return '1';
    case 'text':
      return `'x'`;
    case 'bool':
      return 'false';
    case 'uuid':
      return `'01900000-0000-7000-8000-000000000001'`;
    case 'timestamptz':
      return 'now()';
    case 'bytea':
      return `'\\x00'`;
    case 'jsonb':
      return `'{"x": "1"}'`;
    default:
      throw new Error(`no value for the type ${type} of ${column}: say here what one is`);
  }
}

/** Fails unless some finding names a row of `table` by one of `names`. */
export function assertNamed(report: VerifyReport, table: string, names: readonly string[], what: string): void {
  const named = report.findings.filter((finding) => finding.table === table && names.includes(finding.row));
  const others = report.findings.map(({ table, row, problem }) => `${table} ${row}: ${problem}`).join('\n');
  assert.ok(named.length > 0, `${what} of ${table} ${names.join(' or ')} was not named, only:\n${others}`);
}
