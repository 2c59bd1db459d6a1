/**
 * A database as bad as a real one may be, in memory: buckets whose heads can be locked, transactions that see what is
 * committed when a statement is executed, and connections that answer late, break at any moment, and may deliver what was
 * sent long after the other side has given them up.
 */
import pg from 'pg';
import type { Book } from '../../src/core/book.ts';
import type { Random } from '../kit/random.ts';
import { Rows } from '../kit/rows.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How often what goes wrong: once in so many; `Infinity` for never. */
export interface Faults {
  /** The longest that a message is under way, in milliseconds. */
  readonly delayMs: number;
  /** A statement that takes up to half a second. */
  readonly slow: number;
  /** A connection that breaks at a statement. */
  readonly cut: number;
  /** A statement that fails by no fault of its own. */
  readonly error: number;
  /** An attempt to connect that fails. */
  readonly refuse: number;
}

export const NO_FAULTS: Faults = {
  delayMs: 1,
  slow: Number.POSITIVE_INFINITY,
  cut: Number.POSITIVE_INFINITY,
  error: Number.POSITIVE_INFINITY,
  refuse: Number.POSITIVE_INFINITY,
};

/** As the server has it (`src/store/lane.ts`). */
const LOCK_TIMEOUT_MS = 250;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;

/** Commands of such requests are refused by the database, as if it could not store them. */
export const POISON = 'poison-';

export function databaseError(code: string, message: string, severity = 'ERROR'): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, 0, 'error'), { code, severity });
}

export interface DatabaseObserver {
  /** Told of every commit, at the moment at which it happens. */
  readonly onCommit: (bucket: number, book: Book) => void;
  /** Told of what unique indexes and counted saves had to refuse. */
  readonly onGuard: (why: string) => void;
}

interface Lock {
  holder: Backend | null;
  readonly waiting: { readonly backend: Backend; readonly grant: () => void }[];
}

export class SimulatedDatabase {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly books: readonly Rows[];
  faults: Faults;
  /** What went wrong, by its name. */
  readonly wentWrong = new Map<string, number>();
  /** Nobody can connect before. */
  downUntil = 0;
  readonly onCommit: DatabaseObserver['onCommit'];
  readonly onGuard: DatabaseObserver['onGuard'];
  readonly #locks: readonly Lock[];
  readonly #backends = new Set<Backend>();

  constructor(
    time: VirtualTime,
    random: Random,
    buckets: number,
    faults: Faults,
    { onCommit, onGuard }: DatabaseObserver,
  ) {
    this.time = time;
    this.random = random;
    this.books = Array.from({ length: buckets }, (_, bucket) => new Rows(bucket));
    this.#locks = this.books.map(() => ({ holder: null, waiting: [] }));
    this.faults = faults;
    this.onCommit = onCommit;
    this.onGuard = onGuard;
  }

  note(what: string): void {
    this.wentWrong.set(what, (this.wentWrong.get(what) ?? 0) + 1);
  }

  rows(bucket: number): Rows {
    const rows = this.books[bucket];
    if (rows === undefined) throw new RangeError(`there is no bucket ${bucket}`);
    return rows;
  }

  add(backend: Backend): void {
    this.#backends.add(backend);
  }

  /** The server process behind everybody dies and comes back: what is not committed is lost, and all connections are. */
  crash(downMs: number): void {
    this.note('database crashes');
    this.downUntil = Math.max(this.downUntil, this.time.now + downMs);
    for (const backend of this.#backends) backend.terminate(databaseError('57P02', 'crash', 'FATAL'));
  }

  /** Ends one connection that somebody uses, as an administrator may. */
  terminateOne(): void {
    const [...backends] = this.#backends;
    if (backends.length === 0) return;
    this.note('connections terminated');
    this.random.pick(backends).terminate(databaseError('57P01', 'terminating connection', 'FATAL'));
  }

  /** Waits for a bucket's head, for as long as a lane would. */
  lock(bucket: number, backend: Backend, granted: () => void, timedOut: () => void): void {
    const lock = this.#lock(bucket);
    if (lock.holder === null || lock.holder === backend) {
      lock.holder = backend;
      granted();
      return;
    }
    let isOver = false;
    const grant = (): void => {
      isOver = true;
      granted();
    };
    const waiting = { backend, grant };
    lock.waiting.push(waiting);
    this.time.after(LOCK_TIMEOUT_MS, () => {
      if (isOver || backend.isGone) return;
      lock.waiting.splice(lock.waiting.indexOf(waiting), 1);
      timedOut();
    });
  }

  /** Gives up what a connection holds and waits for. */
  release(backend: Backend): void {
    for (const lock of this.#locks) {
      for (const [index, one] of [...lock.waiting.entries()].reverse()) {
        if (one.backend === backend) lock.waiting.splice(index, 1);
      }
      if (lock.holder !== backend) continue;
      const next = lock.waiting.shift();
      lock.holder = next?.backend ?? null;
      next?.grant();
    }
  }

  remove(backend: Backend): void {
    this.#backends.delete(backend);
  }

  #lock(bucket: number): Lock {
    const lock = this.#locks[bucket];
    if (lock === undefined) throw new RangeError(`there is no bucket ${bucket}`);
    return lock;
  }
}

