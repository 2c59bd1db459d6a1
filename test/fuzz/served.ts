/**
 * The server that is asked: a process of its own, so that a crash is one, and nothing of the asking hides it. It runs the
 * demo, whose credentials everybody knows, and says over the channel to its parent what cannot be seen from outside.
 */
import { subscribe } from 'node:diagnostics_channel';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { DEMO_MERCHANT_ID, demoAccess, demoKeyFiles, seedDemo } from '../../src/demo/index.ts';
import { issueCredential } from '../../src/dialects/issue.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { verifyBooks } from '../../src/engine/verify.ts';
import { createServer } from '../../src/server.ts';
import { createLogger } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { registration } from '../kit/core.ts';
import { FAULTY_ID, type Inspection, type Question, type Refill, type Route, type Setting } from './channel.ts';
import { LogWatch } from './log-watch.ts';

const REQUEST_TIMEOUT_MS = 3_000;
const FIRST_PAYMENT = 700_000;
const CURRENCIES = ['USD', 'USD', 'USD', 'JPY', 'KWD'];

/** What every object has: names that may not become more. */
const PROTOTYPES = {
  Object: Object.prototype,
  Array: Array.prototype,
  String: String.prototype,
  Function: Function.prototype,
  Map: Map.prototype,
};
const propertiesOf = (): string[] =>
  Object.entries(PROTOTYPES).flatMap(([name, prototype]) =>
    Reflect.ownKeys(prototype).map((key) => `${name}.prototype.${String(key)}`),
  );

