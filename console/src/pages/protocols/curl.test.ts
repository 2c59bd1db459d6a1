import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curl, curlSession, curlSigned, quoted } from './curl.ts';
import type { WireRequest } from './wire.ts';

const request: WireRequest = {
  method: 'POST',
  target: '/api/refund?a=1&b=2',
  headers: [
    ['Content-Type', 'application/json'],
    ['X-Empty', ''],
  ],
  body: `{"who": "O'Neill"}`,
};

test('a shell takes every text as one word, and as it is', () => {
  assert.equal(quoted('http://127.0.0.1:8080/api'), 'http://127.0.0.1:8080/api');
  assert.equal(quoted(''), "''");
  assert.equal(quoted(`it's $HOME`), `'it'\\''s $HOME'`);
});

test('a request is one line', () => {
  assert.equal(
    curl('http://h', request),
    `curl -sSi -X POST 'http://h/api/refund?a=1&b=2' -H 'Content-Type: application/json' -H 'X-Empty;' --data-raw '{"who": "O'\\''Neill"}'`,
  );
  assert.match(curl('http://h', { ...request, headers: [] }), /-H 'Content-Type:' /, 'curl would say it is a form');
});

test('a session is one request after the other, with one jar of cookies', () => {
  const lines = curlSession('http://h', [request, request]).split('\n');
  assert.equal(lines[0], 'J=$(mktemp)');
  assert.equal(lines.length, 3);
  for (const line of lines.slice(1)) assert.match(line, /^curl -sSi -b "\$J" -c "\$J" -X POST /);
});

test('what is signed goes through the pipe', () => {
  assert.match(curlSigned('http://h', request), /^npm run .* sign --key private-key\.pem '.*' \|\n {2}curl .*@-$/);
});
