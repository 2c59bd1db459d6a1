/** One process's use of the database, from opening to release. Meanwhile it watches the database and starts it again if it dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Connection } from './connection.ts';
import { type FileLock, tryLock, waitForLock } from './file-lock.ts';
import { type Home, type Place, findPlace, makePlace, openHome } from './home.ts';
import type { EmbeddedDatabase, OpenOptions } from './index.ts';
import { boundLog } from './postgres-log.ts';
import { ensureRunning, stopPostmaster } from './postmaster.ts';
import { finishRestore } from './change-places.ts';
import { type ServerLock, becomeServer } from './server-lock.ts';

/** A process that leaves does not wait for ever for one that hangs at the gate: the database then stays up and is adopted later. */
const LEAVE_MS = 30_000;
/** A database that hangs does not say goodbye. */
const HANG_UP_MS = 1000;
/** Between attempts to bring a dead database back. */
const RETRY_MS = 1000;
const LOG_CHECK_MS = 60 * 60_000;

/** `ref` and `unref` are missing from the driver's types. */
type Watch = Client & { ref(): void; unref(): void };

export class DatabaseUse implements EmbeddedDatabase {
  readonly connection: Readonly<Connection>;
  readonly place: Place;
  readonly #log: (line: string) => void;
  readonly #server: ServerLock | undefined;
  readonly #use: FileLock;
  readonly #logCheck: NodeJS.Timeout;
  #watch: Watch;
  #reviving: Promise<void> | undefined;
  #released: Promise<void> | undefined;

  static async begin({ home: path, role, log = () => {}, systemFolder }: OpenOptions): Promise<DatabaseUse> {
    const home = openHome(path);
    const server = role === 'server' ? await becomeServer(home, log) : undefined;
    try {
      const gate = await passGate(home, log);
      try {
        boundLog(home);
        const place = findPlace(home, systemFolder) ?? makePlace(home, systemFolder);
        const alone = tryLock(home.users, 'exclusive');
        try {
          if (alone !== undefined) await finishRestore(place);
        } finally {
          alone?.release();
        }
        const watch = await ensureRunning(place, { isAlone: alone !== undefined, log });
        const use = tryLock(home.users, 'shared');
        if (use === undefined) throw new Error(`${home.users} is locked by a process that does not hold the gate`);
        return new DatabaseUse(place, watch, use, server, log);
      } finally {
        gate.release();
      }
    } catch (error) {
      server?.release();
      throw error;
    }
  }

  private constructor(
    place: Place,
    watch: Client,
    use: FileLock,
    server: ServerLock | undefined,
    log: (line: string) => void,
  ) {
    const { host, port, user = '', database = '', password } = watch;
    this.connection = Object.freeze({ host, port, user, database, ...(password ? { password } : {}) });
    this.place = place;
    this.#use = use;
    this.#server = server;
    this.#log = log;
    this.#watch = this.#watchOver(watch);
    this.#logCheck = setInterval(() => this.#boundLog(), LOG_CHECK_MS).unref();
  }

  /** An hourly chore must not end the server. */
  #boundLog(): void {
    try {
      boundLog(this.place.home);
    } catch (error) {
      this.#log(`${this.place.home.log} could not be shortened: ${reasonOf(error)}`);
    }
  }

  announceStopping(): void {
    this.#server?.announceStopping();
  }

  release(): Promise<void> {
    this.#released ??= this.#leave();
    return this.#released;
  }

  async #leave(): Promise<void> {
    clearInterval(this.#logCheck);
    let gate: FileLock | undefined;
    try {
      this.announceStopping();
      await Promise.race([this.#reviving, patience(LEAVE_MS)]);
      this.#watch.ref();
      await Promise.race([this.#watch.end(), patience(HANG_UP_MS)]);
      gate = await waitForLock(this.place.home.gate, { patienceMs: LEAVE_MS });
      this.#use.release();
      const alone = tryLock(this.place.home.users, 'exclusive');
      if (alone === undefined) return;
      try {
        await stopPostmaster(this.place);
      } finally {
        alone.release();
      }
    } catch (error) {
      this.#log(`The database in ${this.place.folder} was left running: ${reasonOf(error)}`);
    } finally {
      this.#use.release();
      this.#server?.release();
      gate?.release();
    }
  }

  /** The connection that tells us when the database dies. It alone does not keep the process alive. */
  #watchOver(client: Client): Watch {
    const watch = client as Watch;
    watch.unref();
    watch.once('end', () => {
      if (this.#released === undefined) this.#reviving = this.#revive();
    });
    return watch;
  }

  async #revive(): Promise<void> {
    this.#log(`The database in ${this.place.folder} hung up: bringing it back.`);
    while (this.#released === undefined) {
      try {
        const gate = await passGate(this.place.home, this.#log);
        try {
          this.#watch = this.#watchOver(await ensureRunning(this.place, { isAlone: false, log: this.#log }));
        } finally {
          gate.release();
        }
        this.#log(`The database in ${this.place.folder} is back.`);
        return;
      } catch (error) {
        this.#log(`The database in ${this.place.folder} does not come back: ${reasonOf(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A limit on waiting that does not itself keep the process from ending. */
function patience(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}

function passGate(home: Home, log: (line: string) => void): Promise<FileLock> {
  return waitForLock(home.gate, {
    onWait: () => log(`Waiting for another process that is starting or stopping the database in ${home.folder}.`),
  });
}
