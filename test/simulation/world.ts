/**
 * A world from a seed: servers that share a database, callers who ask them for things and ask again when they are not
 * told what became of it, and whatever can go wrong between them. Afterwards everything is asked again until it is known,
 * and the books are held against what everybody was told.
 */
import type { Command } from '../../src/core/command.ts';
import { formatId } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { Engine } from '../../src/engine/engine.ts';
import { SOME_TIME } from '../kit/core.ts';
import { Random } from '../kit/random.ts';
import { type Attempt, Auditor } from './auditor.ts';
import { Commands, type KnownMerchant } from './commands.ts';
import { type Faults, NO_FAULTS, POISON, SimulatedDatabase } from './database.ts';
import { SimulatedSession } from './session.ts';
import { type Process, VirtualTime } from './virtual-time.ts';

/** What was done and what went wrong in a world, by its name; and what must not have been. */
export interface WorldReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** Later than any patience of anybody's: a world that is not over by then hangs. */
const OVER_MS = 20 * 60_000;
const HOUR_MS = 3_600_000;
/** How late a caller may hear of a deadline: one look of the engine's, and what a turn takes. */
const LATE_MS = 60;

interface Server extends Process {
  readonly engine: Engine;
  readonly sessions: Set<SimulatedSession>;
  clockMs: number;
  /** Whether it was stopped and went on: then its callers were answered late, and could not be otherwise. */
  wasStopped: boolean;
}

class World {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly auditor: Auditor;
  readonly database: SimulatedDatabase;
  readonly #commands: Commands;
  readonly #servers: Server[] = [];
  readonly #merchants: KnownMerchant[] = [];
  readonly #faults: Faults;
  readonly #lanes: number;
  readonly #maxBatch: number;
  readonly #maxQueued: number;
  readonly #deadlineMs: number;
  readonly #counts = new Map<string, number>();
  #areFaultsOver = false;
  #callers = 0;

