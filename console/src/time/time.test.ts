import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeTime, startOfLocalDay, utcTime } from './time.ts';

test('a time in UTC is written with its zone, to the millisecond', () => {
  assert.equal(utcTime('2026-11-20T13:05:09.123Z'), '2026-11-20 13:05:09.123 UTC');
  assert.equal(utcTime('2026-11-20T13:05:09+01:00'), '2026-11-20 12:05:09.000 UTC');
});

test('how long ago a time is, is said in its largest unit', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  assert.equal(relativeTime('2026-11-20T11:59:30Z', now), 'just now');
  assert.equal(relativeTime('2026-11-20T11:15:00Z', now), '45 minutes ago');
  assert.equal(relativeTime('2026-11-20T09:00:00Z', now), '3 hours ago');
  assert.equal(relativeTime('2026-11-18T11:00:00Z', now), '2 days ago');
  assert.equal(relativeTime('2026-11-23T12:00:00Z', now), 'in 3 days');
});

test('a day begins at local midnight and ends where the next begins', () => {
  assert.equal(startOfLocalDay('2026-02-28'), new Date(2026, 1, 28).toISOString());
  assert.equal(startOfLocalDay('2026-02-28', 1), new Date(2026, 2, 1).toISOString());
  assert.equal(startOfLocalDay('28.2.2026'), null);
});
