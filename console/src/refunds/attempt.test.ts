import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attemptFor,
  type AttemptStore,
  forgetAttempt,
  keepAttempt,
  newIdempotencyKey,
  type RefundBody,
  undecidedAttempt,
} from './attempt.ts';

const BODY: RefundBody = { payment_id: 'p1', amount: 6_000, currency: 'USD', expected_refundable: 10_000 };

function store(): AttemptStore {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

test('the same request keeps its key', () => {
  const first = attemptFor(null, BODY);
  assert.equal(attemptFor(first, { ...BODY }).key, first.key);
});

test('another amount, reason or expectation is another attempt', () => {
  const first = attemptFor(null, BODY);
  for (const change of [{ amount: 1 }, { reason: 'Damaged' }, { expected_refundable: 4_000 }]) {
    assert.notEqual(attemptFor(first, { ...BODY, ...change }).key, first.key);
  }
});

test('an attempt whose answer never came is found again, until it is decided', () => {
  const kept = store();
  const attempt = attemptFor(null, BODY);
  keepAttempt(kept, 'ann', attempt);
  assert.deepEqual(undecidedAttempt(kept, 'ann', 'p1'), attempt);
  assert.equal(undecidedAttempt(kept, 'ann', 'p2'), null);
  assert.equal(undecidedAttempt(kept, 'bob', 'p1'), null, 'another person does not send it');
  forgetAttempt(kept, 'ann', 'p1');
  assert.equal(undecidedAttempt(kept, 'ann', 'p1'), null);
});

test('keys are printable and do not repeat', () => {
  const keys = new Set(Array.from({ length: 100 }, newIdempotencyKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^console-[0-9a-f]{32}$/);
});
