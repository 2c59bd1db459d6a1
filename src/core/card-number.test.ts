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

test('card numbers are found however their groups are kept apart, and the rest of the text stays as it is', () => {
  for (const number of [
    '4111.1111.1111.1111',
    '4111\u00a01111\u00a01111\u00a01111',
    '4111\u202f1111\u20091111\u30001111',
    '4111  1111  1111  1111',
    '4111 - 1111 - 1111 - 1111',
    '4111\t1111\t1111\t1111',
    '4111_1111_1111_1111',
    '4111/1111/1111/1111',
    '4111\\1111\\1111\\1111',
    '4111\u20131111\u20141111\u22121111',
    '4111·1111•1111\u200b1111',
    '4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1',
    '4111 1111. 1111.. 1111',
    // Full-width digits, and bold ones, which have two code units each.
    '４１１１１１１１１１１１１１１１',
    '４１１１－１１１１．１１１１／１１１１',
    '𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏',
    '𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏',
  ]) {
    assert.equal(maskCardNumbers(`käufer ½: ${number}!`), 'käufer ½: 411111******1111!', number);
  }
  assert.equal(maskCardNumbers('3782.822463.10005'), '378282*****0005');
  assert.equal(maskCardNumbers('６304/0000/0000/0000/000 12.30'), '630400*********0000 12.30');
  // Four separators are too many: these are four numbers.
  assert.equal(maskCardNumbers('4111    1111    1111    1111'), '4111    1111    1111    1111');
});

test('what is kept of one card number and the digits behind it are no card number', () => {
  const masked = maskCardNumbers('4242424242424242 4242 4242 4242');
  assert.equal(masked, '424242******424242******4242');
  assert.equal(holdsCardNumber(masked), false);
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
    '1.000.000,00',
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

test('a decision loses the card numbers of its reason', () => {
  for (const kind of ['approve_refund', 'reject_refund', 'cancel_refund'] as const) {
    const decision = { kind, refundId: '1', amountMinor: null, reason: 'card 4111 1111 1111 1111' };
    const masked = withoutCardNumbers({ ...command({}), action: decision }).action;
    assert.equal('reason' in masked && masked.reason?.includes('4111 1111 1111 1111'), false, kind);
  }
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

test('digits that would pass for a card number do not where they are grouped like something else', () => {
  for (const text of [
    '4.111.111.111.101,00',
    '4\u202f111\u202f111\u202f111\u202f101',
    '4_111_111_111_101',
    '5.000.000.000.000.009',
    '31.12.2024 - 31.01.2021',
    '2024/1231/2359/5900',
    '2024.2025.2026.2023',
    '2024-12-31 / 23.59.59.00',
    '40.41.42.43.44.45.46.45',
  ]) {
    assert.ok(holdsCardNumber(text.replace(/,.*|\D/g, '')), `${text} would pass`);
    assert.equal(maskCardNumbers(text), text);
  }
});

test('no date, time, amount or version is taken for a card number', () => {
  const thousands = fc
    .tuple(fc.integer({ min: 1, max: 999 }), fc.array(fc.stringMatching(/^[0-9]{3}$/), { minLength: 4, maxLength: 5 }))
    .chain(([first, more]) =>
      fc.constantFrom('.', '\u00a0', '\u202f', '_', '·').map((separator) => [first, ...more].join(separator)),
    );
  const moment = fc.date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  const dates = fc
    .tuple(moment, moment, fc.constantFrom('.', '/', '_', ' . '), fc.constantFrom(' - ', ' – ', '/', '  '))
    .chain(([from, to, separator, between]) => {
      const parts = (date: Date): string[] => date.toISOString().slice(0, 19).split(/\D/);
      const dated = (date: Date): string[] => parts(date).slice(0, 3);
      return fc.constantFrom(
        [dated(from), dated(to)].map((date) => date.join(separator)).join(between),
        [dated(from), dated(to)].map((date) => date.reverse().join(separator)).join(between),
        [dated(from), parts(from).slice(3)].map((part) => part.join(separator)).join(between),
        `${dated(from).join(separator)}${between}${parts(from).slice(3).join('.')}`,
      );
    });
  fc.assert(
    fc.property(fc.oneof(thousands, dates), (text) => !holdsCardNumber(text)),
    { numRuns: 20_000 },
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
