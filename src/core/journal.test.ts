import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACCOUNTS, GENESIS_HASH, hashEntry, POSTINGS, type UnsealedEntry } from './journal.ts';

const ENTRY: UnsealedEntry = {
  bucket: 1,
  seq: 7n,
  at: 1_770_000_000_000,
  kind: 'refund_succeeded',
  operation: 'refund_payment',
  merchantId: '01900000-0000-7001-8000-000000000001',
  actor: 'key:1',
  protocol: 'native',
  requestId: 'request-1',
  idempotencyKey: 'key-1',
  fingerprint: 'f'.repeat(64),
  paymentId: '01900000-0000-7001-8000-000000000002',
  refundId: '01900000-0000-7001-8000-000000000003',
  amountMinor: 600n,
  currency: 'USD',
  debit: 'merchant_unsettled',
  credit: 'processor_clearing',
  payment: { capturedMinor: 1_000n, refundedMinor: 600n, reservedMinor: 100n, status: 'captured', disputed: false },
  unsettledMinor: 400n,
  refusalCode: null,
  facts: { entitlements_revoked: ['a'], entitlements_kept: [] },
  digest: 'd'.repeat(64),
};

/** One other value for every field. */
const OTHERS: { readonly [Field in keyof UnsealedEntry]: readonly UnsealedEntry[Field][] } = {
  bucket: [2, 17],
  seq: [8n, 71n],
  at: [1_770_000_000_001],
  kind: ['refund_reversed'],
  operation: ['void_payment'],
  merchantId: [null, '01900000-0000-7001-8000-000000000009'],
  actor: ['key:2'],
  protocol: ['bbmsl'],
  requestId: ['request-2'],
  idempotencyKey: [null, 'key-2'],
  fingerprint: [null, 'e'.repeat(64)],
  paymentId: [null, '01900000-0000-7001-8000-000000000009'],
  refundId: [null, '01900000-0000-7001-8000-000000000009'],
  amountMinor: [null, 601n, -600n],
  currency: [null, 'EUR'],
  debit: [null, 'refunds_payable'],
  credit: [null, 'merchant_settled'],
  payment: [
    null,
    { capturedMinor: 1_001n, refundedMinor: 600n, reservedMinor: 100n, status: 'captured', disputed: false },
    { capturedMinor: 1_000n, refundedMinor: 601n, reservedMinor: 100n, status: 'captured', disputed: false },
    { capturedMinor: 1_000n, refundedMinor: 100n, reservedMinor: 600n, status: 'captured', disputed: false },
    { capturedMinor: 1_000n, refundedMinor: 600n, reservedMinor: 100n, status: 'voided', disputed: false },
    { capturedMinor: 1_000n, refundedMinor: 600n, reservedMinor: 100n, status: 'captured', disputed: true },
  ],
  unsettledMinor: [null, 401n, -400n],
  refusalCode: ['already_refunded'],
  facts: [null, {}, { entitlements_revoked: ['a', 'b'], entitlements_kept: [] }, { entitlements_revoked: 'a' }],
  digest: [null, 'c'.repeat(64)],
};

test('a change of any field, and of the predecessor, changes the hash', () => {
  const hashes = new Set([hashEntry(GENESIS_HASH, ENTRY), hashEntry('1'.repeat(64), ENTRY)]);
  let changes = 2;
  for (const [field, values] of Object.entries(OTHERS)) {
    for (const value of values) {
      hashes.add(hashEntry(GENESIS_HASH, { ...ENTRY, [field]: value }));
      changes += 1;
    }
  }
  assert.equal(hashes.size, changes);
  assert.deepEqual(Object.keys(OTHERS).sort(), Object.keys(ENTRY).sort());
});

test('text moved from one field into the next changes the hash', () => {
  const texts = ['operation', 'actor', 'protocol', 'requestId', 'idempotencyKey'] as const;
  fc.assert(
    fc.property(fc.string({ minLength: 2 }), fc.nat(), fc.nat(), (text, cut, field) => {
      const at = cut % text.length;
      const first = texts[field % (texts.length - 1)] ?? 'operation';
      const second = texts[(field % (texts.length - 1)) + 1] ?? 'actor';
      const whole = { ...ENTRY, [first]: text, [second]: '' };
      const moved = { ...ENTRY, [first]: text.slice(0, at), [second]: text.slice(at) };
      assert.notEqual(hashEntry(GENESIS_HASH, whole), hashEntry(GENESIS_HASH, moved));
    }),
  );
  const quoted = { ...ENTRY, actor: 'a","b', protocol: 'c' };
  assert.notEqual(
    hashEntry(GENESIS_HASH, quoted),
    hashEntry(GENESIS_HASH, { ...ENTRY, actor: 'a', protocol: 'b","c' }),
  );
});

test('the same entry has the same hash, in whatever order its facts come back from the database', () => {
  const facts = { entitlements_kept: [], entitlements_revoked: ['a'] };
  assert.equal(hashEntry(GENESIS_HASH, { ...ENTRY, facts }), hashEntry(GENESIS_HASH, ENTRY));
});

test('the format of the chain is what earlier versions wrote', () => {
  // A change of this hash breaks every chain that exists.
  assert.equal(hashEntry(GENESIS_HASH, ENTRY), '8b8b2d259a9e28403bb7f502e690924062ec1f372f406c2a2f53558037150489');
});

test('every posting moves between two accounts of the ledger, and undoing one takes the same way back', () => {
  for (const { debit, credit } of Object.values(POSTINGS)) {
    assert.ok(ACCOUNTS.includes(debit) && ACCOUNTS.includes(credit));
    assert.notEqual(debit, credit);
  }
  const inverse = ({ debit, credit }: { debit: string; credit: string }) => ({ debit: credit, credit: debit });
  assert.deepEqual(POSTINGS.release, inverse(POSTINGS.reserve));
  assert.deepEqual(POSTINGS.reversal, inverse(POSTINGS.refund));
  assert.deepEqual(POSTINGS.void, inverse(POSTINGS.capture));
});
