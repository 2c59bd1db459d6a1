import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, invalidParameter, refusal } from '../../core/errors.ts';
import { NOTHING, type Outcome } from '../../core/outcome.ts';
import type { Refund, RefundStatus } from '../../core/refund.ts';
import type { Caller, Result } from '../dialect.ts';
import { messageIn, PAYMENTS, read, SINGLE, Site } from './fixtures/site.ts';
import { edubrite } from './index.ts';
import { MESSAGE } from './wire.ts';
import { ERROR_ANSWERS, writeConnected, writeRefund, writeSignedOut } from './write.ts';

test("every refusal has the partner's shape, also without a reading", () => {
  for (const { code } of ERRORS) {
    const { message, status } = ERROR_ANSWERS[code];
    const answer = read(edubrite.refuse(refusal(code, 'the reason')));
    assert.deepEqual([answer.status, answer.root, answer.code], [status, '-1', message], code);
    assert.notEqual(answer.text, '');
  }
});

test('a path or method that is no operation is an invalid path', async () => {
  const site = await Site.connected();
  for (const [method, path] of [
    ['POST', '/oltpublish/site/group.do'],
    ['POST', '/oltpublish/site/paymentTxnService.do/'],
    ['GET', PAYMENTS],
    ['GET', '/oltpublish/site/]]><x>.do'],
  ] as const) {
    assert.deepEqual(read(await site.talk.send({ method, path, headers: { cookie: site.cookies } })), {
      status: 404,
      root: '-1',
      code: '0220',
      text: `Invalid path: there is no ${path}`,
    });
  }
});

test('a refund in any status is a success only when it succeeded', () => {
  const expected: Readonly<Record<RefundStatus, readonly [number, string, string]>> = {
    succeeded: [200, '0', '0'],
    pending_approval: [202, '-1', '0026'],
    pending: [202, '-1', '0026'],
    unknown: [202, '-1', '0026'],
    failed: [200, '-1', '0026'],
    canceled: [200, '-1', '0026'],
    reversed: [200, '-1', '0026'],
    refused: [200, '-1', '0026'],
  };
  for (const [status, answered] of Object.entries(expected)) {
    const outcome: Outcome = { ...NOTHING, refund: { status } as Refund };
    const answer = read(writeRefund({ kind: 'outcome', outcome, caller: {} as Caller }, SINGLE));
    assert.deepEqual([answer.status, answer.root, answer.code], answered, status);
    assert.equal(answer.text.includes(SINGLE), status !== 'succeeded', status);
  }
});

test('a result that an operation never asks for is a bug, not an answer', () => {
  const signedOut: Result = { kind: 'signed_out' };
  const session: Result = { kind: 'session', tokens: ['a', 'b'] };
  assert.throws(() => writeRefund(signedOut, null), /no answer for a result of kind signed_out/);
  assert.throws(() => writeConnected(signedOut, false), /no answer/);
  assert.throws(() => writeSignedOut(session), /no answer/);
  assert.throws(() => writeRefund({ kind: 'outcome', outcome: NOTHING, caller: {} as Caller }, null), /has a refund/);
});

test('any id and any message survive XML; what XML cannot carry is replaced', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (odd, text) => {
      for (const message of [odd, text, `${text}]]>${odd}`, `]]${text}]]]]>>`]) {
        const { body } = edubrite.refuse(refusal('overloaded', message));
        const { code } = messageIn(body);
        assert.equal(code, '0026');
        assert.equal(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(body), false);
        const carried = [...body.matchAll(/<!\[CDATA\[(.*?)\]\]>/gsu)].map(([, part]) => part).join('');
        assert.equal(carried.length, message.length);
      }
    }),
  );
});

test('half a surrogate pair and a control character each become U+FFFD', () => {
  const { text } = read(edubrite.refuse(refusal('overloaded', 'a\u0000\ud800b\udfff\u{1F600}\ufffe')));
  assert.equal(text, 'a\ufffd\ufffdb\ufffd\u{1F600}\ufffd');
});

