import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refund, User } from '../api/types.ts';
import { decisionsOn } from './decisions.ts';

const refund = (status: Refund['status'], requestedBy = 'user:ann'): Refund =>
  ({ status, requested_by: requestedBy, amount: 60_000, currency: 'USD' }) as Refund;
const user = (role: User['role'], name = 'bob') => ({ role, name });
const names = (...given: Parameters<typeof decisionsOn>) => decisionsOn(...given).decisions.map(({ name }) => name);

test('a waiting refund is decided by another person than the one who asked', () => {
  assert.deepEqual(names(refund('pending_approval'), user('approver')), ['approve', 'reject']);
  assert.deepEqual(names(refund('pending_approval'), user('admin')), ['approve', 'reject', 'cancel']);
  assert.deepEqual(names(refund('pending_approval'), user('admin', 'ann')), ['cancel']);
  assert.match(decisionsOn(refund('pending_approval'), user('admin', 'ann')).why ?? '', /another person/);
});

test('an operator may withdraw a waiting refund, and a viewer nothing', () => {
  assert.deepEqual(names(refund('pending_approval'), user('operator')), ['cancel']);
  assert.deepEqual(names(refund('pending_approval'), user('read')), []);
});

test('only a refund that succeeded can come back, and only administrators record it', () => {
  assert.deepEqual(names(refund('succeeded'), user('admin')), ['reverse']);
  assert.deepEqual(names(refund('succeeded'), user('operator')), []);
  for (const status of ['refused', 'canceled', 'reversed', 'failed'] as const) {
    assert.deepEqual(names(refund(status), user('admin')), []);
  }
});

test('what a decision brings about is said with the amount', () => {
  const [approve] = decisionsOn(refund('pending_approval'), user('approver')).decisions;
  assert.match(approve?.effect ?? '', /^USD 600\.00 goes back/);
});
