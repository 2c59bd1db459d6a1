/** `npm run crash -- --seed N --minutes M`: two servers under load, killed, stopped and cut off for as long as one likes. */
import { longRun } from '../kit/long-run.ts';
import { workInMemory } from '../kit/memory.ts';
import { crash } from './run.ts';

workInMemory();

let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isInterrupted = true));

await longRun('crash', 2, ({ seed, hasTime, progress }) =>
  crash({
    seed,
    faults: null,
    hasTime: () => hasTime() && !isInterrupted,
    progress,
    checkEvery: 8,
    longestStopMs: 1_500,
  }),
);
