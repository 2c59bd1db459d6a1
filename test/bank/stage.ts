/** A few merchants whose payments everybody refunds at once, and the two people whom each of them has. */
import { Engine } from '../../src/engine/engine.ts';
import { issueCredential } from '../../src/dialects/issue.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { Books } from '../kit/books.ts';

export interface Merchant {
  readonly id: string;
  /** Who asks for refunds. */
  readonly secret: string;
  /** Who approves what the other one asked for. */
  readonly second: string;
}

/** Above this, a refund waits for a second person. */
export const APPROVAL_ABOVE_MINOR = 500n;
export const CURRENCY = 'USD';

/** Makes merchants in a migrated database, by hand: no server need run. */
export async function makeMerchants(database: DatabaseSettings, count: number): Promise<Merchant[]> {
  const engine = await Engine.open(database, { lanes: 1 });
  try {
    const books = new Books(engine, database);
    const secretOf = async (merchantId: string): Promise<string> => {
      const { credential, secrets } = issueCredential({ protocol: 'native', role: 'merchant', label: 'test' });
      const outcome = await books.command(merchantId, { kind: 'create_credential', credential });
      if (outcome.refusal !== null) throw new Error(outcome.refusal.message);
      return secrets['key'] ?? '';
    };
    const merchants: Merchant[] = [];
    for (let made = 0; made < count; made += 1) {
      const id = await books.merchant({ approvalAboveMinor: { [CURRENCY]: APPROVAL_ABOVE_MINOR } });
      merchants.push({ id, secret: await secretOf(id), second: await secretOf(id) });
    }
    return merchants;
  } finally {
    await engine.close();
  }
}
