/** What a server that is soaked holds: its memory, files, connections, and how long its event loop was away. */
import type { World } from './world.ts';

export interface Measure {
  readonly at: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly files: number;
  /** On PostgreSQL, of all kinds. */
  readonly connections: number;
  readonly loopP99Ms: number;
}

/** Of the process itself as its `/metrics` has it, and of PostgreSQL as it sees it; `null` when either cannot say. */
export async function measure(world: World): Promise<Measure | null> {
  try {
    const { body } = await world.send({ method: 'GET', path: '/metrics' });
    const value = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(body)?.[1] ?? NaN);
    const [row] = await world.postgres.run<{ connections: number }>(
      `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name LIKE 'refundry%'`,
    );
    return {
      at: performance.now(),
      rssBytes: value('process_resident_memory_bytes'),
      heapBytes: value('nodejs_heap_size_used_bytes'),
      files: value('process_open_fds'),
      connections: row?.connections ?? NaN,
      loopP99Ms: value('nodejs_eventloop_lag_p99_seconds') * 1000,
    };
  } catch {
    return null;
  }
}

/** The middle of some measures; of memory the least: what is still there after the garbage was collected. */
export function summary(measures: readonly Measure[]): Omit<Measure, 'at'> {
  const middle = (of: (one: Measure) => number): number => {
    const sorted = measures.map(of).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  };
  return {
    rssBytes: middle(({ rssBytes }) => rssBytes),
    heapBytes: Math.min(...measures.map(({ heapBytes }) => heapBytes)),
    files: middle(({ files }) => files),
    connections: middle(({ connections }) => connections),
    loopP99Ms: middle(({ loopP99Ms }) => loopP99Ms),
  };
}