/** What became of a statement. */
export type Reply = { readonly error: Error } | { readonly value: unknown };

export interface Statement {
  /** Ends the transaction: also one that has failed. */
  readonly isEnd: boolean;
  /** Does it, at once or once a lock is held. */
  readonly execute: (backend: Backend, done: (reply: Reply) => void) => void;
  /** Takes the answer to whoever asked. */
  readonly answer: (reply: Reply) => void;
}

interface Transaction {
  hasFailed: boolean;
  readonly changes: { readonly bucket: number; readonly book: Book }[];
}

/** The server's side of a connection: statements one after the other, in the order in which they came. */
export class Backend {
  readonly database: SimulatedDatabase;
  isGone = false;
  transaction: Transaction | null = null;
  /** Tells the other side that the connection has ended. */
  onEnd: (error: Error) => void = () => undefined;
  readonly #inbox: Statement[] = [];
  #isBusy = false;
  #idleSince = 0;

  constructor(database: SimulatedDatabase) {
    this.database = database;
    database.add(this);
  }

  arrive(statement: Statement): void {
    if (this.isGone) return;
    this.#inbox.push(statement);
    this.#next();
  }

  /** Ends now; what was not committed is rolled back. */
  terminate(error: Error): void {
    if (this.isGone) return;
    this.isGone = true;
    this.transaction = null;
    this.database.remove(this);
    this.database.release(this);
    this.onEnd(error);
  }

  begin(): void {
    this.transaction = { hasFailed: false, changes: [] };
  }

  /** Returns the tag. Throws what a failed commit is answered with. */
  commit(): string {
    const { transaction, database } = this;
    if (transaction === null || transaction.hasFailed) {
      this.rollback();
      return 'ROLLBACK';
    }
    if (database.random.oneIn(database.faults.error)) {
      database.note('commits refused');
      this.rollback();
      throw databaseError('40001', 'could not commit');
    }
    for (const { bucket, book } of transaction.changes) {
      database.rows(bucket).save(book);
      database.onCommit(bucket, book);
    }
    this.transaction = null;
    database.release(this);
    return 'COMMIT';
  }

  rollback(): void {
    this.transaction = null;
    this.database.release(this);
  }

  #next(): void {
    const { time, random, faults } = this.database;
    if (this.#isBusy || this.isGone) return;
    const statement = this.#inbox.shift();
    if (statement === undefined) {
      this.#waitIdly();
      return;
    }
    this.#isBusy = true;
    const isSlow = random.oneIn(faults.slow);
    if (isSlow) this.database.note('slow statements');
    time.after(isSlow ? random.between(1, 500) : random.next(), () => this.#execute(statement));
  }

  #execute(statement: Statement): void {
    if (this.isGone) return;
    const { database } = this;
    const done = (reply: Reply): void => {
      if (this.isGone) return;
      if ('error' in reply && this.transaction !== null) this.transaction.hasFailed = true;
      this.#isBusy = false;
      statement.answer(reply);
      this.#next();
    };
    if (!statement.isEnd && this.transaction?.hasFailed === true) {
      done({ error: databaseError('25P02', 'current transaction is aborted') });
      return;
    }
    if (!statement.isEnd && database.random.oneIn(database.faults.error)) {
      const code = database.random.pick(['40001', '53200', '57014', '58030', 'XX000']);
      database.note('statements that failed');
      done({ error: databaseError(code, `it fails with ${code}`) });
      return;
    }
    try {
      statement.execute(this, done);
    } catch (error) {
      done({ error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #waitIdly(): void {
    const { time } = this.database;
    const since = (this.#idleSince = time.now);
    if (this.transaction === null) return;
    time.after(IDLE_IN_TRANSACTION_TIMEOUT_MS, () => {
      if (this.#isBusy || this.#idleSince !== since || this.transaction === null) return;
      this.database.note('transactions that idled too long');
      this.terminate(databaseError('25P03', 'idle in transaction', 'FATAL'));
    });
  }
}
