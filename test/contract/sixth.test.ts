/**
 * Adding a dialect touches one folder and one line of the registry: done here, in a copy of the sources, and then used
 * through the doors that everybody uses.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createDatabase } from '../kit/database.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A copy of the sources with the sixth dialect in it. */
function copyWithSixth(): string {
  const copy = mkdtempSync(join(tmpdir(), 'refundry-sixth-'));
  after(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(ROOT, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

  // One folder.
  const folder = join(copy, 'src/dialects/sixth');
  mkdirSync(folder);
  for (const file of readdirSync(join(ROOT, 'test/contract/sixth'))) {
    const text = readFileSync(join(ROOT, 'test/contract/sixth', file), 'utf8');
    writeFileSync(
      join(folder, file),
      text.replaceAll('../../../src/dialects/', '../').replaceAll('../../../src/', '../../'),
    );
  }
  // One line, and its import.
  const registry = join(copy, 'src/dialects/index.ts');
  const text = readFileSync(registry, 'utf8');
  const changed = `import { sixth } from './sixth/index.ts';\n${text.replace(/\];\n$/, ', sixth];\n')}`;
  assert.equal(changed.split('sixth').length - 1, 3);
  writeFileSync(registry, changed);
  return copy;
}

test('a dialect in its folder and its line is served, gets credentials, and has its payments registered', async () => {
  const copy = copyWithSixth();
  const load = async <Module>(file: string): Promise<Module> =>
    (await import(pathToFileURL(join(copy, 'src', file)).href)) as Module;
  const { createServer } = await load<typeof import('../../src/server.ts')>('server.ts');
  const { createLogger } = await load<typeof import('../../src/server/log.ts')>('server/log.ts');
  const { Metrics } = await load<typeof import('../../src/server/metrics.ts')>('server/metrics.ts');
  const { Refundry } = await load<typeof import('../../src/engine/refundry.ts')>('engine/refundry.ts');
  const { issueCredential } = await load<typeof import('../../src/dialects/issue.ts')>('dialects/issue.ts');

  const refundry = await Refundry.open(await createDatabase(), { lanes: 1 });
  after(() => refundry.close());
  const { credential, secrets } = issueCredential({ protocol: 'native', role: 'admin', label: 'test' });
  await refundry.execute({
    merchantId: null,
    actor: 'cli:test',
    protocol: 'native',
    requestId: 'test',
    idempotencyKey: null,
    protocolPolicy: null,
    action: { kind: 'create_credential', credential },
  });
  const app = await createServer({
    refundry,
    config: { metricsToken: null, trustProxy: false, tls: null },
    logger: createLogger({ logLevel: 'silent' }),
    metrics: new Metrics(() => 0),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  after(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const headers = { authorization: `Bearer ${secrets['key']}`, 'content-type': 'application/json' };
  const create = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const created = (await answer.json()) as Record<string, unknown>;
    assert.equal(answer.status, 201, JSON.stringify(created));
    return created;
  };

  const { id: merchantId } = await create('merchants', { name: 'Sixth Ltd' });
  const issued = await create('credentials', {
    merchant_id: merchantId,
    protocol: 'sixth',
    role: 'merchant',
    label: 'a till',
  });
  const { id: paymentId } = await create('payments', {
    merchant_id: merchantId,
    amount: 10_000,
    currency: 'USD',
    references: { 'sixth.ticket': 't-1', 'native.reference': 'order-1' },
  });

  const answer = await fetch(`${url}/sixth/refund`, {
    method: 'POST',
    headers: { 'x-sixth-key': (issued['secrets'] as { key: string }).key },
    body: new TextEncoder().encode('ticket=t-1\namount=40.00\n'),
  });
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /^result=refunded\nid=[0-9a-f-]{36}\namount=40\.00\n$/);

  const journal = (await (await fetch(`${url}/v1/journal?merchant_id=${String(merchantId)}`, { headers })).json()) as {
    data: { kind: string; protocol: string; payment_id: string | null }[];
  };
  const [refunded] = journal.data.filter(({ kind }) => kind === 'refund_succeeded');
  assert.equal(refunded?.protocol, 'sixth');
  assert.equal(refunded.payment_id, paymentId);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /refundry_http_request_seconds_count\{[^}]*protocol="sixth"/);
});
