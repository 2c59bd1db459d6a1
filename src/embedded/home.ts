/**
 * Where things lie. Everything is inside the home folder, but for one case: root runs PostgreSQL under another account, and where that
 * account cannot enter the home (a 0700 folder of root's, or anything below /root), the cluster goes to a folder of the system's and
 * the home keeps a link to it. No permission of an existing folder is ever changed.
 *
 *     home/lock/            gate, server, users (see file-lock.ts); server.json: who the server is
 *     home/postgres.log     what PostgreSQL and initdb say
 *     home/postgres/        0700, of the account that runs PostgreSQL; or a link to such a folder; holds the socket
 *     home/postgres/data/   the cluster
 *     home/binaries-…/      PostgreSQL's programs, only where those in node_modules cannot be used
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type Account, barrierOnTheWay, isRoot, ownAccount, unprivilegedAccount } from './account.ts';
import { EmbeddedDatabaseError, systemErrorCode, unlessMissing } from './errors.ts';
import { makeLockFile } from './file-lock.ts';

export interface Home {
  readonly folder: string;
  /** Who the folder belongs to: as root, what lies in somebody's home is made as theirs. */
  readonly owner: Account;
  readonly gate: string;
  readonly server: string;
  readonly users: string;
  readonly serverNote: string;
  readonly log: string;
}

/** The place of the cluster. */
export interface Place {
  readonly home: Home;
  readonly folder: string;
  readonly data: string;
  /** Runs PostgreSQL and owns `folder`. */
  readonly account: Account;
  /** A folder that the account can reach, for PostgreSQL's programs. */
  readonly shelf: string;
}

const pointerIn = (home: Home) => join(home.folder, 'postgres');

/** Where root keeps what the account could not reach in the home. */
export const SYSTEM_FOLDER = '/var/lib/refundry';

/** Makes the home if it is missing: private, or as root open enough for PostgreSQL's account to reach its own private folder in it. */
export function openHome(path: string): Home {
  const wanted = resolve(path);
  if (!existsSync(wanted)) {
    const mode = isRoot ? 0o755 : 0o700;
    if (mkdirSync(wanted, { recursive: true, mode }) !== undefined) chmodSync(wanted, mode);
  }
  const folder = realpathSync(wanted);
  const { uid, gid } = statSync(folder);
  const home: Home = {
    folder,
    owner: { uid, gid },
    gate: join(folder, 'lock', 'gate'),
    server: join(folder, 'lock', 'server'),
    users: join(folder, 'lock', 'users'),
    serverNote: join(folder, 'lock', 'server.json'),
    log: join(folder, 'postgres.log'),
  };
  makeFolder(join(folder, 'lock'), home.owner);
  for (const file of [home.gate, home.server, home.users]) makeLockFile(file, home.owner);
  return home;
}

/** The place of a cluster that was made earlier, or undefined. Call it, as `makePlace`, only while holding the gate. */
export function findPlace(home: Home, systemFolder = SYSTEM_FOLDER): Place | undefined {
  const pointer = pointerIn(home);
  const found = unlessMissing(() => lstatSync(pointer));
  if (found === undefined) return undefined;
  if (isRoot && found.isSymbolicLink() && found.uid !== 0) {
    throw new EmbeddedDatabaseError(`${pointer} is a link that user ${found.uid} made: root does not follow it.`);
  }
  const folder = resolve(home.folder, found.isSymbolicLink() ? readlinkSync(pointer) : pointer);
  const stats = unlessMissing(() => lstatSync(folder));
  if (stats === undefined || !stats.isDirectory()) {
    throw new EmbeddedDatabaseError(
      `${pointer} says that the database is in ${folder}, but there is no such folder. Bring it back, or remove ${pointer} to begin with an empty database.`,
    );
  }
  const account = process.platform === 'win32' ? ownAccount : ownerOf(folder, stats, home);
  const shelf = found.isSymbolicLink() ? systemFolder : home.folder;
  return { home, folder, data: join(folder, 'data'), account, shelf };
}

