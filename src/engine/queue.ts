/** Commands waiting for their bucket. A bucket is ready when something waits and no batch of it is in flight. */
import type { Command } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';

/** A command on its way. It is settled once: by its outcome, or by its deadline. */
export interface Waiting {
  readonly command: Command;
  /** On the process's monotonic clock; past it the caller has an answer, whatever becomes of the command. */
  readonly deadline: number;
  /** Answers the caller; `null` once that has happened. */
  settle: ((outcome: Outcome) => void) | null;
  /** What the rules said, as soon as they have: from then on it may happen, whatever the caller is told. */
  decided: Outcome | null;
  /** Whether it was tried again after a lost connection: once is enough, then the caller decides. */
  retried: boolean;
}

export function settle(waiting: Waiting, outcome: Outcome): void {
  const { settle: answer } = waiting;
  waiting.settle = null;
  answer?.(outcome);
}

/** How fast a bucket's commands went through while more of them waited. */
interface Pace {
  /** When its last batch was taken, on the process's monotonic clock; `null` after a pause. */
  takenAt: number | null;
  taken: number;
  /** Commands per millisecond; `null` until it was busy once. */
  perMs: number | null;
}

/** Of a new measurement, against what was measured before: one slow commit is no reason to turn callers away. */
const WEIGHT = 0.2;
/** However slow: a process that has just begun must not turn its first callers away. */
const LET_IN_BATCHES = 2;

export interface QueueBounds {
  /** The most commands that may wait for one bucket, however fast it is. */
  readonly maxQueued: number;
  /** How long what is let in may have to wait, by the bucket's pace; but two batches are always let in. */
  readonly maxWaitMs: number;
  readonly maxBatch: number;
}

export class BucketQueues {
  readonly #bounds: QueueBounds;
  readonly #paces: Pace[];
  readonly #queues: Waiting[][];
  readonly #inFlight: (readonly Waiting[] | null)[];
  /** Buckets with work and no batch in flight, in turn. */
  readonly #ready: number[] = [];
  #queued = 0;

  constructor(buckets: number, bounds: QueueBounds) {
    this.#bounds = bounds;
    this.#paces = Array.from({ length: buckets }, () => ({ takenAt: null, taken: 0, perMs: null }));
    this.#queues = Array.from({ length: buckets }, () => []);
    this.#inFlight = Array.from({ length: buckets }, () => null);
  }

  get buckets(): number {
    return this.#queues.length;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Whether some caller still waits for an answer. */
  get hasCallers(): boolean {
    return this.#queued > 0 || this.#inFlight.some((batch) => batch?.some(({ settle }) => settle !== null));
  }

  /** `false` when the bucket's queue is as long as may be: who comes now had better come again. */
  push(bucket: number, waiting: Waiting): boolean {
    const queue = this.#queue(bucket);
    if (queue.length >= this.#room(bucket)) return false;
    queue.push(waiting);
    this.#queued += 1;
    if (queue.length === 1 && this.#inFlight[bucket] === null) this.#ready.push(bucket);
    return true;
  }

  /** How many may wait for a bucket now. */
  #room(bucket: number): number {
    const { maxQueued, maxWaitMs, maxBatch } = this.#bounds;
    const perMs = this.#paces[bucket]?.perMs ?? null;
    return perMs === null ? maxQueued : Math.min(maxQueued, Math.max(LET_IN_BATCHES * maxBatch, perMs * maxWaitMs));
  }

  /** The next bucket's batch, oldest first, at a time of the process's monotonic clock; in flight until `done`. */
  take(now: number): { bucket: number; batch: Waiting[] } | null {
    const bucket = this.#ready.shift();
    if (bucket === undefined) return null;
    const batch = this.#queue(bucket).splice(0, this.#bounds.maxBatch);
    this.#queued -= batch.length;
    this.#measure(bucket, batch.length, now);
    this.#inFlight[bucket] = batch;
    return { bucket, batch };
  }

  /** From one batch to the next, while others waited all the time. */
  #measure(bucket: number, taking: number, now: number): void {
    const pace = this.#paces[bucket];
    if (pace === undefined) return;
    if (pace.takenAt !== null && now > pace.takenAt) {
      const perMs = pace.taken / (now - pace.takenAt);
      pace.perMs = pace.perMs === null ? perMs : pace.perMs + WEIGHT * (perMs - pace.perMs);
    }
    pace.takenAt = now;
    pace.taken = taking;
  }

  /** Ends a batch; what it could not do goes back to the head of its queue, and the bucket to the back of its turn. */
  done(bucket: number, again: readonly Waiting[] = []): void {
    const queue = this.#queue(bucket);
    queue.unshift(...again);
    this.#queued += again.length;
    this.#inFlight[bucket] = null;
    if (queue.length > 0) this.#ready.push(bucket);
    const pace = this.#paces[bucket];
    // A batch that left nobody waiting, or was not done, says nothing of how fast a busy bucket is.
    if (pace !== undefined && (queue.length === 0 || again.length > 0)) pace.takenAt = null;
  }

  /** Takes out what waited past its deadline: nothing of it has happened. */
  takeExpired(now: number): Waiting[] {
    const expired: Waiting[] = [];
    for (const [bucket, queue] of this.#queues.entries()) {
      if (!queue.some(({ deadline }) => deadline <= now)) continue;
      const kept = queue.filter((waiting) => {
        if (waiting.deadline > now) return true;
        expired.push(waiting);
        return false;
      });
      queue.splice(0, queue.length, ...kept);
      // Whoever comes next makes it ready: twice in turn, it would have two batches in flight.
      const turn = kept.length === 0 ? this.#ready.indexOf(bucket) : -1;
      if (turn >= 0) this.#ready.splice(turn, 1);
    }
    this.#queued -= expired.length;
    return expired;
  }

  /** What is in flight past its deadline: whether it happens is not known yet. */
  overdue(now: number): Waiting[] {
    return this.#inFlight.flatMap((batch) =>
      (batch ?? []).filter(({ deadline, settle }) => deadline <= now && settle !== null),
    );
  }

  #queue(bucket: number): Waiting[] {
    const queue = this.#queues[bucket];
    if (queue === undefined) throw new RangeError(`there is no bucket ${bucket}`);
    return queue;
  }
}
