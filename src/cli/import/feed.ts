/**
 * Many registrations in flight, within bounds. Each is a transaction's part of its own, and safe to ask for again: a
 * payment that is there already is recognised by its references and content.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, RegisterPayment } from '../../core/command.ts';
import { bucketOf, isId } from '../../core/ids.ts';
import type { Outcome } from '../../core/outcome.ts';
import { NATIVE_PROTOCOL } from '../../dialects/issue.ts';
import type { Refundry } from '../../engine/refundry.ts';

export interface FeedOptions {
  readonly refundry: Refundry;
  readonly actor: string;
  /** The most registrations in flight per bucket. */
  readonly window: number;
  readonly signal: AbortSignal;
}

/** Between attempts while the database is busy or away: 2 minutes in all, then it is given up. */
const RETRY_MS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000, 40_000] as const;

export class Feed {
  readonly #options: FeedOptions;
  /** Names this import in the journal; the line follows. */
  readonly #run = randomUUID();
  readonly #inFlight = new Map<number, number>();
  #total = 0;
  #wake: (() => void) | null = null;
  /** Lines of which it is not known whether they were registered: the database went away. */
  unknown = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Whether to go on: `false` once the user wants to stop, or the database is given up. */
  get isOpen(): boolean {
    return !this.#options.signal.aborted && this.unknown === 0;
  }

  /** Sends one registration, once there is room for it. `onOutcome` hears what became of it, unless that is unknown. */
  async send(
    line: number,
    merchantId: string,
    action: RegisterPayment,
    onOutcome: (outcome: Outcome) => void,
  ): Promise<void> {
    const bucket = isId(merchantId) ? bucketOf(merchantId) : 0;
    while ((this.#inFlight.get(bucket) ?? 0) >= this.#options.window) await this.#change();
    this.#inFlight.set(bucket, (this.#inFlight.get(bucket) ?? 0) + 1);
    this.#total += 1;
    const command: Command = {
      merchantId,
      actor: this.#options.actor,
      protocol: NATIVE_PROTOCOL,
      requestId: `${this.#run}:${line}`,
      idempotencyKey: null,
      protocolPolicy: null,
      action,
    };
    const settle = (outcome: Outcome | null): void => {
      this.#inFlight.set(bucket, (this.#inFlight.get(bucket) ?? 1) - 1);
      this.#total -= 1;
      if (outcome === null) this.unknown += 1;
      else onOutcome(outcome);
      this.#wake?.();
      this.#wake = null;
    };
    void this.#options.refundry
      .execute(command)
      .then((outcome) => (isDecided(outcome) ? settle(outcome) : this.#again(command).then(settle)));
  }

  /** Waits for all that are in flight. */
  async drain(): Promise<void> {
    while (this.#total > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Asks until there is an answer; `null` when there is none in time. */
  async #again(command: Command): Promise<Outcome | null> {
    for (const delay of RETRY_MS) {
      if (!this.isOpen) return null;
      await sleep(delay, undefined, { signal: this.#options.signal }).catch(() => undefined);
      const outcome = await this.#options.refundry.execute(command);
      if (isDecided(outcome)) return outcome;
    }
    return null;
  }
}

function isDecided({ refusal }: Outcome): boolean {
  return refusal?.code !== 'overloaded' && refusal?.code !== 'outcome_unknown';
}
