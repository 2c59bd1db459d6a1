/** Requests that are no HTTP, too large or too slow: answered in the shape of whoever was asked, and nothing is done. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type HttpAnswer, type HttpRequest, TestServer } from '../kit/server.ts';
import { speakerOf } from './speakers.ts';
import { Stage } from './stage.ts';

const server = await TestServer.start({ requestTimeoutMs: 1_000 });
const { port } = new URL(server.url);

/** Sends bytes and reads until the server hangs up; the answers one after the other. */
async function converse(...packets: readonly string[]): Promise<HttpAnswer[]> {
  const socket = connect(Number(port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const packet of packets) {
    socket.write(packet);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  return answersIn(Buffer.concat(chunks).toString());
}

function answersIn(text: string): HttpAnswer[] {
  if (text === '') return [];
  const end = text.indexOf('\r\n\r\n') + 4;
  const [start = '', ...lines] = text.slice(0, end).trim().split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/, 2) as [string, string]));
  const length = Number(headers.get('content-length'));
  const answer = { status: Number(start.split(' ')[1]), headers, body: text.slice(end, end + length) };
  return [answer, ...answersIn(text.slice(end + length))];
}

/** A request's first lines, and what comes after them. */
const http = ({ method = 'POST', path, headers = {} }: HttpRequest, more: string, rest = ''): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}${more}\r\n${rest}`;
};

const BAD_CHUNK = ['transfer-encoding: chunked\r\n', '5\r\n{"a":\r\nnonsense\r\n'] as const;
const LARGE_HEADER = `x-large: ${'x'.repeat(17_000)}\r\n`;
const HALF = ['content-length: 5000\r\n', '{"half":'] as const;

function assertProblem(answers: readonly HttpAnswer[], status: number, detail: RegExp): void {
  assert.equal(answers.length, 1);
  const [answer] = answers;
  assert.ok(answer);
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type')],
    [status, 'application/problem+json; charset=utf-8'],
  );
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  assert.deepEqual([body['status'], body['code']], [status, 'invalid_request']);
  assert.match(String(body['detail']), detail);
  assert.equal(body['request_id'], answer.headers.get('x-request-id'));
}

test('the native API answers what is no request at all with a problem', async () => {
  const request = { path: '/v1/refunds', headers: { 'content-type': 'application/json' } };
  const before = await server.entries();
  assertProblem(await converse('NONSENSE\r\n\r\n'), 400, /^the request is not valid HTTP\/1\.1: /);
  assertProblem(await converse(http(request, LARGE_HEADER)), 431, /^the headers are larger than 16 KiB$/);
  assertProblem(await converse('GET /v1/me HTT'), 408, /^the request did not arrive within 1 s$/);
  assert.equal(await server.entries(), before);
});

test('a body that is none, or that does not come, is answered with a problem, once', async () => {
  const merchantId = await server.books.merchant();
  const { secrets } = await server.credential(merchantId, { protocol: 'native' });
  const authorization = `Bearer ${secrets['key']}`;
  const request = { path: '/v1/refunds', headers: { authorization, 'content-type': 'application/json' } };
  assertProblem(await converse(http(request, ...BAD_CHUNK)), 400, /chunk size/);
  assertProblem(await converse(http(request, ...HALF)), 408, /within 1 s/);
  // These are answered by their headers alone; nothing may follow.
  for (const [path, status] of [
    ['/v1/refunds', 401],
    ['/nowhere', 404],
  ] as const) {
    const answers = await converse(http({ path }, ...BAD_CHUNK));
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [status],
    );
  }
});

test('errors outside of every protocol are problems, too', async () => {
  const headers = { 'content-type': 'text/plain' };
  const large = await server.send({ path: '/nowhere', headers, body: new Uint8Array(64 * 1024 + 1) });
  assertProblem([large], 413, /larger than 64 KiB/);
});

test('every partner is answered in their own shape, and nothing is done', async () => {
  const players = await Promise.all(
    server.dialects.map(async ({ name }) => {
      const stage = new Stage(server, speakerOf(name));
      return { stage, request: (await stage.player()).voice.raw(new Uint8Array()) };
    }),
  );
  const before = await server.entries();
  const asked = players.flatMap(({ stage, request }) =>
    [
      { text: http(request, ...BAD_CHUNK), sentence: /not valid HTTP\/1\.1: .*chunk size/ },
      { text: http(request, LARGE_HEADER), sentence: /larger than 16 KiB/ },
      { text: http(request, ...HALF), sentence: /did not arrive within 1 s/ },
    ].map(async ({ text, sentence }) => {
      const [answer, ...more] = await converse(text);
      assert.ok(answer !== undefined && more.length === 0);
      const heard = stage.speaker.hear(answer);
      stage.assertRefused(heard, 'invalid_request');
      assert.match(heard.sentence, sentence, stage.speaker.name);
    }),
  );
  await Promise.all(asked);
  assert.equal(await server.entries(), before);
});

test('what follows a whole request takes nothing from its answer', async () => {
  const speaker = speakerOf('payengine');
  const stage = new Stage(server, speaker);
  const player = await stage.player();
  const known = await stage.payment(player);
  const { body = '', ...request } = player.voice.request(stage.fields(player, known, '60.00'));
  const refund = http(request, `content-length: ${body.length}\r\n`, String(body));
  const answers = await converse(`${refund}NONSENSE\r\n\r\n`);
  assert.equal(answers.length, 1);
  for (const answer of answers) stage.assertSucceeded(speaker.hear(answer), '60.00');
  await stage.assertBooks(known, 6_000n);
});

test('an answer is given once, and to HEAD without a body', async () => {
  // Such a path is answered before any route is known.
  for (const path of ['/console/%ff', '/api/%ff']) {
    const answers = await converse(http({ method: 'GET', path }, ...BAD_CHUNK));
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [404],
    );
  }
  const [head, ...more] = await converse(http({ method: 'HEAD', path: '/v1/me' }, LARGE_HEADER));
  assert.deepEqual([head?.status, head?.body, more], [431, '', []]);
  const [nowhere, ...others] = await converse('HEAD http:/ HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.deepEqual([nowhere?.status, nowhere?.body, others], [400, '', []]);
  // An answer that is the last of its connection stays the last.
  const large = { path: '/nowhere', headers: { 'content-type': 'text/plain' } };
  const refused = await converse(`${http(large, 'content-length: 70000\r\n', ' '.repeat(70_000))}NONSENSE\r\n\r\n`);
  assertProblem(refused, 413, /larger than 64 KiB/);
});

test('what a request expects of its connection changes no answer, also while an earlier one is awaited', async () => {
  const speaker = speakerOf('payengine');
  const stage = new Stage(server, speaker);
  const player = await stage.player();
  const last = 'connection: close\r\n';
  for (const expect of ['100-continue', 'nothing']) {
    const known = await stage.payment(player);
    const { body = '', ...request } = player.voice.request(stage.fields(player, known, '60.00'));
    const refund = http(request, `expect: ${expect}\r\ncontent-length: ${body.length}\r\n${last}`, String(body));
    const answers = await converse(`${http({ method: 'GET', path: '/readyz' }, '')}${refund}`);
    assert.equal(answers.length, 2);
    const [ready, refunded] = answers;
    assert.equal(ready?.body, '{"status":"ready"}');
    assert.ok(refunded);
    stage.assertSucceeded(speaker.hear(refunded), '60.00');
  }
  const [alone] = await converse(http({ method: 'GET', path: '/healthz' }, `expect: nothing\r\n${last}`));
  assert.equal(alone?.status, 200);
});

test('nothing of it counts as a mistake of ours, or as trouble with the database', async () => {
  assert.equal((await server.send({ method: 'GET', path: '/readyz' })).status, 200);
  assert.deepEqual(
    server.log.filter((line) => /"level":(?:40|50)/.test(line)),
    [],
  );
  assert.ok(server.log.some((line) => line.includes('"code":"HPE_HEADER_OVERFLOW"')));
});
