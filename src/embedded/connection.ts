/** Connects to the cluster and makes sure that it is the one that was meant. */
import { Client } from 'pg';
import { EmbeddedDatabaseError, systemErrorCode } from './errors.ts';

export interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
  password?: string;
}

/** Nobody listens there (yet, or any more). EAGAIN: the socket's queue is full. */
const SILENT = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN']);

/** cannot_connect_now: starting, recovering or shutting down; admin_shutdown and crash_shutdown: it hung up on us while we connected. */
const NOT_NOW = new Set(['57P03', '57P01', '57P02']);

/** SQLSTATE invalid_catalog_name. */
const NO_SUCH_DATABASE = '3D000';

/** SQLSTATE duplicate_database. */
const DATABASE_EXISTS = '42P04';

/**
 * Returns a connection; or `busy` when PostgreSQL says that it cannot take one now, or `silent` when our cluster does not answer.
 * `isNew`: the cluster has just been made, so it still lacks the database. (One whose maker was killed right then shows it by refusing.)
 */
export async function connect(to: Connection, cluster: string, isNew: boolean): Promise<Client | 'busy' | 'silent'> {
  try {
    if (isNew) await createDatabase(to);
    return (await open(to, cluster)) ?? 'silent';
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (SILENT.has(code)) return 'silent';
    if (NOT_NOW.has(code) || isHangUp(error)) return 'busy';
    if (code === NO_SUCH_DATABASE && !isNew) return connect(to, cluster, true);
    throw new EmbeddedDatabaseError(`The database in ${to.host} refuses a connection: ${String(error)}`, {
      cause: error,
    });
  }
}

async function open(to: Connection, cluster: string): Promise<Client | undefined> {
  // `ssl: false` because PGSSLMODE in the user's environment would otherwise apply.
  const client = new Client({
    ...to,
    ssl: false,
    application_name: 'refundry-embedded',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {
    // Each caller sees its own failure; a connection lost later is announced by "end".
  });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(`SELECT current_setting('cluster_name') AS name`);
  if (rows[0]?.name === cluster) return client;
  await client.end();
  return undefined;
}

async function createDatabase(to: Connection): Promise<void> {
  const client = new Client({ ...to, database: 'postgres', ssl: false });
  client.on('error', () => {
    // As above.
  });
  try {
    await client.connect();
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(to.database)}`);
  } catch (error) {
    if (systemErrorCode(error) !== DATABASE_EXISTS) throw error;
  } finally {
    await client.end();
  }
}

/** The driver's own errors for a connection that ends while it is being made carry no code. */
function isHangUp(error: unknown): boolean {
  return error instanceof Error && /connection terminated|timeout expired/i.test(error.message);
}
