/** The same key again, after the books have gone on: the same outcome, with the numbers as they were then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, CoreBooks, DAY_MS, refundOf, registration } from '../../test/kit/core.ts';
import { present } from '../../test/kit/rows.ts';
import type { Action, Command } from './command.ts';
import type { Outcome } from './outcome.ts';
import { OPEN_POLICY } from './policy.ts';

const SECOND = { actor: 'key:second' };
const POLICY = { approvalAboveMinor: { USD: 5_000n } };

/** Does `action` under a key, lets the books go on by `later`, and asks again. */
function again(
  books: CoreBooks,
  action: Action,
  later: (outcome: Outcome) => void,
  more: Partial<Command> = {},
): { first: Outcome; second: Outcome } {
  const keyed = command(action, { idempotencyKey: 'the-key', ...more });
  const first = present(books.execute([keyed])[0]);
  books.now += DAY_MS;
  later(first);
  const entries = books.rows.journal.length;
  const second = present(books.execute([{ ...keyed, requestId: 'another' }])[0]);
  assert.equal(books.rows.journal.length, entries);
  assert.equal(second.replayed, true);
  return { first, second };
}

const asFirst = (first: Outcome): Outcome => ({ ...first, replayed: true });

test('a refund is given again as it was, though it was reversed and the rest refunded since', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const { first, second } = again(books, refundOf(payment, 4_000n), ({ refund }) => {
    books.run({ kind: 'reverse_refund', refundId: refund?.id ?? '' });
    books.refund(payment, 'all');
  });
  assert.equal(second.refund?.status, 'succeeded');
  assert.equal(second.payment?.refundedMinor, 4_000n);
  assert.deepEqual(second, asFirst({ ...first, payment: { ...present(first.payment), refundCount: 1 } }));
});

test('a refund that waited is given again as waiting, though it was canceled since', () => {
  const books = new CoreBooks(POLICY);
  const { first, second } = again(books, refundOf(books.payment(), 6_000n), ({ refund }) =>
    books.run({ kind: 'cancel_refund', refundId: refund?.id ?? '', reason: 'A mistake' }),
  );
  assert.equal(second.refund?.status, 'pending_approval');
  assert.equal(second.refund.decisionReason, null);
  assert.equal(second.refund.cancelReason, null);
  assert.equal(second.payment?.reservedMinor, 6_000n);
  assert.deepEqual(second.refund, first.refund);
});

test('an approval is given again as it was, though the refund was reversed since', () => {
  const books = new CoreBooks(POLICY);
  const refund = books.waiting(books.payment(), 6_000n);
  const approval = { kind: 'approve_refund', refundId: refund.id, amountMinor: 6_000n, reason: 'Seen' } as const;
  const reverse = () => books.run({ kind: 'reverse_refund', refundId: refund.id });
  const { first, second } = again(books, approval, reverse, SECOND);
  assert.equal(second.refund?.status, 'succeeded');
  assert.equal(second.refund.decisionReason, 'Seen');
  assert.deepEqual(second.refund, first.refund);
});

test('a refusal is given again, though the rules would accept it now', () => {
  const books = new CoreBooks({ reasonRequired: true });
  const payment = books.payment();
  const { first, second } = again(books, refundOf(payment, 4_000n), () => books.setPolicy({}));
  assert.equal(second.refusal?.code, 'reason_required');
  assert.deepEqual(second, asFirst(first));
});

test('a refused approval is given again with the status in which it met the refund', () => {
  const books = new CoreBooks(POLICY);
  const refund = books.waiting(books.payment(), 6_000n);
  const { second } = again(books, { kind: 'approve_refund', refundId: refund.id, amountMinor: null }, () =>
    books.run({ kind: 'approve_refund', refundId: refund.id, amountMinor: null }, SECOND),
  );
  assert.equal(second.refusal?.code, 'approval_not_allowed');
  assert.equal(second.refund?.status, 'pending_approval');
  assert.equal(second.payment?.reservedMinor, 6_000n);
});

