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

export class BucketQueues {
  readonly #maxQueued: number;
  readonly #queues: Waiting[][];
  readonly #inFlight: (readonly Waiting[] | null)[];
  /** Buckets with work and no batch in flight, in turn. */
  readonly #ready: number[] = [];
  #queued = 0;

  constructor(buckets: number, maxQueued: number) {
    this.#maxQueued = maxQueued;
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

  /** `false` when the bucket's queue is full. */
  push(bucket: number, waiting: Waiting): boolean {
    const queue = this.#queue(bucket);
    if (queue.length >= this.#maxQueued) return false;
    queue.push(waiting);
    this.#queued += 1;
    if (queue.length === 1 && this.#inFlight[bucket] === null) this.#ready.push(bucket);
    return true;
  }

  /** The next bucket's batch, oldest first; the bucket is in flight until `done`. */
  take(maxBatch: number): { bucket: number; batch: Waiting[] } | null {
    const bucket = this.#ready.shift();
    if (bucket === undefined) return null;
    const batch = this.#queue(bucket).splice(0, maxBatch);
    this.#queued -= batch.length;
    this.#inFlight[bucket] = batch;
    return { bucket, batch };
  }

  /** Ends a batch; what it could not do goes back to the head of its queue, and the bucket to the back of its turn. */
  done(bucket: number, again: readonly Waiting[] = []): void {
    const queue = this.#queue(bucket);
    queue.unshift(...again);
    this.#queued += again.length;
    this.#inFlight[bucket] = null;
    if (queue.length > 0) this.#ready.push(bucket);
  }

  /** Takes out what waited past its deadline: nothing of it has happened. */
  takeExpired(now: number): Waiting[] {
    const expired: Waiting[] = [];
    for (const queue of this.#queues) {
      if (!queue.some(({ deadline }) => deadline <= now)) continue;
      const kept = queue.filter((waiting) => {
        if (waiting.deadline > now) return true;
        expired.push(waiting);
        return false;
      });
      queue.splice(0, queue.length, ...kept);
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
