/**
 * Watches the books of a simulated world: what must hold at every commit, what every caller was told, and at the end
 * whether all that was committed is what the same commands bring about one after the other.
 */
import type { Book } from '../../src/core/book.ts';
import { type Command, fingerprint } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { ACCOUNTS, type Account, GENESIS_HASH, hashEntry, type JournalEntry } from '../../src/core/journal.ts';
import { namesOf } from '../../src/core/names.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Payment } from '../../src/core/payment.ts';
import { holdsReservation } from '../../src/core/refund.ts';
import { idNumber } from '../kit/core.ts';
import { Rows } from '../kit/rows.ts';

/** One time that a command was sent. */
export interface Attempt {
  readonly command: Command;
  /** What the caller knows: nothing yet or not for sure, that nothing happened, or what did. */
  told: 'unknown' | 'nothing' | 'done';
}

export class Auditor {
  readonly violations: string[] = [];
  /** Refunds that were acknowledged, by id. */
  readonly acknowledged = new Map<string, bigint>();
  /** Every attempt by its request id, which no other has. */
  readonly attempts = new Map<string, Attempt>();
  readonly #books: readonly Rows[];
  /** What postings add up to, by merchant, currency and account. */
  readonly #posted = new Map<string, bigint>();
  readonly #entriesOf = new Map<string, JournalEntry>();
  readonly #byKey = new Map<string, JournalEntry>();
  /** What a key's first definite answer was. */
  readonly #answers = new Map<string, string>();

  constructor(books: readonly Rows[]) {
    this.#books = books;
  }

  violated(what: string): void {
    this.violations.push(what);
  }

  /** At the moment of a commit: the entries continue the chain, and the numbers are those that the postings make. */
  committed(bucket: number, { changes }: Book): void {
    const rows = this.#rows(bucket);
    const [first] = changes.entries;
    if (first === undefined) return;
    let previous = rows.journal[Number(first.seq) - 2] ?? null;
    for (const entry of changes.entries) {
      this.#checkChain(previous, entry);
      this.#checkAttempt(entry);
      this.#post(entry);
      previous = entry;
    }
    for (const payment of [...changes.newPayments.values(), ...changes.changedPayments.values()]) {
      this.#checkPayment(payment);
    }
    for (const balance of [...changes.newBalances.values(), ...changes.changedBalances.values()]) {
      for (const account of ACCOUNTS) {
        const posted = this.#posted.get(nameOf(balance.merchantId, balance.currency, account)) ?? 0n;
        if (posted !== balance.minor[account]) {
          this.violated(`${account} is ${balance.minor[account]}, and its postings make ${posted}`);
        }
      }
    }
  }

  /** At the moment at which a caller is told that something is decided: it must be in the books by then. */
  answered(attempt: Attempt, outcome: Outcome): void {
    const { command } = attempt;
    const { entry, refund, refusal, replayed } = outcome;
    attempt.told = 'done';
    if (entry === null) return;
    const there = this.#rows(entry.bucket).journal[Number(entry.seq) - 1];
    if (there?.hash !== entry.hash) {
      this.violated(`${command.requestId} was answered by entry ${entry.seq}, which is not in the books`);
    }
    if (!replayed && entry.requestId !== command.requestId) {
      this.violated(`${command.requestId} was answered by the entry of ${entry.requestId}`);
    }
    if (replayed && entry.fingerprint !== fingerprint(command)) {
      this.violated(`${command.requestId} was answered by what was asked otherwise: ${entry.operation}`);
    }
    if (refusal === null && refund !== null && entry.kind !== 'refund_reversed') {
      this.acknowledged.set(refund.id, refund.amountMinor);
    }
    if (command.idempotencyKey === null || refusal?.code === 'idempotency_key_reused') return;
    const key = nameOf(command.merchantId ?? '', command.idempotencyKey, '');
    const answer = JSON.stringify([entry.hash, refusal?.code, refund?.id, String(refund?.amountMinor)]);
    const before = this.#answers.get(key) ?? answer;
    this.#answers.set(key, before);
    if (before !== answer) this.violated(`${command.idempotencyKey} was answered by ${before}, and then by ${answer}`);
  }

