import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeaders, unfilled } from './wire.ts';

test('headers are read as they are typed', () => {
  assert.deepEqual(readHeaders('Content-Type: text/plain\n\n REAL_UNAME :chenry|a:b \n'), {
    headers: [
      ['Content-Type', 'text/plain'],
      ['REAL_UNAME', 'chenry|a:b'],
    ],
  });
  assert.deepEqual(readHeaders(''), { headers: [] });
});

test('what is no header, and what no page may send, is said', () => {
  const problem = (text: string): string => {
    const read = readHeaders(text);
    return 'problem' in read ? read.problem : '';
  };
  assert.match(problem('Authorization'), /is no header/);
  assert.match(problem('a b: c'), /no name/);
  assert.match(problem('X-Name: Jürgen'), /ASCII/);
  assert.match(problem('Cookie: a=b'), /browser’s own/);
});

test('credentials that are still missing are named, in forms, too', () => {
  const protocol = {
    credential: {
      lookup: 'username',
      secrets: ['secret key'],
      public_key: false,
      settings: { 'administrators[]': 'Who may', mid: 'Which' },
    },
  };
  assert.deepEqual(unfilled(protocol, 'Basic <secret key>', '{"mid": "<mid>"}'), ['secret key', 'mid']);
  const form = new URLSearchParams({ username: '<username>', administrators: '<administrators>' }).toString();
  assert.deepEqual(unfilled(protocol, '', form), ['username', 'administrators']);
  assert.deepEqual(unfilled(protocol, 'Basic sk', 'a <b> of mine'), []);
});
