/** Commands as tests of the rules give them, over rows in memory. */
import assert from 'node:assert/strict';
import type { Balance } from '../../src/core/account.ts';
import type { Book } from '../../src/core/book.ts';
import type { Action, Command, RefundPayment, RegisterPayment } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import type { Refusal } from '../../src/core/errors.ts';
import { formatId } from '../../src/core/ids.ts';
import type { JournalEntry } from '../../src/core/journal.ts';
import { namesOf } from '../../src/core/names.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Payment } from '../../src/core/payment.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import type { Refund } from '../../src/core/refund.ts';
import { present, Rows } from './rows.ts';

/** A moment in 2026; tests move it on. */
export const SOME_TIME = 1_770_000_000_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** An id that says in which order it was made: the same in every run. */
export const idNumber = (number: number): string =>
  formatId(SOME_TIME, 0, `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`);

export const MERCHANT_ID = idNumber(0xa0000);
export const OTHER_MERCHANT_ID = idNumber(0xb0000);

/** Commands in short, over rows in memory. Ids count up, so that two runs can be compared. */
export class CoreBooks {
  readonly rows = new Rows();
  now = SOME_TIME;
  #ids = 0;

  constructor(policy: Partial<Policy> = {}) {
    this.execute([command({ kind: 'create_merchant', name: 'Example Ltd', policy: { ...OPEN_POLICY, ...policy } })]);
  }

  /** Executes commands in one batch; returns their outcomes. */
  execute(commands: readonly Command[]): Outcome[] {
    const book = this.rows.load(namesOf(commands));
    const outcomes = commands.map((one) => this.decideIn(book, one));
    this.rows.save(book);
    return outcomes;
  }

  /** Decides a command on a book at hand, as the engine does. */
  decideIn(book: Book, one: Command): Outcome {
    return book.record(
      decide(book, one, {
        now: Math.max(this.now, book.head.at),
        newId: () => idNumber((this.#ids += 1)),
        newSalt: () => `salt-${(this.#ids += 1)}`,
      }),
    );
  }

  run(action: Action, more: Partial<Command> = {}): Outcome {
    const [outcome] = this.execute([command(action, more)]);
    return present(outcome);
  }

  setPolicy(policy: Partial<Policy>): void {
    this.run({ kind: 'set_policy', policy: { ...OPEN_POLICY, ...policy } });
  }

  /** Registers a captured payment of 100.00 USD, where nothing else is said. */
  payment(given: Partial<RegisterPayment> = {}): Payment {
    return present(this.run(registration(given)).payment);
  }

  refund(
    payment: Payment,
    amountMinor: bigint | 'all',
    given: Partial<RefundPayment> = {},
    more: Partial<Command> = {},
  ): Outcome {
    return this.run(refundOf(payment, amountMinor, given), more);
  }

  /** A refund that waits for a second person: the policy must ask for one. */
  waiting(payment: Payment, amountMinor: bigint): Refund {
    const { refund } = this.refund(payment, amountMinor);
    assert.equal(refund?.status, 'pending_approval');
    return refund;
  }

  /** A payment as it is now. */
  current(payment: Pick<Payment, 'id'>): Payment {
    return present(this.rows.payments.get(payment.id));
  }

  balance(currency = 'USD', merchantId = MERCHANT_ID): Balance['minor'] {
    const balance = [...this.rows.balances.values()].find(
      (one) => one.merchantId === merchantId && one.currency === currency,
    );
    return present(balance).minor;
  }

  get lastEntry(): JournalEntry {
    return present(this.rows.journal.at(-1));
  }
}

export function command(action: Action, more: Partial<Command> = {}): Command {
  return {
    merchantId: MERCHANT_ID,
    actor: 'key:first',
    protocol: 'native',
    requestId: 'request',
    idempotencyKey: null,
    protocolPolicy: null,
    action,
    ...more,
  };
}

export function registration(given: Partial<RegisterPayment> = {}): RegisterPayment {
  return {
    kind: 'register_payment',
    amountMinor: 10_000n,
    currency: 'USD',
    status: 'captured',
    references: [],
    details: {},
    entitlements: [],
    couponCode: null,
    createdAt: null,
    capturedAt: null,
    ifSame: 'refuse',
    ...given,
  };
}

export function refundOf(
  payment: Pick<Payment, 'id'>,
  amountMinor: bigint | 'all',
  given: Partial<RefundPayment> = {},
): RefundPayment {
  return {
    kind: 'refund_payment',
    payment: { id: payment.id },
    amount: amountMinor === 'all' ? { kind: 'all' } : { kind: 'minor', minor: amountMinor, currency: null },
    reference: null,
    details: {},
    expectedRefundableMinor: null,
    ...given,
  };
}

/** The refusal of an outcome that must be one. */
export function refusalOf(outcome: Outcome): Refusal {
  return present(outcome.refusal);
}

/** Every account of every merchant and currency sums to zero. */
export function assertBalanced({ balances }: Rows): void {
  for (const { minor, merchantId, currency } of balances.values()) {
    const sum = Object.values(minor).reduce((total, amount) => total + amount, 0n);
    assert.equal(sum, 0n, `the accounts of ${merchantId} in ${currency} sum to ${sum}`);
  }
}
