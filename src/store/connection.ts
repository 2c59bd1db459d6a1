/** Connections to PostgreSQL: the lanes that write books, and the pool that reads. */
import type { Writable } from 'node:stream';
import pg from 'pg';
import { ParameterWriter } from './binary.ts';
import { ROW_TYPES, type RowTypeName, type RowTypes } from './save-columns.ts';

/** What `pg` needs to connect: a URL, or the embedded database's settings. */
export type DatabaseSettings = Pick<
  pg.ClientConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'database' | 'password' | 'ssl'
>;

const BYTEA = 17;
const INT8 = 20;
const FLOAT8 = 701;
const TIMESTAMPTZ = 1184;

/**
 * Amounts and sequence numbers as `bigint`, times as milliseconds, bytes as hex: nothing else may come out of a money table. The driver
 * asks for one parser per type, and this is where it is told.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return BigInt;
    if (oid === BYTEA) return hexOf;
    if (oid === TIMESTAMPTZ) return parseTime;
    if (oid === FLOAT8) return parseMilliseconds;
    return defaultParser(oid, format);
  },
};

const defaultParser = pg.types.getTypeParser as (oid: number, format?: string) => (text: string) => unknown;

/** `\x0f…` → `0f…`. */
export const hexOf = (text: string): string => text.slice(2);

/** The only floating-point numbers that are asked for are milliseconds; their fractions are rounding errors. */
const parseMilliseconds = (text: string): number => Math.round(Number(text));

/** `2026-01-31 12:00:00.5+00` → milliseconds since 1970. Sessions run in UTC. */
function parseTime(text: string): number {
  return Date.parse(text.replace(' ', 'T').replace('+00', 'Z'));
}

/** How long a statement may take before PostgreSQL ends it, and with it the batch. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** How long to wait for another process that works on the same bucket; then other buckets get their turn. */
const LOCK_TIMEOUT_MS = 250;
/** A process that stops (SIGSTOP, a paused machine) in the middle of a batch loses its transaction after this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
/** An unanswered packet's patience: a vanished machine does not hold a bucket for TCP's default of minutes. */
const TCP_USER_TIMEOUT_MS = 15_000;

/**
 * Plans that cannot flip: a lookup planned while its table was empty must not stay a scan when the table has grown, so
 * lanes may only use index scans and nested loops, with one generic plan each.
 */
const PLANNER = {
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_bitmapscan: 'off',
};

/** What an administrator may have set otherwise for the whole database, and what reading and writing books counts on. */
const SESSION = {
  timezone: 'UTC',
  datestyle: 'ISO',
  bytea_output: 'hex',
  array_nulls: 'on',
  // An idle lane is no mistake.
  idle_session_timeout: 0,
};

/**
 * The database with these settings for the session. A URL's own `options` would replace ours, so they are put together,
 * ours last: the last of two counts.
 */
function withSettings(
  database: DatabaseSettings,
  settings: Readonly<Record<string, string | number>>,
): Pick<pg.ClientConfig, keyof DatabaseSettings | 'options'> {
  const options = Object.entries({ ...PLANNER, ...SESSION, ...settings })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const url = URL.parse(database.connectionString ?? '');
  const own = url?.searchParams.get('options') ?? '';
  if (url === null || own === '') return { ...database, options };
  url.searchParams.set('options', `${own} ${options}`);
  return { ...database, connectionString: url.href };
}

/** A connection that writes books. */
export class Lane extends pg.Client {
  #rowTypes: RowTypes | null = null;
  /** Where a batch's parameters are written: one batch of a lane has ended before the next one begins. */
  readonly parameters = new ParameterWriter();

  get rowTypes(): RowTypes {
    if (this.#rowTypes === null) throw new Error('a lane was not made by connectLane');
    return this.#rowTypes;
  }

  /**
   * Holds back what is asked until the returned function is called, so that it goes out in one piece: statement by
   * statement, each would be a system call here, and wake the server up for itself.
   */
  hold(): () => void {
    const { stream } = (this as unknown as { readonly connection: { readonly stream: Writable } }).connection;
    stream.cork();
    return () => stream.uncork();
  }

  /** Looks up what rows are sent as. Throws an `Error` for the operator when the database lacks a type. */
  async prepare(): Promise<void> {
    const { rows } = await this.query<{ name: RowTypeName; oid: number | null }>(
      `SELECT name, to_regtype(name)::oid AS oid FROM unnest($1::text[]) AS name`,
      [ROW_TYPES],
    );
    const missing = rows.flatMap(({ name, oid }) => (oid === null ? [name] : []));
    if (missing.length > 0) {
      throw new Error(`the database lacks ${missing.join(', ')}: run \`refundry migrate\` of this version`);
    }
    this.#rowTypes = Object.fromEntries(rows.map(({ name, oid }) => [name, oid])) as Record<RowTypeName, number>;
  }
}

/** A connection of its own with the write path's settings, for a lane, or to find out what became of a commit. */
export async function connectLane(database: DatabaseSettings, name = 'refundry lane'): Promise<Lane> {
  const client = new Lane({
    ...withSettings(database, {
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      tcp_user_timeout: TCP_USER_TIMEOUT_MS,
    }),
    types,
    pipeline: true,
    application_name: name,
    // Beyond the server's own limit: the driver then destroys the connection, and the commit counts as unknown.
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // Every loss also rejects the query in flight, which is where it is dealt with.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.prepare();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/** Connections for reading: they share the lanes' settings, and give up rather than hold a snapshot. */
export function openReaders(database: DatabaseSettings, connections = 4): pg.Pool {
  const pool = new pg.Pool({
    ...withSettings(database, { statement_timeout: STATEMENT_TIMEOUT_MS, default_transaction_read_only: 'on' }),
    types,
    max: connections,
    pipeline: true,
    application_name: 'refundry reader',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    query_timeout: 15_000,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  return pool;
}

/** Settings without which an acknowledged refund could be lost; read in the session that will write. */
const DURABILITY = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/** Refuses a server that may lose commits, or that is too old. Throws an `Error` with a sentence for the operator. */
export async function assertDurable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name = ANY($1)`,
    [[...DURABILITY, 'server_version_num']],
  );
  const settings = new Map(rows.map((row) => [row.name, row.setting]));
  const off = DURABILITY.filter(
    (name) => settings.get(name) === 'off' || (name === 'synchronous_commit' && settings.get(name) === 'local'),
  );
  if (off.length > 0) {
    throw new Error(
      `PostgreSQL has ${off.join(', ')} off: it may lose refunds that were acknowledged. Refundry does not run on it.`,
    );
  }
  if (Number(settings.get('server_version_num')) < 150_000) {
    throw new Error('Refundry needs PostgreSQL 15 or newer.');
  }
}

/** SQLSTATE classes and system errors that say nothing about the request: 08 connection, 53 resources, 57 operator. */
const AWAY = /^(?:08|53|57)|^(?:ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/;
/** The driver's own errors have no code. */
const AWAY_SENTENCES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** Whether an error of a query says that the database cannot be used now, rather than anything about the query. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? AWAY.test(code) : AWAY_SENTENCES.test(error.message);
}
