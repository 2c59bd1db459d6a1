/**
 * Whoever reads the books while they are written: each snapshot (REPEATABLE READ, short) is proven by itself, on top of
 * what earlier ones had: every chain goes on without a gap, what was once there stays, the accounts are what the postings
 * make them and sum to zero, and every payment is what its refunds make it.
 */
import type pg from 'pg';
import { ACCOUNTS, type Account, GENESIS_HASH, hashEntry, type JournalEntry } from '../../src/core/journal.ts';
import { type DatabaseSettings, openReaders } from '../../src/store/connection.ts';
import {
  BALANCE_COLUMNS,
  type BalanceRow,
  columns,
  JOURNAL_COLUMNS,
  type JournalRow,
  toBalance,
  toEntry,
} from '../../src/store/rows.ts';

export interface PaymentNow {
  readonly id: string;
  readonly captured: bigint;
  readonly refunded: bigint;
  readonly reserved: bigint;
}

/** What came since the snapshot before, and the payments that it names as they are. */
export interface Snapshot {
  readonly entries: readonly JournalEntry[];
  readonly payments: readonly PaymentNow[];
}

interface Head {
  readonly bucket: number;
  readonly seq: bigint;
  readonly hash: string;
}

interface Sums {
  readonly payment_id: string;
  readonly refunded: bigint;
  readonly reserved: bigint;
}

type Accounts = Record<Account, bigint>;

const ENTRIES = `SELECT ${columns('journal', JOURNAL_COLUMNS)} FROM journal WHERE bucket = $1 AND seq > $2 ORDER BY seq`;
const BALANCES = `SELECT ${BALANCE_COLUMNS.map((name) => `"${name}"`).join(', ')} FROM balance`;
const PAYMENTS = `SELECT id, captured_minor AS captured, refunded_minor AS refunded, reserved_minor AS reserved
  FROM payment WHERE id = ANY($1::uuid[])`;
const REFUNDS = `SELECT payment_id,
    coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0)::bigint AS refunded,
    coalesce(sum(amount_minor) FILTER (WHERE status IN ('pending_approval', 'pending', 'unknown')), 0)::bigint AS reserved
  FROM refund WHERE payment_id = ANY($1::uuid[]) GROUP BY payment_id`;

export class Auditor {
  readonly #pool: pg.Pool;
  readonly #heads = new Map<number, Head & { readonly at: number }>();
  /** Opening (zero) plus postings, by merchant and currency. */
  readonly #accounts = new Map<string, Accounts>();
  readonly violations: string[] = [];
  snapshots = 0;
  entries = 0;
  /** Payments of which more was refunded and reserved than captured. */
  overRefunded = 0;

  constructor(database: DatabaseSettings) {
    this.#pool = openReaders(database, 1);
  }

