/**
 * This machine's clock while the server runs. At boot it is held against PostgreSQL's; after that it may be set, forward by
 * an hour, say. A book's time never goes back: one refund dated by such a clock would date all later ones, for good.
 */

/** A clock that is set right by small steps, as NTP does, moves less than that between two looks. */
const JUMP_MS = 5_000;
/** As far as at boot. */
const MOST_AHEAD_MS = 60_000;

export class ClockGuard {
  readonly #clock: () => number;
  /** How far the wall clock is ahead of the monotonic one, when both were last known to be right. */
  #ahead: number;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.#ahead = this.#now();
  }

  /** Whether it has been set so far forward that nothing may be dated by it, until `accept`. */
  get isAhead(): boolean {
    return this.jumpedMs > MOST_AHEAD_MS;
  }

  /** By how many milliseconds it was set, forward or (negative) back; 0 when it only moved as clocks do. */
  get jumpedMs(): number {
    const jumped = this.#now() - this.#ahead;
    return Math.abs(jumped) > JUMP_MS ? jumped : 0;
  }

  /** From now on the clock counts as right: PostgreSQL's says the same. */
  accept(): void {
    this.#ahead = this.#now();
  }

  #now(): number {
    return this.#clock() - performance.now();
  }
}
