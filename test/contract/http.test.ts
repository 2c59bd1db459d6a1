/** What HTTP itself brings to every protocol's door: paths, methods, sizes, slowness, headers, limits. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoKeyFiles, seedDemo } from '../../src/demo/index.ts';
import { signEnvelope } from '../../src/dialects/bbmsl/envelope.ts';
import { connect as connectDatabase } from '../kit/database.ts';
import { TestServer } from '../kit/server.ts';
import { speakerOf } from './speakers.ts';
import { Stage } from './stage.ts';

const REQUEST_TIMEOUT_MS = 1_500;
const server = await TestServer.start({ requestTimeoutMs: REQUEST_TIMEOUT_MS, metricsToken: 'scrape' });

for (const dialect of server.dialects) {
  const speaker = speakerOf(dialect.name);

  describe(`under ${dialect.name}'s paths`, () => {
    test('an unknown path is answered in the partner’s shape, for every method', async () => {
      const stage = new Stage(server, speaker);
      await stage.writesNothing(async () => {
        for (const path of [
          speaker.unknownPath,
          `${speaker.unknownPath}?password=secret`,
          `${speaker.unknownPath}/%E2%82%AC`,
        ]) {
          for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
            const { heard, answer } = await stage.ask({ method, path });
            stage.assertRefused(heard, 'resource_not_found');
            assert.doesNotMatch(answer.body, /secret/);
          }
        }
      });
    });

    test('paths that are none are answered in the partner’s shape', async () => {
      const stage = new Stage(server, speaker);
      const long = `${speaker.unknownPath}${'x'.repeat(4_000)}`;
      for (const path of [`${speaker.unknownPath}/%E0%A4%A`, `${speaker.unknownPath}/%zz`, long]) {
        const { heard } = await stage.ask({ path });
        assert.equal(heard.outcome, 'refused', path);
      }
    });

    test('a wrong method on the refund path is answered in the partner’s shape and refunds nothing', async () => {
      const stage = new Stage(server, speaker);
      const player = await stage.player();
      const known = await stage.payment(player);
      const request = player.voice.request(stage.fields(player, known, '10.00'));
      await stage.writesNothing(async () => {
        for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
          const { heard } = await stage.ask({ ...request, method });
          stage.assertRefused(heard, 'resource_not_found');
        }
        for (const method of ['GET', 'HEAD']) {
          const answer = await server.send({
            method,
            path: request.path,
            ...(request.headers && { headers: request.headers }),
          });
          assert.equal(answer.status, 404);
          if (method === 'GET') stage.assertRefused(speaker.hear(answer), 'resource_not_found');
          else assert.equal(answer.body, '');
        }
      });
      await stage.assertBooks(known, 0n);
    });

    test('a body over 64 KiB is refused as the partner refuses what cannot be read', async () => {
      const stage = new Stage(server, speaker);
      const { voice } = await stage.player();
      await stage.writesNothing(async () => {
        const { heard } = await stage.ask(voice.raw(new Uint8Array(64 * 1024 + 1).fill(0x20)));
        stage.assertRefused(heard, 'invalid_request');
        assert.match(heard.sentence, /larger than 64 KiB/);
      });
    });

    test('every answer has the security headers, and the request’s id', async () => {
      const stage = new Stage(server, speaker);
      const player = await stage.player();
      const known = await stage.payment(player);
      const good = player.voice.request(stage.fields(player, known, '10.00'));
      for (const request of [good, { ...good, path: speaker.unknownPath }, player.voice.raw(new Uint8Array())]) {
        const { answer } = await stage.ask(request, { 'x-request-id': 'checkout:7.a_b-c' });
        assert.equal(answer.headers.get('x-request-id'), 'checkout:7.a_b-c');
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        assert.ok(answer.headers.get('content-security-policy'));
        // Over plain http browsers ignore it (RFC 6797, 8.1): it is for servers that have a certificate.
        assert.equal(answer.headers.get('strict-transport-security'), null);
        assert.equal(answer.headers.get('x-powered-by'), null);
        assert.equal(answer.headers.get('access-control-allow-origin'), null);
      }
    });

    test('the 21st wrong secret in a minute is answered with 429, in the partner’s shape', async () => {
      const stage = new Stage(server, speaker);
      const player = await stage.player();
      const known = await stage.payment(player);
      const guess = player.voice.guess(stage.fields(player, known, '10.00'));
      const bodies = new Set<string>();
      for (let attempt = 1; attempt <= 20; attempt += 1) {
        const { answer } = await stage.ask(guess);
        assert.equal(answer.status, 401);
        bodies.add(answer.body);
      }
      assert.equal(bodies.size, 1);
      const { heard, answer } = await stage.ask(guess);
      stage.assertRefused(heard, 'rate_limited');
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      server.clock.advance(61_000);
      stage.assertSucceeded(await stage.refund(player, known, '100.00'), '100.00');
    });
  });
}

describe('whatever the protocol', () => {
  const speaker = speakerOf('payengine');

  test('an id that is none, or that is a card number, is replaced by one of ours', async () => {
    const stage = new Stage(server, speaker);
    for (const id of ['', 'two words', 'x'.repeat(65), '<script>', '4111111111111111', '4111-1111-1111-1111']) {
      const { answer } = await stage.ask({ path: speaker.unknownPath }, { 'x-request-id': id });
      assert.match(answer.headers.get('x-request-id') ?? '', /^req_[\w-]{12}-[0-9a-z]+$/);
    }
  });

  test('unknown user names are answered like wrong passwords, and closed like them', async () => {
    const edubrite = speakerOf('edubrite');
    const stage = new Stage(server, edubrite);
    const { voice } = await stage.player();
    const known = voice.guess({});
    const unknown = { ...known, body: 'username=nobody-at-all&password=guess' };
    for (let attempt = 1; attempt <= 21; attempt += 1) {
      const [one, other] = [await stage.ask(known), await stage.ask(unknown)];
      assert.deepEqual([one.answer.status, one.answer.body], [other.answer.status, other.answer.body]);
    }
  });

  test('a session is one person’s: it is signed in to once, and over after sign-out or its time', async () => {
    const edubrite = speakerOf('edubrite');
    const stage = new Stage(server, edubrite);
    const player = await stage.player();
    const known = await stage.payment(player);
    const request = player.voice.request(stage.fields(player, known, ''));
    const cookie = request.headers?.['cookie'] ?? '';
    const [first = ''] = cookie.split('; ');
    const { lookup, secrets } = player.voice.credential;
    const body = new URLSearchParams({ username: lookup, password: secrets['password'] ?? '' }).toString();
    const again = await stage.ask({ path: '/oltpublish/site/connect.do', headers: { cookie: first }, body });
    assert.equal(again.heard.sign, '401 0154');
    assert.deepEqual(again.answer.headers.getSetCookie(), []);

    const out = await stage.ask({ path: '/oltpublish/site/logout.do', headers: { cookie } });
    assert.equal(out.heard.outcome, 'succeeded');
    assert.ok(out.answer.headers.getSetCookie().every((set) => set.includes('Max-Age=0')));
    await stage.writesNothing(async () => {
      stage.assertRefused((await stage.ask(request)).heard, 'unauthenticated');
    });
    const other = await stage.player();
    await server.rows('UPDATE session SET expires_at = now()');
    stage.assertRefused(await stage.refund(other, known, ''), 'unauthenticated');
  });

  test('/metrics asks for its token; health and readiness do not', async () => {
    assert.equal((await server.send({ method: 'GET', path: '/metrics' })).status, 401);
    const headers = { authorization: 'Bearer scrape' };
    const { body } = await server.send({ method: 'GET', path: '/metrics', headers });
    for (const name of [
      'refundry_refunds_total{protocol="payengine",outcome="succeeded"}',
      'refundry_http_request_seconds_bucket',
      'refundry_batch_commands_sum',
      'refundry_commit_seconds_count',
      'refundry_queue_depth 0',
    ]) {
      assert.ok(body.includes(name), name);
    }
    assert.equal((await server.send({ method: 'GET', path: '/healthz' })).status, 200);
    assert.equal((await server.send({ method: 'GET', path: '/readyz' })).status, 200);
  });

  /** Sends the first bytes of a refund, promising more of them than come. */
  async function half(): Promise<{ readonly socket: Socket; readonly received: () => string }> {
    const stage = new Stage(server, speaker);
    const player = await stage.player();
    const known = await stage.payment(player);
    const { path, headers, body } = player.voice.request(stage.fields(player, known, '10.00'));
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}content-length: 5000\r\n\r\n${String(body)}`,
    );
    return { socket, received: () => received };
  }

  test('a body that breaks off writes nothing', async () => {
    const stage = new Stage(server, speaker);
    const { socket } = await half();
    const before = await server.entries();
    socket.end();
    await sleep(100);
    assert.equal(await server.entries(), before);
    const { heard } = await stage.ask({ path: speaker.unknownPath });
    stage.assertRefused(heard, 'resource_not_found');
  });

  test('a body that does not arrive in time is given up, and writes nothing', async () => {
    const { socket, received } = await half();
    const before = await server.entries();
    const began = performance.now();
    await new Promise((resolve) => socket.on('close', resolve));
    assert.ok(performance.now() - began < 15_000, 'neither Node’s 60 s for headers nor its checks every 30 s count');
    assert.match(received(), /^HTTP\/1\.1 400 .*the request did not arrive within 1\.5 s/s);
    assert.equal(await server.entries(), before);
  });

  test('a queue that is full refuses with 503 at once, and all that it took succeeds', async () => {
    const small = await TestServer.start({
      database: server.database,
      clock: server.clock,
      engine: { maxQueued: 10, maxBatch: 5, lanes: 1 },
    });
    const stage = new Stage(small, speaker);
    const player = await stage.player();
    const known = await stage.payment(player);
    const client = await connectDatabase(server.database);
    await client.query('BEGIN');
    await client.query('SELECT FROM bucket FOR UPDATE');
    const requests = Array.from({ length: 30 }, () => stage.refund(player, known, '1.00'));
    const refused: string[] = [];
    for (const request of requests)
      void request.then(({ sign }) => sign === speaker.signs.overloaded && refused.push(sign));
    // Five are in the batch that waits for the bucket's lock, ten in the queue.
    while (refused.length < 15) await sleep(5);
    await client.query('ROLLBACK');
    const heard = await Promise.all(requests);
    const succeeded = heard.filter(({ outcome }) => outcome === 'succeeded').length;
    assert.equal(succeeded + refused.length, 30);
    assert.ok(succeeded >= 10, `${succeeded} succeeded`);
    await stage.assertBooks(known, BigInt(succeeded) * 100n);
  });
});

test('demo credentials open nothing on a server that is no demo', async () => {
  const home = mkdtempSync(join(tmpdir(), 'refundry-http-'));
  after(() => rmSync(home, { recursive: true, force: true }));
  await seedDemo(server.refundry, home);
  const before = await server.entries();
  const privateKey = readFileSync(demoKeyFiles(home).privateKey, 'utf8');
  const json = { 'content-type': 'application/json' };
  const attempts: readonly [string, string, Record<string, string>, string][] = [
    [
      'boost-aoc',
      '/api/refund',
      json,
      '{"apiKey":"Ofa3M7zS2c3","username":"test","spTransID":"1","aocTransID":"12345","amount":"1.00"}',
    ],
    ['bbmsl', '/hosted-checkout/refund', json, signEnvelope('{"merchantId":3,"orderId":4922,"amount":10}', privateKey)],
    [
      'payengine',
      '/api/payment/refund',
      { ...json, authorization: 'Basic sk_demo_payengine' },
      '{"id":"9a0df7ef-b77f-4525-97e1-f41a98ad7f75","amount":10,"reason":"x"}',
    ],
    [
      'payment-options',
      '/api/v1/server-to-server-interface/refund',
      { ...json, authorization: 'demo-basic-key', 'x-api-key': 'demo-x-api-key' },
      '{"transactionId":"9dfd39ec-eb4a-4f8b-a526-17abf140a717","amount":1000,"merchant_id":"M-TINK15"}',
    ],
  ];
  for (const [name, path, headers, body] of attempts) {
    const speaker = speakerOf(name);
    const { heard } = await new Stage(server, speaker).ask({ path, headers, body });
    assert.equal(heard.sign, speaker.signs.unauthenticated, name);
  }
  const opened = await server.send({ method: 'GET', path: '/oltpublish/site/connect.do' });
  const cookie = opened.headers.getSetCookie().join(';');
  const signIn = {
    path: '/oltpublish/site/connect.do',
    headers: { cookie },
    body: 'username=edubrite-demo&password=edubrite-demo',
  };
  const { heard } = await new Stage(server, speakerOf('edubrite')).ask(signIn);
  assert.equal(heard.sign, '401 0154');
  for (const key of ['rk_demo_admin', 'rk_demo_merchant', 'rk_demo_read']) {
    const answer = await server.send({ method: 'GET', path: '/v1/me', headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 401);
  }
  assert.equal(await server.entries(), before);
});

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

test(
  'with a certificate and key the server speaks https, and its cookies are for https only',
  {
    skip: hasOpenssl ? false : 'there is no openssl on this machine',
  },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'refundry-tls-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const tls = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
    const request = `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout ${tls.key} -out ${tls.certificate}`;
    const { status } = spawnSync('openssl', request.split(' '));
    assert.equal(status, 0);
    const secure = await TestServer.start({ database: server.database, tls, engine: { lanes: 1 } });
    const { port } = new URL(secure.url);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const path = '/oltpublish/site/connect.do';
      https
        .get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, resolve)
        .on('error', reject);
    });
    answer.resume();
    assert.equal(answer.statusCode, 200);
    assert.match(
      answer.headers['set-cookie']?.join() ?? '',
      /^SESSION_ID=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  },
);
