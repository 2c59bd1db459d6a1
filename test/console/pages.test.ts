/** The console's pages as the server sends them: here a small build in their place. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { TestServer } from '../kit/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'refundry-pages-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pages = join(folder, 'dist');
const server = await TestServer.start({ consolePages: pages });

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  server.send({ method: 'GET', path, headers });

test('pages that are not built yet are a sentence on how to build them; all else works', async () => {
  for (const path of ['/console', '/console/', '/console/payments']) {
    const { status, headers, body } = await get(path);
    assert.equal(status, 503);
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
    assert.match(body, /node scripts\/console\.mjs/);
  }
  assert.equal((await get('/console/api/sign-in')).status, 200);
  assert.equal((await get('/docs')).status, 200);
});

test('built pages are served without a restart, at every path that the pages know', async () => {
  const script = 'console.log("a script that is long enough to be compressed")';
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>Refundry</title>');
  writeFileSync(join(pages, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(pages, 'assets', 'index-Bq3dK9aZ.js'), script);
  writeFileSync(join(pages, 'assets', 'index-Bq3dK9aZ.js.br'), brotliCompressSync(script));
  writeFileSync(join(pages, 'assets', 'index-Bq3dK9aZ.js.gz'), gzipSync(script));
  writeFileSync(join(folder, 'secret.txt'), 'not a page');

  for (const path of ['/console', '/console/', '/console/payments/0198f1d0', '/console/search?q=a.b%40c.de']) {
    const { status, headers, body } = await get(path);
    assert.deepEqual([status, body], [200, '<!doctype html><title>Refundry</title>'], path);
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
    assert.equal(headers.get('cache-control'), 'no-cache', 'a new build is seen at once');
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe|\*/);
  }
  for (const [encoding, expected] of [
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
  ] as const) {
    const { status, headers, body } = await get('/console/assets/index-Bq3dK9aZ.js', { 'accept-encoding': encoding });
    assert.deepEqual([status, headers.get('content-encoding'), body], [200, expected, script]);
    assert.match(headers.get('content-type') ?? '', /^text\/javascript|^application\/javascript/);
    assert.match(headers.get('cache-control') ?? '', /max-age=31536000, immutable/);
  }
  const icon = await get('/console/favicon.svg');
  assert.match(icon.headers.get('content-type') ?? '', /^image\/svg\+xml/);
  assert.equal(icon.headers.get('cache-control'), 'no-cache');
});

test('what is no page is not answered with one', async () => {
  for (const path of ['/console/assets/index-OldBuild1.js', '/console/api/nothing', '/console/api']) {
    const { status, headers } = await get(path);
    assert.equal(status, 404, path);
    assert.match(headers.get('content-type') ?? '', /json/);
  }
  for (const path of [
    '/console/../secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/assets/..%2f..%2fsecret.txt',
    '/console/.env',
  ]) {
    const { body } = await get(path);
    assert.ok(!body.includes('not a page'), path);
  }
  assert.equal((await server.send({ path: '/console/payments' })).status, 404, 'nothing is posted to a page');
});
