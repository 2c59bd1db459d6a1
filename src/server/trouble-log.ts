/**
 * What is wrong with the database, in the log: in a sentence that says what to do about it, when it begins, every ten
 * seconds while it lasts, and when it is over; not once for every request that meets it, nor for every time that it comes
 * and goes.
 */
import type { Logger } from 'pino';
import { databaseTrouble, type TroubleKind } from '../engine/observer.ts';

const AGAIN_MS = 10_000;
/** Without another trouble after a commit: then it is over. */
const OVER_MS = 1_000;

interface Told {
  readonly at: number;
  /** How often it happened since, without a line of its own. */
  untold: number;
}

export class TroubleLog {
  readonly #logger: Logger;
  readonly #count: (kind: TroubleKind | 'other') => void;
  readonly #told = new Map<string, Told>();
  /** Since when the database is in trouble, on the process's monotonic clock; `null` while it is not. */
  #since: number | null = null;
  /** Runs from a commit to `OVER_MS` later, unless a trouble comes in between. */
  #over: NodeJS.Timeout | null = null;

  /** `count` is told of every trouble, also of those without a line. */
  constructor(logger: Logger, count: (kind: TroubleKind | 'other') => void) {
    this.#logger = logger;
    this.#count = count;
  }

  /** For the engine's observer: what happened, and by what error, if any. */
  trouble(message: string, error: unknown): void {
    const trouble = databaseTrouble(error);
    this.#count(trouble?.kind ?? 'other');
    const now = performance.now();
    if (trouble !== null) {
      this.#since ??= now;
      if (this.#over !== null) clearTimeout(this.#over);
      this.#over = null;
    }
    // The same with other numbers is the same.
    const name = `${trouble?.kind ?? ''} ${message.replace(/\d+/g, '')}`;
    const told = this.#told.get(name);
    if (told !== undefined && now - told.at < AGAIN_MS) {
      told.untold += 1;
      return;
    }
    this.#told.set(name, { at: now, untold: 0 });
    const again = told === undefined || told.untold === 0 ? {} : { again: told.untold };
    if (trouble === null) this.#logger.warn({ ...again, err: error }, message);
    else
      this.#logger.warn(
        { trouble: trouble.kind, ...again, reason: reasonOf(error) },
        `${trouble.sentence}; ${message}`,
      );
  }

  /** For the engine's observer: a batch was committed. */
  committed(): void {
    if (this.#since === null || this.#over !== null) return;
    const seconds = Math.ceil((performance.now() - this.#since) / 1000);
    this.#over = setTimeout(() => {
      this.#since = null;
      this.#over = null;
      this.#told.clear();
      this.#logger.info({ seconds }, `PostgreSQL commits again, after ${seconds} s`);
    }, OVER_MS);
    this.#over.unref();
  }
}

/** PostgreSQL's or the driver's own words: of the errors that are told apart, none repeats anything of a request. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message === '' ? error.name : error.message) : String(error);
}
