/** Connections to PostgreSQL: what all of them share, and the pool that reads. `lane.ts` has those that write. */
import pg from 'pg';

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
export const types: pg.CustomTypesConfig = {
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
export const STATEMENT_TIMEOUT_MS = 10_000;

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

type WithOptions = Pick<pg.ClientConfig, keyof DatabaseSettings | 'options'>;
type Settings = Readonly<Record<string, string | number>>;

/** The database with what reading and writing books counts on, and these settings, for the session. */
export const withSettings = (database: DatabaseSettings, settings: Settings): WithOptions =>
  withOptions(database, { ...PLANNER, ...SESSION, ...settings });

/** A URL's own `options` would replace ours, so they are put together, ours last: the last of two counts. */
function withOptions(database: DatabaseSettings, settings: Settings): WithOptions {
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const url = URL.parse(database.connectionString ?? '');
  const own = url?.searchParams.get('options') ?? '';
  if (url === null || own === '') return { ...database, options };
  url.searchParams.set('options', `${own} ${options}`);
  return { ...database, connectionString: url.href };
}

/** What a request reads before its command waits for its batch must not take as long as the batch may. */
const POOLED = { connectionTimeoutMillis: 3_000, statement_timeout: 6_500, query_timeout: 7_000, keepAlive: true };

/** Connections for reading: they share the lanes' settings, and give up rather than hold a snapshot. */
export function openReaders(database: DatabaseSettings, connections = 4): pg.Pool {
  const { statement_timeout: timeout, ...pooled } = POOLED;
  const pool = new pg.Pool({
    ...withSettings(database, {
      statement_timeout: timeout,
      default_transaction_read_only: 'on',
      // What a walk of `verify` looks up it looks up once: to remember it is work for nothing.
      enable_memoize: 'off',
    }),
    ...pooled,
    types,
    max: connections,
    pipeline: true,
    application_name: 'refundry reader',
    idleTimeoutMillis: 30_000,
  });
  return withoutEvents(pool);
}

/** Connections for what is written and is no money: sessions, and files of refunds. */
export function openWriters(database: DatabaseSettings): pg.Pool {
  const pool = new pg.Pool({
    ...withOptions(database, { default_transaction_read_only: 'off' }),
    ...POOLED,
    max: 2,
    application_name: 'refundry writer',
  });
  return withoutEvents(pool);
}

/**
 * Whoever asks learns of a lost connection by the question's own error. The driver reports it by an event, too, on the
 * pool or, while somebody holds the connection, on the connection: unheard, either would end the process.
 */
function withoutEvents(pool: pg.Pool): pg.Pool {
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
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
