/** Reading merchants, balances, credentials, settlements and the journal. */
import type { Pool } from 'pg';
import type { Balance, Credential, Merchant, Settlement } from '../core/account.ts';
import { bucketOf, isId } from '../core/ids.ts';
import { type Page, pageOf } from './page.ts';
import {
  BALANCE_COLUMNS,
  type BalanceRow,
  columns,
  CREDENTIAL_COLUMNS,
  type CredentialRow,
  MERCHANT_COLUMNS,
  type MerchantRow,
  SETTLEMENT_COLUMNS,
  type SettlementRow,
  toBalance,
  toCredential,
  toMerchant,
  toSettlement,
} from './rows.ts';

const MERCHANT = columns('merchant', MERCHANT_COLUMNS);
const CREDENTIAL = columns('credential', CREDENTIAL_COLUMNS);

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

  /** All credentials of one protocol, revoked ones included; oldest first. */
  async credentialsOf(protocol: string): Promise<Credential[]> {
    const { rows } = await this.#pool.query<CredentialRow>({
      name: 'read_credentials_of',
      text: `SELECT ${CREDENTIAL} FROM credential WHERE protocol = $1 ORDER BY id`,
      values: [protocol],
    });
    return rows.map(toCredential);
  }

  /** Credentials that a caller's claim may mean: several where keys are being rotated. */
  async liveCredentials(protocol: string, lookup: string): Promise<Credential[]> {
    const { rows } = await this.#pool.query<CredentialRow>({
      name: 'read_live_credentials',
      text: `SELECT ${CREDENTIAL} FROM credential WHERE lookup = $1 AND protocol = $2 AND revoked_at IS NULL ORDER BY id`,
      values: [lookup, protocol],
    });
    return rows.map(toCredential);
  }

  /** Whether the database answers, and is none that only follows another. */
  async ping(): Promise<boolean> {
    const { rows } = await this.#pool.query<{ writes: boolean }>('SELECT NOT pg_is_in_recovery() AS writes');
    return rows[0]?.writes === true;
  }
}
