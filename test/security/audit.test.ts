/** `node scripts/audit.mjs` against a registry of our own: clean, not clean, and one that cannot be asked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const SCRIPT = fileURLToPath(new URL('../../scripts/audit.mjs', import.meta.url));

/** What the script says to a registry that answers so. */
async function audit(answer: RequestListener): Promise<{ code: number; said: string }> {
  const registry = createServer(answer);
  after(() => {
    registry.close();
    registry.closeAllConnections();
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  return new Promise((resolve) => {
    const options = ['--registry', `http://127.0.0.1:${port}/`, '--fetch-retries', '0'];
    execFile(process.execPath, [SCRIPT, ...options], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    );
  });
}

/** Answers the question for advisories, which names every package with its version. */
const advising =
  (advisories: object, asked: (packages: Readonly<Record<string, readonly string[]>>) => void): RequestListener =>
  async (request, response) => {
    response.setHeader('content-type', 'application/json');
    // Of what is vulnerable npm asks which versions there are.
    if (request.method !== 'POST') {
      response.end(JSON.stringify({ name: 'fastify', versions: { '1.0.0': { name: 'fastify', version: '1.0.0' } } }));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    asked(JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()) as never);
    response.end(JSON.stringify(advisories));
  };

test('a registry that knows of no vulnerability is believed, and was asked about what is installed', async () => {
  let asked: Readonly<Record<string, readonly string[]>> = {};
  const { code, said } = await audit(advising({}, (packages) => (asked = packages)));
  assert.equal(code, 0, said);
  assert.match(said, /^Audited \d{2,} packages: no known vulnerability\.\n$/);
  assert.ok('fastify' in asked && 'pg' in asked, Object.keys(asked).join());
});

test('a vulnerability is named, and fails', async () => {
  const advisory = {
    id: 1,
    url: 'https://example.test/1',
    title: 'Opens doors',
    severity: 'high',
    vulnerable_versions: '>=0',
  };
  const { code, said } = await audit(advising({ fastify: [advisory] }, () => undefined));
  assert.equal(code, 1, said);
  assert.match(said, /high: fastify .*Opens doors https:\/\/example\.test\/1/);
});

test('a registry that cannot be asked is said to be one, and is no pass', async () => {
  const { code, said } = await audit((_request, response) => void response.writeHead(405).end());
  assert.equal(code, 2, said);
  assert.match(
    said,
    /^Not audited: the registry could not be asked \(.*405.*\)\. Nothing is known of vulnerabilities\.\n$/,
  );
});
