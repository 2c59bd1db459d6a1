/**
 * The one door to the books. Commands queue per bucket; a lane takes a bucket's batch, decides it under the head's lock
 * and commits it; only then is anyone answered. What arrives while a batch commits is the next batch: no timer.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import type { Book } from '../core/book.ts';
import { withoutCardNumbers } from '../core/card-number.ts';
import type { Command } from '../core/command.ts';
import { decide } from '../core/decide.ts';
import { refusal } from '../core/errors.ts';
import { bucketOf, formatId, isId } from '../core/ids.ts';
import { namesOf } from '../core/names.ts';
import { type Outcome, refusedOutcome } from '../core/outcome.ts';
import { assertClock } from '../store/clock.ts';
import { assertDurable, type DatabaseSettings } from '../store/connection.ts';
import { connectLane, type Lane } from '../store/lane.ts';
import { loadBook } from '../store/load.ts';
import { readInstallation } from '../store/migrate.ts';
import {
  beginBatch,
  CommitUnknown,
  commitBatch,
  endWithoutChanges,
  type EntryName,
  findOut,
  NotCommitted,
  type Session,
} from '../store/transaction.ts';
import { type EngineObserver, guarded } from './observer.ts';
import { BucketQueues, settle, type Waiting } from './queue.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';

export interface EngineOptions {
  /** Connections that commit. One per core: more only make smaller batches. */
  readonly lanes: number;
  /** The most commands of one transaction. */
  readonly maxBatch: number;
  /** The most commands that may wait for one bucket; past it, callers are told to come back. */
  readonly maxQueued: number;
  /**
   * How long what is let in may have to wait for its batch, by the pace that its bucket has: past it, callers are told to
   * come back at once, rather than be kept waiting together with all the others.
   */
  readonly maxWaitMs: number;
  /** How long a caller waits for an answer. */
  readonly deadlineMs: number;
  /** The process's clock, milliseconds since 1970. */
  readonly clock: () => number;
  readonly observer: EngineObserver;
}

const DEFAULTS: EngineOptions = {
  lanes: Math.max(1, availableParallelism()),
  maxBatch: 256,
  maxQueued: 4096,
  maxWaitMs: 150,
  deadlineMs: 10_000,
  clock: Date.now,
  observer: {},
};

/** How often deadlines are looked at: a caller is answered at most this much late. */
const SWEEP_MS = 50;
/** Between attempts to connect again, or to find out what became of a commit. */
const RETRY_MS = [50, 100, 200, 500, 1000] as const;

/** How long a bucket that another process holds is left alone. */
const HELD_BUCKET_MS = 200;

/** Between looks whether all have been answered. */
const CLOSING_MS = 5;

/** A few milliseconds' worth. */
const PREVIEWED_AT_ONCE = 100;

const retryDelay = (attempt: number): number => RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 1000;

const overloaded = (why: string): Outcome => refusedOutcome(refusal('overloaded', why));

export class Engine {
  readonly #surroundings: Surroundings;
  readonly #options: EngineOptions & { readonly observer: Required<EngineObserver> };
  readonly #queues: BucketQueues;
  /** Lanes without a batch. A lane that is reconnecting is in no list. */
  readonly #idleLanes: Session[];
  /** Idle ones, and those with a batch; not those that were lost. */
  #connectedLanes: number;
  readonly #stopSweeping: () => void;
  readonly #working = new Set<Promise<void>>();
  #pumpScheduled = false;
  #closing = false;
  readonly buckets: number;

  /** On connected lanes, to books of so many buckets. `open` is what a server uses. */
  constructor(surroundings: Surroundings, buckets: number, lanes: Session[], options: Partial<EngineOptions> = {}) {
    this.#surroundings = surroundings;
    this.#options = { ...DEFAULTS, ...options, observer: guarded(options.observer ?? {}) };
    this.buckets = buckets;
    this.#idleLanes = lanes;
    this.#connectedLanes = lanes.length;
    this.#queues = new BucketQueues(buckets, this.#options);
    this.#stopSweeping = surroundings.time.every(SWEEP_MS, () => this.#sweep());
  }

