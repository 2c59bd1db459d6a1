/**
 * `npm run soak -- --seed N --minutes M`: a real server for a long time, under a mixed load, while one trouble after the
 * other comes and goes. What it was heard to say is held against its books at the end, and what it holds then (memory,
 * files, connections) against what it held when it was warm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { longRun, type LongReport, type LongRun } from '../kit/long-run.ts';
import { Random } from '../kit/random.ts';
import { Callers } from './callers.ts';
import { Commands } from './commands.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import { type Measure, measure, summary } from './measures.ts';
import { Troubles } from './troubles.ts';
import { Tally } from './tally.ts';
import { LANES, World } from './world.ts';

const DEFAULT_MINUTES = 10;
const WORKERS = 8;
/** Between what one worker does and what it does next: the machine has other things to do. */
const PAUSE_MS = { least: 5, most: 40 };
const CALM_SECONDS = { least: 6, most: 12 };
const MEASURE_MS = 3_000;
const IMPORT_MS = 40_000;
const VERIFY_MS = 75_000;
/** Until refunds are done again after a trouble ended: PostgreSQL's own recovery and a busy machine included. */
const RECOVERY_MS = 45_000;
/** Of the measures in calm times: the server is warm in the second quarter, and the last one shows what was kept. */
const QUARTERS = 4;
const GROWTH = {
  /** Of the whole process: what the garbage collector keeps of the system's memory varies. */
  memory: { factor: 1.5, bytes: 48 * 1024 * 1024 },
  heap: { factor: 1.2, bytes: 16 * 1024 * 1024 },
  files: 10,
};
/** Lanes, one that finds out about a commit, readers, writers. */
const CONNECTIONS = LANES + 1 + 4 + 2;
const MEGABYTE = 1024 * 1024;

async function soak(run: LongRun): Promise<LongReport> {
  const random = new Random(run.seed);
  const tally = new Tally();
  const troubles = new Troubles(tally);
  const world = await World.make((line) => troubles.line(line));
  if (typeof world.disk === 'string') process.stdout.write(`  without a full disk: ${world.disk}\n`);
  try {
    return await soakIn(world, { run, random, tally, troubles });
  } finally {
    await world.end();
  }
}

interface Parts {
  readonly run: LongRun;
  readonly random: Random;
  readonly tally: Tally;
  readonly troubles: Troubles;
}

async function soakIn(world: World, { run, random, tally, troubles }: Parts): Promise<LongReport> {
  const callers = await Callers.of(world, tally);
  await world.settled();
  const commands = new Commands(world, tally);
  const calm: Measure[] = [];
  const p99s: number[] = [];
  let condition: Condition | null = null;
  let isOver = false;

  const workers = Array.from({ length: WORKERS }, async () => {
    const own = new Random(random.seed());
    while (!isOver) {
      try {
        await callers.step(own);
      } catch (error) {
        tally.violate(`an answer of no protocol's: ${error instanceof Error ? error.message : String(error)}`);
      }
      await sleep(own.between(PAUSE_MS.least, PAUSE_MS.most));
    }
  });
  const [merchantId = ''] = callers.merchantIds;
  const beside = [
    every(
      IMPORT_MS,
      () => isOver,
      () => commands.importSome(merchantId),
    ),
    every(
      VERIFY_MS,
      () => isOver,
      () => commands.verify(),
    ),
    every(
      MEASURE_MS,
      () => isOver,
      async () => {
        const before = condition;
        const one = await measure(world);
        if (one !== null && before === null && condition === null) calm.push(one);
        const during = condition === null ? '' : `, ${condition.name}`;
        run.progress(
          `${tally.operations} operations, ${tally.acknowledged.size} refunds, ${callers.unanswered} open${during}`,
        );
      },
    ),
  ];

  const conditions = conditionsOf(world);
  const turns = new Map(conditions.map(({ name }) => [`· ${name}`, 0]));
  let order: Condition[] = [];
  const calmDown = async (): Promise<void> => {
    tally.takeP99();
    await sleep(random.between(CALM_SECONDS.least, CALM_SECONDS.most) * 1000);
    const p99 = tally.takeP99();
    if (p99 !== null) p99s.push(p99);
  };
  try {
    await calmDown();
    while (run.hasTime() && world.served.isRunning) {
      if (order.length === 0) order = shuffled(conditions, random);
      condition = order.pop() ?? null;
      if (condition === null) break;
      await troubles.during(world, condition, tally);
      await troubles.recovers(world, condition, tally, RECOVERY_MS);
      const name = `· ${condition.name}`;
      condition = null;
      turns.set(name, (turns.get(name) ?? 0) + 1);
      await calmDown();
    }
  } finally {
    isOver = true;
  }
  await Promise.all([...workers, ...beside]);
  if (!world.served.isRunning) tally.violate('the server ended by itself');
  await callers.converge(random, 60_000);
  await commands.finishImports();
  await commands.verify();
  const held = await tally.hold(world.postgres);
  await noTimeAhead(world, tally);
  const leaks = compare(calm, tally);
  return {
    counts: {
      operations: tally.operations,
      'adverse conditions': [...turns.values()].reduce((sum, count) => sum + count, 0),
      ...Object.fromEntries(turns),
      'refunds acknowledged': tally.acknowledged.size,
      'of these approved by a second person': tally.approved,
      settlements: tally.settlements,
      'payments imported': tally.imported,
      'console pages read': tally.consoleReads,
      'keys sent again after they were done': tally.replayed,
      'told to come again (503)': tally.comeAgain,
      'other 5xx': tally.otherServerErrors,
      'refused by a rule': tally.refusedByRule,
      lost: held.lost,
      doubled: held.doubled,
      'over-refunded': held.overRefunded,
      'verifications without a finding': tally.verifications,
      'lines of trouble in the log': troubles.lines,
      'longest recovery, ms': Math.round(troubles.longestRecoveryMs),
      'p99 of a refund at the beginning, ms': Math.round(p99s[1] ?? p99s[0] ?? NaN),
      'p99 of a refund at the end, ms': Math.round(p99s.at(-1) ?? NaN),
      ...leaks,
    },
    violations: tally.violations,
  };
}

