/** A varied history, written by the engine alone: something of every kind that a book can hold. */
import { randomUUID } from 'node:crypto';
import type { Action, NewCredential } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import type { Books } from '../kit/books.ts';

const DAY_MS = 86_400_000;

export const credential = (lookup: string, more: Partial<NewCredential> = {}): NewCredential => ({
  protocol: 'native',
  role: 'merchant',
  label: `server of ${lookup}`,
  lookup,
  secretHashes: ['ab'.repeat(32)],
  publicKey: null,
  settings: { sites: ['one', 'two'], region: 'eu' },
  demo: false,
  ...more,
});

/** A clock that tests may set forward while nothing is on its way. */
export class Clock {
  now = Date.now();
  readonly read = (): number => this.now;
}

async function accepted(outcome: Promise<Outcome>): Promise<Outcome> {
  const { refusal } = await outcome;
  if (refusal !== null) throw new Error(`${refusal.code}: ${refusal.message}`);
  return outcome;
}

async function refused(outcome: Promise<Outcome>): Promise<void> {
  const { refusal, entry } = await outcome;
  if (refusal === null || entry === null) throw new Error('this was to be refused, with an entry');
}

/** One merchant's share of it. */
export async function writeHistory(books: Books, clock: Clock, name: string): Promise<void> {
  const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n }, minimumMinor: { JPY: 10n } });
  const run = (action: Action, actor = 'cli:test'): Promise<Outcome> =>
    books.command(merchantId, action, { actor, idempotencyKey: randomUUID() });
  const tick = (): void => {
    clock.now += 1_000;
  };

  const past = clock.now - 10 * DAY_MS;
  const details = { customer: { name: 'Ada Example', email: 'ada@example.test' }, metadata: { n: 1.5, ['ä']: [null] } };
  const numbered = { namespace: 'bbmsl.orderId', value: null, numbered: true };
  const first = await books.payment(merchantId, {
    references: [numbered, { namespace: 'native.reference', value: `${name}-1`, numbered: false }],
    details,
    createdAt: past,
    capturedAt: past + 60_000,
  });
  const second = await books.payment(merchantId, { references: [{ ...numbered, value: '500' }], amountMinor: 30_000n });
  const third = await books.payment(merchantId, { references: [numbered], currency: 'JPY', amountMinor: 900n });
  tick();

  await accepted(books.refund(first, 2_500n, { details: { reason: 'damaged', metadata: { a: 1 } } }));
  const named = { namespace: 'boost-aoc.spTransID', value: `${name}-r` };
  await accepted(books.refund(first, 500n, { reference: named }));
  await refused(books.refund(first, 500n, { reference: named }));
  await refused(books.refund(first, 50_000n, { reference: { ...named, value: `${name}-s` } }));
  await refused(books.refund(first, 50_000n, { details: { notes: 'too much' } }));
  await refused(books.refund(third, 5n));
  await accepted(books.refund(third, 'all'));
  await refused(books.refund(third, 'all'));

  const pending = async (): Promise<string> => {
    const { refund } = await accepted(books.refund(second, 6_000n, {}, { actor: 'key:one' }));
    return refund?.id ?? '';
  };
  tick();
  await refused(run({ kind: 'approve_refund', refundId: await pending(), amountMinor: null }, 'key:one'));
  await accepted(run({ kind: 'approve_refund', refundId: await pending(), amountMinor: 6_000n }, 'key:two'));
  await accepted(run({ kind: 'reject_refund', refundId: await pending(), reason: 'Not ours' }, 'key:two'));
  await accepted(run({ kind: 'cancel_refund', refundId: await pending() }));
  const expiring = await pending();
  const returning = (await accepted(books.refund(first, 1_000n))).refund?.id ?? '';
  await accepted(run({ kind: 'reverse_refund', refundId: returning }));
  await refused(run({ kind: 'reverse_refund', refundId: returning }));

  const group = await books.payment(merchantId, {
    couponCode: `GROUP-${name}`,
    entitlements: [
      { learner: 'ada', kind: 'program', target: 'p1', viaCoupon: true },
      { learner: 'bob', kind: 'course_session', target: 's1', viaCoupon: false },
    ],
  });
  const granted = await books.payment(merchantId);
  const grant = { learner: 'cy', kind: 'program', target: 'p2', viaCoupon: false } as const;
  await accepted(run({ kind: 'grant_entitlement', payment: { id: granted.id }, entitlement: grant }));
  await accepted(run({ kind: 'grant_entitlement', payment: { id: group.id }, entitlement: grant }));
  await accepted(run({ kind: 'void_payment', payment: { id: granted.id } }));

  const later = await books.payment(merchantId, { status: 'pending' });
  const never = await books.payment(merchantId, { status: 'pending' });
  tick();
  await accepted(run({ kind: 'capture_payment', payment: { id: later.id } }));
  await accepted(run({ kind: 'close_payment', payment: { id: never.id } }));
  await books.payment(merchantId, { status: 'pending', currency: 'KWD' });
  await accepted(run({ kind: 'set_dispute', payment: { id: later.id } }));
  await refused(books.refund(later, 100n));
  await accepted(run({ kind: 'clear_dispute', payment: { id: later.id } }));
  await accepted(run({ kind: 'set_dispute', payment: { id: first.id } }));

  await accepted(run({ kind: 'settle_balance', currency: 'USD' }));
  await refused(run({ kind: 'settle_balance', currency: 'USD' }));
  await accepted(books.refund(group, 4_000n));
  await books.payment(merchantId, { currency: 'JPY' });
  await accepted(run({ kind: 'settle_balance', currency: 'JPY' }));

  const made = await accepted(run({ kind: 'create_credential', credential: credential(name) }));
  await accepted(run({ kind: 'create_credential', credential: credential(`${name}-2`, { publicKey: 'PEM' }) }));
  await accepted(run({ kind: 'revoke_credential', credentialId: made.credential?.id ?? '' }));
  const admin = credential(`admin-${name}`, { role: 'admin' });
  await accepted(books.command(null, { kind: 'create_credential', credential: admin }));

  clock.now += 4 * DAY_MS;
  await accepted(run({ kind: 'expire_refund', refundId: expiring }));
  await accepted(run({ kind: 'set_policy', policy: { ...OPEN_POLICY, windowDays: name.charCodeAt(0) } }));
  for (let refusals = 0; refusals < 3; refusals += 1) await refused(run({ kind: 'settle_balance', currency: 'EUR' }));
}
