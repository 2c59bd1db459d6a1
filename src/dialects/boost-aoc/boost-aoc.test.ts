import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readHttp } from '../../../test/kit/http-file.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import { newTalk, registerCharge, replay, send } from './fixtures/talk.ts';

const FIXTURES = new URL('fixtures/', import.meta.url);

test('the exchanges in fixtures, the page’s example first, are answered as they stand there', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.request.http'));
  assert.equal(names.length, 11);
  for (const name of names.sort()) await replay(talk, name.replace('.request.http', ''));
});

test('the first fixture’s answer is the page’s example but for the id that a success returns', () => {
  const { data } = JSON.parse(readHttp('01-refund.answer', FIXTURES.href).body) as {
    data: Record<string, string>;
  };
  const { clientCorrelator, ...page } = data;
  assert.equal(clientCorrelator, '<id>');
  assert.deepEqual(page, {
    aocTransID: '12345',
    transactionOperationStatus: 'refunded',
    amountRefunded: '1.00',
    errorCode: '00',
    errorMessage: '',
  });
  const body = readFileSync(new URL('01-refund.request.http', FIXTURES), 'utf8').split('\n\n')[1];
  assert.ok(body?.includes('  "spTransID":"201903192030-test1",\n  "aocTransID":"12345",\n  "amount":"1.00"\n}'));
});

test('a whole charge is refunded, and clientCorrelator is the refund’s own id', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345');
  const { status, data } = await send(talk, 'refund', { spTransID: 'a', aocTransID: '12345', amount: '10.00' });
  assert.equal(status, 200);
  assert.equal(data['transactionOperationStatus'], 'refunded');
  assert.equal(data['amountRefunded'], '10.00');
  assert.match(data['clientCorrelator'] ?? '', /^[0-9a-f-]{36}$/);
  assert.notEqual(data['clientCorrelator'], charge.id);
  assert.equal(talk.payment(charge.id).refundedMinor, 1000n);
});

test('partial refunds go to the last cent and no further', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345');
  for (const [index, amount] of ['3.33', '3.33', '3.33', '0.01'].entries()) {
    const { data } = await send(talk, 'refund', { spTransID: `part-${index}`, aocTransID: '12345', amount });
    assert.equal(data['errorCode'], '00');
    assert.equal(data['amountRefunded'], amount);
  }
  const { status, data } = await send(talk, 'refund', { spTransID: 'more', aocTransID: '12345', amount: '0.01' });
  assert.equal(status, 200);
  assert.equal(data['transactionOperationStatus'], 'denied');
  assert.equal(data['errorCode'], 'AOC1007');
  assert.equal(talk.payment(charge.id).refundedMinor, 1000n);
});

test('an over-refund is denied with the numbers, and the rest can still be refunded', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const over = await send(talk, 'refund', { spTransID: 'over', aocTransID: '12345', amount: '10.01' });
  assert.equal(over.data['errorCode'], 'AOC1007');
  assert.match(over.data['errorMessage'] ?? '', /asked 10\.01 MYR, refundable 10\.00 MYR/);
  const whole = await send(talk, 'refund', { spTransID: 'whole', aocTransID: '12345', amount: '10.00' });
  assert.equal(whole.data['errorCode'], '00');
});

test('a second call with the same spTransID is a duplicate whatever its body, and moves nothing', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345');
  registerCharge(talk, '67890');
  await send(talk, 'refund', { spTransID: 'once', aocTransID: '12345', amount: '1.00' });
  for (const body of [
    { aocTransID: '12345', amount: '1.00' },
    { aocTransID: '12345', amount: '2.00' },
    { aocTransID: '67890', amount: '1.00' },
    { aocTransID: 'unknown', amount: '1.00' },
  ]) {
    const { status, data } = await send(talk, 'refund', { spTransID: 'once', ...body });
    assert.equal(status, 200);
    assert.equal(data['errorCode'], 'AOC1001');
    assert.equal(data['transactionOperationStatus'], 'denied');
    assert.equal(data['aocTransID'], body.aocTransID);
  }
  assert.equal(talk.payment(charge.id).refundedMinor, 100n);
});

