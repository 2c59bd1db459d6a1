/** A balancer as plain as they come: in turn to each server whose `/readyz` says 200, and it never tries anything twice. */
import { Agent, createServer, request as send } from 'node:http';
import { Agent as SecureAgent, request as sendSecurely } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const PROBE_MS = 50;

interface Backend {
  readonly url: URL;
  isReady: boolean;
}

export interface Balancer {
  readonly url: string;
  /** How many of the servers it sends requests to. */
  ready(): number;
}

/** `ca`: whose certificates it trusts. */
export async function startBalancer(urls: readonly string[], ca: () => string[]): Promise<Balancer> {
  const backends = urls.map((url): Backend => ({ url: new URL(url), isReady: false }));
  const plain = new Agent({ keepAlive: true });
  const secure = new SecureAgent({ keepAlive: true });
  let turn = 0;
  let isOver = false;

  const ask = (url: URL, options: { method?: string | undefined; headers: object; path: string; probe?: boolean }) => {
    const { probe = false, ...rest } = options;
    const given = { ...rest, headers: { ...rest.headers } };
    return url.protocol === 'https:'
      ? sendSecurely(url, { ...given, agent: probe ? false : secure, ca: ca() })
      : send(url, { ...given, agent: probe ? false : plain });
  };
  const isReady = (url: URL): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = ask(url, { headers: {}, path: '/readyz', probe: true });
      probe.on('response', (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      });
      probe.on('error', () => resolve(false));
      probe.end();
    });
  const probing = backends.map(async (backend) => {
    while (!isOver) {
      backend.isReady = await isReady(backend.url);
      await sleep(PROBE_MS);
    }
  });

  const server = createServer((asked, answered) => {
    const ready = backends.filter((backend) => backend.isReady);
    const backend = ready[(turn += 1) % Math.max(ready.length, 1)];
    if (backend === undefined) {
      answered.writeHead(502).end('no server is ready');
      return;
    }
    const { connection: _connection, ...headers } = asked.headers;
    const passed = ask(backend.url, { method: asked.method, headers, path: asked.url ?? '/' });
    passed.on('response', (answer) => {
      const { connection: _answers, ...rest } = answer.headers;
      answered.writeHead(answer.statusCode ?? 502, rest);
      answer.pipe(answered);
    });
    passed.on('error', (error) => answered.writeHead(502).end(`${backend.url.port}: ${error.message}`));
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(async () => {
    isOver = true;
    await Promise.all(probing);
    server.closeAllConnections();
    server.close();
    plain.destroy();
    secure.destroy();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: () => backends.filter((backend) => backend.isReady).length,
  };
}
