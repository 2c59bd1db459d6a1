/**
 * Brings the embedded database back from a backup, up to its end or up to a moment. The restored cluster is brought up and
 * down once beside the one that is there; only when that has worked do they change places, and the earlier one is kept.
 */
import {
  type Stats,
  existsSync,
  lchownSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { barrierOnTheWay, isRoot } from './account.ts';
import { archivedSegments, gapIn, isSegment, readArchive, restoreCommand } from './archive.ts';
import { type Backup, readBackup } from './backup.ts';
import { discardUnfinished, finishRestore, markFinished, unfinishedPlace } from './change-places.ts';
import { copyFile, copyFolder, syncFolder, writeNewFile } from './copy-folder.ts';
import { EmbeddedDatabaseError, unlessMissing } from './errors.ts';
import { type Place, findPlace, makePlace, openHome } from './home.ts';
import { withNobodyElse } from './nobody-else.ts';
import { endCluster, ensureRunning, stopPostmaster } from './postmaster.ts';

/** In the data folder, where PostgreSQL runs its commands. */
const LINK = 'refundry-restore';
/** What restoring puts into PostgreSQL's own file of settings, and what a backup may have in it from before. */
const RECOVERY = /^(?:restore_command|recovery_\w+|archive_timeout)\s*=/;

export interface RestoreOptions {
  readonly home: string;
  readonly from: string;
  /** Milliseconds since 1970: what was committed after it is left out. */
  readonly until?: number;
  readonly log?: (line: string) => void;
}

export interface Restored {
  /** Milliseconds since 1970 of the last commit that is in it; null: none came after the files were copied. */
  readonly lastCommitAt: number | null;
  /** The home of the database that was there before; null: there was none. */
  readonly before: string | null;
}

/** Restores. Errors: EmbeddedDatabaseError; the database that was there is then there still. */
export async function restoreEmbedded({ home: path, from, until, log = () => {} }: RestoreOptions): Promise<Restored> {
  const backup = readBackup(from);
  if (until !== undefined && until < backup.finishedAt) {
    throw new EmbeddedDatabaseError(
      `The backup in ${backup.folder} was finished at ${iso(backup.finishedAt)}: it can bring back nothing of before. Take an older one.`,
    );
  }
  const home = openHome(path);
  return withNobodyElse(home, 'replaced', async () => {
    const place = findPlace(home) ?? makePlace(home);
    await finishRestore(place);
    await endCluster(place);
    const unfinished = unfinishedPlace(place);
    checkArchive(backup, place, until);
    try {
      layOut(backup, place, unfinished.data, until);
      const lastCommitAt = await recover(unfinished, log);
      markFinished(place);
      return { lastCommitAt, before: (await finishRestore(place)) ?? null };
    } catch (error) {
      await discardUnfinished(place);
      throw explained(error, backup, until);
    }
  });
}

/** A segment that PostgreSQL may not read, or that is gone, would be taken for the end of the log: something would be lost in silence. */
function checkArchive(backup: Backup, place: Place, until: number | undefined): void {
  const wal = join(backup.folder, 'wal');
  const stats = unlessMissing(() => lstatSync(wal));
  if (stats === undefined)
    throw new EmbeddedDatabaseError(`${wal} is missing: without its log the backup cannot be restored.`);
  if (isRoot) giveTo(place, wal, stats);
  const barrier = barrierOnTheWay(wal, place.account);
  if (barrier !== undefined) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL runs as user ${place.account.uid}, who may not enter ${barrier}. Allow it with: chmod a+x '${barrier}'`,
    );
  }
  const gap = gapIn(archivedSegments(wal), backup.firstSegment);
  if (gap !== undefined && until === undefined) {
    throw new EmbeddedDatabaseError(
      `${wal} lacks ${gap}, and has later ones: what came after it cannot be restored. Bring it back, or name a time before it with --until.`,
    );
  }
}

/** A backup that was copied from elsewhere is whoever's copied it. */
function giveTo({ account }: Place, wal: string, stats: Stats): void {
  if (stats.uid === account.uid) return;
  lchownSync(wal, account.uid, account.gid);
  for (const name of readdirSync(wal)) lchownSync(join(wal, name), account.uid, account.gid);
}

/** The files of the backup, and what tells PostgreSQL to go on from them. */
function layOut(backup: Backup, place: Place, data: string, until: number | undefined): void {
  const { account } = place;
  const wal = join(backup.folder, 'wal');
  copyFolder(join(backup.folder, 'base'), data, account);
  addUnarchived(place, wal, join(data, 'pg_wal'));
  symlinkSync(wal, join(data, LINK));
  const file = join(data, 'postgresql.auto.conf');
  const kept = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !RECOVERY.test(line));
  const settings = [
    `restore_command = '${restoreCommand(LINK)}'`,
    // The history that was backed up, and none that began with an earlier restore.
    `recovery_target_timeline = 'current'`,
    ...(until === undefined ? [] : [`recovery_target_time = '${iso(until).replace('T', ' ').replace('Z', '+00')}'`]),
    `recovery_target_action = 'promote'`,
  ];
  writeFileSync(file, `${[...kept, ...settings].join('\n')}\n`);
  writeNewFile(join(data, 'recovery.signal'), '', account);
  syncFolder(data);
}

/** The newest of the log is with the cluster that wrote it, where that is still there: nothing of it is lost. */
function addUnarchived(place: Place, wal: string, target: string): void {
  if (!existsSync(place.data)) return;
  const archive = readArchive(place.data);
  if (archive === undefined || resolve(archive) !== wal) return;
  const archived = new Set(archivedSegments(wal));
  const log = join(place.data, 'pg_wal');
  for (const name of readdirSync(log)) {
    if (isSegment(name) && !archived.has(name)) copyFile(join(log, name), join(target, name), place.account);
  }
}

/** Brings the restored cluster up, which replays the log, and down again. Returns when the last commit in it was. */
async function recover(place: Place, log: (line: string) => void): Promise<number | null> {
  const watch = await ensureRunning(place, { isAlone: true, log, patienceMs: Infinity });
  await watch.end();
  const { host, port, user = '', database = '', password } = watch;
  const client = new Client({ host, port, user, database, ...(password ? { password } : {}), ssl: false });
  // A connection that is lost also rejects the query.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ last: Date | null }>(`SELECT pg_last_xact_replay_timestamp() AS last`);
    const names = ['restore_command', 'recovery_target_timeline', 'recovery_target_time', 'recovery_target_action'];
    for (const name of names) await client.query(`ALTER SYSTEM RESET ${name}`);
    return rows[0]?.last?.getTime() ?? null;
  } finally {
    await client.end();
    await stopPostmaster(place);
    rmSync(join(place.data, LINK), { force: true });
  }
}

function explained(error: unknown, backup: Backup, until: number | undefined): unknown {
  if (!(error instanceof Error)) return error;
  if (until !== undefined && error.message.includes('recovery ended before configured recovery target')) {
    return new EmbeddedDatabaseError(
      `Nothing in ${backup.folder} is as late as ${iso(until)}: leave --until out to bring back all that there is.`,
      { cause: error },
    );
  }
  return error;
}

const iso = (at: number): string => new Date(at).toISOString();
