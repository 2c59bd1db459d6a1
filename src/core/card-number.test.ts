import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holdsCardNumber, maskCardNumbers, withoutCardNumbers } from './card-number.ts';
import { type Command, fingerprint, type RefundPayment } from './command.ts';

test('card numbers of every length are masked to their first six and last four digits', () => {
  assert.equal(maskCardNumbers('4222222222222'), '422222***2222');
  assert.equal(maskCardNumbers('378282246310005'), '378282*****0005');
  assert.equal(maskCardNumbers('5200000000001005'), '520000******1005');
  assert.equal(maskCardNumbers('6304000000000000000'), '630400*********0000');
});

test('card numbers are found in groups, in sentences, and several in one text', () => {
  assert.equal(maskCardNumbers('4111 1111 1111 1111'), '411111******1111');
  assert.equal(maskCardNumbers('card 4111-1111-1111-1111, ok'), 'card 411111******1111, ok');
  assert.equal(
    maskCardNumbers('from 4111111111111111 5200000000001005 to pan_4111111111111111, "378282246310005"'),
    'from 411111******1111 520000******1005 to pan_411111******1111, "378282*****0005"',
  );
  assert.equal(maskCardNumbers('7 4111 1111 1111 1111 9'), '7 411111******1111 9');
});

test('what is no card number stays as it is', () => {
  for (const text of [
    '',
    'no digits at all',
    '411111111111',
    '4111111111111112',
    '1655817171000',
    '1234567890123452',
    '41111111111111111111',
    '0198f1d0-0000-7000-8000-00000000de30',
    '9a0df7ef-b77f-4525-97e1-f41a98ad7f75',
    // Digits of a UUID, and of a hash, that would pass for a card number.
    'e0c7a411-1111-4111-1111-1111aaaaaaaa',
    '12345678-4111-4111-8111-111111111111',
    'b94d4111111111111111e08d',
    '+60 12-345 6789',
  ]) {
    assert.equal(maskCardNumbers(text), text);
    assert.equal(holdsCardNumber(text), false);
  }
});

const action: RefundPayment = {
  kind: 'refund_payment',
  payment: { references: [{ namespace: 'payengine.id', value: '4111111111111111' }] },
  amount: { kind: 'all' },
  reference: { namespace: 'boost-aoc.spTransID', value: '4111111111111111' },
  details: {},
  expectedRefundableMinor: null,
};
const command = (details: RefundPayment['details']): Command => ({
  merchantId: null,
  actor: 'system',
  protocol: 'native',
  requestId: 'test',
  idempotencyKey: null,
  protocolPolicy: null,
  action: { ...action, details },
});

test('a command loses the card numbers of its details, however deep, and keeps its references', () => {
  const given = command({
    reason: 'wrong card 4111111111111111',
    metadata: { '4111111111111111': [{ pan: 5200000000001005, amount: 12 }, null, true] },
  });
  const masked = withoutCardNumbers(given);
  assert.deepEqual(masked.action, {
    ...action,
    details: {
      reason: 'wrong card 411111******1111',
      metadata: { '411111******1111': [{ pan: '520000******1005', amount: 12 }, null, true] },
    },
  });
  assert.equal(fingerprint(withoutCardNumbers(masked)), fingerprint(masked));
});

test('no UUID is taken for a card number', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => !holdsCardNumber(`order ${uuid}`)),
    { numRuns: 5_000 },
  );
  const digits = fc.stringMatching(/^[0-9]{8}-[0-9]{4}-4[0-9]{3}-8[0-9]{3}-[0-9]{12}$/);
  fc.assert(
    fc.property(digits, (uuid) => !holdsCardNumber(uuid)),
    { numRuns: 5_000 },
  );
});

test('a command without card numbers is the same command', () => {
  const given = command({ reason: 'Discount', metadata: { list: [1, { a: 'b' }] } });
  assert.equal(withoutCardNumbers(given), given);
});

test('a telephone number is no card number, even if it passes for one', () => {
  const given: Command = {
    ...command({}),
    action: {
      kind: 'register_payment',
      amountMinor: 100n,
      currency: 'USD',
      status: 'captured',
      references: [],
      details: { customer: { phone: '4222222222222', name: '4222222222222' } },
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
  };
  const masked = withoutCardNumbers(given).action;
  assert.ok(masked.kind === 'register_payment');
  assert.deepEqual(masked.details, { customer: { phone: '4222222222222', name: '422222***2222' } });
});
