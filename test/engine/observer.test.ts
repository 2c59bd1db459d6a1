import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Books } from '../kit/books.ts';

const told: string[] = [];
const fail = (what: string) => (): void => {
  told.push(what);
  throw new Error(`the observer of ${what} is broken`);
};
const observer = { batch: fail('batch'), outcome: fail('outcome'), bug: fail('bug'), trouble: fail('trouble') };
const books = await Books.open({ lanes: 1, observer });

test('observers that throw change nothing of what happens, and nobody’s answer', async () => {
  const payment = await books.payment(await books.merchant());
  const unreadable = { amount: { kind: 'major', text: 'no number' } } as const;
  const outcomes = await Promise.all([
    books.refund(payment, 6_000n),
    books.refund(payment, 6_000n),
    books.refund(payment, 'all', unreadable),
  ]);
  assert.deepEqual(
    outcomes.map(({ refusal }) => refusal?.code ?? 'accepted'),
    ['accepted', 'amount_exceeds_refundable', 'internal_error'],
  );
  assert.equal((await books.refund(payment, 'all')).payment?.refundedMinor, 10_000n);
  assert.deepEqual(new Set(told), new Set(['batch', 'outcome', 'bug', 'trouble']));
});

test('what an observer throws is told as trouble', async () => {
  const troubles: unknown[] = [];
  const watched = await Books.open(
    { lanes: 1, observer: { outcome: fail('outcome'), trouble: (message, error) => troubles.push(message, error) } },
    books.database,
  );
  await watched.merchant();
  assert.deepEqual(troubles, ['an observer failed', new Error('the observer of outcome is broken')]);
});
