import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { API_KEY, CREDENTIALS, newTalk, REFUND, REFUND_KEYS, registerCharge, send, sendBody } from './fixtures/talk.ts';

test('a JSON number with two decimals is as good as the text', async () => {
  const talk = newTalk();
  registerCharge(talk, '12345');
  const { data } = await sendBody(talk, JSON.stringify({ ...CREDENTIALS, ...REFUND }).replace('"1.00"', '1.00'));
  assert.equal(data['amountRefunded'], '1.00');
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
  const form = (more: string): string => `username=test&apiKey=${API_KEY}&aocTransID=12345&${more}`;
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
  const more = { note: 'x', currency: 'USD', constructor: '1', ['__proto__']: '2' };
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
  const nothing = [
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '1',
    'true',
    '{}',
    '{',
    '{"a":}',
    '&&&',
    '=',
    '=&=',
    '%',
    '<html></html>',
  ];
  const bodies: (string | Uint8Array)[] = [
    ...nothing,
    deep,
    `{"a":${deep}}`,
    '{"__proto__":null}',
    '{"username":{"toString":1}}',
    full.replace('"sp-1"', '"\\ud800"'),
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
      assert.deepEqual(Object.keys(data), REFUND_KEYS);
      assert.equal(data['errorCode'], 'AOC0001');
      assert.equal(data['transactionOperationStatus'], 'denied');
    }
  }
  assert.equal(talk.entries, before);
});

test('whatever JSON the fields hold, the answer has the protocol’s shape and money moves only when it says so', async () => {
  const talk = newTalk();
  const charge = registerCharge(talk, '12345', 100_000_000n);
  const likely = fc.constantFrom('test', API_KEY, '12345', '1.00', '0.10', '2', 'sp-1', 'sp-2', 'sp-3');
  const names = fc.constantFrom(...Object.keys({ ...CREDENTIALS, ...REFUND }), '__proto__', 'constructor', 'x');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, fc.oneof(likely, fc.jsonValue())), async (fields) => {
      const before = talk.payment(charge.id).refundedMinor;
      const { status, data } = await sendBody(talk, JSON.stringify({ ...CREDENTIALS, ...REFUND, ...fields }));
      assert.ok([200, 400, 401].includes(status));
      assert.deepEqual(Object.keys(data), REFUND_KEYS);
      const moved = talk.payment(charge.id).refundedMinor - before;
      assert.equal(moved, BigInt((data['amountRefunded'] ?? '').replace('.', '')));
      assert.equal(moved > 0n, data['errorCode'] === '00');
    }),
  );
});
