/**
 * A physical backup of the embedded database, while it works: a copy of its files, and from then on every segment of its
 * log. PostgreSQL's own low-level procedure (its manual, 25.3.4), because the programs that come with Refundry have no
 * pg_basebackup.
 *
 *     backup/backup.json    written last: a backup without it is none
 *     backup/base/          the files, as they were while they were being copied
 *     backup/wal/           the log since; PostgreSQL adds to it
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type Account, barrierOnTheWay, isRoot, ownAccount } from './account.ts';
import { ARCHIVE_TIMEOUT_SECONDS, archivedSegments, isArchiveLink, readArchive, setArchive } from './archive.ts';
import { copyFolder, makePrivateFolder, syncFolder, writeNewFile } from './copy-folder.ts';
import { DatabaseUse } from './database-use.ts';
import { EmbeddedDatabaseError } from './errors.ts';

/** PostgreSQL tries three times, a second apart, before it waits for a minute. */
const ARCHIVE_PATIENCE_MS = 60_000;
const POLL_MS = 20;
/** Of advisory locks: nobody else uses any on this number. */
const BACKUP_LOCK = 7_301_842;

export interface Backup {
  readonly folder: string;
  /** PostgreSQL's version, as in PG_VERSION. */
  readonly version: string;
  /** Milliseconds since 1970: nothing before it can be restored. */
  readonly finishedAt: number;
  /** The first segment of the log that the files need. */
  readonly firstSegment: string;
}

export interface ArchiveState {
  /** The backup that the log is added to; undefined: none. */
  readonly folder: string | undefined;
  /** Milliseconds since 1970 of the last segment that was archived and of the last that could not be, or null. */
  readonly archivedAt: number | null;
  readonly failedAt: number | null;
}

/** Makes a backup of the database in `home` in the new folder `target`, and returns how many bytes were copied. */
export async function backupEmbedded(home: string, target: string): Promise<{ backup: Backup; bytes: number }> {
  if (process.platform === 'win32') throw new EmbeddedDatabaseError('Backups are made on Linux and macOS only.');
  const folder = resolve(target);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new EmbeddedDatabaseError(`${folder} is not empty: every backup has a folder of its own.`);
  }
  return withDatabase(home, async (use, client) => {
    const { data, account } = use.place;
    if (folder === data || folder.startsWith(`${data}/`)) {
      throw new EmbeddedDatabaseError(`${folder} is inside the database: a backup belongs on another disk.`);
    }
    const { rows } = await client.query<{ alone: boolean }>(`SELECT pg_try_advisory_lock($1) AS alone`, [BACKUP_LOCK]);
    if (rows[0]?.alone !== true) throw new EmbeddedDatabaseError('Another backup of this database is being made.');
    makeFolders(folder, account);
    const before = readArchive(data);
    try {
      setArchive(data, join(folder, 'wal'));
      await client.query(`ALTER SYSTEM SET archive_timeout = ${ARCHIVE_TIMEOUT_SECONDS}`);
      await client.query(`SELECT pg_reload_conf()`);
      return await copy(client, data, folder);
    } catch (error) {
      setArchive(data, before);
      for (const part of ['base', 'wal']) rmSync(join(folder, part), { recursive: true, force: true });
      throw error;
    }
  });
}

/** What becomes of the log. */
export async function archiveState(home: string): Promise<ArchiveState> {
  return withDatabase(home, async (use, client) => {
    const { rows } = await client.query<{ archived: Date | null; failed: Date | null }>(
      `SELECT last_archived_time AS archived, last_failed_time AS failed FROM pg_stat_archiver`,
    );
    const wal = readArchive(use.place.data);
    return {
      folder: wal === undefined ? undefined : resolve(wal, '..'),
      archivedAt: rows[0]?.archived?.getTime() ?? null,
      failedAt: rows[0]?.failed?.getTime() ?? null,
    };
  });
}

/** The log is added to no backup any more. Returns the one that it was added to, or undefined. */
export async function endArchive(home: string): Promise<string | undefined> {
  return withDatabase(home, async (use, client) => {
    const wal = readArchive(use.place.data);
    setArchive(use.place.data, undefined);
    await client.query(`ALTER SYSTEM RESET archive_timeout`);
    await client.query(`SELECT pg_reload_conf()`);
    return wal === undefined ? undefined : resolve(wal, '..');
  });
}

