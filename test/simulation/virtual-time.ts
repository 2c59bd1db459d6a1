/**
 * Time that passes only when there is nothing left to do in the present: events happen one by one, in the order of their
 * times, each after all that the one before it has brought about. The same events, the same run.
 */
import type { Time } from '../../src/engine/surroundings.ts';

/** A process whose events these are: dead ones have none, and those of one that is stopped wait until it goes on. */
export interface Process {
  isDead: boolean;
  stoppedUntil: number;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  readonly process: Process | null;
  /** A process's regular looks are no steps of the simulation. */
  readonly isRegular: boolean;
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class VirtualTime {
  /** Milliseconds since the world began. */
  now = 0;
  /** Events that happened, regular looks aside. */
  steps = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  after(milliseconds: number, run: () => void, process: Process | null = null): void {
    this.#push(this.now + milliseconds, run, process, false);
  }

  sleep(milliseconds: number, process: Process | null = null): Promise<void> {
    return new Promise((resolve) => {
      this.after(milliseconds, resolve, process);
    });
  }

  /** The time of one process, as the engine asks for it. */
  of(process: Process): Time {
    return {
      elapsed: () => this.now,
      nextTurn: (run) => this.after(0, run, process),
      sleep: (milliseconds) => this.sleep(milliseconds, process),
      every: (milliseconds, run) => {
        let isOver = false;
        const again = (): void => {
          this.#push(this.now + milliseconds, tick, process, true);
        };
        const tick = (): void => {
          if (isOver) return;
          run();
          again();
        };
        again();
        return () => {
          isOver = true;
        };
      },
    };
  }

  /** Lets time pass until `isOver`; throws when it is not over at `until`. */
  async run(isOver: () => boolean, until: number): Promise<void> {
    for (;;) {
      await settled();
      if (isOver()) return;
      const event = this.#pop();
      if (event === undefined || event.at > until) throw new Error(`not over after ${until} ms of simulated time`);
      const { process, run } = event;
      if (process?.isDead === true) continue;
      if (process !== null && process.stoppedUntil > event.at) {
        this.#push(process.stoppedUntil, run, process, event.isRegular);
        continue;
      }
      this.now = event.at;
      if (!event.isRegular) this.steps += 1;
      run();
    }
  }

  #push(at: number, run: () => void, process: Process | null, isRegular: boolean): void {
    const heap = this.#heap;
    let place = heap.length;
    const event: Event = { at, order: (this.#order += 1), run, process, isRegular };
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const [child, at] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
      if (isBefore(last, child)) break;
      heap[place] = child;
      place = at;
    }
    heap[place] = last;
    return first;
  }
}

/** After everything that promises have still to bring about. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
