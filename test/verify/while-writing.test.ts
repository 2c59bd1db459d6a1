import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type VerifyOptions, verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { Books } from '../kit/books.ts';
import { credential } from './history.ts';

const books = await Books.open();
const pool = openReaders(books.database, 2);
after(() => pool.end());

const WRITING_MS = 3_000;
/** Few, so that the books grow between any two pages. */
const PAGE_ROWS = 100;

test('verifications that run while servers write find nothing, and see the books grow', async () => {
  const merchants = await Promise.all(
    Array.from({ length: 6 }, (_, index) => books.merchant(index === 0 ? { approvalAboveMinor: { USD: 2_000n } } : {})),
  );
  const until = Date.now() + WRITING_MS;
  const write = async (worker: number): Promise<void> => {
    for (let round = 0; Date.now() < until; round += 1) {
      const merchantId = merchants[(worker + round) % merchants.length] ?? '';
      const payment = await books.payment(merchantId, {
        currency: round % 7 === 0 ? 'JPY' : 'USD',
        details: round % 2 === 0 ? {} : { customer: { name: 'Ada' } },
        references: [{ namespace: 'bbmsl.orderId', value: null, numbered: true }],
        entitlements:
          round % 5 === 0 ? [{ learner: `l${worker}`, kind: 'program', target: 'p', viaCoupon: false }] : [],
      });
      const { refund } = await books.refund(payment, 3_000n);
      await Promise.all([
        books.refund(payment, 9_000n),
        books.refund(payment, 1_000n, { details: { reason: 'late' } }),
      ]);
      if (refund?.status === 'pending_approval') {
        const action = { kind: 'approve_refund', refundId: refund.id, amountMinor: null } as const;
        await books.command(merchantId, action, { actor: 'key:two' });
      } else if (round % 3 === 0) {
        await books.command(merchantId, { kind: 'reverse_refund', refundId: refund?.id ?? '' });
      }
      if (round % 11 === 0) await books.command(merchantId, { kind: 'settle_balance', currency: 'USD' });
      if (round % 13 === 0) {
        const made = await books.command(merchantId, {
          kind: 'create_credential',
          credential: credential(`${worker}-${round}`),
        });
        await books.command(merchantId, { kind: 'revoke_credential', credentialId: made.credential?.id ?? '' });
      }
    }
  };
  const writing = Promise.all(Array.from({ length: 64 }, (_, worker) => write(worker)));
  const entries: bigint[] = [];
  let heads: VerifyOptions = { pageRows: PAGE_ROWS };
  while (Date.now() < until) {
    const report = await verifyBooks(pool, heads);
    assert.deepEqual([report.findings, report.doubt], [[], null]);
    entries.push(report.entries);
    heads = { pageRows: PAGE_ROWS, against: report.heads, installation: report.installation };
  }
  await writing;
  const { findings, entries: all } = await verifyBooks(pool, heads);
  assert.deepEqual(findings, []);
  assert.ok(entries.length > 2 && (entries[0] ?? 0n) < all, `${entries.length} verifications, ${all} entries`);
});
