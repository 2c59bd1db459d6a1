/** What the callers of a simulated world ask for: few payments, so that commands meet each other. */
import type { Action, Command } from '../../src/core/command.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { registration } from '../kit/core.ts';
import type { Random } from '../kit/random.ts';

const PAYMENT_MINOR = 10_000n;
const CURRENCIES = ['USD', 'JPY'] as const;
const ACTORS = ['key:first', 'key:second'] as const;

/** What a merchant has, as far as callers know. */
export interface KnownMerchant {
  readonly id: string;
  readonly references: string[];
  readonly refundIds: string[];
}

export class Commands {
  readonly #random: Random;
  #requests = 0;
  #keys = 0;
  #references = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A command of its own request. */
  of(merchantId: string, action: Action, idempotencyKey: string | null): Command {
    return {
      merchantId,
      actor: this.#random.pick(ACTORS),
      protocol: 'native',
      requestId: this.requestId(),
      idempotencyKey,
      protocolPolicy: null,
      action,
    };
  }

  requestId(prefix = ''): string {
    return `${prefix}request-${(this.#requests += 1)}`;
  }

  newKey(): string {
    return `key-${(this.#keys += 1)}`;
  }

  policy(): Policy {
    const random = this.#random;
    return {
      ...OPEN_POLICY,
      partialRefunds: !random.oneIn(6),
      refundsPerPayment: random.oneIn(3) ? random.between(1, 4) : null,
      balanceMustCover: random.oneIn(3),
      approvalAboveMinor: random.oneIn(2) ? { USD: 2_000n } : {},
      approvalHours: random.oneIn(2) ? 1 : null,
    };
  }

  registration(merchant: KnownMerchant): Action {
    const value = `order-${(this.#references += 1)}`;
    merchant.references.push(value);
    return registration({
      amountMinor: PAYMENT_MINOR,
      currency: this.#random.pick(CURRENCIES),
      status: this.#random.oneIn(8) ? 'pending' : 'captured',
      references: [{ namespace: 'native.reference', value, numbered: false }],
    });
  }

  /** Mostly refunds; sometimes of what others refund, void, settle or reverse at the same time. */
  any(merchant: KnownMerchant): Command {
    const random = this.#random;
    // Without a key nobody can ask what became of it.
    const key = random.oneIn(6) ? null : random.oneIn(12) ? `key-${random.between(1, this.#keys + 1)}` : this.newKey();
    return this.of(merchant.id, this.#action(merchant), key);
  }

  #action(merchant: KnownMerchant): Action {
    const random = this.#random;
    const payment = { references: [{ namespace: 'native.reference', value: random.pick(merchant.references) }] };
    const dice = random.between(1, 100);
    if (dice <= 60 || (dice <= 80 && merchant.refundIds.length === 0)) {
      const minor = BigInt(random.pick([1, 100, 999, 2_500, 6_000, 10_000]));
      return {
        kind: 'refund_payment',
        payment,
        amount: random.oneIn(8) ? { kind: 'all' } : { kind: 'minor', minor, currency: null },
        reference: random.oneIn(10) ? { namespace: 'native.reference', value: `r-${random.between(1, 20)}` } : null,
        details: {},
        expectedRefundableMinor: random.oneIn(12) ? PAYMENT_MINOR : null,
      };
    }
    if (dice <= 80) {
      const refundId = random.pick(merchant.refundIds.slice(-6));
      const kind = random.pick([
        'approve_refund',
        'approve_refund',
        'reject_refund',
        'cancel_refund',
        'reverse_refund',
        'expire_refund',
      ] as const);
      return kind === 'approve_refund' ? { kind, refundId, amountMinor: null } : { kind, refundId };
    }
    if (dice <= 88) {
      return {
        kind: random.pick([
          'capture_payment',
          'void_payment',
          'close_payment',
          'set_dispute',
          'clear_dispute',
        ] as const),
        payment,
      };
    }
    if (dice <= 92) return { kind: 'settle_balance', currency: random.pick(CURRENCIES) };
    if (dice <= 95) return { kind: 'set_policy', policy: this.policy() };
    return this.registration(merchant);
  }
}
