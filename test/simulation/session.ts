/** The client's side of a connection to the simulated database: what a batch's transaction asks, over a bad line. */
import type { Book } from '../../src/core/book.ts';
import type { Names } from '../../src/core/names.ts';
import type { EntryName, Session } from '../../src/store/transaction.ts';
import { Backend, databaseError, POISON, type Reply, type SimulatedDatabase, type Statement } from './database.ts';
import type { Process } from './virtual-time.ts';

/** As the driver has it (`src/store/lane.ts`): then it gives the connection up. */
const QUERY_TIMEOUT_MS = 15_000;

interface Asked {
  readonly at: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function whyNot(assert: () => void): string | null {
  try {
    assert();
    return null;
  } catch (error) {
    return String(error);
  }
}

export class SimulatedSession implements Session {
  readonly #database: SimulatedDatabase;
  readonly #process: Process;
  readonly #backend: Backend;
  /** Asked and not answered, in order. */
  readonly #asked: Asked[] = [];
  readonly #underWay: Statement[] = [];
  #held: Statement[] | null = null;
  #isLost = false;
  /** What is under way to the server does not arrive before; `Infinity`: never. */
  #arrivesFrom = 0;
  #lastArrival = 0;
  #lastReply = 0;
  #isWatched = false;

  private constructor(database: SimulatedDatabase, process: Process) {
    this.#database = database;
    this.#process = process;
    this.#backend = new Backend(database);
    this.#backend.onEnd = (error) => database.time.after(this.#delay(), () => this.#lose(error), process);
  }

  static async connect(database: SimulatedDatabase, process: Process): Promise<SimulatedSession> {
    const { time, random, faults } = database;
    await time.sleep(1 + random.between(0, 2 * faults.delayMs), process);
    if (database.downUntil > time.now) throw new Error('connect ECONNREFUSED');
    if (random.oneIn(faults.refuse)) {
      database.note('connections refused');
      throw databaseError('53300', 'too many connections', 'FATAL');
    }
    return new SimulatedSession(database, process);
  }

  hold(): () => void {
    this.#held ??= [];
    return () => {
      const statements = this.#held ?? [];
      this.#held = null;
      for (const statement of statements) this.#send(statement);
    };
  }

