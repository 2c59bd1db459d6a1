import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { bucketOf, firstIdAt, formatId, isId, MAX_BUCKETS } from './ids.ts';
import { entryNumber } from './journal.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const bucket = fc.integer({ min: 0, max: MAX_BUCKETS - 1 });

test('an id carries its bucket, and is a UUIDv7', () => {
  fc.assert(
    fc.property(time, bucket, (ms, number) => {
      const id = formatId(ms, number, randomUUID());
      assert.ok(isId(id));
      assert.equal(bucketOf(id), number);
      assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), ms);
    }),
  );
});

test('ids sort by time, whatever their buckets', () => {
  fc.assert(
    fc.property(time, time, bucket, bucket, (a, b, first, second) => {
      fc.pre(a < b);
      assert.ok(formatId(a, first, randomUUID()) < formatId(b, second, randomUUID()));
      assert.ok(firstIdAt(b) <= formatId(b, second, randomUUID()));
      assert.ok(formatId(a, first, randomUUID()) < firstIdAt(b));
    }),
  );
  assert.equal(firstIdAt(-5), firstIdAt(0));
});

test('ids that differ in their random part only differ', () => {
  assert.equal(new Set(Array.from({ length: 1_000 }, () => formatId(1, 2, randomUUID()))).size, 1_000);
});

test('what is not written as an id is none', () => {
  const id = formatId(1_770_000_000_000, 3, randomUUID());
  for (const text of [
    '',
    id.toUpperCase(),
    ` ${id}`,
    `${id} `,
    `{${id}}`,
    id.replaceAll('-', ''),
    randomUUID(),
    `${id}0`,
  ]) {
    assert.equal(isId(text), false, text);
  }
});

test('entry numbers are unique over buckets, and grow within one', () => {
  fc.assert(
    fc.property(bucket, bucket, fc.bigInt(1n, 2n ** 41n - 1n), fc.bigInt(1n, 2n ** 41n - 1n), (a, b, first, second) => {
      const isSame = a === b && first === second;
      assert.equal(entryNumber(a, first) === entryNumber(b, second), isSame);
      if (a === b) assert.equal(entryNumber(a, first) < entryNumber(b, second), first < second);
      assert.ok(Number.isSafeInteger(entryNumber(a, first)));
    }),
  );
});