test('an attempt that a rule refused uses up its spTransID; one that was never stored does not', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  await send(talk, 'refund', { spTransID: 'refused', aocTransID: '12345', amount: '99.00' });
  const again = await send(talk, 'refund', { spTransID: 'refused', aocTransID: '12345', amount: '1.00' });
  assert.equal(again.data['errorCode'], 'AOC1001');

  const unknown = await send(talk, 'refund', { spTransID: 'free', aocTransID: 'unknown', amount: '1.00' });
  assert.equal(unknown.data['errorCode'], 'AOC0001');
  const unreadable = await send(talk, 'refund', { spTransID: 'free', aocTransID: '12345', amount: '1.0' });
  assert.equal(unreadable.data['errorCode'], 'AOC0001');
  const wrongKey = await send(talk, 'refund', { apiKey: 'x', spTransID: 'free', aocTransID: '12345', amount: '1.00' });
  assert.equal(wrongKey.data['errorCode'], 'AOC0003');
  const done = await send(talk, 'refund', { spTransID: 'free', aocTransID: '12345', amount: '1.00' });
  assert.equal(done.data['errorCode'], '00');
});

test('refundStatus gives the same answer as the refund gave, done or denied', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  for (const [spTransID, amount] of [
    ['done', '1.00'],
    ['denied', '99.00'],
  ] as const) {
    const refund = await send(talk, 'refund', { spTransID, aocTransID: '12345', amount });
    assert.deepEqual(await send(talk, 'refundStatus', { spTransID }), refund);
  }
});

test('refundStatus of an spTransID that was never stored is an invalid parameter', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const { status, data } = await send(talk, 'refundStatus', { spTransID: 'never' });
  assert.equal(status, 200);
  assert.equal(data['errorCode'], 'AOC0001');
  assert.match(data['errorMessage'] ?? '', /^spTransID: /);
});

test('a refund that waits for approval is neither refunded nor denied, and refundStatus follows it', async () => {
  const talk = newTalk({ policy: { ...OPEN_POLICY, approvalAboveMinor: { MYR: 500n } } });
  const charge = registerCharge(talk, '12345');
  const asked = await send(talk, 'refund', { spTransID: 'big', aocTransID: '12345', amount: '6.00' });
  assert.equal(asked.status, 200);
  assert.equal(asked.data['transactionOperationStatus'], 'processing');
  assert.equal(asked.data['errorCode'], 'AOC1008');
  assert.equal(asked.data['amountRefunded'], '0.00');
  assert.equal(talk.payment(charge.id).reservedMinor, 600n);
  assert.deepEqual(await send(talk, 'refundStatus', { spTransID: 'big' }), asked);

  const refundId = asked.data['clientCorrelator'] ?? '';
  talk.run({ kind: 'approve_refund', refundId, amountMinor: null }, { actor: 'cli:second' });
  const approved = await send(talk, 'refundStatus', { spTransID: 'big' });
  assert.equal(approved.data['transactionOperationStatus'], 'refunded');
  assert.equal(approved.data['amountRefunded'], '6.00');
  assert.equal(approved.data['clientCorrelator'], refundId);

  talk.run({ kind: 'reverse_refund', refundId });
  const reversed = await send(talk, 'refundStatus', { spTransID: 'big' });
  assert.equal(reversed.data['transactionOperationStatus'], 'denied');
  assert.equal(reversed.data['errorCode'], 'AOC1007');
  assert.equal(reversed.data['amountRefunded'], '0.00');
});

test('a refund whose approval was rejected is denied', async () => {
  const talk = newTalk({ policy: { ...OPEN_POLICY, approvalAboveMinor: { MYR: 500n } } });
  registerCharge(talk, '12345');
  const asked = await send(talk, 'refund', { spTransID: 'big', aocTransID: '12345', amount: '6.00' });
  talk.run(
    { kind: 'reject_refund', refundId: asked.data['clientCorrelator'] ?? '' },
    { actor: 'cli:second', protocol: 'native' },
  );
  const { data } = await send(talk, 'refundStatus', { spTransID: 'big' });
  assert.equal(data['transactionOperationStatus'], 'denied');
  assert.equal(data['errorMessage'], 'the refund of 6.00 MYR was not approved');
});

