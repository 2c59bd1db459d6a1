import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalJson,
  decodeUtf8,
  type Json,
  JsonFault,
  JsonNumber,
  parseJson,
  plainJson,
  textFault,
} from './json.ts';

const fault = (message: RegExp) => (error: unknown) => error instanceof JsonFault && message.test(error.message);
const anyJson = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }) as fc.Arbitrary<Json>;
const wellFormed = (value: Json): boolean =>
  textFault(JSON.stringify(value)) === null && !/\\u(?:0000|[dD][89a-fA-F])/.test(JSON.stringify(value));

test('numbers keep the text in which they were written', () => {
  for (const text of ['10.00', '1e2', '-0', '12345678901234567890', '0.1', '1E+2']) {
    const parsed = parseJson(`{"amount":[${text}]}`) as { amount: JsonNumber[] };
    assert.ok(parsed.amount[0] instanceof JsonNumber);
    assert.equal(parsed.amount[0].source, text);
  }
});

test('of a key that an object repeats the last counts, with its own text', () => {
  assert.deepEqual(parseJson('{"a":1,"a":2.50}'), { a: new JsonNumber('2.50') });
  assert.deepEqual(parseJson('{"a":[1,2],"a":{"b":3.0}}'), { a: { b: new JsonNumber('3.0') } });
  assert.deepEqual(parseJson('{"a":{"b":1},"a":{"b":2.0,"c":3}}'), {
    a: { b: new JsonNumber('2.0'), c: new JsonNumber('3') },
  });
});

test('a repeated key is a fault where it is to be refused, however deep and however spelt', () => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"\\u0061":2}',
    '[{"x":{"a":1 , "b":2, "a" : 3}}]',
    '{"a":{"b":1},"a":{"b":1}}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\"":1,"a\\u0022":2}',
    '{"":1,"":2}',
  ]) {
    assert.throws(() => parseJson(text, 'refuse'), fault(/repeats a key/), text);
    parseJson(text);
  }
});

test('what only looks like a repeated key is none', () => {
  for (const text of [
    '{"a":"\\"a\\":","b":"\\"a\\" :"}',
    '{"a":{"a":{"a":[]}}}',
    '[{"a":1},{"a":2}]',
    '{"a":":","b":"\\\\","c":"\\\\\\""}',
    '{"a" \n\t: "x:y"}',
    '["a","a"]',
    '"a"',
    '{"a":1,"A":2,"a ":3}',
  ]) {
    parseJson(text, 'refuse');
  }
});

test('whatever JSON.stringify writes is read as the same value, and has no repeated key', () => {
  fc.assert(
    fc.property(anyJson, fc.constantFrom(0, 2), (value, indent) => {
      fc.pre(wellFormed(value));
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(plainJson(parseJson(text, 'refuse')), JSON.parse(text));
    }),
  );
});

test('a member called __proto__ is a member like any other', () => {
  const parsed = plainJson(parseJson('{"__proto__":{"admin":true}}'));
  assert.deepEqual(Object.keys(parsed as object), ['__proto__']);
  assert.equal((parsed as { admin?: unknown }).admin, undefined);
  assert.equal(canonicalJson(parsed), '{"__proto__":{"admin":true}}');
});

test('U+0000 and lone surrogates are refused in keys and in values', () => {
  for (const text of ['"a\\u0000"', '{"a\\u0000":1}', '["\\ud800"]', '{"\\udc00":1}', '{"a":["x","\\ud83d"]}']) {
    assert.throws(() => parseJson(text), fault(/U\+0000|lone surrogates/), text);
  }
  assert.equal(parseJson('"\\ud83d\\ude00"'), '😀');
  assert.equal(textFault('😀'), null);
});

test('nesting deeper than 32 levels is a fault, and depth that no parser survives is one, too', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  parseJson(nested(32));
  assert.throws(() => parseJson(nested(33)), fault(/32 levels/));
  assert.throws(() => parseJson(nested(1_000_000)), fault(/./));
});

test('text that is no JSON, and bytes that are no UTF-8, are faults that quote nothing of them', () => {
  for (const text of ['', '{', "{'a':1}", '{"a":01}', '{"a":1,}', 'NaN', '{"a":1}secret', '\ufeff{}']) {
    assert.throws(() => parseJson(text), fault(/^the body is not valid JSON$/), text);
  }
  assert.throws(() => decodeUtf8(Uint8Array.of(0x22, 0xff, 0x22)), fault(/^the body is not valid UTF-8$/));
  assert.throws(() => decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), fault(/UTF-8/));
});

test('a long string is read, and not taken for many', () => {
  const long = 'a\\"b:'.repeat(20_000);
  assert.equal((parseJson(`{"a":"${long}"}`, 'refuse') as { a: string }).a.length, 4 * 20_000);
});

test('canonical JSON is the same whatever the order of keys, and tells values apart', () => {
  const shuffled = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled);
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, shuffled(member ?? null)]),
    );
  };
  fc.assert(
    fc.property(anyJson, (value) => {
      assert.equal(canonicalJson(shuffled(value)), canonicalJson(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
  assert.equal(canonicalJson({ b: 1, a: undefined }), '{"b":1}');
  assert.notEqual(canonicalJson(['a,b']), canonicalJson(['a', 'b']));
});
