/** What PostgreSQL says goes to a file in the home, of bounded size, so that a database that fails for months does not fill the disk. */
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { isRoot } from './account.ts';
import type { Home } from './home.ts';

/** There is one file of at most about this size, and one older one. */
const LONGEST_BYTES = 4_000_000;

/** Opens the log, for reading and for appending. */
export function openLog(home: Home): number {
  return openOwn(home.log, home, constants.O_APPEND);
}

/** Opens a file of the home's owner. Follows no link, because as root we may be in somebody else's folder. */
function openOwn(path: string, home: Home, flags: number): number {
  const file = openSync(path, flags | constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  if (isRoot) fchownSync(file, home.owner.uid, home.owner.gid);
  return file;
}

/** Keeps the log short, also while PostgreSQL is writing it: it appends, so it goes on at the new end. */
export function boundLog(home: Home): void {
  const log = openLog(home);
  try {
    if (fstatSync(log).size <= LONGEST_BYTES) return;
    const older = openOwn(`${home.log}.old`, home, constants.O_TRUNC);
    try {
      writeFileSync(older, readFileSync(log));
    } finally {
      closeSync(older);
    }
    ftruncateSync(log);
  } finally {
    closeSync(log);
  }
}

/** PostgreSQL's last words, for an error message: why it gave up, where it says so since it was started, else its last lines. */
export function tailOfLog(home: Home): string {
  const log = openLog(home);
  try {
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const started = lines.findLastIndex((line) => line.includes('starting PostgreSQL'));
    const reasons = lines.slice(Math.max(started, 0)).filter((line) => /\b(?:FATAL|PANIC): /.test(line));
    return (started >= 0 && reasons.length > 0 ? reasons : lines).slice(-3).join(' / ');
  } finally {
    closeSync(log);
  }
}