  async begin(): Promise<void> {
    await this.#ask((backend, done) => {
      backend.begin();
      done({ value: null });
    });
  }

  async load(bucket: number, names: Names, lock: boolean): Promise<Book> {
    const locked = lock ? this.#askForHead(bucket) : Promise.resolve();
    const loaded = this.#ask((_, done) => done({ value: this.#database.rows(bucket).load(names) }));
    locked.catch(() => undefined);
    loaded.catch(() => undefined);
    await locked;
    return (await loaded) as Book;
  }

  save(book: Book, seqBefore: bigint): Promise<unknown>[] {
    const { bucket, changes } = book;
    const rows = this.#database.rows(bucket);
    const written = this.#ask((_, done) => {
      if (changes.entries.some(({ requestId }) => requestId.startsWith(POISON))) {
        throw databaseError('22P05', 'a character that cannot be stored');
      }
      done({ value: null });
    });
    // Changing the head's row waits for whoever else changes it, as any update does; then it counts what it changed.
    const counted = this.#ask((backend, done) => {
      this.#withHead(backend, bucket, done, () => {
        // The last guards: that one of them is needed is as bad as if it were not there.
        const fault =
          rows.head.seq === seqBefore ? whyNot(() => rows.assertFits(book)) : 'the head has moved on meanwhile';
        if (fault !== null) {
          this.#database.onGuard(`a batch was decided on books that it does not fit: ${fault}`);
          throw databaseError('P0001', fault);
        }
        backend.transaction?.changes.push({ bucket, book });
        return null;
      });
    });
    return [written, counted];
  }

  async commit(): Promise<string> {
    return (await this.#ask((backend, done) => done({ value: backend.commit() }), true)) as string;
  }

  async rollback(): Promise<void> {
    await this.#ask((backend, done) => {
      backend.rollback();
      done({ value: null });
    }, true);
  }

  async lockHead(bucket: number): Promise<void> {
    await this.#askForHead(bucket);
  }

  async hasEntry(bucket: number, { seq, hash }: EntryName): Promise<boolean> {
    const answer = await this.#ask((_, done) =>
      done({ value: this.#database.rows(bucket).journal[Number(seq) - 1]?.hash === hash }),
    );
    return answer as boolean;
  }

  end(): Promise<void> {
    // Over a line that is broken already, nobody tells the server: it finds out in its own time.
    if (this.#isLost) return Promise.resolve();
    this.#lose(new Error('Connection terminated'));
    this.#database.time.after(this.#delay(), () => this.#backend.terminate(new Error('ended')));
    return Promise.resolve();
  }

  /** The process is gone, and its connections with it: the server finds that out when it likes. */
  abandon(): void {
    this.#isLost = true;
    this.#notice();
  }

  #askForHead(bucket: number): Promise<unknown> {
    return this.#ask((backend, done) => this.#withHead(backend, bucket, done, () => null));
  }

  #withHead(backend: Backend, bucket: number, done: (reply: Reply) => void, then: () => unknown): void {
    this.#database.lock(
      bucket,
      backend,
      () => {
        try {
          done({ value: then() });
        } catch (error) {
          done({ error: error instanceof Error ? error : new Error(String(error)) });
        }
      },
      () => done({ error: databaseError('55P03', 'lock timeout') }),
    );
  }

  #ask(execute: Statement['execute'], isEnd = false): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isLost) {
        reject(new Error('Client has encountered a connection error and is not queryable'));
        return;
      }
      const asked: Asked = { at: this.#database.time.now, resolve, reject };
      this.#asked.push(asked);
      this.#watch();
      const statement: Statement = { isEnd, execute, answer: (reply) => this.#reply(asked, reply) };
      if (this.#held === null) this.#send(statement);
      else this.#held.push(statement);
    });
  }

  #delay(): number {
    const { random, faults } = this.#database;
    return random.next() * faults.delayMs;
  }

  #send(statement: Statement): void {
    const { random, faults, time } = this.#database;
    if (!this.#isLost && random.oneIn(faults.cut)) this.#breakDown();
    this.#lastArrival = Math.max(this.#lastArrival, time.now + this.#delay());
    const arrive = (): void => {
      if (this.#arrivesFrom > time.now) {
        if (this.#arrivesFrom !== Number.POSITIVE_INFINITY) time.after(this.#arrivesFrom - time.now, arrive);
        return;
      }
      // Whenever it is: on one connection nothing overtakes.
      const next = this.#underWay.shift();
      if (next !== undefined) this.#backend.arrive(next);
    };
    this.#underWay.push(statement);
    // The network carries what was sent, whatever becomes of the process that sent it.
    time.after(this.#lastArrival - time.now, arrive);
  }

  #reply(asked: Asked, reply: Reply): void {
    const { time } = this.#database;
    this.#lastReply = Math.max(this.#lastReply, time.now + this.#delay());
    time.after(
      this.#lastReply - time.now,
      () => {
        if (this.#isLost) return;
        this.#asked.splice(this.#asked.indexOf(asked), 1);
        if ('error' in reply) asked.reject(reply.error);
        else asked.resolve(reply.value);
      },
      this.#process,
    );
  }

  /** The line breaks: what is under way is lost or arrives late, and each side learns of it in its own time. */
  #breakDown(): void {
    const { random, time } = this.#database;
    const how = random.pick([
      'cut before it arrives',
      'cut, and it arrives',
      'cut, and it arrives late',
      'silence',
    ] as const);
    this.#database.note(how);
    if (how === 'cut before it arrives') this.#arrivesFrom = Number.POSITIVE_INFINITY;
    if (how === 'cut, and it arrives late') this.#arrivesFrom = time.now + random.between(1, 3_000);
    if (how === 'silence') {
      // Nobody is told anything: the driver gives up after its patience, the server may yet get all of it.
      this.#arrivesFrom = time.now + random.between(5_000, 30_000);
      return;
    }
    time.after(random.between(0, 20), () => this.#lose(new Error('Connection terminated unexpectedly')), this.#process);
    this.#notice();
  }

  /** The server learns that nobody is there any more. */
  #notice(): void {
    const { random, time } = this.#database;
    time.after(random.between(0, 4_000), () => this.#backend.terminate(new Error('the client is gone')));
  }

  #lose(error: Error): void {
    if (this.#isLost) return;
    this.#isLost = true;
    // The first statement gets the server's own last words; the others learn that the connection is gone.
    for (const [index, { reject }] of this.#asked.splice(0).entries()) {
      reject(index === 0 ? error : new Error('Connection terminated unexpectedly'));
    }
  }

  #watch(): void {
    const { time } = this.#database;
    const [oldest] = this.#asked;
    if (this.#isWatched || oldest === undefined) return;
    this.#isWatched = true;
    time.after(
      oldest.at + QUERY_TIMEOUT_MS - time.now,
      () => {
        this.#isWatched = false;
        const [first] = this.#asked;
        if (this.#isLost || first === undefined) return;
        if (first.at + QUERY_TIMEOUT_MS > time.now) {
          this.#watch();
          return;
        }
        this.#lose(new Error('Query read timeout'));
        this.#notice();
      },
      this.#process,
    );
  }
}
