/** Makes the cluster, whole or not at all, and deletes it. Everything here happens under the gate. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRoot, runAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { syncFolder } from './copy-folder.ts';
import { EmbeddedDatabaseError, unlessMissing } from './errors.ts';
import type { Place } from './home.ts';
import { DATABASE_USER, programEnvironment } from './settings.ts';

/** Unfinished and deleted clusters: folders that a crash may have left behind. */
const LEFTOVER = /^data\.(?:making|deleted)-/;

/** Checks that these programs can run the cluster that is there. */
export function checkCluster(place: Place, binaries: Binaries): void {
  const version = unlessMissing(() => readFileSync(join(place.data, 'PG_VERSION'), 'utf8'))?.trim();
  if (version === binaries.majorVersion) return;
  throw new EmbeddedDatabaseError(
    version === undefined
      ? `${place.data} is not a PostgreSQL database (it has no PG_VERSION). Refundry leaves it as it is.`
      : `The database in ${place.data} was made by PostgreSQL ${version}, and this Refundry brings PostgreSQL ${binaries.majorVersion}. Start the Refundry that made it, dump it, and load the dump into a new folder.`,
  );
}

/** Makes the cluster in a folder of another name and moves it into place when it is complete and on disk. */
export async function makeCluster(place: Place, binaries: Binaries): Promise<void> {
  const unfinished = join(place.folder, `data.making-${randomUUID()}`);
  const loopback = process.platform === 'win32' ? makePassword(place) : undefined;
  const options = [
    `--username=${DATABASE_USER}`,
    // Orders text by code point, the same on every machine, and knows the cases of all of Unicode.
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    // Whoever gets to the socket in its 0700 folder is either the account itself or root: nothing is left to prove.
    ...(loopback === undefined
      ? ['--auth-local=trust', '--auth-host=reject']
      : ['--auth-local=reject', '--auth-host=scram-sha-256', `--pwfile=${loopback}`]),
  ];
  try {
    const run = { cwd: place.folder, env: programEnvironment(), ...runAs(place.account) };
    await promisify(execFile)(binaries.initdb, [`--pgdata=${unfinished}`, ...options], run);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new EmbeddedDatabaseError(`The database in ${place.folder} could not be made: ${said}`, { cause: error });
  }
  renameSync(unfinished, place.data);
  syncFolder(place.folder);
}

/** Deletes the cluster: gone at once for everyone who looks, however long deleting its files takes. */
export function deleteCluster(place: Place): void {
  if (existsSync(place.data)) {
    renameSync(place.data, join(place.folder, `data.deleted-${randomUUID()}`));
    syncFolder(place.folder);
  }
  removeLeftovers(place);
}

/** Removes what a crash left behind. An `initdb` that outlived its maker may still write there: then the next start gets the rest. */
export function removeLeftovers(place: Place): void {
  removeFolders(
    place,
    readdirSync(place.folder).filter((name) => LEFTOVER.test(name)),
  );
}

/** Removes folders beside the cluster, by name. */
export function removeFolders(place: Place, names: readonly string[]): void {
  if (names.length === 0) return;
  if (isRoot) {
    // As the account that owns them: whoever else acts under that account could turn root's deleting on something else.
    spawnSync('rm', ['-rf', '--', ...names], { cwd: place.folder, stdio: 'ignore', ...runAs(place.account) });
  } else {
    for (const name of names) rmSync(join(place.folder, name), { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Windows (untested) has no socket that only we can reach, so there the loopback port asks for a password. */
const passwordFile = (place: Place) => join(place.folder, 'password');

function makePassword(place: Place): string {
  writeFileSync(passwordFile(place), randomBytes(24).toString('base64url'), { mode: 0o600 });
  return passwordFile(place);
}

export function readPassword(place: Place): string | undefined {
  return process.platform === 'win32' ? readFileSync(passwordFile(place), 'utf8') : undefined;
}
