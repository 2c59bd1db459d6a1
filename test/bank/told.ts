/**
 * What callers were told, held against the books. Accepted: there, once, as it was said. Refused by the rules: there as
 * such. "Nothing happened": not there, ever. No answer: there or not, but not twice, and all that is there was asked for.
 */
import type { JournalEntry } from '../../src/core/journal.ts';
import type { Accepted, Answer, Wire } from './ask.ts';
import type { Snapshot } from './auditor.ts';

export type What = 'payment' | 'refund' | 'approve' | 'cancel' | 'reject' | 'reverse' | 'settlement';

export interface Asked {
  readonly what: What;
  readonly wire: Wire;
  readonly paymentId: string | null;
  /** The refund that is decided on. */
  readonly refundId: string | null;
  /** `null` where the answer says it. */
  readonly amountMinor: bigint | null;
}

/** An ask and all that was heard of it. */
export interface Ask extends Asked {
  /** Its name in the journal: the idempotency key or, where there is none, the request's id. */
  readonly name: string;
  told: Accepted | string | null;
  /** Whether some answer left open what happened. */
  isOpen: boolean;
  /** How often it was sent. */
  sent: number;
  /** Answers that said that it happened just now. */
  fresh: number;
}

interface Numbers {
  refunded: bigint;
  reserved: bigint;
}

export interface Count {
  acknowledged: number;
  refused: number;
  overloaded: number;
  unknown: number;
  converged: number;
  lost: number;
  doubled: number;
  brokenPromises: number;
}

export class Told {
  /** Asks whose entry was not met yet. */
  readonly #open = new Map<string, Ask>();
  /** Names whose entry was. */
  readonly #met = new Set<string>();
  /** What was refunded and is reserved, by what callers were told. */
  readonly #payments = new Map<string, Numbers>();
  readonly violations: string[] = [];
  readonly count: Count = {
    acknowledged: 0,
    refused: 0,
    overloaded: 0,
    unknown: 0,
    converged: 0,
    lost: 0,
    doubled: 0,
    brokenPromises: 0,
  };

  ask(asked: Asked): Ask {
    const name = asked.wire.idempotencyKey ?? asked.wire.requestId;
    const ask = { ...asked, name, told: null, isOpen: false, sent: 0, fresh: 0 };
    this.#open.set(name, ask);
    return ask;
  }

  /** Asks that may be sent again, and whose outcome nobody knows. */
  get unknown(): Ask[] {
    return [...this.#open.values()].filter(
      ({ told, isOpen, wire }) => told === null && isOpen && wire.idempotencyKey !== null,
    );
  }

  hear(ask: Ask, answer: Answer): void {
    switch (answer.is) {
      case 'unknown':
        if (!ask.isOpen) this.count.unknown += 1;
        ask.isOpen = true;
        return;
      case 'not sent':
        return;
      case 'nothing happened':
        this.count.overloaded += 1;
        return;
      case 'other':
        if (answer.code.endsWith('_not_found')) this.count.lost += 1;
        this.violations.push(`${ask.what} ${ask.name} was answered ${answer.status}: ${answer.text}`);
        return;
      case 'accepted':
      case 'refused': {
        const told = answer.is === 'accepted' ? answer.body : answer.code;
        if (!answer.replayed) ask.fresh += 1;
        if (answer.replayed && ask.sent === 1) this.#double(`${ask.what} ${ask.name} was sent once, and met itself`);
        if (ask.fresh > 1) this.#double(`${ask.what} ${ask.name} was done twice, said the answers`);
        if (ask.told !== null) {
          if (outline(ask.told) === outline(told)) return;
          this.violations.push(`${ask.what} ${ask.name} was ${outline(ask.told)}, and then ${outline(told)}`);
          return;
        }
        ask.told = told;
        if (typeof told === 'string') this.count.refused += 1;
        else this.count.acknowledged += 1;
        if (ask.isOpen) this.count.converged += 1;
      }
    }
  }

  /** Holds a snapshot, taken while nothing was in flight, against all that was asked since the one before. */
  check({ entries, payments }: Snapshot): void {
    for (const entry of entries) if (!entry.actor.startsWith('cli:')) this.#meet(entry);
    for (const ask of this.#open.values()) {
      if (ask.told === null) continue;
      this.count.lost += 1;
      this.violations.push(`${ask.what} ${ask.name} was ${outline(ask.told)}, and it is not there`);
      this.#open.delete(ask.name);
    }
    for (const { id, refunded, reserved } of payments) {
      const told = this.#numbers(id);
      if (told.refunded === refunded && told.reserved === reserved) continue;
      const said = `callers were told of ${told.refunded} and ${told.reserved}`;
      this.violations.push(`payment ${id}: refunded ${refunded}, reserved ${reserved}, and ${said}`);
    }
  }

  #double(what: string): void {
    this.count.doubled += 1;
    this.violations.push(what);
  }

  #meet(entry: JournalEntry): void {
    const name = entry.idempotencyKey ?? entry.requestId;
    const ask = this.#open.get(name);
    const is = `entry ${entry.bucket}/${entry.seq} (${entry.kind} of ${entry.amountMinor})`;
    if (ask === undefined) {
      if (this.#met.has(name)) this.#double(`${name} is there twice: ${is}`);
      else this.violations.push(`nobody asked for ${name}: ${is}`);
      return;
    }
    this.#open.delete(name);
    this.#met.add(name);
    if (ask.told === null && !ask.isOpen) {
      this.count.brokenPromises += 1;
      this.violations.push(`nothing happened, it was said, of ${ask.what} ${name}: ${is}`);
    }
    const { told } = ask;
    const there = entry.refusalCode ?? 'accepted';
    const said = told === null ? there : typeof told === 'string' ? told : 'accepted';
    const id = ask.what === 'payment' ? entry.paymentId : entry.refundId;
    const hasId = told === null || typeof told === 'string' || ask.what === 'settlement' || told.id === id;
    const amount = told === null || typeof told === 'string' ? ask.amountMinor : BigInt(told.amount);
    if (said !== there || !hasId || (amount !== null && amount !== entry.amountMinor)) {
      this.violations.push(
        `${ask.what} ${name} was ${told === null ? 'not answered' : outline(told)}, and it is ${is}`,
      );
    }
    if (entry.refusalCode === null) this.#apply(ask, entry);
  }

  /** By what was asked and told; whether a refund waits that was not answered, by its entry. */
  #apply({ what, told, paymentId, amountMinor }: Ask, entry: JournalEntry): void {
    if (paymentId === null || amountMinor === null) return;
    const numbers = this.#numbers(paymentId);
    const amount = amountMinor;
    const waits =
      told === null || typeof told === 'string'
        ? entry.kind === 'refund_requested'
        : told.status === 'pending_approval';
    switch (what) {
      case 'refund':
        if (waits) numbers.reserved += amount;
        else numbers.refunded += amount;
        return;
      case 'approve':
        numbers.reserved -= amount;
        numbers.refunded += amount;
        return;
      case 'cancel':
      case 'reject':
        numbers.reserved -= amount;
        return;
      case 'reverse':
        numbers.refunded -= amount;
        return;
      case 'payment':
      case 'settlement':
        return;
    }
  }

  #numbers(paymentId: string): Numbers {
    const known = this.#payments.get(paymentId) ?? { refunded: 0n, reserved: 0n };
    this.#payments.set(paymentId, known);
    return known;
  }
}

const outline = (told: Accepted | string): string =>
  typeof told === 'string' ? told : `accepted (${told.id}, ${told.amount}, ${told.status ?? ''})`;
