/**
 * Where the cluster's socket lies: in the cluster's own folder, unless the path would be longer than a socket's path can be. Then in a
 * private folder in the system's temporary folder, where anyone may have made a folder of that name before us: it is checked on every use.
 */
import { createHash } from 'node:crypto';
import { lchownSync, lstatSync, mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRoot } from './account.ts';
import { EmbeddedDatabaseError, systemErrorCode } from './errors.ts';
import type { Place } from './home.ts';
import { SOCKET_PORT } from './settings.ts';

/** Linux takes 107 bytes, macOS 103. */
const LONGEST_PATH_BYTES = 100;

export const socketFile = (folder: string) => join(folder, `.s.PGSQL.${SOCKET_PORT}`);

const fits = (folder: string) => Buffer.byteLength(socketFile(folder)) <= LONGEST_PATH_BYTES;

/** Returns the folder for the socket, made and checked. The name follows from the home, the user and the cluster. */
export function openSocketFolder(place: Place, cluster: string): string {
  if (fits(place.folder)) return place.folder;
  const digest = createHash('sha256').update(`${place.home.folder}\0${cluster}`).digest('hex').slice(0, 16);
  const name = `refundry-${place.account.uid}-${digest}`;
  const folder = join(fits(join(tmpdir(), name)) ? tmpdir() : '/tmp', name);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
  checkSocketFolder(folder, place);
  return folder;
}

/** Refuses a folder that somebody else could have made or could use. */
export function checkSocketFolder(folder: string, place: Place): void {
  if (folder === place.folder) return;
  const stats = lstatSync(folder);
  const above = lstatSync(dirname(folder));
  // A folder of root's is one that root was about to give to the account.
  const isOurs = stats.uid === place.account.uid || (isRoot && stats.uid === 0);
  const isExchangeable = (above.mode & 0o022) !== 0 && (above.mode & 0o1000) === 0;
  if (!stats.isDirectory() || !isOurs || (stats.mode & 0o777) !== 0o700 || isExchangeable) {
    throw new EmbeddedDatabaseError(
      `The database's socket would lie in ${folder}, which is not a private folder of user ${place.account.uid}, so somebody else may have put it there. Remove it, or use a shorter REFUNDRY_HOME.`,
    );
  }
  if (isRoot && stats.uid !== place.account.uid) lchownSync(folder, place.account.uid, place.account.gid);
}

/** Removes the folder in the temporary folder after PostgreSQL has ended. */
export function removeSocketFolder(folder: string, place: Place): void {
  if (folder === place.folder) return;
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or gone: a leftover does no harm.
  }
}