  /** At the end: acknowledged refunds that are not there, or not with that amount. */
  lost(): number {
    let lost = 0;
    for (const [id, amountMinor] of this.acknowledged) {
      if (this.#books.some(({ refunds }) => refunds.get(id)?.amountMinor === amountMinor)) continue;
      lost += 1;
      this.violated(`refund ${id} of ${amountMinor} was acknowledged, and is not there`);
    }
    return lost;
  }

  /** At the end: what the refunds of a payment make must be what it says, and no more than was captured. */
  overRefunded(): number {
    let over = 0;
    for (const { payments, refunds } of this.#books) {
      const sums = new Map<string, { refunded: bigint; reserved: bigint }>();
      for (const refund of refunds.values()) {
        const sum = sums.get(refund.paymentId) ?? { refunded: 0n, reserved: 0n };
        if (refund.status === 'succeeded') sum.refunded += refund.amountMinor;
        if (holdsReservation(refund.status)) sum.reserved += refund.amountMinor;
        sums.set(refund.paymentId, sum);
      }
      for (const payment of payments.values()) {
        const { refunded, reserved } = sums.get(payment.id) ?? { refunded: 0n, reserved: 0n };
        if (refunded + reserved > payment.capturedMinor) over += 1;
        if (refunded !== payment.refundedMinor || reserved !== payment.reservedMinor) {
          this.violated(
            `payment ${payment.id} says ${payment.refundedMinor} and ${payment.reservedMinor}, its refunds ${refunded} and ${reserved}`,
          );
        }
      }
    }
    return over;
  }

  /** At the end: the commands, in the order of the journal and one at a time, bring about the same entries. */
  replay(): void {
    for (const rows of this.#books) this.#replayBook(rows);
  }

  #replayBook({ bucket, journal }: Rows): void {
    const again = new Rows(bucket);
    const renamed = new Map<string, string>();
    let ids = 0;
    for (const entry of journal) {
      const attempt = this.attempts.get(entry.requestId);
      if (attempt === undefined) {
        this.violated(`entry ${entry.seq} is of ${entry.requestId}, which nobody sent`);
        return;
      }
      const command = withIds(attempt.command, renamed);
      const book = again.load(namesOf([command]));
      const { entry: made } = book.record(
        decide(book, command, {
          now: entry.at,
          newId: () => idNumber((ids += 1)),
          newSalt: () => 'salt',
        }),
      );
      again.save(book);
      if (entry.refundId !== null && made?.refundId) renamed.set(entry.refundId, made.refundId);
      const [was, is] = [numbersOf(entry), made === null ? 'nothing' : numbersOf(made)];
      if (was !== is) {
        this.violated(`entry ${entry.seq} of bucket ${bucket} says ${was}; one command after the other it is ${is}`);
        return;
      }
    }
  }

  #checkChain(previous: JournalEntry | null, entry: JournalEntry): void {
    const { hash, ...unsealed } = entry;
    if (entry.seq !== (previous?.seq ?? 0n) + 1n) this.violated(`entry ${entry.seq} follows ${previous?.seq ?? 0n}`);
    if (previous !== null && entry.at < previous.at) this.violated(`time runs backwards at entry ${entry.seq}`);
    if (hashEntry(previous?.hash ?? GENESIS_HASH, unsealed) !== hash) {
      this.violated(`entry ${entry.seq} of bucket ${entry.bucket} breaks the chain`);
    }
  }

  #checkAttempt(entry: JournalEntry): void {
    const { requestId, merchantId, idempotencyKey } = entry;
    if (this.#entriesOf.has(requestId)) this.violated(`${requestId} happened twice`);
    this.#entriesOf.set(requestId, entry);
    if (this.attempts.get(requestId)?.told === 'nothing') {
      this.violated(`${requestId} happened after its caller was told that nothing did`);
    }
    if (idempotencyKey === null) return;
    const key = nameOf(merchantId ?? '', idempotencyKey, '');
    if (this.#byKey.has(key)) this.violated(`key ${idempotencyKey} was bound twice`);
    this.#byKey.set(key, entry);
  }

  #post({ merchantId, currency, debit, credit, amountMinor }: JournalEntry): void {
    if (merchantId === null || currency === null || debit === null || credit === null || amountMinor === null) return;
    const move = (account: Account, minor: bigint): void => {
      const name = nameOf(merchantId, currency, account);
      this.#posted.set(name, (this.#posted.get(name) ?? 0n) + minor);
    };
    move(debit, -amountMinor);
    move(credit, amountMinor);
  }

  #checkPayment({ id, capturedMinor, refundedMinor, reservedMinor }: Payment): void {
    if (refundedMinor < 0n || reservedMinor < 0n || refundedMinor + reservedMinor > capturedMinor) {
      this.violated(`payment ${id}: ${refundedMinor} refunded and ${reservedMinor} reserved of ${capturedMinor}`);
    }
  }

  #rows(bucket: number): Rows {
    const rows = this.#books[bucket];
    if (rows === undefined) throw new RangeError(`there is no bucket ${bucket}`);
    return rows;
  }
}

const nameOf = (...parts: readonly string[]): string => parts.join(' ');

/** The same command about the refund as it is called in the other books. */
function withIds(command: Command, renamed: ReadonlyMap<string, string>): Command {
  const { action } = command;
  if (!('refundId' in action)) return command;
  return { ...command, action: { ...action, refundId: renamed.get(action.refundId) ?? action.refundId } };
}

/** Of an entry, all that does not depend on ids. */
function numbersOf(entry: JournalEntry): string {
  const { kind, amountMinor, currency, debit, credit, payment, unsettledMinor, refusalCode, idempotencyKey } = entry;
  return JSON.stringify(
    [kind, amountMinor, currency, debit, credit, payment, unsettledMinor, refusalCode, idempotencyKey],
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}
