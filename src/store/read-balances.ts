/** The trial balance: the accounts of every merchant and currency, and their sums. */
import type pg from 'pg';
import { bucketOf } from '../core/ids.ts';
import { ACCOUNTS, type Account } from '../core/journal.ts';
import { type Page, pageOf } from './page.ts';

export type AccountsMinor = Readonly<Record<Account, bigint>>;

export interface BalanceLine {
  readonly merchantId: string;
  readonly merchantName: string;
  readonly currency: string;
  readonly minor: AccountsMinor;
}

export interface BalanceTotal {
  readonly currency: string;
  /** Merchants that have accounts in it. */
  readonly merchants: number;
  readonly minor: AccountsMinor;
}

/** A place between two lines: what comes after this merchant's accounts in this currency. */
export interface BalancePlace {
  readonly merchantId: string;
  readonly currency: string;
}

const MINOR = ACCOUNTS.map((account) => `${account}_minor`);

type MinorRow = Readonly<Record<string, string>>;

const readMinor = (row: MinorRow): AccountsMinor =>
  Object.fromEntries(ACCOUNTS.map((account) => [account, BigInt(row[account] ?? 0)])) as unknown as AccountsMinor;

const OWN = `($1::uuid IS NULL OR (merchant_id = $1 AND bucket = $2))`;

export class BalanceReader {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** One line per merchant and currency, oldest merchants first; of one merchant, or of all (`null`). */
  async lines(merchantId: string | null, limit: number, after: BalancePlace | null): Promise<Page<BalanceLine>> {
    const { rows } = await this.#pool.query<MinorRow>({
      name: 'trial_balance_lines',
      text: `
        WITH page AS MATERIALIZED (
          SELECT merchant_id, currency, bucket, ${ACCOUNTS.map((name, at) => `${MINOR[at]}::text AS ${name}`).join(', ')}
          FROM balance WHERE ${OWN} AND (merchant_id, currency) > ($3::uuid, $4)
          ORDER BY merchant_id, currency LIMIT $5
        )
        SELECT page.*, m.name FROM page
        CROSS JOIN LATERAL (SELECT name FROM merchant WHERE id = page.merchant_id AND bucket = page.bucket OFFSET 0) AS m
        ORDER BY page.merchant_id, page.currency`,
      values: [
        ...scope(merchantId),
        after?.merchantId ?? '00000000-0000-0000-0000-000000000000',
        after?.currency ?? '',
        limit + 1,
      ],
    });
    const lines = rows.map((row) => ({
      merchantId: row['merchant_id'] ?? '',
      merchantName: row['name'] ?? '',
      currency: row['currency'] ?? '',
      minor: readMinor(row),
    }));
    return pageOf(lines, limit, (line) => `${line.merchantId}:${line.currency}`, null);
  }

  /** The same lines summed up by currency. */
  async totals(merchantId: string | null): Promise<BalanceTotal[]> {
    const { rows } = await this.#pool.query<MinorRow>({
      name: 'trial_balance_totals',
      text: `SELECT currency, count(*)::text AS merchants,
               ${ACCOUNTS.map((name, at) => `sum(${MINOR[at]})::text AS ${name}`).join(', ')}
             FROM balance WHERE ${OWN} GROUP BY currency ORDER BY currency`,
      values: scope(merchantId),
    });
    return rows.map((row) => ({
      currency: row['currency'] ?? '',
      merchants: Number(row['merchants'] ?? 0),
      minor: readMinor(row),
    }));
  }
}

const scope = (merchantId: string | null): (string | number | null)[] => [
  merchantId,
  merchantId === null ? null : bucketOf(merchantId),
];
