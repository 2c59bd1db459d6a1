/**
 * This machine's clock, as long as nobody sets it. At boot it is held against PostgreSQL's; after that it may be set, forward
 * by an hour, say, and a book's time never goes back: one refund dated so would date all later ones. So a clock that was set
 * is believed when PostgreSQL's says the same; until then time goes on from where it was.
 */

/** A clock that is set right by small steps, as NTP does, moves less than that. */
const JUMP_MS = 5_000;

export class SteadyClock {
  /** How far the wall clock is ahead of the monotonic one, when both were last known to be right. */
  #ahead: number;

  constructor() {
    this.#ahead = Date.now() - performance.now();
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => {
    const wall = Date.now();
    const steady = performance.now() + this.#ahead;
    return Math.abs(wall - steady) > JUMP_MS ? Math.floor(steady) : wall;
  };

  /** By how many milliseconds it was set, forward or (negative) back; 0 when it only moved as clocks do. */
  get jumpedMs(): number {
    const jumped = Date.now() - performance.now() - this.#ahead;
    return Math.abs(jumped) > JUMP_MS ? jumped : 0;
  }

  /** From now on the clock counts as right: PostgreSQL's says the same. */
  accept(): void {
    this.#ahead = Date.now() - performance.now();
  }
}
