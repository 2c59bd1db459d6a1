/** What the server says of a trouble, while it lasts and when it is over: in its log, and to a load balancer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../adversity/served.ts';
import type { Condition } from './conditions.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

const WARN = 40;
const ERROR = 50;
const LOOK_MS = 250;
/** For one trouble of some seconds, under a load of some hundred requests in each: a few things that cannot be done. */
const MOST_LINES = 40;

export class Troubles {
  lines = 0;
  longestRecoveryMs = 0;
  readonly #tally: Tally;
  #linesNow = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** A line that the server wrote, other than of a request. */
  line(line: LogLine): void {
    if (line.level < WARN) return;
    this.lines += 1;
    this.#linesNow += 1;
    if (line.level >= ERROR)
      this.#tally.violate(`the log has a mistake of ours: ${JSON.stringify(line).slice(0, 800)}`);
    // In a sentence; a stack trace is for mistakes.
    else if ('err' in line && JSON.stringify(line.err).includes('"stack"'))
      this.#tally.violate(`a trouble that is not understood: ${JSON.stringify(line).slice(0, 800)}`);
  }

  /** Lets a condition come over the server, and last; what is said meanwhile must be true. */
  async during(world: World, condition: Condition, tally: Tally): Promise<void> {
    this.#linesNow = 0;
    await condition.begin();
    let saidReady = 0;
    let saidNot = 0;
    try {
      const until = performance.now() + condition.seconds * 1000;
      while (performance.now() < until) {
        const status = await readiness(world);
        if (status === 200) saidReady += 1;
        else saidNot += 1;
        await sleep(LOOK_MS);
      }
    } finally {
      await condition.end();
    }
    // At the edges it may not know yet.
    if (condition.ready === false && saidReady > 2)
      tally.violate(`${condition.name}: it said ${saidReady} times that it is ready`);
    if (condition.ready === true && saidNot > 0)
      tally.violate(`${condition.name}: it said ${saidNot} times that it is not ready`);
    if (this.#linesNow > MOST_LINES) tally.violate(`${condition.name}: ${this.#linesNow} lines in the log`);
  }

  /** Fails what does not come back by itself: ready, and refunds are done again. */
  async recovers(world: World, condition: Condition, tally: Tally, patienceMs: number): Promise<void> {
    const began = performance.now();
    const before = tally.acknowledged.size;
    while ((await readiness(world)) !== 200 || tally.acknowledged.size === before) {
      if (performance.now() - began > patienceMs) {
        tally.violate(`${condition.name}: no refund was done for ${patienceMs} ms after it had ended`);
        return;
      }
      await sleep(LOOK_MS);
    }
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, performance.now() - began);
  }
}

async function readiness(world: World): Promise<number> {
  return world.send({ method: 'GET', path: '/readyz' }).then(
    ({ status }) => status,
    () => 0,
  );
}
