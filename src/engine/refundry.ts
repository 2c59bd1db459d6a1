/** Refundry as a whole, for whatever stands in front of it: the engine that writes, and everything that reads. */
import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { Command } from '../core/command.ts';
import { refusal, Refused } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { BulkStore } from '../store/bulk.ts';
import { assertClock } from '../store/clock.ts';
import { type DatabaseSettings, openReaders, openWriters } from '../store/connection.ts';
import { AccountReader } from '../store/read-accounts.ts';
import { Reader } from '../store/read.ts';
import { Sessions } from '../store/sessions.ts';
import { isDatabaseAway } from '../store/trouble.ts';
import { Authenticator } from './authenticate.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { guarded } from './observer.ts';
import { SteadyClock } from './steady-clock.ts';

export interface RefundryOptions extends Partial<EngineOptions> {
  /** Whether credentials made by demo mode are accepted. */
  readonly demo?: boolean;
}

/** How often expired approvals and sessions are looked for, and at the clock. */
const EXPIRY_MS = 1_000;
/** So long after the database failed a batch, nothing is known of the next one. */
const DOUBT_MS = 5_000;
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
  /** Tells the operator what is wrong, beside what callers are told. */
  readonly troubled: (message: string, error: unknown) => void;
  readonly #steadyClock: SteadyClock;
  readonly #doubt: Doubt;
  #expiry: NodeJS.Timeout | null = null;
  #expiring: Promise<void> | null = null;

  private constructor(
    engine: Engine,
    database: DatabaseSettings,
    options: RefundryOptions,
    { doubt, steadyClock }: { readonly doubt: Doubt; readonly steadyClock: SteadyClock },
  ) {
    this.engine = engine;
    this.#doubt = doubt;
    this.#steadyClock = steadyClock;
    this.readers = openReaders(database);
    this.#writers = openWriters(database);
    this.#clock = options.clock ?? steadyClock.now;
    this.troubled = guarded(options.observer ?? {}).trouble;
    this.reader = new Reader(this.readers);
    this.accounts = new AccountReader(this.readers);
    this.sessions = new Sessions(this.#writers);
    this.bulk = new BulkStore(this.readers, this.#writers);
    // What is believed, or closed, for a moment must not be so for an hour because a clock was set back.
    const steady = options.clock ?? ((): number => performance.now());
    this.authenticator = new Authenticator(this.accounts, this.sessions, options.demo ?? false, steady);
  }

  /** Connects to a migrated database. Throws an `Error` with a sentence for the operator. */
  static async open(database: DatabaseSettings, options: RefundryOptions = {}): Promise<Refundry> {
    const doubt: Doubt = { since: null };
    const observer = guarded(options.observer ?? {});
    const steadyClock = new SteadyClock();
    const engine = await Engine.open(database, {
      clock: steadyClock.now,
      ...options,
      observer: {
        ...observer,
        batch: (bucket, commands, milliseconds) => {
          if (commands > 0) doubt.since = null;
          observer.batch(bucket, commands, milliseconds);
        },
        trouble: (message, error) => {
          if (isDatabaseAway(error)) doubt.since = performance.now();
          observer.trouble(message, error);
        },
      },
    });
    return new Refundry(engine, database, options, { doubt, steadyClock });
  }

  execute(command: Command): Promise<Outcome> {
    return this.engine.execute(command);
  }

  /** Whether a refund could be done now: for load balancers. */
  async isReady(): Promise<boolean> {
    const { since } = this.#doubt;
    if (since !== null && performance.now() - since < DOUBT_MS) return false;
    return this.engine.isConnected && (await this.accounts.ping().catch(() => false));
  }

  /**
   * What was asked of the database. Throws `Refused` (`overloaded`) when it is away: asking who calls, or what there is, has
   * changed nothing, and the caller may simply come back.
   */
  async unlessAway<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      this.troubled('what a request needs to know cannot be read', error);
      throw new Refused(refusal('overloaded', 'the database is not available; nothing happened, try again'));
    }
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

  /** From now on, cancels refunds whose approval expired, forgets expired sessions, and looks at the clock. For servers. */
  startExpiry(): void {
    this.#expiry ??= setInterval(() => {
      this.#expiring ??= this.#lookAtClock()
        .catch((error: unknown) => this.troubled('the clock cannot be compared with that of PostgreSQL', error))
        .then(() => this.expire())
        .catch((error: unknown) => this.troubled('expired approvals could not be canceled', error))
        .then(() => this.sessions.forgetExpired())
        .catch((error: unknown) => this.troubled('expired sessions could not be forgotten', error))
        .then(() => {
          this.#expiring = null;
        });
    }, EXPIRY_MS);
    this.#expiry.unref();
  }

  /** A clock that was set is believed when PostgreSQL's says the same. */
  async #lookAtClock(): Promise<void> {
    const { jumpedMs } = this.#steadyClock;
    if (jumpedMs === 0) return;
    const client = await this.readers.connect();
    let disagrees: unknown;
    try {
      disagrees = await assertClock(client);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      disagrees = error;
    } finally {
      client.release();
    }
    if (disagrees === null) return this.#steadyClock.accept();
    const set = `${jumpedMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(jumpedMs) / 1000)} s`;
    this.troubled(`this machine's clock was set ${set}, PostgreSQL's was not: refunds are dated as before`, undefined);
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

/** Since when, by the monotonic clock, batches fail; `null` once one was committed. */
interface Doubt {
  since: number | null;
}