test('each way in which the form can be wrong is named, and nothing is written', async () => {
  const site = await Site.connected();
  const multipart = { 'content-type': 'multipart/form-data; boundary=B' };
  const field = (name: string, value: string): string =>
    `--B\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`;
  const refund = field('name="dispatch"', 'refund');
  const entries = site.talk.entries;
  for (const [body, text, headers] of [
    ['', 'dispatch: is missing'],
    ['id=1', 'dispatch: is missing'],
    ['dispatch=&id=1', 'dispatch: is missing'],
    ['dispatch', 'dispatch: is missing'],
    ['dispatch=refund', 'id: is missing'],
    ['dispatch=refund&id', 'id: is missing'],
    ['dispatch=refund&id=', 'id: is missing'],
    ['dispatch=refund&id=+%20', 'id: is missing'],
    ['dispatch=refund&id[]=1', 'id: is missing'],
    ['dispatch=refund&ID=1', 'id: is missing'],
    ['dispatch=refund&id=1&id=1', 'id: is given more than once'],
    ['dispatch=refund&dispatch=refund&id=1', 'dispatch: is given more than once'],
    ['dispatch=refund&id=a%00b', 'id: must not contain U+0000'],
    [`dispatch=refund&id=${'1'.repeat(256)}`, 'id: must have at most 255 characters'],
    ['dispatch=refund&id=%', 'body: is not a URL-encoded form'],
    ['dispatch=refund&id=%ED%A0%80', 'body: is not a URL-encoded form'],
    [Uint8Array.of(0x69, 0x64, 0x3d, 0xff), 'body: is not valid UTF-8'],
    ['null', 'dispatch: is missing'],
    ['[]', 'dispatch: is missing'],
    ['{"dispatch":"refund","id":1}', 'dispatch: is missing'],
    ['__proto__=1&constructor=2&toString=3', 'dispatch: is missing'],
    [`${refund}--B--`, 'id: is missing', multipart],
    [`${refund}${field('name=id', '')}--B--\r\n`, 'id: is missing', multipart],
    [`${refund}${field('name="id"', '1')}${field('name="id"', '1')}--B--`, 'id: is given more than once', multipart],
    ['', 'body: is not a multipart form', multipart],
    [refund, 'body: is not a multipart form', multipart],
    [`${refund}${field('filename="id"', '1')}--B--`, 'body: is not a multipart form', multipart],
    ['--B\r\nno header\r\n--B--', 'body: is not a multipart form', multipart],
    [`${refund}${field('name="id"', '1').replace('--B', '--Bee')}--B--`, 'body: is not a multipart form', multipart],
    [`${refund}--Bee\r\n\r\n--B--`, 'body: is not a multipart form', multipart],
    [`${refund}--B--`, 'body: is not a multipart form', { 'content-type': 'multipart/form-data' }],
    [Buffer.from(`${refund}${field('name="id"', '\u{FF}')}--B--`, 'latin1'), 'body: is not valid UTF-8', multipart],
  ] as const) {
    const expected = { status: 200, root: '-1', code: '0026', text };
    assert.deepEqual(await site.post(body, headers), expected, String(body));
  }
  assert.equal(site.talk.entries, entries);
});

test('parameters may stand in the query, and a parameter of both counts as repeated', async () => {
  const site = await Site.connected();
  site.invoice(SINGLE);
  const headers = { cookie: site.cookies, real_uname: 'chenry' };
  const query = `dispatch=refund&id=${SINGLE}`;
  const both = read(await site.talk.send({ path: PAYMENTS, query, headers, body: `id=${SINGLE}` }));
  assert.equal(both.text, 'id: is given more than once');
  assert.equal(read(await site.talk.send({ path: PAYMENTS, query, headers })).code, '0');
});

test('an id in any script is found as it was registered', async () => {
  const site = await Site.connected();
  for (const id of ['счёт-1', '請求書 1+1=2 & more%', '"><]]>']) {
    const form = new FormData();
    form.append('dispatch', 'refund');
    form.append('id', id);
    const encoded = new Response(form);
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
    const body = new Uint8Array(await encoded.arrayBuffer());
    assert.equal((await site.post(body, headers)).text, `Unable to find Invoice with matching Id ${id}.`);
    site.invoice(id);
    assert.equal((await site.post(body, headers)).code, '0');
    assert.equal((await site.refund(id)).text, `Not refundable Invoice ${id}, status = REFUNDED`);
  }
});

test('whatever is sent, the answer is one message of this protocol', async () => {
  const site = await Site.connected();
  const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('refund', SINGLE, '__proto__', 'null', '[1]'));
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .array(fc.tuple(fc.constantFrom('dispatch', 'id', 'amount', '__proto__'), odd), { maxLength: 4 })
      .map((pairs) =>
        Buffer.from(pairs.map(([name, value]) => `${name}=${encodeURI(value.toWellFormed())}`).join('&')),
      ),
  );
  const mostly = (text: string): fc.Arbitrary<string> =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: odd });
  const type = fc.oneof(odd, fc.constant('multipart/form-data; boundary=B'));
  const request = [mostly(PAYMENTS), mostly(site.cookies), mostly('chenry'), type, mostly(''), body] as const;
  await fc.assert(
    fc.asyncProperty(...request, async (path, cookie, real_uname, type, query, body) => {
      const headers = { cookie, real_uname, 'content-type': type };
      const answer = read(await site.talk.send({ path, query, headers, body }));
      assert.ok(Object.values<string>(MESSAGE).includes(answer.code), answer.code);
      assert.notEqual(answer.status, 500);
    }),
    { numRuns: 500 },
  );
});

test('the documentation lists exactly the answers of this dialect', () => {
  const page = readFileSync(new URL('../../../docs/protocols/edubrite.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` +\| `(\d+)` +\| (\d+) +\|/gm)];
  assert.deepEqual(
    rows.map(([, code, message, status]) => [code, message, Number(status)]),
    ERRORS.map(({ code }) => [code, ERROR_ANSWERS[code].message, ERROR_ANSWERS[code].status]),
  );
  const messages = [...page.matchAll(/^\| `(\d+)` +\| \d/gm)].map(([, code]) => code);
  assert.deepEqual(messages, Object.values(MESSAGE));
});

test('the engine would name the amount, which no request of this protocol has', () => {
  assert.equal(read(edubrite.refuse(invalidParameter('amount', 'is odd'))).text, 'amount: is odd');
});