/** The account that the folder belongs to; checks that it is private, and that PostgreSQL can run as that account and reach it. */
function ownerOf(folder: string, stats: { uid: number; gid: number; mode: number }, home: Home): Account {
  if ((stats.mode & 0o077) !== 0) {
    throw new EmbeddedDatabaseError(
      `${folder} must be private, because the database is in it. Make it so with: chmod 700 '${folder}'`,
    );
  }
  if (!isRoot) {
    if (stats.uid === ownAccount.uid) return ownAccount;
    throw new EmbeddedDatabaseError(
      `The database in ${folder} belongs to user ${stats.uid}, and this is user ${ownAccount.uid}: run Refundry as that user, or as root.`,
    );
  }
  let account: Account = { uid: stats.uid, gid: stats.gid };
  if (account.uid === 0) {
    if (readdirSync(folder).length > 0) {
      throw new EmbeddedDatabaseError(
        `${folder} belongs to root, and PostgreSQL does not run as root: give it to another user.`,
      );
    }
    // Root was stopped between making the folder and giving it away.
    account = accountFor(home);
    lchownSync(folder, account.uid, account.gid);
  }
  const barrier = barrierOnTheWay(folder, account);
  if (barrier === undefined) return account;
  throw new EmbeddedDatabaseError(
    `PostgreSQL runs as user ${account.uid}, who owns the database in ${folder} but may not enter ${barrier}. Allow it with: chmod a+x '${barrier}'`,
  );
}

export function makePlace(home: Home, systemFolder = SYSTEM_FOLDER): Place {
  const pointer = pointerIn(home);
  const account = accountFor(home);
  if (!isRoot || barrierOnTheWay(home.folder, account) === undefined) {
    makeFolder(pointer, account);
  } else {
    symlinkSync(makeFolderElsewhere(home, account, systemFolder), pointer);
  }
  const place = findPlace(home, systemFolder);
  if (place === undefined) throw new EmbeddedDatabaseError(`${pointer} was removed while it was being made.`);
  return place;
}

/** Forgets an empty place, so that the next one is chosen anew and nothing is left in the system's folder. */
export function forgetPlace(place: Place): void {
  const pointer = pointerIn(place.home);
  if (readdirSync(place.folder).length > 0) return;
  rmdirSync(place.folder);
  if (pointer !== place.folder) unlinkSync(pointer);
}

/** Root lends PostgreSQL the account of the home's owner, who can enter it; only where that is root itself, another one. */
function accountFor(home: Home): Account {
  if (!isRoot) return ownAccount;
  const canEnter = home.owner.uid !== 0 && barrierOnTheWay(home.folder, home.owner) === undefined;
  return canEnter ? home.owner : unprivilegedAccount();
}

/** Makes a private folder in the system's folder, named after the home. A name that is in use belongs to a home that was deleted. */
function makeFolderElsewhere(home: Home, account: Account, systemFolder: string): string {
  mkdirSync(systemFolder, { recursive: true, mode: 0o755 });
  const { uid, mode } = lstatSync(systemFolder);
  if (uid !== 0 || (mode & 0o022) !== 0) {
    throw new EmbeddedDatabaseError(
      `${systemFolder} must belong to root and be writable by nobody else: the database would not be safe there.`,
    );
  }
  const parent = realpathSync(systemFolder);
  const name = createHash('sha256').update(home.folder).digest('hex').slice(0, 16);
  for (let attempt = 1; ; attempt += 1) {
    const folder = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
    makeFolder(folder, account);
    if (readdirSync(folder).length === 0) return folder;
  }
}

/** Makes a folder that only `account` may enter, unless it is there. */
function makeFolder(folder: string, account: Account): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (isRoot) lchownSync(folder, account.uid, account.gid);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
