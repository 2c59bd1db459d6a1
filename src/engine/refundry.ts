/** Refundry as a whole, for whatever stands in front of it: the engine that writes, and everything that reads. */
import { randomUUID } from 'node:crypto';
import { Pool, type PoolClient } from 'pg';
import type { Command } from '../core/command.ts';
import { refusal, Refused } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { BulkStore } from '../store/bulk.ts';
import { type DatabaseSettings, isDatabaseAway, openReaders } from '../store/connection.ts';
import { AccountReader } from '../store/read-accounts.ts';
import { Reader } from '../store/read.ts';
import { Sessions } from '../store/sessions.ts';
import { Authenticator } from './authenticate.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { guarded } from './observer.ts';

export interface RefundryOptions extends Partial<EngineOptions> {
  /** Whether credentials made by demo mode are accepted. */
  readonly demo?: boolean;
}

/** How often expired approvals and sessions are looked for. */
const EXPIRY_MS = 1_000;
const EXPIRED_AT_ONCE = 500;

export class Refundry {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly accounts: AccountReader;
  readonly sessions: Sessions;
  readonly bulk: BulkStore;
  readonly authenticator: Authenticator;
  /** For what reads in its own way: `verify`, exports. */
  readonly readers: Pool;
  /** For what is no money: sessions, and files of refunds. */
  readonly #writers: Pool;
  readonly #clock: () => number;
  readonly #trouble: (message: string, error: unknown) => void;
  #expiry: NodeJS.Timeout | null = null;
  #expiring: Promise<void> | null = null;

  private constructor(engine: Engine, database: DatabaseSettings, options: RefundryOptions) {
    this.engine = engine;
    this.readers = openReaders(database);
    this.#writers = new Pool({
      ...database,
      max: 2,
      application_name: 'refundry writer',
      statement_timeout: 5_000,
      connectionTimeoutMillis: 5_000,
      query_timeout: 8_000,
      keepAlive: true,
    });
    this.#writers.on('error', () => undefined);
    this.#clock = options.clock ?? Date.now;
    this.#trouble = guarded(options.observer ?? {}).trouble;
    this.reader = new Reader(this.readers);
    this.accounts = new AccountReader(this.readers);
    this.sessions = new Sessions(this.#writers);
    this.bulk = new BulkStore(this.readers, this.#writers);
    this.authenticator = new Authenticator(this.accounts, this.sessions, options.demo ?? false, this.#clock);
  }

  /** Connects to a migrated database. Throws an `Error` with a sentence for the operator. */
  static async open(database: DatabaseSettings, options: RefundryOptions = {}): Promise<Refundry> {
    const engine = await Engine.open(database, options);
    return new Refundry(engine, database, options);
  }

  execute(command: Command): Promise<Outcome> {
    return this.engine.execute(command);
  }

  /**
   * Whether another merchant's live credential has this name: names that callers send are one per protocol in the whole
   * installation, so that one merchant's caller cannot meet another's credential.
   */
  async isNameTaken(protocol: string, lookup: string, merchantId: string | null): Promise<boolean> {
    const live = await this.accounts.liveCredentials(protocol, lookup);
    return live.some((credential) => credential.merchantId !== merchantId);
  }

  /** What a command would bring about now, without doing it. */
  async preview(command: Command): Promise<Outcome> {
    const [outcome] = await this.previewAll([command]);
    if (outcome === undefined) throw new Error('a preview has no outcome');
    return outcome;
  }

  /** The same for many commands of one merchant, each after those before it. */
  async previewAll(commands: readonly Command[]): Promise<Outcome[]> {
    const client: PoolClient = await this.readers.connect();
    try {
      return await this.engine.preview(commands, client);
    } finally {
      client.release();
    }
  }

  /** From now on, cancels refunds whose approval expired, and forgets expired sessions. For servers. */
  startExpiry(): void {
    this.#expiry ??= setInterval(() => {
      this.#expiring ??= this.expire()
        .catch((error: unknown) => this.#trouble('expired approvals could not be canceled', error))
        .then(() => this.sessions.forgetExpired())
        .catch((error: unknown) => this.#trouble('expired sessions could not be forgotten', error))
        .then(() => {
          this.#expiring = null;
        });
    }, EXPIRY_MS);
    this.#expiry.unref();
  }

  /** Cancels the refunds whose approval has expired. Several servers may: only the first finds something to do. */
  async expire(): Promise<void> {
    const expired = await this.reader.expired(this.#clock(), EXPIRED_AT_ONCE);
    await Promise.all(
      expired.map(({ id, merchantId }) =>
        this.engine.execute({
          merchantId,
          actor: 'system',
          protocol: 'native',
          requestId: randomUUID(),
          idempotencyKey: null,
          protocolPolicy: null,
          action: { kind: 'expire_refund', refundId: id },
        }),
      ),
    );
  }

  /** Finishes what is in flight and closes every connection. */
  async close(): Promise<void> {
    if (this.#expiry !== null) clearInterval(this.#expiry);
    await this.#expiring;
    await this.engine.close();
    await Promise.all([this.readers.end(), this.#writers.end()]);
  }
}

/**
 * What was asked of the database. Throws `Refused` (`overloaded`) when it is away: asking who calls, or what there is, has
 * changed nothing, and the caller may simply come back.
 */
export async function unlessAway<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    throw new Refused(refusal('overloaded', 'the database is not available; nothing happened, try again'));
  }
}
