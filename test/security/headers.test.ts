/** The security headers, on every kind of answer: data, pages, files, errors, and what is no request at all. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SPEAKERS } from '../contract/speakers.ts';
import { Browser } from '../kit/console.ts';
import { type HttpRequest, TestServer } from '../kit/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'refundry-headers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Refundry</title>');
writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
writeFileSync(join(folder, 'assets', 'index-Bq3dK9aZ.js'), '1');

const server = await TestServer.start({ consolePages: folder, metricsToken: 'scrape' });
const unbuilt = await TestServer.start({
  database: server.database,
  consolePages: join(folder, 'none'),
  engine: { lanes: 1 },
});
const merchant = await server.books.merchant();
const { secrets } = await server.credential(merchant, { protocol: 'native' });
const admin = await Browser.of(server, 'admin');

/** By name in lower case. */
type Headers = Readonly<Record<string, string | null | undefined>>;

function assertSecure(what: string, headers: Headers, isTls = false): void {
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.equal(headers['x-frame-options'], 'DENY', what);
  assert.match(headers['content-security-policy'] ?? '', /^default-src '(?:none|self)'/, what);
  assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/, what);
  assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe-eval|script-src[^;]*unsafe-inline|\*/, what);
  assert.match(headers['cache-control'] ?? '', /^(?:no-store|no-cache|public, max-age=31536000, immutable)$/, what);
  for (const name of ['x-powered-by', 'server', 'access-control-allow-origin'])
    assert.equal(headers[name] ?? null, null, what);
  assert.ok((headers['x-request-id'] ?? '') !== '', what);
  assert.equal((headers['strict-transport-security'] ?? '').startsWith('max-age=31536000'), isTls, what);
}

const key = { authorization: `Bearer ${secrets['key']}` };
const json = { 'content-type': 'application/json' };

/** One answer of each kind; the status says that it is of that kind. */
const KINDS: readonly (readonly [status: number, request: HttpRequest])[] = [
  [200, { method: 'GET', path: '/v1/payments', headers: key }],
  [200, { method: 'HEAD', path: '/v1/payments', headers: key }],
  [201, { path: '/v1/payments', headers: { ...key, ...json }, body: '{"amount":1000,"currency":"USD"}' }],
  [400, { path: '/v1/payments', headers: { ...key, ...json }, body: '{' }],
  [401, { method: 'GET', path: '/v1/payments' }],
  [403, { method: 'GET', path: '/v1/merchants', headers: key }],
  [404, { method: 'GET', path: '/v1/nothing' }],
  [404, { method: 'GET', path: '/nothing' }],
  [404, { method: 'OPTIONS', path: '/v1/payments' }],
  [404, { method: 'GET', path: '/%zz' }],
  [404, { method: 'GET', path: `/v1/payments/${'x'.repeat(300)}`, headers: key }],
  [413, { path: '/v1/payments', headers: { ...key, ...json }, body: ' '.repeat(64 * 1024 + 1) }],
  [415, { path: '/v1/payments', headers: { ...key, 'content-type': 'text/plain' }, body: 'x' }],
  [200, { method: 'GET', path: '/openapi.json' }],
  [200, { method: 'GET', path: '/docs' }],
  [200, { method: 'GET', path: '/docs/errors' }],
  [200, { method: 'GET', path: '/healthz' }],
  [200, { method: 'GET', path: '/readyz' }],
  [200, { method: 'GET', path: '/metrics', headers: { authorization: 'Bearer scrape' } }],
  [401, { method: 'GET', path: '/metrics' }],
  [200, { method: 'GET', path: '/console' }],
  [200, { method: 'GET', path: '/console/payments/x' }],
  [200, { method: 'GET', path: '/console/favicon.svg' }],
  [200, { method: 'GET', path: '/console/assets/index-Bq3dK9aZ.js' }],
  [404, { method: 'GET', path: '/console/assets/index-OldBuild1.js' }],
  [200, { method: 'GET', path: '/console/api/sign-in' }],
  [200, { method: 'GET', path: '/console/api/session', headers: { cookie: admin.cookie } }],
  [401, { method: 'GET', path: '/console/api/session' }],
  [403, { path: '/console/api/sign-out', headers: { cookie: admin.cookie } }],
  [404, { method: 'GET', path: '/console/api/nothing' }],
];

