/** Reading merchants, balances, credentials, settlements and the journal. */
import type { Pool } from 'pg';
import type { Balance, Credential, Merchant, Settlement } from '../core/account.ts';
import { bucketOf, isId } from '../core/ids.ts';
import type { JournalEntry, JournalKind } from '../core/journal.ts';
import { type Page, pageOf, SCAN_ROWS } from './page.ts';
import {
  BALANCE_COLUMNS,
  type BalanceRow,
  columns,
  CREDENTIAL_COLUMNS,
  type CredentialRow,
  JOURNAL_COLUMNS,
  type JournalRow,
  MERCHANT_COLUMNS,
  type MerchantRow,
  SETTLEMENT_COLUMNS,
  type SettlementRow,
  toBalance,
  toCredential,
  toEntry,
  toMerchant,
  toSettlement,
} from './rows.ts';

const MERCHANT = columns('merchant', MERCHANT_COLUMNS);
const CREDENTIAL = columns('credential', CREDENTIAL_COLUMNS);

export interface JournalFilter {
  /** `null` for all merchants. */
  readonly merchantId: string | null;
  readonly kind: JournalKind | null;
  readonly paymentId: string | null;
  readonly limit: number;
  /** The last page's `next`. */
  readonly after: string | null;
  /** Oldest first for those who follow the events; newest first for people. */
  readonly order: 'oldest first' | 'newest first';
}