/** Reads what a backup says of itself. */
export function readBackup(path: string): Backup {
  const folder = resolve(path);
  try {
    const { version, finished_at, first_segment } = JSON.parse(
      readFileSync(join(folder, 'backup.json'), 'utf8'),
    ) as Record<string, unknown>;
    const finishedAt = Date.parse(String(finished_at));
    if (typeof version === 'string' && !Number.isNaN(finishedAt) && typeof first_segment === 'string') {
      return { folder, version, finishedAt, firstSegment: first_segment };
    }
  } catch {
    // The same sentence for all of it.
  }
  throw new EmbeddedDatabaseError(`${folder} is no finished backup: it has no backup.json that can be read.`);
}

async function withDatabase<T>(home: string, work: (use: DatabaseUse, client: Client) => Promise<T>): Promise<T> {
  const use = await DatabaseUse.begin({ home, role: 'command' });
  try {
    const client = new Client({ ...use.connection, ssl: false, application_name: 'refundry backup' });
    client.on('error', () => {
      // The statement in flight fails, too.
    });
    await client.connect();
    try {
      return await work(use, client);
    } finally {
      await client.end();
    }
  } finally {
    await use.release();
  }
}

function makeFolders(folder: string, account: Account): void {
  // Others may pass through to `wal`, which is PostgreSQL's own, where it runs as another account.
  mkdirSync(folder, { recursive: true, mode: isRoot ? 0o711 : 0o700 });
  makePrivateFolder(join(folder, 'wal'), account);
  const barrier = barrierOnTheWay(join(folder, 'wal'), account);
  if (barrier === undefined) return;
  rmSync(join(folder, 'wal'), { recursive: true });
  throw new EmbeddedDatabaseError(
    `PostgreSQL runs as user ${account.uid}, who may not enter ${barrier}. Allow it with: chmod a+x '${barrier}'`,
  );
}

async function copy(client: Client, data: string, folder: string): Promise<{ backup: Backup; bytes: number }> {
  const started = await client.query<{ segment: string }>(
    `SELECT pg_walfile_name(pg_backup_start('refundry', true)) AS segment`,
  );
  const bytes = copyFolder(data, join(folder, 'base'), ownAccount, isLeftOut);
  const { rows } = await client.query<{ label: string; spaces: string; segment: string; finished: Date }>(
    `SELECT labelfile AS label, spcmapfile AS spaces, pg_walfile_name(lsn) AS segment, clock_timestamp() AS finished
       FROM pg_backup_stop(false)`,
  );
  const [stopped] = rows;
  const firstSegment = started.rows[0]?.segment;
  if (stopped === undefined || firstSegment === undefined) throw new Error('a backup has neither beginning nor end');
  if (stopped.spaces.trim() !== '')
    throw new EmbeddedDatabaseError('The database has tablespaces: it cannot be copied.');
  writeNewFile(join(folder, 'base', 'backup_label'), stopped.label, ownAccount);
  await untilArchived(client, join(folder, 'wal'), stopped.segment);
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  const backup: Backup = { folder, version, finishedAt: stopped.finished.getTime(), firstSegment };
  const described = { version, finished_at: stopped.finished.toISOString(), first_segment: firstSegment };
  writeNewFile(join(folder, 'backup.json'), `${JSON.stringify(described, null, 2)}\n`, ownAccount);
  syncFolder(folder);
  return { backup, bytes };
}

/** What is of this run of PostgreSQL only (its manual, 25.3.4.1), and its log, which the archive has. */
function isLeftOut(path: string): boolean {
  const [top = '', below] = path.split('/');
  if (below !== undefined && EMPTIED.has(top)) return path !== 'pg_wal/archive_status';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    isArchiveLink(path) || LEFT_OUT.has(path) || name.startsWith('pgsql_tmp') || name.startsWith('pg_internal.init')
  );
}

const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'backup_label', 'tablespace_map']);
const EMPTIED = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

/** Waits until the last segment that the copy needs is in the archive: only then can it be restored. */
async function untilArchived(client: Client, wal: string, segment: string): Promise<void> {
  const began = Date.now();
  while (!archivedSegments(wal).includes(segment)) {
    const { rows } = await client.query<{ failed: boolean }>(
      `SELECT last_failed_time > now() - interval '10 s' AND last_failed_time > coalesce(last_archived_time, 'epoch') AS failed
         FROM pg_stat_archiver`,
    );
    if (rows[0]?.failed === true || Date.now() - began > ARCHIVE_PATIENCE_MS) {
      throw new EmbeddedDatabaseError(
        `PostgreSQL cannot write its log to ${wal}: is there room, and may it write there? The end of postgres.log says more.`,
      );
    }
    await sleep(POLL_MS);
  }
}