  /**
   * Connects, and refuses a database that may lose commits, and a clock of ours that is far ahead of the database's. Throws
   * an `Error` with a sentence for the operator.
   */
  static async open(database: DatabaseSettings, options: Partial<EngineOptions> = {}): Promise<Engine> {
    const { lanes: count = DEFAULTS.lanes, observer = {} } = options;
    const lanes: Lane[] = [];
    try {
      const first = await connectLane(database);
      lanes.push(first);
      await assertDurable(first);
      const warning = await assertClock(first);
      if (warning !== null) guarded(observer).trouble(warning, undefined);
      const { buckets } = await readInstallation(first);
      while (lanes.length < count) lanes.push(await connectLane(database));
      return new Engine(surroundingsOf(database), buckets, lanes, options);
    } catch (error) {
      await Promise.allSettled(lanes.map((lane) => lane.end()));
      throw error;
    }
  }

  /** Commands that wait for their batch. */
  get queueDepth(): number {
    return this.#queues.queued;
  }

  /** Whether a batch could start now: readiness for a load balancer. */
  get isConnected(): boolean {
    return this.#connectedLanes > 0;
  }

  /** An id for a merchant to be made: it carries the bucket in which the merchant will live for good. */
  newMerchantId(): string {
    const bucket = Math.floor(Math.random() * this.buckets);
    return formatId(this.#options.clock(), bucket, this.#surroundings.randomUuid());
  }

  /**
   * Executes one command. Resolves with its outcome once that is committed, or with a refusal; `overloaded` and
   * `outcome_unknown` are refusals, too. Never rejects.
   */
  async execute(given: Command): Promise<Outcome> {
    const command = withoutCardNumbers(given);
    const outcome = await this.#enqueue(command);
    this.#options.observer.outcome(command, outcome);
    return outcome;
  }

  #enqueue(command: Command): Promise<Outcome> {
    if (this.#closing) return Promise.resolve(overloaded('the server is stopping'));
    const bucket = this.#bucketFor(command);
    if (bucket === null) {
      return Promise.resolve(
        refusedOutcome(refusal('resource_not_found', 'there is no such merchant', { resource: 'merchant' })),
      );
    }
    const { elapsed } = this.#surroundings.time;
    return new Promise((resolve) => {
      const waiting: Waiting = {
        command,
        deadline: elapsed() + this.#options.deadlineMs,
        settle: resolve,
        decided: null,
        retried: false,
      };
      if (!this.#queues.push(bucket, waiting)) {
        settle(waiting, overloaded('more commands wait already than are done in time; nothing happened, try again'));
        return;
      }
      this.#schedulePump();
    });
  }

  /**
   * What commands would bring about now, one after the other, without doing it: decided on a copy of the book, outside the
   * lock. All are for the same merchant. The books may change before the commands themselves are executed.
   */
  async preview(given: readonly Command[], client: pg.ClientBase): Promise<Outcome[]> {
    const commands = given.map(withoutCardNumbers);
    const [first] = commands;
    if (first === undefined) return [];
    const bucket = this.#bucketFor(first);
    if (bucket === null || commands.some(({ merchantId }) => merchantId !== first.merchantId)) {
      const refused = refusal('resource_not_found', 'there is no such merchant', { resource: 'merchant' });
      return commands.map(() => refusedOutcome(refused));
    }
    const book = await loadBook(client, bucket, namesOf(commands), false);
    const outcomes: Outcome[] = [];
    for (const command of commands) {
      outcomes.push(this.#decide(book, command));
      // Thousands of them must not keep those waiting who ask for one.
      if (outcomes.length % PREVIEWED_AT_ONCE === 0) await nextTurn();
    }
    return outcomes;
  }

  /** Takes no more, answers all that wait (within their deadlines), and closes the lanes. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#queues.hasCallers) {
      this.#schedulePump();
      await this.#surroundings.time.sleep(CLOSING_MS);
    }
    await Promise.allSettled(this.#working);
    this.#stopSweeping();
    await Promise.allSettled(this.#idleLanes.splice(0).map((lane) => lane.end()));
  }

  #trouble(message: string, error: unknown): void {
    this.#options.observer.trouble(message, error);
  }

  #bucketFor(command: Command): number | null {
    if (command.merchantId === null) return 0;
    if (!isId(command.merchantId)) return null;
    const bucket = bucketOf(command.merchantId);
    return bucket < this.buckets ? bucket : null;
  }

  /** Starts batches after the current turn of the event loop, so that all that arrived in it share the first. */
  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    this.#surroundings.time.nextTurn(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#idleLanes.length > 0) {
      const next = this.#queues.take(this.#surroundings.time.elapsed());
      if (next === null) return;
      const lane = this.#idleLanes.pop();
      if (lane === undefined) return;
      const work = this.#work(lane, next.bucket, next.batch);
      this.#working.add(work);
      void work.finally(() => {
        this.#working.delete(work);
        this.#pump();
      });
    }
  }

