import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS } from '../../core/errors.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import { CREDENTIALS, newTalk, REFUND, REFUND_KEYS, registerCharge, said, send, sendBody } from './fixtures/talk.ts';
import { boostAoc } from './index.ts';
import { AOC, CHARGE_NAMESPACE, REFUSALS } from './wire.ts';

test('each mandatory field that is missing or blank is named, in every operation', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const mandatory = {
    refund: ['username', 'apiKey', 'spTransID', 'aocTransID', 'amount'],
    refundStatus: ['username', 'apiKey', 'spTransID'],
    chargeStatus: ['username', 'apiKey', 'aocTransID'],
  } as const;
  const before = talk.entries;
  for (const operation of ['refund', 'refundStatus', 'chargeStatus'] as const) {
    for (const field of mandatory[operation]) {
      for (const value of [undefined, '', ' ']) {
        const { status, data } = await send(talk, operation, { ...REFUND, [field]: value });
        assert.equal(status, 400, `${operation} ${field}`);
        assert.equal(data['errorCode'], 'AOC0001');
        assert.ok(data['errorMessage']?.startsWith(`${field}: `), `${field} in ${data['errorMessage']}`);
      }
    }
  }
  assert.equal(talk.entries, before);
});

test('a field of the wrong type is named', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  for (const field of ['username', 'apiKey', 'spTransID', 'aocTransID', 'amount']) {
    for (const value of [true, [], ['1.00'], {}, { amount: '1.00' }, ...(field === 'amount' ? [] : [12345])]) {
      const { status, data } = await sendBody(talk, JSON.stringify({ ...CREDENTIALS, ...REFUND, [field]: value }));
      assert.equal(status, 400);
      assert.equal(data['errorCode'], 'AOC0001');
      assert.ok(data['errorMessage']?.startsWith(`${field}: `), `${field} in ${data['errorMessage']}`);
    }
  }
});

test('an amount that is not a positive decimal with two decimals is refused', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345');
  const wrong = ['0.00', '-1.00', '+1.00', '1', '1.0', '1.000', '1e2', '01.00', ' 1.00', '1.00 ', '1,00', 'NaN', '.50'];
  for (const amount of [...wrong, '99999999999.00', '٣.٠٠', '0x1.00']) {
    const { status, data } = await send(talk, 'refund', { ...REFUND, amount });
    assert.equal(status, 400, amount);
    assert.ok(data['errorMessage']?.startsWith('amount: '), amount);
  }
  for (const literal of ['1', '1.0', '1.000', '1e2', '-1.00', 'true']) {
    const body = JSON.stringify({ ...CREDENTIALS, ...REFUND }).replace('"1.00"', literal);
    const { data } = await sendBody(talk, body);
    assert.ok(data['errorMessage']?.startsWith('amount: '), literal);
  }
  assert.equal(talk.payment(charge.id).refundedMinor, 0n);
});

test('credentials are judged before any other field, and a wrong key is told from nothing else', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const wrongKey = await send(talk, 'refund', { apiKey: 'wrong', amount: 'x' });
  const wrongUser = await send(talk, 'refund', { username: 'nobody', amount: 'x' });
  assert.equal(wrongKey.status, 401);
  assert.equal(wrongKey.data['errorCode'], 'AOC0003');
  assert.deepEqual(wrongUser, wrongKey);
  for (const operation of ['refundStatus', 'chargeStatus'] as const) {
    const { status, data } = await send(talk, operation, { ...REFUND, apiKey: 'wrong' });
    assert.equal(status, 401);
    assert.equal(data['errorCode'], 'AOC0003');
  }
});

test('a credential that may only read gets the status of a charge, and no refund', async () => {
  const talk = newTalk({ role: 'read' });
  const charge = registerCharge(talk, '12345');
  const refund = await send(talk, 'refund', REFUND);
  assert.equal(refund.status, 403);
  assert.equal(refund.data['errorCode'], 'AOC0003');
  assert.equal(talk.payment(charge.id).refundedMinor, 0n);
  assert.equal((await send(talk, 'chargeStatus', REFUND)).data['errorCode'], '00');
});

