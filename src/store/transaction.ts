/**
 * One batch, one transaction, two waits: lock and load; then save and commit, proven. What is certain after a failure is
 * part of the error: either nothing was committed, or it is not known.
 */
import pg from 'pg';
import type { Book } from '../core/book.ts';
import type { Names } from '../core/names.ts';

/** An entry by which its batch is found again. */
export interface EntryName {
  readonly seq: bigint;
  readonly hash: string;
}

/**
 * A connection, as a batch's transaction uses it: `Lane` is PostgreSQL's. What is asked is answered in order; after a
 * statement that failed, all others fail until the transaction ends.
 */
export interface Session {
  /** Holds back what is asked until the returned function is called, so that it goes out in one piece. */
  hold(): () => void;
  begin(): Promise<void>;
  /** The book that `names` need; with `lock`, under the lock of the bucket's head, which it waits for. */
  load(bucket: number, names: Names, lock: boolean): Promise<Book>;
  /** Sends what a book has changed since `seqBefore`, a promise for each statement. Throws when it cannot be written. */
  save(book: Book, seqBefore: bigint): Promise<unknown>[];
  /** Returns the command's own tag: `COMMIT`, or `ROLLBACK` after a statement that failed. */
  commit(): Promise<string>;
  rollback(): Promise<void>;
  /** Waits until the bucket's head is ours. */
  lockHead(bucket: number): Promise<void>;
  hasEntry(bucket: number, entry: EntryName): Promise<boolean>;
  end(): Promise<void>;
}

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
export async function beginBatch(session: Session, bucket: number, names: Names): Promise<Book> {
  try {
    const send = session.hold();
    const begun = session.begin();
    begun.catch(() => undefined);
    // All that it asks is asked before it waits for the first time.
    const loaded = session.load(bucket, names, true);
    send();
    const book = await loaded;
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
export async function commitBatch(session: Session, book: Book, seqBefore: bigint): Promise<void> {
  const send = session.hold();
  let failure: unknown = null;
  let saves: Promise<unknown>[];
  try {
    saves = session.save(book, seqBefore).map((saved) =>
      saved.catch((error: unknown) => {
        failure ??= error;
      }),
    );
  } catch (error) {
    send();
    throw new NotCommitted(error);
  }
  // A statement that the driver itself refuses is never sent, and rejects on the next tick: then COMMIT must not follow.
  await nextTick();
  if (failure !== null) {
    send();
    throw new NotCommitted(failure);
  }
  const commit = session.commit();
  commit.catch(() => undefined);
  send();
  await Promise.all(saves);
  let tag: string;
  try {
    tag = await commit;
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
export async function endWithoutChanges(session: Session): Promise<void> {
  try {
    await session.rollback();
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
  session: Session,
  bucket: number,
  first: EntryName,
): Promise<'committed' | 'not committed'> {
  await session.begin();
  await session.lockHead(bucket);
  const isThere = await session.hasEntry(bucket, first);
  await session.rollback();
  return isThere ? 'committed' : 'not committed';
}
