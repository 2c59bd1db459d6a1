/** One server per home: the lock, and a note that tells a second one who the first is and whether it is about to leave. */
import { lchownSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRoot } from './account.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import { type FileLock, tryLock } from './file-lock.ts';
import type { Home } from './home.ts';
import { isAlive } from './processes.ts';

/** How long a server waits for one that is stopping. */
const SUCCESSION_MS = 10_000;
/** A server writes its note right after it took the lock: on a busy machine the note may be missing, or a dead one's, for so long. */
const NOTE_MS = 2000;
const POLL_MS = 20;

export interface ServerLock extends FileLock {
  announceStopping(): void;
}

interface Note {
  readonly pid: number;
  readonly stopping: boolean;
}

/** Takes the server's lock; waits for a server that is stopping. Errors: EmbeddedDatabaseError, naming the folder and the other's pid. */
export async function becomeServer(home: Home, log: (line: string) => void): Promise<ServerLock> {
  const began = Date.now();
  let unknownSince: number | undefined;
  let told = false;
  for (;;) {
    const lock = tryLock(home.server, 'exclusive');
    if (lock !== undefined) return holdServerLock(home, lock);
    const other = readNote(home);
    unknownSince = other === undefined ? (unknownSince ?? Date.now()) : undefined;
    const deadline =
      unknownSince === undefined ? began + (other?.stopping === true ? SUCCESSION_MS : 0) : unknownSince + NOTE_MS;
    if (Date.now() >= deadline) {
      const who = other === undefined ? '' : ` (pid ${other.pid})`;
      throw new EmbeddedDatabaseError(
        other?.stopping === true
          ? `Another Refundry server${who} on ${home.folder} has been stopping for ${SUCCESSION_MS / 1000} seconds and still runs.`
          : `Another Refundry server${who} is running on ${home.folder}. Stop it first, or give this one a folder of its own with REFUNDRY_HOME.`,
      );
    }
    if (other?.stopping === true && !told) {
      told = true;
      log(`Waiting for the Refundry server with pid ${other.pid} to stop.`);
    }
    await sleep(POLL_MS);
  }
}

function holdServerLock(home: Home, lock: FileLock): ServerLock {
  let isHeld = true;
  writeNote(home, { pid: process.pid, stopping: false });
  const announceStopping = () => {
    if (isHeld) writeNote(home, { pid: process.pid, stopping: true });
  };
  return {
    announceStopping,
    release() {
      if (!isHeld) return;
      try {
        // The note stays, and the next server replaces it: whoever reads it in between still sees that this one was leaving.
        announceStopping();
      } catch {
        // The home was deleted: nobody is there to read it.
      }
      isHeld = false;
      lock.release();
    },
  };
}

function writeNote(home: Home, note: Note): void {
  const unfinished = `${home.serverNote}.${process.pid}`;
  rmSync(unfinished, { force: true });
  // `wx` does not follow a link: as root we may be in somebody else's folder.
  writeFileSync(unfinished, JSON.stringify(note), { mode: 0o600, flag: 'wx' });
  if (isRoot) lchownSync(unfinished, home.owner.uid, home.owner.gid);
  renameSync(unfinished, home.serverNote);
}

/** The note of the server that holds the lock; one of a dead process is not its. */
function readNote(home: Home): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(home.serverNote, 'utf8')) as Note;
    return isAlive(note.pid) ? note : undefined;
  } catch {
    return undefined;
  }
}
