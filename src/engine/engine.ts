/**
 * The one door to the books. Commands queue per bucket; a lane takes a bucket's batch, decides it under the head's lock
 * and commits it; only then is anyone answered. What arrives while a batch commits is the next batch: no timer.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Book } from '../core/book.ts';
import type { Command } from '../core/command.ts';
import { decide } from '../core/decide.ts';
import { refusal } from '../core/errors.ts';
import { bucketOf, formatId, isId } from '../core/ids.ts';
import { namesOf } from '../core/names.ts';
import { type Outcome, refusedOutcome } from '../core/outcome.ts';
import { assertDurable, connectLane, type DatabaseSettings } from '../store/connection.ts';
import { loadBook } from '../store/load.ts';
import { readInstallation } from '../store/migrate.ts';
import {
  beginBatch,
  CommitUnknown,
  commitBatch,
  endWithoutChanges,
  findOut,
  NotCommitted,
} from '../store/transaction.ts';
import { BucketQueues, settle, type Waiting } from './queue.ts';

export interface EngineOptions {
  /** Connections that commit. One per core: more only make smaller batches. */
  readonly lanes: number;
  /** The most commands of one transaction. */
  readonly maxBatch: number;
  /** The most commands that may wait for one bucket; past it, callers are told to come back. */
  readonly maxQueued: number;
  /** How long a caller waits for an answer. */
  readonly deadlineMs: number;
  /** The process's clock, milliseconds since 1970. */
  readonly clock: () => number;
  readonly observer: EngineObserver;
}

/** What operators watch. */
export interface EngineObserver {
  readonly batch?: (bucket: number, commands: number, milliseconds: number) => void;
  readonly outcome?: (command: Command, outcome: Outcome) => void;
  /** A batch failed and its callers were told that nothing happened, or will be retried. */
  readonly trouble?: (message: string, error: unknown) => void;
  /** An exception inside the rules: a mistake of Refundry's, for one command. */
  readonly bug?: (command: Command, error: unknown) => void;
}

const DEFAULTS: EngineOptions = {
  lanes: Math.max(1, availableParallelism()),
  maxBatch: 256,
  maxQueued: 4096,
  deadlineMs: 10_000,
  clock: Date.now,
  observer: {},
};

/** How often deadlines are looked at: a caller is answered at most this much late. */
const SWEEP_MS = 50;
/** Between attempts to connect again, or to find out what became of a commit. */
const RETRY_MS = [50, 100, 200, 500, 1000] as const;

const retryDelay = (attempt: number): number => RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 1000;

const overloaded = (why: string): Outcome => refusedOutcome(refusal('overloaded', why));

export class Engine {
  readonly #database: DatabaseSettings;
  readonly #options: EngineOptions;
  readonly #queues: BucketQueues;
  /** Lanes without a batch. A lane that is reconnecting is in no list. */
  readonly #idleLanes: pg.Client[] = [];
  readonly #sweeper: NodeJS.Timeout;
  readonly #working = new Set<Promise<void>>();
  #pumpScheduled = false;
  #closing = false;
  readonly buckets: number;