export class AccountReader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async merchant(id: string): Promise<Merchant | null> {
    if (!isId(id)) return null;
    const { rows } = await this.#pool.query<MerchantRow>({
      name: 'read_merchant',
      text: `SELECT ${MERCHANT} FROM merchant WHERE id = $1 AND bucket = $2`,
      values: [id, bucketOf(id)],
    });
    const [row] = rows;
    return row === undefined ? null : toMerchant(row);
  }

  /** Merchants, oldest first. */
  async merchants(limit: number, after: string | null): Promise<Page<Merchant>> {
    const { rows } = await this.#pool.query<MerchantRow>({
      name: 'read_merchants',
      text: `SELECT ${MERCHANT} FROM merchant WHERE id > $1 ORDER BY id LIMIT $2`,
      values: [after ?? '00000000-0000-0000-0000-000000000000', limit + 1],
    });
    return pageOf(rows.map(toMerchant), limit, ({ id }) => id, null);
  }

  async balances(merchantId: string): Promise<Balance[]> {
    const { rows } = await this.#pool.query<BalanceRow>({
      name: 'read_balances',
      text: `SELECT ${columns('balance', BALANCE_COLUMNS)} FROM balance WHERE merchant_id = $1 AND bucket = $2 ORDER BY currency`,
      values: [merchantId, bucketOf(merchantId)],
    });
    return rows.map(toBalance);
  }

  async settlement(id: string): Promise<Settlement | null> {
    if (!isId(id)) return null;
    const { rows } = await this.#pool.query<SettlementRow>({
      name: 'read_settlement',
      text: `SELECT ${columns('settlement', SETTLEMENT_COLUMNS)} FROM settlement WHERE id = $1 AND bucket = $2`,
      values: [id, bucketOf(id)],
    });
    const [row] = rows;
    return row === undefined ? null : toSettlement(row);
  }

  /** A merchant's settlements, newest first. */
  async settlements(merchantId: string, limit: number, after: string | null): Promise<Page<Settlement>> {
    const { rows } = await this.#pool.query<SettlementRow>({
      name: 'read_settlements',
      text: `SELECT ${columns('settlement', SETTLEMENT_COLUMNS)} FROM settlement
             WHERE merchant_id = $1 AND bucket = $2 AND id < $3 ORDER BY id DESC LIMIT $4`,
      values: [merchantId, bucketOf(merchantId), after ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff', limit + 1],
    });
    return pageOf(rows.map(toSettlement), limit, ({ id }) => id, null);
  }

  async credential(id: string): Promise<Credential | null> {
    if (!isId(id)) return null;
    const { rows } = await this.#pool.query<CredentialRow>({
      name: 'read_credential',
      text: `SELECT ${CREDENTIAL} FROM credential WHERE id = $1`,
      values: [id],
    });
    const [row] = rows;
    return row === undefined ? null : toCredential(row);
  }

  /** Credentials of one merchant, or of administrators (`null`), revoked ones included; oldest first. */
  async credentials(merchantId: string | null): Promise<Credential[]> {
    const { rows } = await this.#pool.query<CredentialRow>({
      name: 'read_credentials',
      text: `SELECT ${CREDENTIAL} FROM credential WHERE merchant_id IS NOT DISTINCT FROM $1 ORDER BY id`,
      values: [merchantId],
    });
    return rows.map(toCredential);
  }

  /** Credentials that a caller's claim may mean: several where keys are being rotated. */
  async liveCredentials(protocol: string, lookup: string): Promise<Credential[]> {
    const { rows } = await this.#pool.query<CredentialRow>({
      name: 'read_live_credentials',
      text: `SELECT ${CREDENTIAL} FROM credential WHERE lookup = $1 AND protocol = $2 AND revoked_at IS NULL ORDER BY id LIMIT 20`,
      values: [lookup, protocol],
    });
    return rows.map(toCredential);
  }

  /** The journal, in the order of each book: by number, then by bucket. */
  async journal(filter: JournalFilter): Promise<Page<JournalEntry>> {
    const newest = filter.order === 'newest first';
    const [seq, bucket] = readPosition(filter.after) ?? (newest ? ['9223372036854775807', 0] : ['0', -1]);
    const comparison = newest ? '<' : '>';
    const direction = newest ? 'DESC' : 'ASC';
    const home = filter.merchantId === null ? null : bucketOf(filter.merchantId);
    const { rows } = await this.#pool.query<JournalRow & { last_seq: bigint | null; last_bucket: number | null }>({
      name: `read_journal_${newest ? 'newest' : 'oldest'}_${home === null ? 'all' : 'bucket'}`,
      text: `
        WITH scanned AS MATERIALIZED (
          SELECT * FROM journal
          WHERE (seq, bucket) ${comparison} ($1::bigint, $2::integer) ${home === null ? 'AND $3::integer IS NULL' : 'AND bucket = $3'}
          ORDER BY seq ${direction}, bucket ${direction} LIMIT ${SCAN_ROWS}
        ),
        last AS (
          SELECT seq AS last_seq, bucket AS last_bucket FROM scanned OFFSET ${SCAN_ROWS - 1} LIMIT 1
        ),
        matching AS (
          SELECT * FROM scanned
          WHERE ($4::uuid IS NULL OR merchant_id = $4) AND ($5::text IS NULL OR kind = $5) AND ($6::uuid IS NULL OR payment_id = $6)
          ORDER BY seq ${direction}, bucket ${direction} LIMIT $7
        )
        SELECT ${columns('matching', JOURNAL_COLUMNS)}, last_seq, last_bucket
        FROM (SELECT 1) AS one LEFT JOIN last ON true LEFT JOIN matching ON true
        ORDER BY matching.seq ${direction}, matching.bucket ${direction}`,
      values: [seq, bucket, home, filter.merchantId, filter.kind, filter.paymentId, filter.limit + 1],
    });
    const [first] = rows;
    const lastScanned =
      first === undefined || first.last_seq === null || first.last_bucket === null
        ? null
        : position(first.last_seq, first.last_bucket);
    const entries = rows.filter((row) => row.hash !== null).map(toEntry);
    return pageOf(entries, filter.limit, (entry) => position(entry.seq, entry.bucket), lastScanned);
  }

  /** Whether the database answers, and how many buckets it has. */
  async ping(): Promise<boolean> {
    const { rowCount } = await this.#pool.query('SELECT 1');
    return rowCount === 1;
  }
}

function position(seq: bigint, bucket: number): string {
  return `${seq}.${bucket}`;
}

function readPosition(text: string | null): [string, number] | null {
  const parts = /^([0-9]{1,18})\.([0-9]{1,4})$/.exec(text ?? '');
  return parts === null ? null : [parts[1] ?? '0', Number(parts[2])];
}