for (const [status, request] of KINDS) {
  test(`${status} of ${request.method ?? 'POST'} ${request.path.slice(0, 60)}`, async () => {
    const answer = await server.send(request);
    assert.equal(answer.status, status, answer.body);
    assertSecure(request.path, Object.fromEntries(answer.headers));
  });
}

test('pages that are not built yet', async () => {
  const answer = await unbuilt.send({ method: 'GET', path: '/console' });
  assert.equal(answer.status, 503);
  assertSecure('/console', Object.fromEntries(answer.headers));
});

test('files that people download', async () => {
  const exports = ['/console/api/export/payments.csv', '/console/api/export/refunds.csv'];
  for (const path of exports) {
    const answer = await admin.get(path);
    assert.equal(answer.status, 200, answer.body);
    assertSecure(path, Object.fromEntries(answer.headers));
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment/);
  }
});

test('every partner’s answers: done, refused, unauthenticated, unknown, unreadable', async () => {
  for (const speaker of SPEAKERS.filter(({ name }) => server.dialects.some((dialect) => dialect.name === name))) {
    const voice = await speaker.voice(server, merchant);
    const name = speaker.newPaymentName();
    await server.books.payment(merchant, {
      references: [{ namespace: speaker.namespace, value: name, numbered: speaker.name === 'bbmsl' }],
    });
    const fields = voice.fields(name, speaker.amount('100.00'));
    const requests = [
      voice.request(fields),
      voice.request(voice.fields(speaker.newPaymentName(), speaker.amount('1.00'))),
      voice.guess(fields),
      voice.raw(new Uint8Array()),
      { method: 'GET', path: speaker.unknownPath },
    ];
    const statuses = new Set<number>();
    for (const request of requests) {
      const answer = await server.send(request);
      statuses.add(answer.status);
      assertSecure(`${speaker.name} ${answer.status}`, Object.fromEntries(answer.headers));
    }
    assert.ok(
      [...statuses].some((status) => status < 300) && statuses.has(401) && statuses.has(404),
      [...statuses].join(),
    );
  }
});

/** An answer to bytes that are no request, by header. */
function headersOf(bytes: string): Promise<Headers> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = ''] = received.split('\r\n\r\n', 1);
      const lines = head.split('\r\n').slice(1);
      resolve(
        Object.fromEntries(lines.map((line) => [line.split(': ', 1)[0]?.toLowerCase(), line.replace(/^[^:]*: /, '')])),
      );
    });
  });
}

test('a file that the browser has already', async () => {
  const later = new Date(Date.now() + 86_400_000).toUTCString();
  const path = '/console/assets/index-Bq3dK9aZ.js';
  const headers = await headersOf(
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nif-modified-since: ${later}\r\n\r\n`,
  );
  assert.equal(headers['content-length'] ?? '0', '0', 'a 304');
  assertSecure(path, headers);
});

test('what is no request at all', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET /v1/me HTTP/9.9\r\n\r\n',
    'POST /api/payment/refund HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    assertSecure(bytes.slice(0, 40), await headersOf(bytes));
  }
});

test('with a certificate every answer tells browsers to stay with https', async () => {
  const file = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  const tls = { certificate: file('tls-certificate.pem'), key: file('tls-key.pem') };
  const secure = await TestServer.start({ database: server.database, tls, consolePages: folder, engine: { lanes: 1 } });
  const { port } = new URL(secure.url);
  for (const path of ['/v1/me', '/console', '/console/favicon.svg', '/api/payment/refund', '/%zz', '/docs']) {
    const headers = await new Promise<Headers>((resolve, reject) => {
      https
        .get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.headers as Headers));
        })
        .on('error', reject);
    });
    assertSecure(path, headers, true);
  }
});
