/** A database that is away: every protocol says 503 in its own shape, with Retry-After, and comes back by itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import { DIALECTS } from '../../src/dialects/index.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { createServer } from '../../src/server.ts';
import { createLogger } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { createDatabase } from '../kit/database.ts';
import { Proxy } from '../kit/proxy.ts';

const proxy = await Proxy.open(await createDatabase());
const refundry = await Refundry.open(proxy.settings, { lanes: 1, deadlineMs: 500 });
const lines: string[] = [];
const app = await createServer({
  refundry,
  config: { metricsToken: null, trustProxy: false, tls: null },
  logger: createLogger({ logLevel: 'info' }, { write: (line) => lines.push(line) }),
  metrics: new Metrics(() => refundry.engine.queueDepth),
});
await app.listen({ port: 0, host: '127.0.0.1' });
after(async () => {
  await app.close();
  await refundry.close();
});
const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

/** A call of each protocol that must ask the database who calls. */
const CALLS: Readonly<Record<string, [path: string, init: RequestInit]>> = {
  'boost-aoc': [
    '/api/refund',
    {
      method: 'POST',
      body: new URLSearchParams({ username: 'u', apiKey: 'k', spTransID: '1', aocTransID: '1', amount: '1.00' }),
    },
  ],
  bbmsl: [
    '/hosted-checkout/refund',
    { method: 'POST', body: JSON.stringify({ request: '{"merchantId":3,"orderId":1,"amount":1}', signature: 'AAAA' }) },
  ],
  payengine: [
    '/api/payment/refund',
    { method: 'POST', headers: { authorization: 'Basic key' }, body: '{"id":"1","amount":"1","reason":"r"}' },
  ],
  'payment-options': [
    '/api/v1/server-to-server-interface/refund',
    {
      method: 'POST',
      headers: { authorization: 'Basic key', 'x-api-key': 'key' },
      body: '{"transactionId":"1","amount":1,"merchant_id":"m"}',
    },
  ],
  edubrite: ['/oltpublish/site/connect.do', {}],
};

const OVERLOADED = { code: 'overloaded', message: 'try again', facts: {} } as const;

for (const dialect of DIALECTS) {
  test(`${dialect.name} answers 503 and Retry-After while the database is away`, async () => {
    const [path, init] = CALLS[dialect.name] ?? assert.fail(`no call of ${dialect.name}`);
    proxy.isDown = true;
    proxy.cutAll();
    const away = await fetch(`${url}${path}`, init);
    proxy.isDown = false;
    assert.equal(away.status, 503);
    assert.equal(away.headers.get('retry-after'), '1');
    const type = dialect.refuse(OVERLOADED).contentType;
    assert.equal(away.headers.get('content-type'), type, 'the shape is its own');
  });
}

test('a server whose database is away is not ready, and says when to ask again', async () => {
  proxy.isDown = true;
  proxy.cutAll();
  const away = await fetch(`${url}/readyz`);
  proxy.isDown = false;
  assert.deepEqual([away.status, await away.json()], [503, { status: 'not ready' }]);
  assert.equal(away.headers.get('retry-after'), '1');
});

test('nothing of it counts as a mistake of ours, and callers are judged again when the database is back', async () => {
  assert.deepEqual(
    lines.filter((line) => line.includes('"level":50')),
    [],
  );
  const [path, init] = CALLS['payengine'] ?? assert.fail();
  const back = await fetch(`${url}${path}`, init);
  assert.equal(back.status, 401);
});
