import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Claims } from '../../src/engine/verify/claims.ts';

const texts = fc.array(fc.string({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 20 });
const bytesOf = (text: string): Buffer => Buffer.from(text);

function balance(added: readonly string[], subtracted: readonly string[], about = 1): boolean {
  const claims = new Claims();
  const claim = (text: string, kind: number): Claims =>
    claims.begin(kind).bytes(bytesOf(text), 0, bytesOf(text).length);
  for (const text of added) claim(text, 1).add();
  for (const text of subtracted) claim(text, about).subtract();
  return claims.isEven;
}

test('the same claims on both sides leave nothing, in whatever order', () => {
  fc.assert(fc.property(texts, (claims) => balance(claims, claims.toReversed())));
});

test('one claim more, fewer, or another one leaves something', () => {
  fc.assert(
    fc.property(texts, fc.nat(), (claims, nat) => {
      const at = nat % claims.length;
      assert.ok(!balance(claims, claims.toSpliced(at, 1)));
      assert.ok(!balance(claims, [...claims, claims[at] ?? '']));
      assert.ok(!balance(claims, claims.with(at, `${claims[at]}x`)));
    }),
  );
});

test('claims about different things are different', () => {
  assert.ok(balance(['a'], ['a'], 1));
  assert.ok(!balance(['a'], ['a'], 2));
});
