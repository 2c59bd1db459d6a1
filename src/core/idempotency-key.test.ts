import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refused } from './errors.ts';
import { readIdempotencyKey } from './idempotency-key.ts';

const refused = (error: unknown): boolean =>
  error instanceof Refused &&
  error.refusal.code === 'invalid_request' &&
  error.refusal.facts['parameter'] === 'Idempotency-Key';

test('a key is the same quoted and bare', () => {
  assert.equal(readIdempotencyKey(undefined), null);
  assert.equal(readIdempotencyKey('8e03978e-40d5-43dd-bc93-6894a57f9324'), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(readIdempotencyKey('"8e03978e-40d5-43dd-bc93-6894a57f9324"'), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(readIdempotencyKey('  key  '), 'key');
  assert.equal(readIdempotencyKey('a"b'), 'a"b');
});

test('a quoted key is what was quoted, whatever printable ASCII that is', () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 255,
  });
  fc.assert(
    fc.property(printable, (key) => {
      assert.equal(readIdempotencyKey(`"${key.replace(/["\\]/g, '\\$&')}"`), key);
    }),
  );
});

test('keys that cannot be kept are refused', () => {
  for (const header of ['', ' ', '""', '"a', '"a"b"', 'a b', 'ä', '"ä"', 'a\tb', '"a\nb"', '"\\a"', 'x'.repeat(256)]) {
    assert.throws(() => readIdempotencyKey(header), refused, JSON.stringify(header));
  }
  assert.equal(readIdempotencyKey('x'.repeat(255))?.length, 255);
});
