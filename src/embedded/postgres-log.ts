/** What PostgreSQL says goes to a file in the home, of bounded size, so that a database that fails for months does not fill the disk. */
import {
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import { isRoot } from './account.ts';
import { unlessMissing } from './errors.ts';
import type { Home } from './home.ts';

/** There is one file of at most about this size, and one older one. */
const LONGEST_BYTES = 4_000_000;

/** Opens the log for appending. Root does not follow a link here, because somebody else may own the home. */
export function openLog(home: Home): number {
  const log = openSync(
    home.log,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0),
    0o600,
  );
  if (isRoot) fchownSync(log, home.owner.uid, home.owner.gid);
  return log;
}

/** Keeps the log short, also while PostgreSQL is writing it: it appends, so it goes on at the new end. */
export function boundLog(home: Home): void {
  const log = openLog(home);
  try {
    if (fstatSync(log).size <= LONGEST_BYTES) return;
  } finally {
    closeSync(log);
  }
  const older = `${home.log}.old`;
  copyFileSync(home.log, older);
  if (isRoot) chownSync(older, home.owner.uid, home.owner.gid);
  truncateSync(home.log);
}

/** PostgreSQL's last words, for an error message. */
export function tailOfLog(home: Home): string {
  const lines =
    unlessMissing(() => readFileSync(home.log, 'utf8'))
      ?.trim()
      .split('\n') ?? [];
  return lines.slice(-3).join(' / ');
}
