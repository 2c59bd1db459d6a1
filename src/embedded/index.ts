/**
 * The embedded PostgreSQL: a database without installing one. `openEmbedded` makes, starts or adopts the cluster in a folder.
 *
 * Three locks between processes (see file-lock.ts) make that safe, all in the home:
 * - *gate*: held by whoever makes, starts, stops or deletes the cluster; nothing of that ever happens twice at a time.
 * - *server*: held by the one server.
 * - *users*: shared by all who use the database. Who leaves and finds nobody else stops it: the last one out turns off the light.
 * They vanish with their holders, so after any crash the next one simply goes on from what is there.
 *
 * No hook on a signal or on exit stops the database: a process that is killed leaves it running, and the next one adopts it.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { backupEmbedded as makeBackup } from './backup.ts';
import { deleteCluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { DatabaseUse } from './database-use.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import { findPlace, forgetPlace, openHome } from './home.ts';
import { withNobodyElse } from './nobody-else.ts';
import { endCluster } from './postmaster.ts';
import { type Restored, type RestoreOptions, restoreEmbedded as restore } from './restore.ts';

export { archiveState, endArchive } from './backup.ts';
export { EmbeddedDatabaseError } from './errors.ts';

export interface EmbeddedDatabase {
  /** Settings for `pg`: the socket's folder as host, port, user and database. */
  readonly connection: Readonly<Connection>;
  /**
   * Says that this server is about to stop, so that its successor waits for it (up to 10 seconds) instead of being refused. Call it on
   * the first signal; `release` says it too.
   */
  announceStopping(): void;
  /** Ends this process's use of the database, and stops the database if nobody else uses it. Close all connections first. */
  release(): Promise<void>;
}

export interface OpenOptions {
  readonly home: string;
  /** There is at most one server on a home, and any number of commands. */
  readonly role: 'server' | 'command';
  readonly log?: (line: string) => void;
  /** Where root keeps what PostgreSQL's account could not reach in the home: /var/lib/refundry. */
  readonly systemFolder?: string;
}

/**
 * Opens the database in `home`: makes, starts or adopts it. Errors: EmbeddedDatabaseError, when another server runs on `home`, and when
 * the database cannot be made, started or reached.
 */
export async function openEmbedded(options: OpenOptions): Promise<EmbeddedDatabase> {
  return withClearErrors(`The database in ${resolve(options.home)} cannot be opened`, () => DatabaseUse.begin(options));
}

/** Deletes the database in `path`, with all that is in it. Errors: EmbeddedDatabaseError, while a server or a command uses it. */
export async function resetEmbedded(path: string, systemFolder?: string): Promise<void> {
  if (!existsSync(resolve(path))) return;
  await withClearErrors(`The database in ${resolve(path)} cannot be deleted`, async () => {
    const home = openHome(path);
    await withNobodyElse(home, 'deleted', async () => {
      const place = findPlace(home, systemFolder);
      if (place === undefined) return;
      await endCluster(place);
      deleteCluster(place);
      forgetPlace(place);
    });
  });
}

/** Makes a backup of the database in `home` in a new folder; from then on PostgreSQL adds its log to it. Errors: EmbeddedDatabaseError. */
export async function backupEmbedded(home: string, target: string): ReturnType<typeof makeBackup> {
  return withClearErrors(`The database in ${resolve(home)} cannot be backed up`, () => makeBackup(home, target));
}

/** Brings a database back from a backup. Errors: EmbeddedDatabaseError; what was there is then there still. */
export async function restoreEmbedded(options: RestoreOptions): Promise<Restored> {
  return withClearErrors(`${resolve(options.from)} cannot be restored`, () => restore(options));
}

async function withClearErrors<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EmbeddedDatabaseError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedDatabaseError(`${what}: ${reason}`, { cause: error });
  }
}
