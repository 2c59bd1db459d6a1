/**
 * One batch, one transaction, two waits: lock and load; then save and commit, proven. What is certain after a failure is
 * part of the error: either nothing was committed, or it is not known.
 */
import pg from 'pg';
import type { Book } from '../core/book.ts';
import type { Names } from '../core/names.ts';
import type { Lane } from './connection.ts';
import { loadBook } from './load.ts';
import { savesOf, sendSaves } from './save.ts';

/** The batch was not committed, for certain. */
export class NotCommitted extends Error {
  /** PostgreSQL's SQLSTATE, where it was PostgreSQL that refused. */
  readonly sqlState: string | null;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'NotCommitted';
    this.sqlState = cause instanceof pg.DatabaseError ? (cause.code ?? null) : null;
  }

  /** Classes 22 (data) and 23 (constraints): one command may have caused it, so the batch is tried in halves. */
  get mayBeOneCommand(): boolean {
    return this.sqlState !== null && /^2[23]/.test(this.sqlState);
  }

  /** The connection was lost or ended by the server: nothing was wrong with the batch itself. */
  get isConnectionLoss(): boolean {
    return this.sqlState === null || /^(?:08|57P0[1-3])/.test(this.sqlState);
  }

  /** Another process holds the bucket: its turn, then ours. */
  get isLockTimeout(): boolean {
    return this.sqlState === '55P03';
  }
}

/** COMMIT was sent and its answer did not come. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'CommitUnknown';
  }
}

/** Begins, locks the bucket's head and loads what `names` need. Throws `NotCommitted`; discard the connection then. */
export async function beginBatch(client: pg.ClientBase, bucket: number, names: Names): Promise<Book> {
  try {
    const begun = client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
    begun.catch(() => undefined);
    const book = await loadBook(client, bucket, names, true);
    await begun;
    return book;
  } catch (error) {
    throw new NotCommitted(error);
  }
}

/**
 * Saves and commits. Returns only when every statement resolved and COMMIT's own tag says `COMMIT`: after a failed
 * statement PostgreSQL answers `ROLLBACK`, and the driver resolves. Throws `NotCommitted` or `CommitUnknown`; discard the
 * connection then.
 */
export async function commitBatch(lane: Lane, book: Book, seqBefore: bigint): Promise<void> {
  let statements;
  try {
    statements = savesOf(book, seqBefore, lane.rowTypes);
  } catch (error) {
    throw new NotCommitted(error);
  }
  let failure: unknown = null;
  const saves = sendSaves(lane, statements).map((saved) =>
    saved.catch((error: unknown) => {
      failure ??= error;
    }),
  );
  // A statement that the driver itself refuses is never sent, and rejects on the next tick: then COMMIT must not follow.
  await nextTick();
  if (failure !== null) throw new NotCommitted(failure);
  const commit = lane.query('COMMIT');
  commit.catch(() => undefined);
  await Promise.all(saves);
  let tag: string;
  try {
    tag = (await commit).command;
  } catch (error) {
    // The server refuses COMMIT itself only with an error of its own (a deferred constraint, a shutdown in between): then
    // nothing was committed. Anything else is a lost connection. A FATAL or PANIC may come after the commit record.
    if (error instanceof pg.DatabaseError && error.severity === 'ERROR') throw new NotCommitted(failure ?? error);
    throw new CommitUnknown(error);
  }
  if (tag === 'COMMIT' && failure === null) return;
  if (tag === 'ROLLBACK') throw new NotCommitted(failure ?? new Error('PostgreSQL rolled the batch back'));
  throw new CommitUnknown(failure ?? new Error(`COMMIT was answered by ${tag}`));
}

/** After the ticks in which the driver reports what it would not send. */
async function nextTick(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
}

/** Ends a batch that changed nothing. Throws `NotCommitted` when the connection is gone. */
export async function endWithoutChanges(client: pg.ClientBase): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch (error) {
    throw new NotCommitted(error);
  }
}

/**
 * What became of a commit, on a new connection: locks the head, which waits until the old transaction has ended, and then
 * looks for the batch's first entry by number and hash. There: all committed. Absent: nothing. Throws when it cannot be
 * known yet.
 */
export async function findOut(
  client: pg.ClientBase,
  bucket: number,
  first: { readonly seq: bigint; readonly hash: string },
): Promise<'committed' | 'not committed'> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  const { rowCount: locked } = await client.query(`SELECT 1 FROM bucket WHERE bucket = $1 FOR UPDATE`, [bucket]);
  if (locked !== 1) throw new Error(`bucket ${bucket} does not exist in this database`);
  const { rowCount: found } = await client.query(
    `SELECT 1 FROM journal WHERE seq = $2 AND bucket = $1 AND hash = decode($3, 'hex')`,
    [bucket, first.seq.toString(), first.hash],
  );
  await client.query('COMMIT');
  return found === 1 ? 'committed' : 'not committed';
}
