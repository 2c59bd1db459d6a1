/**
 * Servers under load whose machines, processes and lines fail, one fault after the other, drawn from a seed. In between,
 * with nothing in flight: every key without an answer is sent again until it has one, and then what callers were told is
 * held against the books. Snapshots are proven all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Head, verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { Auditor, type Snapshot } from '../bank/auditor.ts';
import { Callers } from '../bank/callers.ts';
import { makeMerchants, type Merchant } from '../bank/stage.ts';
import { Told } from '../bank/told.ts';
import type { LongReport } from '../kit/long-run.ts';
import { Proxy } from '../kit/proxy.ts';
import { Random } from '../kit/random.ts';
import { Cluster } from './cluster.ts';
import { type Fault, FAULTS, type World } from './faults.ts';
import { Server } from './servers.ts';

export interface CrashOptions {
  readonly seed: number;
  /** The faults to come, one after the other; drawn from the seed where it is `null`, while there is time. */
  readonly faults: readonly Fault[] | null;
  readonly hasTime: () => boolean;
  readonly progress: (text: string) => void;
  /** After how many faults all is checked. */
  readonly checkEvery: number;
  readonly longestStopMs: number;
}

const SERVERS = 2;
const MERCHANTS = 3;
const CALLERS = 16;
const THINK_MS = 6;
/** Recovery takes a second or two; on a busy machine longer, but not for ever. */
const PATIENCE_MS = 60_000;
const SNAPSHOT_EVERY_MS = 250;
/** More say no more. */
const MOST_VIOLATIONS = 30;

