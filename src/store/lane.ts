/** The connections that write books: one batch's transaction at a time. */
import type { Writable } from 'node:stream';
import pg from 'pg';
import type { Book } from '../core/book.ts';
import type { Names } from '../core/names.ts';
import { ParameterWriter } from './binary.ts';
import { type DatabaseSettings, STATEMENT_TIMEOUT_MS, types, withSettings } from './connection.ts';
import { loadBook } from './load.ts';
import { ROW_TYPES, type RowTypeName, type RowTypes } from './save-columns.ts';
import { savesOf, sendSaves } from './save.ts';
import type { EntryName, Session } from './transaction.ts';

/** How long to wait for another process that works on the same bucket; then other buckets get their turn. */
const LOCK_TIMEOUT_MS = 250;
/** A process that stops (SIGSTOP, a paused machine) in the middle of a batch loses its transaction after this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
/** An unanswered packet's patience: a vanished machine does not hold a bucket for TCP's default of minutes. */
const TCP_USER_TIMEOUT_MS = 15_000;

/** A connection that writes books. */
export class Lane extends pg.Client implements Session {
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

  async begin(): Promise<void> {
    await this.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  }

  load(bucket: number, names: Names, lock: boolean): Promise<Book> {
    return loadBook(this, bucket, names, lock);
  }

  save(book: Book, seqBefore: bigint): Promise<unknown>[] {
    return sendSaves(this, savesOf(book, seqBefore, this));
  }

  async commit(): Promise<string> {
    return (await this.query('COMMIT')).command;
  }

  async rollback(): Promise<void> {
    await this.query('ROLLBACK');
  }

  async lockHead(bucket: number): Promise<void> {
    const { rowCount } = await this.query('SELECT 1 FROM bucket WHERE bucket = $1 FOR UPDATE', [bucket]);
    if (rowCount !== 1) throw new Error(`bucket ${bucket} does not exist in this database`);
  }

  async hasEntry(bucket: number, { seq, hash }: EntryName): Promise<boolean> {
    const { rowCount } = await this.query(
      `SELECT 1 FROM journal WHERE seq = $2 AND bucket = $1 AND hash = decode($3, 'hex')`,
      [bucket, seq.toString(), hash],
    );
    return rowCount === 1;
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
