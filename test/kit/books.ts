/** Commands as tests give them: an engine on a fresh database, and short ways to ask it for things. */
import { randomUUID } from 'node:crypto';
import { after } from 'node:test';
import type { Action, Command, RefundPayment, RegisterPayment } from '../../src/core/command.ts';
import { bucketOf } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Payment } from '../../src/core/payment.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { refundOf, registration } from './core.ts';
import { createDatabase } from './database.ts';

export class Books {
  readonly engine: Engine;
  readonly database: DatabaseSettings;

  constructor(engine: Engine, database: DatabaseSettings) {
    this.engine = engine;
    this.database = database;
  }

  /** An engine on a database of its own, closed when the test file ends. */
  static async open(options: Partial<EngineOptions> = {}, database?: DatabaseSettings): Promise<Books> {
    const on = database ?? (await createDatabase());
    const engine = await Engine.open(on, { lanes: 2, ...options });
    after(() => engine.close());
    return new Books(engine, on);
  }

  command(merchantId: string | null, action: Action, more: Partial<Command> = {}): Promise<Outcome> {
    return this.engine.execute({
      merchantId,
      actor: 'cli:test',
      protocol: 'native',
      requestId: randomUUID(),
      idempotencyKey: null,
      protocolPolicy: null,
      action,
      ...more,
    });
  }

  /** An id for a merchant in the same book as another: their entries are numbered together. */
  merchantIdBeside(merchantId: string): string {
    for (;;) {
      const id = this.engine.newMerchantId();
      if (bucketOf(id) === bucketOf(merchantId)) return id;
    }
  }

  async merchant(policy: Partial<Policy> = {}): Promise<string> {
    const merchantId = this.engine.newMerchantId();
    const outcome = await this.command(merchantId, {
      kind: 'create_merchant',
      name: 'Example Ltd',
      policy: { ...OPEN_POLICY, ...policy },
    });
    if (outcome.merchant === null) throw new Error(outcome.refusal?.message ?? 'no merchant');
    return merchantId;
  }

  register(merchantId: string, payment: Partial<RegisterPayment> = {}, more: Partial<Command> = {}): Promise<Outcome> {
    return this.command(merchantId, registration(payment), more);
  }

  async payment(merchantId: string, payment: Partial<RegisterPayment> = {}): Promise<Payment> {
    const outcome = await this.register(merchantId, payment);
    if (outcome.payment === null) throw new Error(outcome.refusal?.message ?? 'no payment');
    return outcome.payment;
  }

  refund(
    payment: Pick<Payment, 'id' | 'merchantId'>,
    amountMinor: bigint | 'all',
    refund: Partial<RefundPayment> = {},
    more: Partial<Command> = {},
  ): Promise<Outcome> {
    return this.command(payment.merchantId, refundOf(payment, amountMinor, refund), more);
  }
}