test('another provider’s charge is as unknown as none', async () => {
  const talk = newTalk();
  const other = talk.run({ kind: 'create_merchant', name: 'Other', policy: OPEN_POLICY }, { merchantId: OTHER });
  assert.equal(other.refusal, null);
  const registered = talk.run(
    {
      kind: 'register_payment',
      amountMinor: 1000n,
      currency: 'MYR',
      status: 'captured',
      references: [{ namespace: CHARGE_NAMESPACE, value: 'theirs', numbered: false }],
      details: {},
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
    { merchantId: OTHER },
  );
  assert.equal(registered.payment?.merchantId, OTHER);
  const theirs = await send(talk, 'refund', { ...REFUND, aocTransID: 'theirs' });
  const none = await send(talk, 'refund', { ...REFUND, aocTransID: 'none' });
  assert.equal(theirs.data['errorCode'], 'AOC0001');
  assert.deepEqual({ ...theirs.data, aocTransID: '' }, { ...none.data, aocTransID: '' });
  assert.equal((await send(talk, 'chargeStatus', { aocTransID: 'theirs' })).data['errorCode'], 'AOC0001');
});

const OTHER = '01900000-0000-7000-8000-000000000001';

test('a charge that is pending, voided or disputed is in no refundable state', async () => {
  const talk = newTalk();
  registerCharge(talk, 'pending', 1000n, 'MYR', 'pending');
  const voided = registerCharge(talk, 'voided');
  talk.run({ kind: 'void_payment', payment: { id: voided.id } });
  const disputed = registerCharge(talk, 'disputed');
  talk.run({ kind: 'set_dispute', payment: { id: disputed.id } });
  for (const aocTransID of ['pending', 'voided', 'disputed']) {
    const { status, data } = await send(talk, 'refund', { ...REFUND, spTransID: aocTransID, aocTransID });
    assert.equal(status, 200);
    assert.equal(data['errorCode'], 'AOC0002');
    assert.match(data['errorMessage'] ?? '', new RegExp(aocTransID));
  }
});

test('a charge whose refund window has passed is expired', async () => {
  const talk = newTalk({ policy: { ...OPEN_POLICY, windowDays: 30 } });
  registerCharge(talk, '12345');
  talk.now += 31 * 86_400_000;
  const { data } = await send(talk, 'refund', REFUND);
  assert.equal(data['errorCode'], 'AOC1019');
});

test('every refusal has the protocol’s shape; none that may have happened is called a denial', () => {
  for (const { code } of ERRORS) {
    const { status, data } = said(boostAoc.refuse({ code, message: `because ${code}`, facts: {} }));
    assert.deepEqual(Object.keys(data), REFUND_KEYS);
    assert.equal(status, REFUSALS[code].status);
    assert.equal(data['errorCode'], REFUSALS[code].errorCode);
    assert.equal(data['amountRefunded'], '0.00');
    assert.notEqual(data['errorMessage'], '');
    const mayHaveHappened = code === 'outcome_unknown' || code === 'internal_error';
    assert.equal(data['transactionOperationStatus'], mayHaveHappened ? 'processing' : 'denied', code);
  }
});

test('an unknown path gets the protocol’s own answer', async () => {
  const { status, data } = said(await newTalk().send({ path: '/api/nothing' }));
  assert.equal(status, 404);
  assert.equal(data['errorCode'], 'AOC0001');
});

test('the documentation lists exactly the refusals that are answered', () => {
  const text = readFileSync(new URL('../../../docs/protocols/boost-aoc.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `(AOC\d{4})` +\| (\d{3}) +\| (.+?) +\|/gm)].flatMap(
    ([, errorCode = '', status = '', codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => `${code} ${errorCode} ${status}`),
  );
  const mapped = Object.entries(REFUSALS).map(([code, { errorCode, status }]) => `${code} ${errorCode} ${status}`);
  assert.deepEqual(listed.sort(), mapped.sort());
  for (const code of Object.values(AOC)) assert.ok(text.includes(`\`${code}\``), `${code} is documented`);
});
