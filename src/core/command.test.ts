import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { command, idNumber, MERCHANT_ID, refundOf, registration } from '../../test/kit/core.ts';
import { type Action, type Command, fingerprint } from './command.ts';
import type { Json } from './json.ts';
import { OPEN_POLICY } from './policy.ts';

const payment = { id: idNumber(1) };
const major = (text: string): Action => refundOf(payment, 'all', { amount: { kind: 'major', text } });
const print = (action: Action, more: Partial<Command> = {}): string => fingerprint(command(action, more));

test('10, 10.0 and 10.00 ask for the same', () => {
  assert.equal(new Set(['10', '10.0', '10.00', '10.000'].map((text) => print(major(text)))).size, 1);
  assert.equal(new Set(['10', '1', '100', '10.01', '0.10'].map((text) => print(major(text)))).size, 5);
});

test('who asks, through which connection, and what their protocol allows does not matter', () => {
  const action = refundOf(payment, 100n);
  const more = { actor: 'key:other', requestId: 'other', idempotencyKey: 'other', protocolPolicy: OPEN_POLICY };
  assert.equal(print(action, more), print(action));
});

test('another protocol, operation or content asks for something else', () => {
  const reference = { namespace: 'native.reference', value: 'r-1' };
  const actions: Action[] = [
    refundOf(payment, 100n),
    refundOf(payment, 101n),
    refundOf(payment, 'all'),
    refundOf({ id: idNumber(2) }, 100n),
    refundOf(payment, 100n, { payment: { references: [reference] } }),
    refundOf(payment, 100n, { payment: { references: [{ ...reference, value: 'r-2' }] } }),
    refundOf(payment, 100n, { reference }),
    refundOf(payment, 100n, { details: { reason: 'late' } }),
    refundOf(payment, 100n, { details: { reason: 'broken' } }),
    refundOf(payment, 100n, { details: { notes: 'late' } }),
    refundOf(payment, 100n, { expectedRefundableMinor: 100n }),
    refundOf(payment, 100n, { amount: { kind: 'minor', minor: 100n, currency: 'USD' } }),
    major('100'),
    { kind: 'void_payment', payment },
    { kind: 'set_dispute', payment },
    { kind: 'clear_dispute', payment },
    { kind: 'capture_payment', payment },
    { kind: 'close_payment', payment },
    { kind: 'cancel_refund', refundId: payment.id },
    { kind: 'reject_refund', refundId: payment.id },
    { kind: 'reverse_refund', refundId: payment.id },
    { kind: 'approve_refund', refundId: payment.id, amountMinor: null },
    { kind: 'approve_refund', refundId: payment.id, amountMinor: 100n },
    { kind: 'settle_balance', currency: 'USD' },
    { kind: 'settle_balance', currency: 'EUR' },
    registration(),
    registration({ amountMinor: 1n }),
    registration({ status: 'pending' }),
    registration({ couponCode: 'C' }),
    registration({ createdAt: 1 }),
    registration({ ifSame: 'return_existing' }),
    registration({ entitlements: [{ learner: 'a', kind: 'program', target: 'p', viaCoupon: false }] }),
  ];
  const prints = actions.flatMap((action) => [print(action), print(action, { protocol: 'bbmsl' })]);
  assert.equal(new Set(prints).size, prints.length);
});

test('the order in which fields and references were written does not matter', () => {
  const a = { namespace: 'native.reference', value: '1', numbered: false };
  const b = { namespace: 'payengine.id', value: '2', numbered: false };
  assert.equal(print(registration({ references: [a, b] })), print(registration({ references: [b, a] })));
  assert.equal(
    print(refundOf(payment, 100n, { payment: { references: [a, b] } })),
    print(refundOf(payment, 100n, { payment: { references: [b, a] } })),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>), (metadata) => {
      const reversed = Object.fromEntries(Object.entries(metadata).reverse());
      const withMetadata = (data: typeof metadata): string =>
        print(refundOf(payment, 100n, { details: { metadata: data } }));
      assert.equal(withMetadata(reversed), withMetadata(metadata));
    }),
  );
});

test('the merchant is not part of it: keys are one space per merchant anyway', () => {
  const action = refundOf(payment, 100n);
  assert.equal(print(action, { merchantId: idNumber(3) }), print(action, { merchantId: MERCHANT_ID }));
});