  private constructor(database: DatabaseSettings, options: EngineOptions, buckets: number) {
    this.#database = database;
    this.#options = options;
    this.buckets = buckets;
    this.#queues = new BucketQueues(buckets, options.maxQueued);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Connects, and refuses a database that may lose commits. Throws an `Error` with a sentence for the operator. */
  static async open(database: DatabaseSettings, options: Partial<EngineOptions> = {}): Promise<Engine> {
    const chosen = { ...DEFAULTS, ...options };
    const first = await connectLane(database);
    try {
      await assertDurable(first);
      const { buckets } = await readInstallation(first);
      const engine = new Engine(database, chosen, buckets);
      engine.#idleLanes.push(first);
      for (let lane = 1; lane < chosen.lanes; lane += 1) engine.#idleLanes.push(await connectLane(database));
      return engine;
    } catch (error) {
      await first.end();
      throw error;
    }
  }

  /** Commands that wait for their batch. */
  get queueDepth(): number {
    return this.#queues.queued;
  }

  /** Whether a batch could start now: readiness for a load balancer. */
  get isConnected(): boolean {
    return this.#idleLanes.length > 0 || this.#working.size > 0;
  }

  /** An id for a merchant to be made: it carries the bucket in which the merchant will live for good. */
  newMerchantId(): string {
    const bucket = Math.floor(Math.random() * this.buckets);
    return formatId(this.#options.clock(), bucket, randomUUID());
  }

  /**
   * Executes one command. Resolves with its outcome once that is committed, or with a refusal; `overloaded` and
   * `outcome_unknown` are refusals, too. Never rejects.
   */
  async execute(command: Command): Promise<Outcome> {
    const outcome = await this.#enqueue(command);
    this.#options.observer.outcome?.(command, outcome);
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
    return new Promise((resolve) => {
      const waiting: Waiting = {
        command,
        deadline: this.#options.clock() + this.#options.deadlineMs,
        settle: resolve,
      };
      if (!this.#queues.push(bucket, waiting)) {
        settle(waiting, overloaded(`${this.#options.maxQueued} commands wait already; nothing happened, try again`));
        return;
      }
      this.#schedulePump();
    });
  }

  /**
   * What a command would bring about now, without doing it: decided on a copy of the book, outside the lock. The books
   * may change before the command itself is executed.
   */
  async preview(command: Command, client: pg.ClientBase): Promise<Outcome> {
    const bucket = this.#bucketFor(command);
    if (bucket === null) {
      return refusedOutcome(refusal('resource_not_found', 'there is no such merchant', { resource: 'merchant' }));
    }
    const book = await loadBook(client, bucket, namesOf([command]), false);
    return this.#decide(book, command);
  }

  /** Takes no more, answers all that wait (within their deadlines), and closes the lanes. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#queues.hasCallers) {
      this.#schedulePump();
      await sleep(5);
    }
    await Promise.allSettled(this.#working);
    clearInterval(this.#sweeper);
    await Promise.allSettled(this.#idleLanes.splice(0).map((lane) => lane.end()));
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
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#idleLanes.length > 0) {
      const next = this.#queues.take(this.#options.maxBatch);
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
  async #work(lane: pg.Client, bucket: number, batch: Waiting[]): Promise<void> {
    const live = batch.filter(({ settle: answer }) => answer !== null);
    const started = performance.now();
    try {
      if (live.length > 0) await this.#commit(lane, bucket, live);
      this.#options.observer.batch?.(bucket, live.length, performance.now() - started);
      this.#idleLanes.push(lane);
      this.#queues.done(bucket);
    } catch (error) {
      lane.end().catch(() => undefined);
      const reconnected = this.#reconnect();
      if (error instanceof NotCommitted) this.#retryOrFail(bucket, live, error);
      else if (error instanceof UnknownBatch) await this.#resolveUnknown(bucket, live, error);
      else this.#fail(bucket, live, error);
      await reconnected;
    }
  }

  /** Decides and commits, then answers. Throws `NotCommitted` or `UnknownBatch`; the lane is to be discarded then. */
  async #commit(lane: pg.Client, bucket: number, batch: readonly Waiting[]): Promise<void> {
    const book = await beginBatch(lane, bucket, namesOf(batch.map(({ command }) => command)));
    const { seq } = book.head;
    const outcomes = batch.map(({ command }) => this.#decide(book, command));
    if (book.hasChanges) {
      try {
        await commitBatch(lane, book, seq);
      } catch (error) {
        const [first] = book.changes.entries;
        if (error instanceof CommitUnknown && first !== undefined) throw new UnknownBatch(error, first, outcomes);
        throw error;
      }
    } else {
      await endWithoutChanges(lane);
    }
    answer(batch, outcomes);
  }

  /** An exception inside the rules fails its own command only: nothing of it is in the book. */
  #decide(book: Book, command: Command): Outcome {
    const now = Math.max(this.#options.clock(), book.head.at);
    try {
      return book.record(
        decide(book, command, {
          now,
          newId: () => formatId(now, book.bucket, randomUUID()),
          newSalt: () => randomBytes(16).toString('hex'),
        }),
      );
    } catch (error) {
      this.#options.observer.bug?.(command, error);
      return refusedOutcome(refusal('internal_error', 'Refundry made a mistake; nothing happened'));
    }
  }

  #retryOrFail(bucket: number, batch: readonly Waiting[], error: NotCommitted): void {
    if (error.isLockTimeout) {
      this.#queues.done(bucket, batch);
      return;
    }
    if (!error.mayBeOneCommand) {
      this.#fail(bucket, batch, error);
      return;
    }
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#options.observer.bug?.(only.command, error);
      settle(
        only,
        refusedOutcome(refusal('internal_error', 'the database refused what the rules accepted; nothing happened')),
      );
      this.#queues.done(bucket);
      return;
    }
    this.#retryInHalves(bucket, batch, error);
  }