  /** Where the chains end, as far as they were proven: for `verify --against`. */
  get heads(): readonly Head[] {
    return [...this.#heads.values()].map(({ bucket, seq, hash }) => ({ bucket, seq, hash }));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Reads and proves one snapshot. Throws the database's error when it cannot be read: nothing is learnt then. */
  async snapshot(): Promise<Snapshot> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows: heads } = await client.query<Head>(`SELECT bucket, seq, hash FROM bucket ORDER BY bucket`);
      const entries: JournalEntry[] = [];
      for (const { bucket } of heads) {
        const since = this.#heads.get(bucket)?.seq ?? 0n;
        const { rows } = await client.query<JournalRow>(ENTRIES, [bucket, String(since)]);
        for (const row of rows) entries.push(toEntry(row));
      }
      const { rows: balances } = await client.query<BalanceRow>(BALANCES);
      const touched = [...new Set(entries.flatMap(({ paymentId }) => (paymentId === null ? [] : [paymentId])))];
      const { rows: payments } = await client.query<PaymentNow>(PAYMENTS, [touched]);
      const { rows: refunds } = await client.query<Sums>(REFUNDS, [touched]);
      await client.query('COMMIT');
      broken = false;
      this.snapshots += 1;
      this.entries += entries.length;
      this.#checkChains(heads, entries);
      this.#checkBalances(balances, entries);
      this.#checkPayments(payments, refunds, entries);
      return { entries, payments };
    } finally {
      client.release(broken);
    }
  }

  #wrong(what: string): void {
    this.violations.push(`snapshot ${this.snapshots}: ${what}`);
  }

  #checkChains(heads: readonly Head[], entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const { bucket, seq, hash, at } = entry;
      const before = this.#heads.get(bucket) ?? { bucket, seq: 0n, hash: GENESIS_HASH, at: 0 };
      if (seq !== before.seq + 1n) this.#wrong(`a gap in bucket ${bucket}: entry ${seq} follows entry ${before.seq}`);
      else if (hashEntry(before.hash, entry) !== hash) this.#wrong(`the hash of entry ${bucket}/${seq} is wrong`);
      if (at < before.at) this.#wrong(`entry ${bucket}/${seq} is older than the one before it`);
      this.#heads.set(bucket, { bucket, seq, hash, at });
    }
    for (const { bucket, seq, hash } of heads) {
      const last = this.#heads.get(bucket) ?? { seq: 0n, hash: GENESIS_HASH };
      if (last.seq === seq && last.hash === hash) continue;
      this.#wrong(`the head of bucket ${bucket} is at ${seq} (${hash}), its last entry is ${last.seq} (${last.hash})`);
    }
  }

  #checkBalances(rows: readonly BalanceRow[], entries: readonly JournalEntry[]): void {
    for (const { merchantId, currency, debit, credit, amountMinor } of entries) {
      if (debit === null || credit === null) continue;
      const accounts = this.#accountsOf(`${merchantId} ${currency}`);
      accounts[debit] -= amountMinor ?? 0n;
      accounts[credit] += amountMinor ?? 0n;
    }
    const found = new Set<string>();
    for (const row of rows) {
      const { merchantId, currency, minor } = toBalance(row);
      const of = `${merchantId} ${currency}`;
      found.add(of);
      const posted = this.#accountsOf(of);
      let sum = 0n;
      for (const account of ACCOUNTS) {
        sum += minor[account];
        if (minor[account] === posted[account]) continue;
        this.#wrong(`${account} of ${of} is ${minor[account]}, and its postings make ${posted[account]}`);
      }
      if (sum !== 0n) this.#wrong(`the accounts of ${of} sum to ${sum}`);
    }
    for (const of of this.#accounts.keys()) if (!found.has(of)) this.#wrong(`the balance of ${of} is missing`);
  }

  #accountsOf(of: string): Accounts {
    const known = this.#accounts.get(of);
    if (known !== undefined) return known;
    const opening = Object.fromEntries(ACCOUNTS.map((account) => [account, 0n])) as Accounts;
    this.#accounts.set(of, opening);
    return opening;
  }

  #checkPayments(payments: readonly PaymentNow[], refunds: readonly Sums[], entries: readonly JournalEntry[]): void {
    const sums = new Map(refunds.map((sum) => [sum.payment_id, sum]));
    const said = new Map(entries.map(({ paymentId, payment }) => [paymentId, payment]));
    for (const { id, captured, refunded, reserved } of payments) {
      const sum = sums.get(id) ?? { refunded: 0n, reserved: 0n };
      const last = said.get(id);
      if (refunded + reserved > captured) {
        this.overRefunded += 1;
        this.#wrong(`payment ${id}: refunded ${refunded} and reserved ${reserved} of ${captured}`);
      }
      if (refunded !== sum.refunded || reserved !== sum.reserved) {
        const made = `its refunds make ${sum.refunded} and ${sum.reserved}`;
        this.#wrong(`payment ${id}: refunded ${refunded}, reserved ${reserved}, and ${made}`);
      }
      if (last === undefined || last === null || last.refundedMinor !== refunded || last.reservedMinor !== reserved) {
        this.#wrong(`payment ${id}: its last entry says other numbers than its row`);
      }
    }
  }
}
