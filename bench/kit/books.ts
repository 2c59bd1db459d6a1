/** What the load needs in the books: merchants with credentials, and payments to refund, registered through the engine. */
import { randomUUID } from 'node:crypto';
import type { Action } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { issueCredential } from '../../src/dialects/issue.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { type BenchMerchant, type BenchPayment, type Wire, WIRES } from './wire.ts';

/** Commands that are on their way at once. */
const WINDOW = 4_000;

/** A policy that asks for something, so that rules are looked at: none of the load meets its limits. */
const POLICY = {
  ...OPEN_POLICY,
  windowDays: 365,
  minimumMinor: { USD: 1n },
  approvalAboveMinor: { USD: 1_000_000_00n },
};

export class BenchBooks {
  readonly refundry: Refundry;
  #runs = 0;

  private constructor(refundry: Refundry) {
    this.refundry = refundry;
  }

  static async open(url: string): Promise<BenchBooks> {
    return new BenchBooks(
      await Refundry.open(
        { connectionString: url },
        { maxQueued: 100_000, maxWaitMs: 60_000, deadlineMs: 60_000, lanes: 2 },
      ),
    );
  }

  close(): Promise<void> {
    return this.refundry.close();
  }

  async do(merchantId: string | null, action: Action): Promise<Outcome> {
    const outcome = await this.refundry.execute({
      merchantId,
      actor: 'cli:bench',
      protocol: 'native',
      requestId: randomUUID(),
      idempotencyKey: null,
      protocolPolicy: null,
      action,
    });
    if (outcome.refusal !== null) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.message}`);
    return outcome;
  }

  /** Merchants with a credential for every protocol, spread over the buckets. */
  async merchants(count: number): Promise<BenchMerchant[]> {
    const merchants: BenchMerchant[] = [];
    for (let index = 0; index < count; index += 1) {
      const id = this.refundry.engine.newMerchantId();
      await this.do(id, { kind: 'create_merchant', name: `Merchant ${index}`, policy: POLICY });
      const issued = WIRES.map((wire) => ({ wire, ...issueCredential(wire.credential(index)) }));
      for (const { credential } of issued) await this.do(id, { kind: 'create_credential', credential });
      const secrets = new Map(issued.map((one) => [one.wire.protocol, Object.values(one.secrets)]));
      merchants.push({ id, secrets, index, cookies: '' });
    }
    return merchants;
  }

  /** Captured payments of 100,000.00 USD, in turn for each of the merchants; 0.01 where they are refunded as a whole. */
  async payments(wire: Wire, merchants: readonly BenchMerchant[], count: number): Promise<BenchPayment[]> {
    this.#runs += 1;
    const run = this.#runs;
    const payments: BenchPayment[] = [];
    for (let from = 0; from < count; from += WINDOW) {
      const numbers = Array.from({ length: Math.min(WINDOW, count - from) }, (_, index) => from + index);
      payments.push(
        ...(await Promise.all(
          numbers.map(async (number) => {
            const merchant = merchants[number % merchants.length];
            if (merchant === undefined) throw new RangeError('there must be a merchant');
            const name = wire.paymentName(run, number);
            const { payment } = await this.do(merchant.id, {
              kind: 'register_payment',
              amountMinor: 10_000_000n,
              currency: 'USD',
              status: 'captured',
              references:
                wire.namespace === null ? [] : [{ namespace: wire.namespace, value: name, numbered: wire.numbered }],
              details: { method: { type: 'card', scheme: 'VISA', last4: '4242' } },
              entitlements: [],
              couponCode: null,
              createdAt: null,
              capturedAt: null,
              ifSame: 'refuse',
            });
            if (payment === null) throw new Error('a registered payment is missing');
            return { merchant, id: payment.id, name };
          }),
        )),
      );
    }
    return payments;
  }
}