/** What the server held when it was warm, and holds at the end; the trend is a violation where it is one. */
function compare(calm: readonly Measure[], tally: Tally): Record<string, number> {
  const quarter = Math.floor(calm.length / QUARTERS);
  const warm = summary(calm.slice(quarter, 2 * quarter));
  const last = summary(calm.slice(-quarter));
  if (quarter < 3) tally.violate(`only ${calm.length} measures were taken: too few to say anything of leaks`);
  const grew = (from: number, to: number, { factor, bytes }: { factor: number; bytes: number }): boolean =>
    !(to <= from * factor + bytes);
  const megabytes = (bytes: number): number => Math.round(bytes / MEGABYTE);
  if (grew(warm.rssBytes, last.rssBytes, GROWTH.memory))
    tally.violate(`memory grew from ${megabytes(warm.rssBytes)} to ${megabytes(last.rssBytes)} MB`);
  if (grew(warm.heapBytes, last.heapBytes, GROWTH.heap))
    tally.violate(`the heap grew from ${megabytes(warm.heapBytes)} to ${megabytes(last.heapBytes)} MB`);
  if (!(last.files <= warm.files + GROWTH.files)) tally.violate(`open files grew from ${warm.files} to ${last.files}`);
  if (!(last.connections <= CONNECTIONS))
    tally.violate(`${last.connections} connections, and ${CONNECTIONS} are enough`);
  return {
    'memory when warm, MB': megabytes(warm.rssBytes),
    'memory at the end, MB': megabytes(last.rssBytes),
    'heap when warm, MB': megabytes(warm.heapBytes),
    'heap at the end, MB': megabytes(last.heapBytes),
    'open files when warm': warm.files,
    'open files at the end': last.files,
    'connections when warm': warm.connections,
    'connections at the end': last.connections,
    'event loop p99 when warm, ms': Math.round(warm.loopP99Ms),
    'event loop p99 at the end, ms': Math.round(last.loopP99Ms),
  };
}

/** A clock that was an hour ahead for a while has dated nothing. */
async function noTimeAhead(world: World, tally: Tally): Promise<void> {
  const [row] = await world.postgres.run<{ ahead: number; back: number }>(
    `SELECT (SELECT count(*)::int FROM journal WHERE at > now() + interval '1 minute') AS ahead,
       (SELECT count(*)::int FROM (SELECT at, lag(at) OVER (PARTITION BY bucket ORDER BY seq) AS before FROM journal) AS entry
         WHERE at < before) AS back`,
  );
  if (row?.ahead !== 0) tally.violate(`${row?.ahead} entries are dated in the future`);
  if (row?.back !== 0) tally.violate(`time ran backwards at ${row?.back} entries`);
}

async function every(ms: number, isOver: () => boolean, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    for (let waited = 0; waited < ms; waited += 500) {
      if (isOver()) return;
      await sleep(500);
    }
    await work();
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)).flat();
}

await longRun('soak', DEFAULT_MINUTES, soak);