test('a registration is given again as pending, though the payment was captured since', () => {
  const books = new CoreBooks();
  const action = registration({
    status: 'pending',
    entitlements: [{ learner: 'ada', kind: 'program', target: 'p', viaCoupon: true }],
    couponCode: 'C',
  });
  const { first, second } = again(books, action, ({ payment }) => {
    books.run({ kind: 'capture_payment', payment: { id: payment?.id ?? '' } });
    const entitlement = { learner: 'bob', kind: 'program', target: 'p', viaCoupon: true } as const;
    books.run({ kind: 'grant_entitlement', payment: { id: payment?.id ?? '' }, entitlement });
  });
  assert.equal(second.payment?.status, 'pending');
  assert.deepEqual(second, asFirst(first));
  assert.equal(second.entitlements.length, 1);
});

test('what was done to a payment is given again as it was then', () => {
  for (const kind of ['capture_payment', 'close_payment', 'set_dispute', 'clear_dispute', 'void_payment'] as const) {
    const books = new CoreBooks();
    const pending = kind === 'capture_payment' || kind === 'close_payment';
    const { id } = books.payment({ status: pending ? 'pending' : 'captured' });
    const { first, second } = again(books, { kind, payment: { id } }, () => {
      books.run({ kind: 'set_dispute', payment: { id } });
      books.run({ kind: 'clear_dispute', payment: { id } });
    });
    assert.equal(first.refusal, null);
    assert.deepEqual(second, asFirst(first), kind);
  }
});

test('settlements, policies, credentials and enrolments are given again as they were', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const credential = {
    protocol: 'native',
    role: 'merchant',
    label: '',
    lookup: 'a',
    secretHashes: ['a'],
    publicKey: null,
    settings: {},
    demo: false,
  } as const;
  const actions: readonly Action[] = [
    { kind: 'settle_balance', currency: 'USD' },
    { kind: 'settle_balance', currency: 'EUR' },
    { kind: 'set_policy', policy: { ...OPEN_POLICY, windowDays: 5, minimumMinor: { USD: 7n } } },
    { kind: 'create_credential', credential },
    {
      kind: 'grant_entitlement',
      payment: { id: payment.id },
      entitlement: { learner: 'ada', kind: 'program', target: 'p', viaCoupon: false },
    },
  ];
  for (const [index, action] of actions.entries()) {
    const { first, second } = again(
      books,
      action,
      (outcome) => {
        books.payment();
        books.setPolicy({});
        if (outcome.credential !== null) {
          books.run({ kind: 'revoke_credential', credentialId: outcome.credential.id });
        }
      },
      { idempotencyKey: `key-${index}` },
    );
    assert.deepEqual(second, asFirst(first), action.kind);
  }
});

test('the same key for anything else is refused, and binds nothing', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const key = { idempotencyKey: 'the-key' };
  books.refund(payment, 1n, {}, key);
  const other = books.refund(payment, 2n, {}, key);
  assert.deepEqual(other.refusal, {
    code: 'idempotency_key_reused',
    message: 'this idempotency key was used with another request; use a new key',
    facts: { idempotency_key: 'the-key' },
  });
  assert.equal(other.entry, null);
  assert.equal(
    books.refund(payment, 1n, {}, { ...key, protocol: 'payengine' }).refusal?.code,
    'idempotency_key_reused',
  );
  assert.equal(books.current(payment).refundedMinor, 1n);
});

test('a request that cannot be read hears that before anything of its key', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const key = { idempotencyKey: 'the-key' };
  books.refund(payment, 1n, {}, key);
  const excess = { amount: { kind: 'major', text: '0.005' } } as const;
  assert.equal(books.refund(payment, 1n, excess, key).refusal?.code, 'invalid_request');
  assert.equal(books.run(registration({ createdAt: books.now + 1 }), key).refusal?.code, 'invalid_request');
  assert.equal(books.run(registration(), key).refusal?.code, 'idempotency_key_reused');
});

test('what was not decided leaves the key free', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const key = { idempotencyKey: 'the-key' };
  const missing = books.refund({ ...payment, id: payment.merchantId }, 1n, {}, key);
  assert.equal(missing.refusal?.code, 'payment_not_found');
  assert.equal(books.refund(payment, 0n, {}, key).refusal?.code, 'invalid_request');
  assert.equal(books.refund(payment, 1n, {}, key).refusal, null);
});

test('the same key twice in one batch gives one refund and the same outcome', () => {
  const books = new CoreBooks();
  const one = command(refundOf(books.payment(), 4_000n), { idempotencyKey: 'the-key' });
  const [first, second] = books.execute([one, one]);
  assert.deepEqual(second, asFirst(present(first)));
  assert.equal(books.rows.refunds.size, 1);
});
