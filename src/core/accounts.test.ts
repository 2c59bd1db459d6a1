import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertBalanced,
  CoreBooks,
  idNumber,
  MERCHANT_ID,
  OTHER_MERCHANT_ID,
  refusalOf,
  registration,
} from '../../test/kit/core.ts';
import { present } from '../../test/kit/rows.ts';
import type { NewCredential } from './command.ts';
import { isSettled } from './payment.ts';
import { OPEN_POLICY, policyToStored } from './policy.ts';

const CREDENTIAL: NewCredential = {
  protocol: 'native',
  role: 'merchant',
  label: 'checkout',
  lookup: 'aa',
  secretHashes: ['aa'],
  publicKey: null,
  settings: {},
  demo: false,
};

test('a settlement pays the whole positive unsettled balance of one currency', () => {
  const books = new CoreBooks({ approvalAboveMinor: { USD: 5_000n } });
  const payment = books.payment();
  books.payment({ currency: 'EUR', amountMinor: 300n });
  books.refund(payment, 1_000n);
  books.waiting(books.payment(), 6_000n);
  const { settlement } = books.run({ kind: 'settle_balance', currency: 'USD' });
  assert.equal(settlement?.amountMinor, 13_000n);
  assert.equal(settlement.cutoffSeq, books.lastEntry.seq);
  assert.deepEqual(books.lastEntry.facts, { settlement_id: settlement.id });
  assert.deepEqual([books.lastEntry.debit, books.lastEntry.credit], ['merchant_unsettled', 'merchant_settled']);
  assert.deepEqual(books.balance(), {
    processor_clearing: -19_000n,
    merchant_unsettled: 0n,
    refunds_payable: 6_000n,
    merchant_settled: 13_000n,
  });
  assert.equal(books.balance('EUR').merchant_unsettled, 300n);
  assertBalanced(books.rows);
});

test('what was captured at or before the cut-off is settled, and nothing later', () => {
  const books = new CoreBooks();
  const before = books.payment();
  const pending = books.payment({ status: 'pending' });
  books.run({ kind: 'settle_balance', currency: 'USD' });
  const after = books.payment({ createdAt: books.now - 1_000 });
  books.run({ kind: 'capture_payment', payment: { id: pending.id } });
  const cutoff = present([...books.rows.balances.values()][0]).settledThroughSeq;
  assert.deepEqual(
    [before, pending, after].map((payment) => isSettled(books.current(payment), cutoff)),
    [true, false, false],
  );
});

test('nothing is settled where the balance is not positive', () => {
  const books = new CoreBooks();
  const attempt = () => refusalOf(books.run({ kind: 'settle_balance', currency: 'USD' }));
  assert.deepEqual(attempt(), {
    code: 'nothing_to_settle',
    message: 'the unsettled balance is 0.00 USD',
    facts: { unsettled: '0', currency: 'USD' },
  });
  const payment = books.payment();
  books.run({ kind: 'settle_balance', currency: 'USD' });
  books.refund(payment, 1n);
  assert.equal(attempt().facts['unsettled'], '-1');
  assert.equal(books.rows.settlements.size, 1);
});

test('a refund after the settlement is carried by what is captured next', () => {
  const books = new CoreBooks();
  const settled = books.payment();
  books.run({ kind: 'settle_balance', currency: 'USD' });
  books.refund(settled, 4_000n);
  assert.equal(books.balance().merchant_unsettled, -4_000n);
  books.payment();
  assert.equal(books.run({ kind: 'settle_balance', currency: 'USD' }).settlement?.amountMinor, 6_000n);
  assertBalanced(books.rows);
});

test('a policy applies from its own entry on, also within a batch, and is journaled as it is', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  books.setPolicy({ partialRefunds: false, approvalAboveMinor: { USD: 1n } });
  const policy = { ...OPEN_POLICY, partialRefunds: false, approvalAboveMinor: { USD: 1n } };
  assert.equal(books.lastEntry.kind, 'policy_changed');
  assert.deepEqual(books.lastEntry.facts, { policy: policyToStored(policy) });
  assert.equal(books.rows.merchants.get(MERCHANT_ID)?.policySeq, books.lastEntry.seq);
  assert.equal(refusalOf(books.refund(payment, 1n)).code, 'partial_refund_not_allowed');
});

test('commands for a merchant who does not exist are not decided', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const outcome = books.refund(payment, 1n, {}, { merchantId: OTHER_MERCHANT_ID });
  assert.deepEqual(outcome.refusal, {
    code: 'resource_not_found',
    message: `there is no merchant ${OTHER_MERCHANT_ID}`,
    facts: { resource: 'merchant' },
  });
  assert.equal(outcome.entry, null);
  const unreadable = books.run(registration({ amountMinor: 0n }), { merchantId: OTHER_MERCHANT_ID });
  assert.equal(refusalOf(unreadable).code, 'invalid_request');
});

test('creating a merchant who exists changes nothing', () => {
  const books = new CoreBooks();
  books.payment();
  const entries = books.rows.journal.length;
  const again = books.run({ kind: 'create_merchant', name: 'Example Ltd', policy: OPEN_POLICY });
  assert.equal(again.merchant?.id, MERCHANT_ID);
  assert.equal(again.entry, null);
  assert.throws(() => books.run({ kind: 'create_merchant', name: 'Other Ltd', policy: OPEN_POLICY }), /exists/);
  assert.equal(books.rows.journal.length, entries);
});

test('a credential is made and revoked once, by whose it is', () => {
  const books = new CoreBooks();
  const { credential } = books.run({ kind: 'create_credential', credential: CREDENTIAL });
  assert.equal(credential?.merchantId, MERCHANT_ID);
  const facts = { credential_id: credential.id, protocol: 'native', role: 'merchant' };
  assert.deepEqual(books.lastEntry.facts, facts);
  assert.doesNotMatch(JSON.stringify(books.lastEntry.facts), /aa/);
  const revoke = (merchantId: string | null, credentialId = credential.id) =>
    books.run({ kind: 'revoke_credential', credentialId }, { merchantId });

  assert.equal(refusalOf(revoke(null)).code, 'resource_not_found');
  assert.equal(refusalOf(revoke(MERCHANT_ID, idNumber(999))).code, 'resource_not_found');
  books.now += 10;
  assert.equal(revoke(MERCHANT_ID).credential?.revokedAt, books.now);
  assert.equal(books.lastEntry.kind, 'credential_revoked');
  const entries = books.rows.journal.length;
  assert.equal(revoke(MERCHANT_ID).credential?.revokedAt, books.now);
  assert.equal(books.rows.journal.length, entries);
});

test('credentials of administrators concern no merchant, and bind no key', () => {
  const books = new CoreBooks();
  const create = () =>
    books.run(
      { kind: 'create_credential', credential: { ...CREDENTIAL, role: 'admin' } },
      { merchantId: null, idempotencyKey: 'key' },
    );
  assert.equal(create().credential?.merchantId, null);
  assert.deepEqual(
    [books.lastEntry.merchantId, books.lastEntry.idempotencyKey, books.lastEntry.fingerprint],
    [null, null, null],
  );
  assert.equal(create().replayed, false);
});