test('amounts have two decimals whatever the currency: yen have no cents, and dinars have a third decimal', async () => {
  const talk = newTalk();
  registerCharge(talk, 'yen', 500n, 'JPY');
  const yen = await send(talk, 'refund', { spTransID: 'y1', aocTransID: 'yen', amount: '100.00' });
  assert.equal(yen.data['amountRefunded'], '100.00');
  const halfYen = await send(talk, 'refund', { spTransID: 'y2', aocTransID: 'yen', amount: '1.50' });
  assert.equal(halfYen.status, 400);
  assert.equal(halfYen.data['errorCode'], 'AOC0001');
  assert.match(halfYen.data['errorMessage'] ?? '', /^amount: /);
  const noDecimals = await send(talk, 'refund', { spTransID: 'y3', aocTransID: 'yen', amount: '100' });
  assert.equal(noDecimals.data['errorCode'], 'AOC0001');

  const dinars = registerCharge(talk, 'dinar', 1005n, 'KWD');
  const charged = await send(talk, 'chargeStatus', { aocTransID: 'dinar' });
  assert.equal(charged.data['totalAmountCharged'], '1.005');
  const part = await send(talk, 'refund', { spTransID: 'k1', aocTransID: 'dinar', amount: '1.00' });
  assert.equal(part.data['amountRefunded'], '1.00');
  assert.equal(talk.payment(dinars.id).refundedMinor, 1000n);
  const third = await send(talk, 'refund', { spTransID: 'k2', aocTransID: 'dinar', amount: '0.005' });
  assert.equal(third.data['errorCode'], 'AOC0001');
});

test('chargeStatus maps every status of a charge', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, 'charged');
  registerCharge(talk, 'pending', 1000n, 'MYR', 'pending');
  const closed = registerCharge(talk, 'closed', 1000n, 'MYR', 'pending');
  talk.run({ kind: 'close_payment', payment: { id: closed.id } });
  const voided = registerCharge(talk, 'voided');
  talk.run({ kind: 'void_payment', payment: { id: voided.id } });

  assert.deepEqual(await send(talk, 'chargeStatus', { aocTransID: 'charged' }), {
    status: 200,
    data: {
      transactionOperationStatus: 'Charged',
      totalAmountCharged: '10.00',
      msisdn: '60123456789',
      clientCorrelator: charge.id,
      errorCode: '00',
      errorMessage: '',
    },
  });
  const expected = { pending: ['Processing', 'AOC1008'], closed: ['Denied', 'AOC1012'], voided: ['Denied', 'AOC1012'] };
  for (const [aocTransID, [status, errorCode]] of Object.entries(expected)) {
    const { data } = await send(talk, 'chargeStatus', { aocTransID });
    assert.equal(data['transactionOperationStatus'], status);
    assert.equal(data['errorCode'], errorCode);
    assert.equal(data['totalAmountCharged'], '0.00');
  }
  const unknown = await send(talk, 'chargeStatus', { aocTransID: 'unknown' });
  assert.equal(unknown.data['transactionOperationStatus'], 'Denied');
  assert.equal(unknown.data['errorCode'], 'AOC0001');
});

test('a request with an Idempotency-Key gets its answer again, before its spTransID is a duplicate', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345');
  const fields = { spTransID: 'keyed', aocTransID: '12345', amount: '1.00' };
  const first = await send(talk, 'refund', fields, { 'idempotency-key': 'k-1' });
  assert.equal(first.data['errorCode'], '00');
  assert.deepEqual(await send(talk, 'refund', fields, { 'idempotency-key': '"k-1"' }), first);
  assert.equal(talk.payment(charge.id).refundedMinor, 100n);

  const other = await send(talk, 'refund', { ...fields, amount: '2.00' }, { 'idempotency-key': 'k-1' });
  assert.equal(other.status, 200);
  assert.equal(other.data['errorCode'], 'AOC1007');
  assert.equal(other.data['transactionOperationStatus'], 'denied');

  const over = { spTransID: 'keyed-over', aocTransID: '12345', amount: '99.00' };
  const refused = await send(talk, 'refund', over, { 'idempotency-key': 'k-2' });
  assert.equal(refused.data['errorCode'], 'AOC1007');
  assert.deepEqual(await send(talk, 'refund', over, { 'idempotency-key': 'k-2' }), refused);
});