  constructor(seed: number) {
    const random = new Random(seed);
    this.random = random;
    const rarely = (least: number, most: number): number =>
      random.oneIn(3) ? Number.POSITIVE_INFINITY : random.between(least, most);
    this.#faults = {
      delayMs: random.pick([0.1, 1, 5, 50]),
      slow: rarely(20, 400),
      cut: rarely(15, 400),
      error: rarely(30, 600),
      refuse: rarely(3, 30),
    };
    const buckets = random.between(1, 3);
    this.#lanes = random.between(1, 3);
    this.#maxBatch = random.pick([1, 3, 8, 256]);
    this.#maxQueued = random.oneIn(4) ? random.between(1, 8) : 4096;
    this.#deadlineMs = random.pick([300, 2_000, 10_000]);
    this.database = new SimulatedDatabase(this.time, new Random(random.seed()), buckets, NO_FAULTS, {
      onCommit: (bucket, book) => this.auditor.committed(bucket, book),
      onGuard: (why) => this.auditor.violated(why),
    });
    this.auditor = new Auditor(this.database.books);
    this.#commands = new Commands(new Random(random.seed()));
  }

  async run(): Promise<WorldReport> {
    const servers = this.random.between(1, 3);
    let isOver = false;
    const story = this.#story(servers).finally(() => {
      isOver = true;
    });
    story.catch(() => undefined);
    try {
      await this.time.run(() => isOver, OVER_MS);
      await story;
    } catch (error) {
      this.auditor.violated(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    return this.#report();
  }

  async #story(servers: number): Promise<void> {
    for (let number = 0; number < servers; number += 1) this.#servers.push(await this.#start());
    await this.#open();
    this.database.faults = this.#faults;
    const trouble = this.#makeTrouble();
    await Promise.all(Array.from({ length: this.random.between(2, 24) }, () => this.#caller()));
    this.#areFaultsOver = true;
    await trouble;
    this.database.faults = NO_FAULTS;
    await Promise.all(this.#servers.map((server) => this.#stop(server)));
  }

  /** Merchants with a few payments, before anything goes wrong. */
  async #open(): Promise<void> {
    for (let number = this.random.between(1, 3); number > 0; number -= 1) {
      const bucket = this.random.between(0, this.database.books.length - 1);
      const id = formatId(SOME_TIME, bucket, this.#uuid());
      const merchant: KnownMerchant = { id, references: [], refundIds: [] };
      this.#merchants.push(merchant);
      const policy = this.#commands.policy();
      await this.#complete(this.#commands.of(id, { kind: 'create_merchant', name: 'Example Ltd', policy }, null));
      for (let payments = this.random.between(1, 4); payments > 0; payments -= 1) {
        await this.#complete(this.#commands.of(id, this.#commands.registration(merchant), this.#commands.newKey()));
      }
    }
  }

  async #caller(): Promise<void> {
    this.#callers += 1;
    for (let left = this.random.between(5, 30); left > 0; left -= 1) {
      const merchant = this.random.pick(this.#merchants);
      const command = this.#commands.any(merchant);
      const isPoison = this.random.oneIn(150);
      const sent = isPoison ? { ...command, requestId: this.#commands.requestId(POISON) } : command;
      // Somebody in a hurry sends it twice at once, to whichever servers.
      const asked = command.idempotencyKey !== null && this.random.oneIn(10) ? [sent, this.#again(sent)] : [sent];
      const outcomes = await Promise.all(asked.map((one) => this.#complete(one)));
      for (const outcome of outcomes) {
        if (outcome !== null && outcome.refund !== null) merchant.refundIds.push(outcome.refund.id);
      }
      if (this.random.oneIn(2)) await this.time.sleep(this.random.between(0, 30));
    }
    this.#callers -= 1;
  }

  /** The same command in a request of its own. */
  #again(command: Command): Command {
    const isPoison = command.requestId.startsWith(POISON);
    return { ...command, requestId: this.#commands.requestId(isPoison ? POISON : '') };
  }

  /** Asks until it is known what became of it; `null` where that cannot be asked, or the caller has had enough. */
  async #complete(command: Command): Promise<Outcome | null> {
    for (let sent = command, attempts = 1; ; sent = this.#again(command), attempts += 1) {
      const attempt: Attempt = { command: sent, told: 'unknown' };
      this.auditor.attempts.set(sent.requestId, attempt);
      const outcome = await this.#send(attempt);
      const code = outcome?.refusal?.code;
      if (outcome === null || code === 'outcome_unknown') {
        this.#count('not known at first');
        if (command.idempotencyKey === null) return null;
      } else if (code === 'overloaded') {
        attempt.told = 'nothing';
        this.#count('turned away');
        if (this.random.oneIn(10)) return null;
      } else if (code === 'internal_error') {
        attempt.told = 'nothing';
        this.#count('refused by the database');
        if (!sent.requestId.startsWith(POISON))
          this.auditor.violated(`${sent.requestId} met a mistake of the engine's`);
        return null;
      } else {
        this.#count(outcome.replayed ? 'answered again' : outcome.refusal === null ? 'done' : 'refused');
        this.auditor.answered(attempt, outcome);
        return outcome;
      }
      await this.time.sleep(this.random.between(10, 1_000));
      if (attempts > 2_000) throw new Error(`${command.requestId} is not known after ${attempts} attempts`);
    }
  }

  /** One request to one server; `null` when the server is gone before it answers. */
  async #send({ command }: Attempt): Promise<Outcome | null> {
    const server = this.random.pick(this.#servers);
    const sentAt = this.time.now;
    const answered = server.engine.execute(command);
    // Whoever waits for a server that died learns it from the connection, in the end.
    const patience = this.#deadlineMs + LATE_MS;
    const outcome = await Promise.race([answered, this.time.sleep(patience).then(() => null)]);
    if (outcome === null && !server.isDead && !server.wasStopped) {
      this.auditor.violated(`${command.requestId}, sent at ${sentAt}, has no answer after ${patience} ms`);
    }
    return outcome;
  }

  /** What goes wrong with servers and the database as a whole, while callers call. */
  async #makeTrouble(): Promise<void> {
    const { random, time, database } = this;
    const everyMs = random.pick([50, 300, 2_000, 60_000]);
    for (;;) {
      await time.sleep(random.between(1, everyMs));
      if (this.#areFaultsOver) return;
      const dice = random.between(1, 100);
      if (dice <= 20) await this.#replace('servers killed', (server) => this.#kill(server));
      else if (dice <= 30) await this.#replace('servers restarted', (server) => this.#stop(server));
      else if (dice <= 50) this.#pause(random.pick(this.#servers));
      else if (dice <= 65) database.crash(random.between(0, 1_500));
      else if (dice <= 85) database.terminateOne();
      else this.#turnClock(random.pick(this.#servers));
    }
  }

  /** One server ends in its way, and another takes its place. */
  async #replace(what: string, end: (server: Server) => Promise<void> | void): Promise<void> {
    const index = this.random.between(0, this.#servers.length - 1);
    const server = this.#servers[index];
    if (server === undefined) return;
    this.database.note(what);
    this.#servers[index] = await this.#start();
    await end(server);
  }

  #kill(server: Server): void {
    server.isDead = true;
    for (const session of server.sessions) session.abandon();
  }

  /** Stops for up to half a minute, and goes on as if nothing had been. */
  #pause(server: Server): void {
    this.database.note('servers stopped and continued');
    server.wasStopped = true;
    server.stoppedUntil = this.time.now + this.random.between(10, 30_000);
  }

  #turnClock(server: Server): void {
    this.database.note('clocks turned');
    server.clockMs += this.random.pick([-HOUR_MS, -1_000, 1_000, HOUR_MS]);
  }

  async #start(): Promise<Server> {
    const process: Process = { isDead: false, stoppedUntil: 0 };
    const sessions = new Set<SimulatedSession>();
    const connect = async (): Promise<SimulatedSession> => {
      const session = await SimulatedSession.connect(this.database, process);
      sessions.add(session);
      return session;
    };
    const lanes: SimulatedSession[] = [];
    while (lanes.length < this.#lanes) {
      const lane = await connect().catch(() => null);
      if (lane !== null) lanes.push(lane);
      else await this.time.sleep(100);
    }
    const surroundings = { connect, time: this.time.of(process), randomUuid: () => this.#uuid() };
    let server: Server | null = null;
    const engine = new Engine(surroundings, this.database.books.length, lanes, {
      maxBatch: this.#maxBatch,
      maxQueued: this.#maxQueued,
      deadlineMs: this.#deadlineMs,
      clock: () => SOME_TIME + Math.floor(this.time.now) + (server?.clockMs ?? 0),
      observer: {
        bug: ({ requestId }, error) => {
          if (!requestId.startsWith(POISON)) this.auditor.violated(`${requestId}: ${String(error)}`);
        },
      },
    });
    server = Object.assign(process, { engine, sessions, clockMs: 0, wasStopped: false });
    return server;
  }

  /** Ends a server in order: it answers whoever waits. */
  async #stop(server: Server): Promise<void> {
    const stoppedMs = Math.max(0, server.stoppedUntil - this.time.now);
    // Its callers' deadline, and the longest that a lane may need to give a silent connection up.
    const patience = stoppedMs + this.#deadlineMs + 60_000;
    const closed = server.engine.close().then(() => true);
    const isClosed = await Promise.race([closed, this.time.sleep(patience).then(() => false)]);
    if (!isClosed) this.auditor.violated(`a server does not stop within ${patience} ms`);
    server.isDead = true;
  }

  #uuid(): string {
    const { random } = this;
    const hex = (digits: number): string =>
      Math.floor(random.next() * 16 ** digits)
        .toString(16)
        .padStart(digits, '0');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(8)}${hex(4)}`;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #report(): WorldReport {
    const { auditor, database } = this;
    const lost = auditor.lost();
    const overRefunded = auditor.overRefunded();
    auditor.replay();
    return {
      counts: {
        worlds: 1,
        steps: this.time.steps,
        'requests sent': auditor.attempts.size,
        'entries committed': database.books.reduce((sum, { journal }) => sum + journal.length, 0),
        ...Object.fromEntries(this.#counts),
        ...Object.fromEntries(database.wentWrong),
        'refunds acknowledged': auditor.acknowledged.size,
        lost,
        'over-refunded': overRefunded,
      },
      violations: auditor.violations,
    };
  }
}

/** Lives through the world of a seed. The same seed, the same world, to the last event. */
export function simulate(seed: number): Promise<WorldReport> {
  return new World(seed).run();
}
