/**
 * Locks between processes that vanish with their holder, however it dies, so that no stale lock is ever left to judge.
 * Node has no `flock`, but it carries SQLite, whose file locks are the operating system's own (fcntl, LockFileEx). Nothing is ever
 * written into the file. Unlike advisory locks held in PostgreSQL, these also stand while the database is down.
 * Nothing else in the process may open these files: POSIX drops a process's locks on a file when it closes any handle to it.
 */
import { closeSync, fchownSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, isRoot } from './account.ts';
import { EmbeddedDatabaseError, systemErrorCode } from './errors.ts';

export interface FileLock {
  release(): void;
}

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else holds the lock. */
const HELD_BY_OTHERS = new Set([5, 6]);

/** Makes the lock file, for `owner` (as root, so that the owner can use it without root later). */
export function makeLockFile(file: string, owner: Account): void {
  try {
    const made = openSync(file, 'wx', 0o600);
    if (isRoot) fchownSync(made, owner.uid, owner.gid);
    closeSync(made);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

/** Takes the lock and returns it, or returns undefined when others hold it. Never waits. */
export function tryLock(file: string, kind: 'exclusive' | 'shared'): FileLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec(kind === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT 1 FROM sqlite_schema');
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && HELD_BY_OTHERS.has(Number(error.errcode))) return undefined;
    throw new EmbeddedDatabaseError(`The file ${file} cannot be locked: ${String(error)}.`, { cause: error });
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/** Long enough for whatever holders do under such a lock, a recovery after a crash being the longest. */
const PATIENCE_MS = 10 * 60_000;

/** Takes the lock exclusively, waiting for others to be done; `onWait` is called once if that takes longer than a moment. */
export async function waitForLock(
  file: string,
  { patienceMs = PATIENCE_MS, onWait = () => {} } = {},
): Promise<FileLock> {
  const began = Date.now();
  let waits = false;
  for (;;) {
    const lock = tryLock(file, 'exclusive');
    if (lock !== undefined) return lock;
    const waitedMs = Date.now() - began;
    if (waitedMs > patienceMs) {
      throw new EmbeddedDatabaseError(
        `Another process has held ${file} for ${Math.round(waitedMs / 1000)} seconds: is it stopped or stuck?`,
      );
    }
    if (waitedMs > 1000 && !waits) {
      waits = true;
      onWait();
    }
    await sleep(10);
  }
}