  /** The bucket stays in flight until both halves have ended, so that nothing overtakes them. */
  #retryInHalves(bucket: number, batch: readonly Waiting[], error: NotCommitted): void {
    this.#options.observer.trouble?.(`a batch of ${batch.length} is tried in halves`, error);
    const work = this.#halves(bucket, batch).finally(() => {
      this.#working.delete(work);
      this.#queues.done(bucket);
      this.#pump();
    });
    this.#working.add(work);
  }

  async #halves(bucket: number, batch: readonly Waiting[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const live = half.filter(({ settle: answer }) => answer !== null);
      if (live.length === 0) continue;
      let lane: pg.Client | null = null;
      try {
        lane = await connectLane(this.#database);
        await this.#commit(lane, bucket, live);
      } catch (error) {
        const [only] = live;
        if (error instanceof UnknownBatch) {
          await this.#findOutAndAnswer(bucket, live, error);
        } else if (error instanceof NotCommitted && error.mayBeOneCommand && live.length > 1) {
          await this.#halves(bucket, live);
        } else if (error instanceof NotCommitted && error.mayBeOneCommand && only !== undefined) {
          this.#options.observer.bug?.(only.command, error);
          settle(
            only,
            refusedOutcome(refusal('internal_error', 'the database refused what the rules accepted; nothing happened')),
          );
        } else {
          this.#answerFailed(live, error);
        }
      } finally {
        await lane?.end().catch(() => undefined);
      }
    }
  }

  #fail(bucket: number, batch: readonly Waiting[], error: unknown): void {
    this.#answerFailed(batch, error);
    this.#queues.done(bucket);
  }

  #answerFailed(batch: readonly Waiting[], error: unknown): void {
    this.#options.observer.trouble?.(`a batch of ${batch.length} was not committed`, error);
    for (const waiting of batch)
      settle(waiting, overloaded('the database is not available; nothing happened, try again'));
  }

  /** Nothing of the bucket is tried until the truth is known: committed commands are answered, others start again. */
  async #resolveUnknown(bucket: number, batch: readonly Waiting[], unknown: UnknownBatch): Promise<void> {
    this.#options.observer.trouble?.(`the commit of a batch of ${batch.length} has no answer`, unknown);
    const truth = await this.#findOut(bucket, unknown);
    if (truth === 'committed') {
      answer(batch, unknown.outcomes);
      this.#queues.done(bucket);
    } else {
      this.#queues.done(
        bucket,
        batch.filter(({ settle: caller }) => caller !== null),
      );
    }
  }

  async #findOutAndAnswer(_bucket: number, batch: readonly Waiting[], unknown: UnknownBatch): Promise<void> {
    const truth = await this.#findOut(_bucket, unknown);
    if (truth === 'committed') answer(batch, unknown.outcomes);
    else this.#answerFailed(batch, unknown);
  }

  async #findOut(bucket: number, unknown: UnknownBatch): Promise<'committed' | 'not committed'> {
    for (let attempt = 0; ; attempt += 1) {
      let client: pg.Client | null = null;
      try {
        client = await connectLane(this.#database, 'refundry find out');
        return await findOut(client, bucket, unknown.first);
      } catch (error) {
        // Nobody waits for it any more: whoever asks again with the same key will learn it from the books.
        if (this.#isOver) return 'not committed';
        if (attempt === 0) this.#options.observer.trouble?.('what became of a commit cannot be found out yet', error);
        await sleep(retryDelay(attempt));
      } finally {
        await client?.end().catch(() => undefined);
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
        this.#idleLanes.push(await connectLane(this.#database));
        this.#schedulePump();
        return;
      } catch (error) {
        if (attempt === 0) this.#options.observer.trouble?.('the database cannot be reached', error);
        await sleep(retryDelay(attempt));
      }
    }
  }

  /** Answers whoever waited too long: what never left the queue has not happened; what is in flight is not known. */
  #sweep(): void {
    const now = this.#options.clock();
    for (const waiting of this.#queues.takeExpired(now)) {
      settle(waiting, overloaded('this took too long in the queue; nothing happened, try again'));
    }
    for (const waiting of this.#queues.overdue(now)) {
      settle(
        waiting,
        refusedOutcome(
          refusal('outcome_unknown', 'whether this happened is not known yet: ask again with the same key'),
        ),
      );
    }
  }
}

/** A batch whose commit has no answer, with what must be known to find out, and to answer if it happened. */
class UnknownBatch extends Error {
  readonly first: { readonly seq: bigint; readonly hash: string };
  readonly outcomes: readonly Outcome[];

  constructor(cause: Error, first: { seq: bigint; hash: string }, outcomes: readonly Outcome[]) {
    super(cause.message, { cause });
    this.name = 'UnknownBatch';
    this.first = first;
    this.outcomes = outcomes;
  }
}

function answer(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const [index, waiting] of batch.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) settle(waiting, outcome);
  }
}