async function serve(): Promise<void> {
  const before = new Set(propertiesOf());
  const home = mkdtempSync(join(tmpdir(), 'refundry-fuzz-'));
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  const routes: Route[] = [];
  subscribe('fastify.initialization', (message) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', (route) => void routes.push(...routesOf(route)));
  });

  const watch = new LogWatch();
  const logger = createLogger({ logLevel: 'trace' }, { write: (text) => watch.write(text) });
  let metrics: Metrics | null = null;
  const refundry = await Refundry.open(JSON.parse(process.env['REFUNDRY_FUZZ_DATABASE'] ?? ''), {
    lanes: 2,
    demo: true,
    observer: {
      batch: (_bucket, commands, milliseconds) => metrics?.batch(commands, milliseconds),
      outcome: (command, outcome) => metrics?.outcome(command, outcome),
      trouble: (message, error) => logger.warn({ err: error }, message),
      bug: (_command, error) => logger.error({ err: error }, 'a mistake of ours'),
    },
  });
  metrics = new Metrics(() => refundry.engine.queueDepth);
  await seedDemo(refundry, home);
  refundry.startExpiry();
  const app = await createServer({
    refundry,
    // Addresses come from a header: wrong credentials from many close no door to the right ones.
    config: { metricsToken: null, trustProxy: true, tls: null },
    logger,
    metrics,
    demo: demoAccess(home),
    consolePages: pagesIn(home),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });

  const command = async (merchantId: string | null, action: Parameters<Refundry['execute']>[0]['action']) => {
    const outcome = await refundry.execute({
      merchantId,
      actor: 'cli:fuzz',
      protocol: 'native',
      requestId: 'fuzz',
      idempotencyKey: null,
      protocolPolicy: null,
      action,
    });
    if (outcome.refusal !== null) throw new Error(outcome.refusal.message);
    return outcome;
  };
  const controlId = refundry.engine.newMerchantId();
  await command(controlId, { kind: 'create_merchant', name: 'Control', policy: OPEN_POLICY });
  const control = issueCredential({ protocol: 'native', role: 'merchant', label: 'control' });
  await command(controlId, { kind: 'create_credential', credential: control.credential });
  const credentials = [
    ...(await refundry.accounts.credentials(DEMO_MERCHANT_ID)),
    ...(await refundry.accounts.credentials(controlId)),
  ];
  const users = await refundry.accounts.credentialsOf('console');
  const userOf = (role: string): string => users.find((user) => user.role === role)?.id ?? '';

  let lastPayment = FIRST_PAYMENT - 1;
  const refill = async (payments: number): Promise<Refill> => {
    const outcomes = await Promise.all(
      Array.from({ length: payments }, () => {
        lastPayment += 1;
        const name = String(lastPayment);
        return command(
          DEMO_MERCHANT_ID,
          registration({
            amountMinor: 10_000n,
            currency: CURRENCIES[lastPayment % CURRENCIES.length] ?? 'USD',
            details: {
              method: { type: 'card', scheme: 'visa', first6: '400000', last4: '0028' },
              orderNumber: `order ${name}`,
            },
            references: [
              'boost-aoc.aocTransID',
              'bbmsl.orderId',
              'payengine.id',
              'payment-options.transactionId',
              'edubrite.id',
              'native.reference',
            ].map((namespace) => ({ namespace, value: name, numbered: namespace === 'bbmsl.orderId' })),
          }),
        );
      }),
    );
    const first = await refundry.sessions.open('edubrite');
    const [partner] = await refundry.accounts.liveCredentials('edubrite', 'edubrite-demo');
    const second = await refundry.sessions.signIn('edubrite', first, partner?.id ?? '');
    const open = async (role: string): Promise<string> => (await refundry.sessions.openUser(userOf(role))).token;
    return {
      lastPayment,
      paymentIds: outcomes.flatMap(({ payment }) => (payment === null ? [] : [payment.id])),
      partnerSession: [first, second ?? ''],
      sessions: {
        admin: await open('admin'),
        operator: await open('operator'),
        read: await open('read'),
        leaving: await open('approver'),
      },
    };
  };

  let seen: Record<number, string> = {};
  const inspect = async (): Promise<Inspection> => {
    const { rows } = await refundry.readers.query<{ bucket: number; seq: string; request_id: string; kind: string }>(
      `SELECT bucket, seq::text, request_id, kind FROM journal JOIN (SELECT key::int AS b, value::bigint AS last FROM jsonb_each_text($1)) AS seen
        ON bucket = b AND seq > last ORDER BY bucket, seq`,
      [JSON.stringify({ 0: '0', 1: '0', 2: '0', 3: '0', ...seen })],
    );
    for (const { bucket, seq } of rows) seen = { ...seen, [bucket]: seq };
    return {
      wronglyWritten: rows.flatMap((row) =>
        row.request_id.startsWith(FAULTY_ID) ? [`${row.request_id}: ${row.kind}`] : [],
      ),
      entries: rows.length,
      pollution: propertiesOf().filter((name) => !before.has(name)),
      logFaults: watch.faults(),
      megabytes: Math.round(process.memoryUsage().rss / 2 ** 20),
    };
  };

  const answerTo = async (question: Question): Promise<unknown> => {
    switch (question.ask) {
      case 'refill':
        return refill(question.payments);
      case 'inspect':
        return inspect();
      case 'verify':
        return (await verifyBooks(refundry.readers)).findings.map(
          ({ table, row, problem }) => `${table} ${row}: ${problem}`,
        );
    }
  };
  process.on('message', ({ number, question }: { number: number; question: Question }) => {
    answerTo(question).then(
      (answer) => process.send?.({ number, answer }),
      (error: unknown) => process.send?.({ number, error: String(error instanceof Error ? error.stack : error) }),
    );
  });
  process.on('disconnect', () => process.exit());
  const setting: Setting = {
    port: (app.server.address() as AddressInfo).port,
    routes,
    merchantId: DEMO_MERCHANT_ID,
    keptIds: [controlId, ...credentials.map(({ id }) => id), ...users.map(({ id }) => id)],
    bbmslKey: readFileSync(demoKeyFiles(home).privateKey, 'utf8'),
    controlKey: control.secrets['key'] ?? '',
    firstPayment: FIRST_PAYMENT,
  };
  process.send?.({ number: 0, answer: setting });
}

function routesOf({ method, url, config = {}, schema }: RouteOptions & { readonly url: string }): Route[] {
  const { protocol = 'none', operation = url, access = null } = config as Partial<Route>;
  const { querystring = null, body = null } = schema ?? {};
  return [method].flat().map((one) => ({ method: one, url, protocol, operation, access, query: querystring, body }));
}

/** The console's pages, as small as they get. */
function pagesIn(home: string): string {
  const folder = join(home, 'pages');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><html lang="en"><title>console</title></html>');
  writeFileSync(join(folder, 'assets', 'index-abcdefgh.js'), 'export {};\n');
  writeFileSync(join(home, 'secret.txt'), 'root:x:0:0:outside of the pages\n');
  return folder;
}

await serve();
