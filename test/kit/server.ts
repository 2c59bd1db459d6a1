/** A real server for tests: HTTP on a free port of the loopback, over a database of its own. */
import { after } from 'node:test';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import type { Role } from '../../src/core/account.ts';
import type { DemoAccess } from '../../src/console/scope.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { DIALECTS } from '../../src/dialects/index.ts';
import { type CredentialRequest, issueCredential } from '../../src/dialects/issue.ts';
import { Refundry, type RefundryOptions } from '../../src/engine/refundry.ts';
import { type Finding, verifyBooks } from '../../src/engine/verify.ts';
import { createServer } from '../../src/server.ts';
import { createLogger } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { TroubleLog } from '../../src/server/trouble-log.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { Books } from './books.ts';
import { connect, createDatabase } from './database.ts';

/** The wall clock, which a test may turn forward: so that windows, caches and limits pass without waiting. */
export class Clock {
  #aheadMs = 0;
  readonly now = (): number => Date.now() + this.#aheadMs;

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

export interface HttpRequest {
  /** `POST` unless given. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface TestServerOptions {
  /** Another server's database; without it, a fresh one. */
  readonly database?: DatabaseSettings;
  readonly dialects?: readonly Dialect[];
  readonly engine?: Partial<RefundryOptions>;
  readonly clock?: Clock;
  readonly metricsToken?: string;
  readonly requestTimeoutMs?: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly trustProxy?: boolean | readonly string[];
  /** Where the console's built pages are. */
  readonly consolePages?: string;
  readonly demo?: DemoAccess;
}

/** A credential, and what its owner was shown. */
export interface IssuedTo {
  readonly id: string;
  readonly merchantId: string | null;
  readonly lookup: string;
  readonly secrets: Readonly<Record<string, string>>;
}

export class TestServer {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly refundry: Refundry;
  readonly database: DatabaseSettings;
  readonly clock: Clock;
  readonly dialects: readonly Dialect[];
  /** Commands of an operator. */
  readonly books: Books;
  /** Every line that the server logged. */
  readonly log: readonly string[];
  readonly #client: pg.Client;

  private constructor(
    app: FastifyInstance,
    refundry: Refundry,
    client: pg.Client,
    given: Required<Pick<TestServerOptions, 'database' | 'clock' | 'dialects'>>,
    log: readonly string[],
  ) {
    this.app = app;
    this.refundry = refundry;
    this.url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    this.database = given.database;
    this.clock = given.clock;
    this.dialects = given.dialects;
    this.books = new Books(refundry.engine, given.database);
    this.log = log;
    this.#client = client;
  }

  /** Serves until the test file ends. */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { clock = new Clock(), dialects = DIALECTS } = options;
    const database = options.database ?? (await createDatabase());
    const lines: string[] = [];
    const logger = createLogger(
      { logLevel: 'trace' },
      { write: (text) => void lines.push(...text.trimEnd().split('\n')) },
    );
    let metrics: Metrics | null = null;
    const troubles = new TroubleLog(logger, (kind) => metrics?.trouble(kind));
    const refundry = await Refundry.open(database, {
      lanes: 2,
      clock: clock.now,
      observer: {
        batch: (_bucket, commands, milliseconds) => {
          if (commands > 0) troubles.committed();
          metrics?.batch(commands, milliseconds);
        },
        outcome: (command, outcome) => metrics?.outcome(command, outcome),
        trouble: (message, error) => troubles.trouble(message, error),
        bug: (_command, error) => logger.error({ err: error }, 'a mistake of ours'),
      },
      ...options.engine,
    });
    metrics = new Metrics(() => refundry.engine.queueDepth);
    const app = await createServer({
      refundry,
      config: {
        metricsToken: options.metricsToken ?? null,
        trustProxy: options.trustProxy ?? false,
        tls: options.tls ?? null,
      },
      logger,
      metrics,
      dialects,
      ...(options.consolePages === undefined ? {} : { consolePages: options.consolePages }),
      ...(options.demo === undefined ? {} : { demo: options.demo }),
      ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    after(async () => {
      await app.close();
      await refundry.close();
    });
    return new TestServer(app, refundry, await connect(database), { database, clock, dialects }, lines);
  }

  /** Makes a credential for a protocol. */
  async credential(
    merchantId: string | null,
    request: Omit<CredentialRequest, 'role' | 'label'> & { readonly role?: Role },
  ): Promise<IssuedTo> {
    const { credential, secrets } = issueCredential({ role: 'merchant', label: 'test', ...request }, this.dialects);
    const outcome = await this.books.command(merchantId, { kind: 'create_credential', credential });
    if (outcome.credential === null) throw new Error(outcome.refusal?.message ?? 'no credential');
    return { id: outcome.credential.id, merchantId, lookup: credential.lookup, secrets };
  }

  async revoke({ id, merchantId }: IssuedTo): Promise<void> {
    const outcome = await this.books.command(merchantId, { kind: 'revoke_credential', credentialId: id });
    if (outcome.refusal !== null) throw new Error(outcome.refusal.message);
  }

  async send({ method = 'POST', path, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
    const answer = await fetch(this.url + path, {
      method,
      headers,
      redirect: 'manual',
      // As bytes: a text would be sent with a Content-Type that the caller did not ask for.
      ...(body === undefined ? {} : { body: typeof body === 'string' ? new TextEncoder().encode(body) : body.slice() }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  }

  /** Rows of a query, as the plain driver gives them. */
  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(text, [...values])).rows;
  }

  /** Journal entries so far. */
  async entries(): Promise<number> {
    const [row] = await this.rows<{ entries: number }>('SELECT count(*)::int AS entries FROM journal');
    return row?.entries ?? 0;
  }

  /** What `refundry verify` says of the books. */
  async findings(): Promise<readonly Finding[]> {
    return (await verifyBooks(this.refundry.readers)).findings;
  }
}
