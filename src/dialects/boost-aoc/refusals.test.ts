import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS } from '../../core/errors.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import { CREDENTIALS, newTalk, registerCharge, said, send, sendBody } from './fixtures/talk.ts';
import { boostAoc } from './index.ts';
import { AOC, CHARGE_NAMESPACE, REFUSALS } from './wire.ts';

const REFUND = { spTransID: 'sp-1', aocTransID: '12345', amount: '1.00' };
const KEYS = [
  'aocTransID',
  'transactionOperationStatus',
  'amountRefunded',
  'clientCorrelator',
  'errorCode',
  'errorMessage',
];

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

test('a JSON number with two decimals is as good as the text', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const { data } = await sendBody(talk, JSON.stringify({ ...CREDENTIALS, ...REFUND }).replace('"1.00"', '1.00'));
  assert.equal(data['amountRefunded'], '1.00');
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

test('a form with the JSON’s content, and JSON with or without its own type, mean the same', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const json = (spTransID: string): string => JSON.stringify({ ...CREDENTIALS, ...REFUND, spTransID });
  const form = (spTransID: string): string => new URLSearchParams({ ...CREDENTIALS, ...REFUND, spTransID }).toString();
  for (const [body, type] of [
    [json('1'), 'application/json'],
    [json('2'), 'application/json; charset=utf-8'],
    [json('3'), 'application/x-www-form-urlencoded'],
    [json('4'), ''],
    [`\n ${json('5')}`, 'application/x-www-form-urlencoded'],
    [form('6'), 'application/x-www-form-urlencoded'],
    [form('7'), 'Application/X-WWW-Form-URLEncoded;charset=UTF-8'],
    [form('8'), ''],
  ] as const) {
    assert.equal((await sendBody(talk, body, type)).data['errorCode'], '00', `${type} ${body}`);
  }
  const xml = await sendBody(talk, json('9'), 'text/xml');
  assert.equal(xml.status, 400);
  assert.match(xml.data['errorMessage'] ?? '', /^Content-Type: /);
});

test('a form’s text is decoded as UTF-8, and a field given twice is refused', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const form = (more: string): string => `${new URLSearchParams({ ...CREDENTIALS, aocTransID: '12345' })}&${more}`;
  const type = 'application/x-www-form-urlencoded';
  assert.equal((await sendBody(talk, form('spTransID=a+b%20%C3%A9&amount=1.00'), type)).data['errorCode'], '00');
  assert.equal((await send(talk, 'refundStatus', { spTransID: 'a b é' })).data['errorCode'], '00');
  for (const [more, problem] of [
    ['spTransID=x&amount=1.00&amount=1.00', 'amount: '],
    ['spTransID=x&amount=1.00&amount=2.00&amount=1.00', 'amount: '],
    ['spTransID=x&spTransID=y&amount=1.00', 'spTransID: '],
    ['spTransID=x&amount=1.00&username=test', 'username: '],
    ['spTransID=x&amount', 'amount: is missing'],
    ['spTransID=x%00&amount=1.00', 'spTransID: must not contain U+0000'],
    ['spTransID=%C3&amount=1.00', 'the body is not a valid form'],
    ['spTransID=%zz&amount=1.00', 'the body is not a valid form'],
  ] as const) {
    const { status, data } = await sendBody(talk, form(more), type);
    assert.equal(status, 400, more);
    assert.ok(data['errorMessage']?.startsWith(problem), data['errorMessage']);
  }
});

test('an unknown field is ignored', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const more = { note: 'x', currency: 'USD', constructor: '1', __proto__: '2' };
  assert.equal((await send(talk, 'refund', { ...REFUND, ...more })).data['errorCode'], '00');
  const json = `{"__proto__":{"amount":"9.00"},${JSON.stringify({ ...CREDENTIALS, ...REFUND, spTransID: 'j' }).slice(1)}`;
  assert.equal((await sendBody(talk, json)).data['amountRefunded'], '1.00');
});

test('a body that is no request is refused in the protocol’s own shape, whatever it is', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const before = talk.entries;
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const full = JSON.stringify({ ...CREDENTIALS, ...REFUND });
  const bodies: (string | Uint8Array)[] = [
    ...['', ' ', 'null', '[]', '"x"', '1', 'true', '{}', '{', '{"a":}', '&&&', '=', '=&=', '%', '{"__proto__":null}'],
    ...[deep, `{"a":${deep}}`, '{"username":{"toString":1}}', '{"username":"\\ud800"}', '<html></html>'],
    full.replace('"sp-1"', '"\\u0000"'),
    full.replace('"sp-1"', `"${'x'.repeat(256)}"`),
    full.replace('{', '{"amount":"9.00",'),
    new Uint8Array([0xff, 0xfe, 0x7b]),
    new Uint8Array(70_000),
  ];
  for (const body of bodies) {
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const { status, data } = await sendBody(talk, body, type);
      assert.equal(status, 400, String(body).slice(0, 80));
      assert.deepEqual(Object.keys(data), KEYS);
      assert.equal(data['errorCode'], 'AOC0001');
      assert.equal(data['transactionOperationStatus'], 'denied');
    }
  }
  assert.equal(talk.entries, before);
});

test('every refusal has the protocol’s shape; none that may have happened is called a denial', () => {
  for (const { code } of ERRORS) {
    const { status, data } = said(boostAoc.refuse({ code, message: `because ${code}`, facts: {} }));
    assert.deepEqual(Object.keys(data), KEYS);
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