export async function crash(options: CrashOptions): Promise<LongReport> {
  const run = await CrashRun.open(options);
  try {
    await run.play();
    await run.finish();
    return run.report();
  } finally {
    await run.close();
  }
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #world: World;
  readonly #told: Told;
  readonly #callers: Callers;
  /** Reads while all are at work. */
  readonly #reader: Auditor;
  /** Reads when nothing is in flight. */
  readonly #auditor: Auditor;
  readonly #violations: string[];
  readonly #heads: Head[] = [];
  /** Milliseconds from the end of each fault to the first success, by its name. */
  readonly #recoveries = new Map<string, number[]>();
  readonly #faults = new Map<string, number>();
  /** Servers that were killed and are not back yet. */
  #restarting: Promise<void> | null = null;
  #kills = 0;
  #checks = 0;
  #readerStopped = false;
  #reading: Promise<void>;
  #callersStopped = false;

  private constructor(options: CrashOptions, world: World, merchants: readonly Merchant[], violations: string[]) {
    const { cluster, servers } = world;
    this.#options = options;
    this.#world = world;
    this.#violations = violations;
    this.#told = new Told();
    this.#reader = new Auditor(cluster.settings);
    this.#auditor = new Auditor(cluster.settings);
    this.#callers = new Callers(merchants, servers, this.#told, {
      seed: world.random.seed(),
      callers: CALLERS,
      thinkMs: THINK_MS,
    });
    this.#reading = this.#read();
  }

  static async open(options: CrashOptions): Promise<CrashRun> {
    const random = new Random(options.seed);
    const violations: string[] = [];
    const cluster = await Cluster.start();
    const servers: Server[] = [];
    const lines = new Map<Server, Proxy>();
    try {
      const merchants = await makeMerchants(cluster.settings, MERCHANTS);
      for (let made = 0; made < SERVERS; made += 1) {
        const line = await Proxy.listen(cluster.settings);
        const server = new Server(String(made + 1), line.settings, (what) => violations.push(what));
        servers.push(server);
        lines.set(server, line);
      }
      await Promise.all(servers.map((server) => server.start()));
      const { longestStopMs } = options;
      return new CrashRun(options, { cluster, servers, lines, random, longestStopMs }, merchants, violations);
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()));
      for (const line of lines.values()) line.close();
      await cluster.stop();
      throw error;
    }
  }

  get #all(): string[] {
    return [...this.#violations, ...this.#told.violations, ...this.#reader.violations, ...this.#auditor.violations];
  }

  /** One fault after the other. */
  async play(): Promise<void> {
    const { faults, hasTime, progress, checkEvery } = this.#options;
    const { random } = this.#world;
    const weighted = FAULTS.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
    for (let at = 0; faults === null ? hasTime() : at < faults.length; at += 1) {
      let fault = faults?.[at] ?? random.pick(weighted);
      // One at a time: while a server starts, there is enough else that can go wrong.
      while (faults === null && fault.restarts && this.#restarting !== null) fault = random.pick(weighted);
      await sleep(random.between(20, 200));
      await this.#suffer(fault);
      if ((at + 1) % checkEvery === 0) await this.#check();
      if (this.#all.length > MOST_VIOLATIONS) return;
      const { acknowledged, unknown } = this.#told.count;
      progress(
        `${this.#faultCount} faults, ${this.#kills} kills; ${acknowledged} acknowledged, ${unknown} without an answer, ` +
          `${this.#reader.snapshots} snapshots, ${this.#all.length} violations`,
      );
    }
  }

  async #suffer(fault: Fault): Promise<void> {
    const { name, kills, restarts } = fault;
    if (restarts) await this.#restarting;
    const servers = await within(fault.inject(this.#world));
    this.#faults.set(name, (this.#faults.get(name) ?? 0) + 1);
    this.#kills += kills;
    if (servers === null) {
      this.#violations.push(`${name}: it could not be brought about in ${PATIENCE_MS} ms`);
      return;
    }
    const recovered = this.#recovered(name, servers);
    if (!restarts) return recovered;
    const restarting = recovered.finally(() => {
      if (this.#restarting === restarting) this.#restarting = null;
    });
    this.#restarting = restarting;
  }

  get #faultCount(): number {
    return this.#faults.values().reduce((sum, count) => sum + count, 0);
  }

  /** Waits until each of these servers refunds again. */
  async #recovered(after: string, servers: readonly Server[]): Promise<void> {
    const began = performance.now();
    await Promise.all(
      servers.map(async (server) => {
        const at = await within(this.#callers.nextSuccess(server));
        if (at === null) this.#violations.push(`${after}: server ${server.name} did nothing in ${PATIENCE_MS} ms`);
        else this.#recoveries.set(after, [...(this.#recoveries.get(after) ?? []), at - began]);
      }),
    );
  }

  async #check(): Promise<void> {
    await this.#callers.pause();
    const left = await this.#callers.converge(PATIENCE_MS);
    if (left > 0) this.#violations.push(`${left} keys have no answer after ${PATIENCE_MS} ms of asking again`);
    this.#told.check(await this.#snapshot());
    this.#heads.push(...this.#auditor.heads);
    this.#checks += 1;
    this.#callers.resume();
  }

  async #snapshot(): Promise<Snapshot> {
    for (const end = performance.now() + PATIENCE_MS; ;) {
      try {
        return await this.#auditor.snapshot();
      } catch (error) {
        if (performance.now() > end) throw error;
        await sleep(50);
      }
    }
  }

  async #read(): Promise<void> {
    while (!this.#readerStopped) {
      // While the database is away there is nothing to read.
      await this.#reader.snapshot().catch(() => undefined);
      await sleep(SNAPSHOT_EVERY_MS);
    }
  }

  /** Checks everything once more, and lets `verify` have its say on the whole. */
  async finish(): Promise<void> {
    await this.#restarting;
    await this.#check();
    await this.#stopCallers();
    const pool = openReaders(this.#world.cluster.settings);
    try {
      const { findings } = await verifyBooks(pool, { against: this.#heads });
      for (const finding of findings) this.#violations.push(`verify: ${JSON.stringify(finding)}`);
    } finally {
      await pool.end();
    }
    await Promise.all(this.#world.servers.map((server) => server.stop()));
  }

  async #stopCallers(): Promise<void> {
    if (this.#callersStopped) return;
    this.#callersStopped = true;
    await this.#callers.stop();
    this.#readerStopped = true;
    await this.#reading;
  }

  report(): LongReport {
    const { count } = this.#told;
    const faults = [...this.#faults].flatMap(([name, times]) => {
      const sorted = (this.#recoveries.get(name) ?? []).toSorted((a, b) => a - b);
      return [
        [name, times],
        [`${name}: recovery, median ms`, Math.round(sorted[sorted.length >> 1] ?? 0)],
        [`${name}: recovery, longest ms`, Math.round(sorted.at(-1) ?? 0)],
      ] as const;
    });
    return {
      counts: {
        requests: this.#callers.requests,
        'commands acknowledged': count.acknowledged,
        'commands refused by the rules': count.refused,
        'told that nothing happened': count.overloaded,
        'without an answer': count.unknown,
        'of these answered later': count.converged,
        lost: count.lost,
        doubled: count.doubled,
        'happened though told otherwise': count.brokenPromises,
        'over-refunded': this.#reader.overRefunded + this.#auditor.overRefunded,
        snapshots: this.#reader.snapshots,
        'checks of all that was told': this.#checks,
        'journal entries': this.#auditor.entries,
        faults: this.#faultCount,
        kills: this.#kills,
        ...Object.fromEntries(faults),
      },
      violations: this.#all,
    };
  }

  async close(): Promise<void> {
    const { cluster, servers, lines } = this.#world;
    for (const line of lines.values()) line.delayMs = 0;
    await this.#stopCallers();
    await Promise.allSettled([this.#reader.close(), this.#auditor.close()]);
    await Promise.all(servers.map((server) => server.stop()));
    for (const line of lines.values()) line.close();
    await cluster.stop();
  }
}

/** `null` when it takes too long. */
async function within<T>(work: Promise<T>): Promise<T | null> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, null, { signal: patience.signal }).catch(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}
