/** What the engine stands on: connections to the books, time, and chance. A simulation brings its own. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSettings } from '../store/connection.ts';
import { connectLane } from '../store/lane.ts';
import type { Session } from '../store/transaction.ts';

export interface Time {
  /** Milliseconds on a clock that only runs forwards. */
  readonly elapsed: () => number;
  /** After the current turn of the event loop. */
  readonly nextTurn: (run: () => void) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Until the returned function is called. */
  readonly every: (milliseconds: number, run: () => void) => () => void;
}

export interface Surroundings {
  /** A connection of its own; `purpose` is what it is called in the database's own lists. */
  readonly connect: (purpose: 'refundry lane' | 'refundry find out') => Promise<Session>;
  readonly time: Time;
  /** A UUIDv4 that nobody else has. */
  readonly randomUuid: () => string;
}

const realTime: Time = {
  elapsed: () => performance.now(),
  nextTurn: (run) => void setImmediate(run),
  sleep: (milliseconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    }),
  every: (milliseconds, run) => {
    const timer = setInterval(run, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** PostgreSQL, the process's clock, and its source of randomness. */
export function surroundingsOf(database: DatabaseSettings): Surroundings {
  return { connect: (purpose) => connectLane(database, purpose), time: realTime, randomUuid: randomUUID };
}
