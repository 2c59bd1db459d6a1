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
import { deleteCluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { DatabaseUse } from './database-use.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import { tryLock, waitForLock } from './file-lock.ts';
import { findPlace, forgetPlace, openHome } from './home.ts';
import { endCluster } from './postmaster.ts';
import { becomeServer } from './server-lock.ts';

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
    const server = await becomeServer(home, () => {});
    try {
      server.announceStopping(); // A server that starts meanwhile waits until the new beginning.
      const gate = await waitForLock(home.gate);
      try {
        const alone = tryLock(home.users, 'exclusive');
        if (alone === undefined) {
          throw new EmbeddedDatabaseError(
            `A Refundry command is using the database in ${home.folder}: it cannot be deleted now.`,
          );
        }
        try {
          const place = findPlace(home, systemFolder);
          if (place !== undefined) {
            await endCluster(place);
            deleteCluster(place);
            forgetPlace(place);
          }
        } finally {
          alone.release();
        }
      } finally {
        gate.release();
      }
    } finally {
      server.release();
    }
  });
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