  /** Runs one batch on one lane to its end, whatever that is. Never rejects. */
  async #work(lane: Session, bucket: number, batch: Waiting[]): Promise<void> {
    const live = batch.filter(({ settle: answer }) => answer !== null);
    const { elapsed } = this.#surroundings.time;
    const started = elapsed();
    try {
      if (live.length > 0) await this.#commit(lane, bucket, live);
      this.#options.observer.batch(bucket, live.length, elapsed() - started);
      this.#idleLanes.push(lane);
      this.#queues.done(bucket);
    } catch (error) {
      this.#connectedLanes -= 1;
      lane.end().catch(() => undefined);
      const reconnected = this.#reconnect();
      this.#queues.done(bucket, await this.#recover(bucket, live, error));
      await reconnected;
    }
  }

  /** Decides and commits, then answers. Throws `NotCommitted` or `UnknownBatch`; the lane is to be discarded then. */
  async #commit(lane: Session, bucket: number, batch: readonly Waiting[]): Promise<void> {
    const book = await beginBatch(lane, bucket, namesOf(batch.map(({ command }) => command)));
    const { seq } = book.head;
    for (const waiting of batch) {
      // Whoever was told meanwhile that nothing happened must be right.
      if (waiting.settle !== null) waiting.decided = this.#decide(book, waiting.command);
    }
    if (book.hasChanges) {
      try {
        await commitBatch(lane, book, seq);
      } catch (error) {
        const [first] = book.changes.entries;
        if (error instanceof CommitUnknown && first !== undefined) throw new UnknownBatch(error, first);
        throw error;
      }
    } else {
      await endWithoutChanges(lane);
    }
    answer(batch);
  }

  /** An exception inside the rules fails its own command only: nothing of it is in the book. */
  #decide(book: Book, command: Command): Outcome {
    const now = Math.max(this.#options.clock(), book.head.at);
    const { randomUuid } = this.#surroundings;
    try {
      return book.record(
        decide(book, command, {
          now,
          newId: () => formatId(now, book.bucket, randomUuid()),
          newSalt: randomUuid,
        }),
      );
    } catch (error) {
      this.#options.observer.bug(command, error);
      return refusedOutcome(refusal('internal_error', 'Refundry made a mistake; nothing happened'));
    }
  }

  /**
   * After a batch failed: answers what can be answered, and returns what is to be tried again. The bucket stays in flight
   * meanwhile, so that nothing overtakes it. Never rejects.
   */
  async #recover(bucket: number, batch: readonly Waiting[], error: unknown): Promise<Waiting[]> {
    if (error instanceof UnknownBatch) {
      this.#trouble(`the commit of a batch of ${batch.length} has no answer`, error);
      if ((await this.#findOut(bucket, error)) === 'not committed') return undecided(batch);
      answer(batch);
      return [];
    }
    if (error instanceof NotCommitted && error.isLockTimeout) {
      // Another process holds the bucket, and may have stopped: meanwhile the lanes belong to the others.
      await this.#surroundings.time.sleep(HELD_BUCKET_MS);
      return undecided(batch);
    }
    if (error instanceof NotCommitted && error.mayBeOneCommand) return this.#inHalves(bucket, batch, error);
    this.#trouble(`a batch of ${batch.length} was not committed`, error);
    const isConnectionLoss = error instanceof NotCommitted && error.isConnectionLoss;
    const again = isConnectionLoss ? undecided(batch).filter(({ retried }) => !retried) : [];
    for (const waiting of again) waiting.retried = true;
    for (const waiting of batch) {
      if (again.includes(waiting)) continue;
      settle(waiting, overloaded('the database is not available; nothing happened, try again'));
    }
    return again;
  }

  /** Finds the one command that the database refuses: it fails by itself, the others go through. */
  async #inHalves(bucket: number, batch: readonly Waiting[], error: NotCommitted): Promise<Waiting[]> {
    const [first] = batch;
    if (first === undefined) return [];
    if (batch.length === 1) {
      this.#options.observer.bug(first.command, error);
      const refused = refusal('internal_error', 'the database refused what the rules accepted; nothing happened');
      settle(first, refusedOutcome(refused));
      return [];
    }
    this.#trouble(`a batch of ${batch.length} is tried in halves`, error);
    const again: Waiting[] = [];
    // Who is left alone is not the culprit yet: that may be one whose caller has had an answer meanwhile.
    const left = undecided(batch);
    const middle = Math.ceil(left.length / 2);
    for (const half of [left.slice(0, middle), left.slice(middle)]) {
      if (half.length === 0) continue;
      let lane: Session | null = null;
      try {
        lane = await this.#surroundings.connect('refundry lane');
        await this.#commit(lane, bucket, half);
      } catch (failure) {
        again.push(...(await this.#recover(bucket, half, failure)));
      } finally {
        await lane?.end().catch(() => undefined);
      }
    }
    return again;
  }

  async #findOut(bucket: number, unknown: UnknownBatch): Promise<'committed' | 'not committed'> {
    for (let attempt = 0; ; attempt += 1) {
      let session: Session | null = null;
      try {
        session = await this.#surroundings.connect('refundry find out');
        return await findOut(session, bucket, unknown.first);
      } catch (error) {
        // Nobody waits for it any more: whoever asks again with the same key will learn it from the books.
        if (this.#isOver) return 'not committed';
        if (attempt === 0) this.#trouble('what became of a commit cannot be found out yet', error);
        await this.#surroundings.time.sleep(retryDelay(attempt));
      } finally {
        await session?.end().catch(() => undefined);
      }
    }
  }

  /** Closing, and every caller has been answered. */
  get #isOver(): boolean {
    return this.#closing && !this.#queues.hasCallers;
  }

  async #reconnect(): Promise<void> {
    for (let attempt = 0; !this.#isOver; attempt += 1) {
      try {
        this.#idleLanes.push(await this.#surroundings.connect('refundry lane'));
        this.#connectedLanes += 1;
        this.#schedulePump();
        return;
      } catch (error) {
        if (attempt === 0) this.#trouble('the database cannot be reached', error);
        await this.#surroundings.time.sleep(retryDelay(attempt));
      }
    }
  }

  /** Answers whoever waited too long: what never left the queue has not happened; what is in flight is not known. */
  #sweep(): void {
    const now = this.#surroundings.time.elapsed();
    for (const waiting of this.#queues.takeExpired(now)) {
      settle(waiting, overloaded('this took too long in the queue; nothing happened, try again'));
    }
    for (const waiting of this.#queues.overdue(now)) settle(waiting, overdue(waiting.decided));
  }
}

/** What is said of a command that is in flight past its deadline. */
function overdue(decided: Outcome | null): Outcome {
  if (decided === null) return overloaded('the database took too long; nothing happened, try again');
  const facts = decided.refund === null ? {} : { refund_id: decided.refund.id };
  return refusedOutcome(
    refusal('outcome_unknown', 'whether this happened is not known yet: ask again with the same key', facts),
  );
}

/** A batch whose commit has no answer, with what must be known to find out. */
class UnknownBatch extends Error {
  readonly first: EntryName;

  constructor(cause: Error, first: EntryName) {
    super(cause.message, { cause });
    this.name = 'UnknownBatch';
    this.first = first;
  }
}

function answer(batch: readonly Waiting[]): void {
  for (const waiting of batch) if (waiting.decided !== null) settle(waiting, waiting.decided);
}

/** What starts again: callers who still wait, with nothing decided. */
function undecided(batch: readonly Waiting[]): Waiting[] {
  return batch.flatMap((waiting) => {
    waiting.decided = null;
    return waiting.settle === null ? [] : [waiting];
  });
}
