/** HTTP in and out: one pipeline for all partner protocols, the native API beside it, and what operators need. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { registerApi } from './api/index.ts';
import { answerErrors, problemOf, sendProblem } from './api/problems.ts';
import { shownPath } from './api/shown-path.ts';
import type { Config } from './config.ts';
import { registerConsole } from './console/index.ts';
import type { DemoAccess } from './console/scope.ts';
import { builtPages } from './console/static.ts';
import { actsForMerchant } from './core/caller.ts';
import { invalidParameter, refusal, type Refusal, type RefusalFacts } from './core/errors.ts';
import { type Backstage, converse } from './dialects/converse.ts';
import type { Dialect, Operation, WireAnswer, WireRequest } from './dialects/dialect.ts';
import { isSameSecret } from './engine/authenticate.ts';
import { DIALECTS } from './dialects/index.ts';
import type { Refundry } from './engine/refundry.ts';
import { BrokenRequests } from './server/broken-requests.ts';
import { AccessLog } from './server/access-log.ts';
import type { Metrics } from './server/metrics.ts';
import { requestIdOf } from './server/request-ids.ts';

/** Partners' requests are small; PayEngine's metadata may have 16 KiB. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** A client that sends slowly holds a connection no longer than this. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for such clients; its default of 30 s would let them stay that much longer. */
const TIMEOUT_CHECK_MS = 1_000;
/** How often a stopping server looks for connections that have become idle. */
const CLOSE_IDLE_MS = 25;
/** What clients are asked to wait after 503, and after a 429 that does not say how long. */
const RETRY_AFTER_SECONDS = 1;

export interface ServerParts {
  readonly refundry: Refundry;
  readonly config: Pick<Config, 'metricsToken' | 'trustProxy' | 'tls'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What the console's examples need where a demo runs. */
  readonly demo?: DemoAccess;
  /** Where the console's built pages are; tests have their own. */
  readonly consolePages?: string;
  /** The dialects to serve; tests add one of their own. */
  readonly dialects?: readonly Dialect[];
  /** Whether the server is about to stop: it still answers, but wants no new requests. */
  readonly isLeaving?: () => boolean;
  /** How long a request may take to arrive; tests wait less. */
  readonly requestTimeoutMs?: number;
}

/** Builds the server; `listen` and `close` are the caller's. Closing it finishes the requests in flight. */
export async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { refundry, config, logger, metrics, isLeaving = () => false } = parts;
  const dialects = parts.dialects ?? DIALECTS;
  const base: FastifyBaseLogger = logger;
  const access = new AccessLog(logger);
  const security = securityHeaders(config.tls !== null);
  const requestTimeout = parts.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  // Node takes the lesser of the two for the headers and the greater for the whole: its default of 60 s would win.
  const slowness = { headersTimeout: requestTimeout, connectionsCheckingInterval: TIMEOUT_CHECK_MS };
  const broken = new BrokenRequests({
    logger,
    requestTimeoutMs: requestTimeout,
    headers: security,
    dialectAt: (url) => dialectAt(dialects, url),
  });
  const app = Fastify({
    loggerInstance: base,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request costs more than its line; whoever writes one names the request.
    childLoggerFactory: (parent) => parent,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout,
    trustProxy: trustedProxies(config.trustProxy),
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    forceCloseConnections: 'idle',
    // What still comes over connections that were open is answered like anything else; Fastify closes them then.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 255 },
    clientErrorHandler: (error, socket) => broken.answer(error, socket),
    frameworkErrors: (_error, request, reply) => {
      // Paths that cannot be routed at all meet no hook: what these do is done here.
      broken.begin(reply);
      reply.header('x-request-id', request.id).headers(security);
      void refuseUnknown(dialects, request, reply);
    },
    ...(config.tls === null
      ? { http: slowness }
      : {
          https: {
            ...slowness,
            cert: readFileSync(config.tls.certificate),
            key: readFileSync(config.tls.key),
            minVersion: 'TLSv1.2' as const,
          },
        }),
  });
  app.addHook('onRequest', (request, reply, done) => {
    broken.begin(reply);
    reply.header('x-request-id', request.id).headers(security);
    // Whoever keeps connections makes the next one to another server.
    if (isLeaving()) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { protocol, operation } = request.routeOptions.config as { protocol?: string; operation?: string };
    metrics.request(
      protocol ?? 'native',
      operation ?? request.routeOptions.url ?? 'none',
      reply.statusCode,
      reply.elapsedTime,
    );
    // Probes and scrapes come every second, and say nothing.
    if (request.routeOptions.logLevel !== 'silent')
      access.write({
        requestId: request.id,
        method: request.method,
        // A route without parameters has nothing in its path that a caller wrote.
        path: request.url === request.routeOptions.url ? request.url : pathOf(request),
        status: reply.statusCode,
        milliseconds: reply.elapsedTime,
      });
    done();
  });

  app.addHook('onClose', (_app, done) => {
    access.close();
    done();
  });
  closeIdleConnectionsOnClose(app, config.tls !== null);
  answerExpectations(app);
  answerErrors(app, refundry);
  await app.register(async (native) => registerApi(native, { refundry }));
  const pages = parts.consolePages ?? builtPages();
  await app.register(async (scope) => registerConsole(scope, { refundry, pages, demo: parts.demo ?? null }));
  for (const dialect of dialects) await app.register(async (scope) => serveDialect(scope, dialect, refundry));
  serveOperations(app, refundry, metrics, config.metricsToken, isLeaving);
  app.setNotFoundHandler((request, reply) => refuseUnknown(dialects, request, reply));
  return app;
}

/**
 * Whom to believe where a request comes from. `X-Forwarded-For` is a list to whose end each proxy adds whom it heard. What
 * stands before it the caller may have written: so with one proxy, whoever that is, just the last is believed.
 */
function trustedProxies(trust: Config['trustProxy']): NonNullable<FastifyServerOptions['trustProxy']> {
  if (trust === true) return (_address, hop) => hop === 0;
  return trust === false ? false : [...trust];
}

/**
 * What OWASP's REST Security Cheat Sheet asks of an API's answers, which are data: pages bring a policy of their own. Written
 * out, because each header is paid for at every refund.
 */
function securityHeaders(isTls: boolean): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(isTls ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  };
}

/**
 * Connections that had a request in flight when the server began to stop are idle a moment later, and browsers open some
 * that they never use, which Node takes for busy: neither must hold it.
 */
function closeIdleConnectionsOnClose(app: FastifyInstance, isSecure: boolean): void {
  const unused = new Set<Socket>();
  app.server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }: { socket: Socket }) => unused.delete(socket));
  let closing: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    closing = setInterval(() => {
      app.server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
    }, CLOSE_IDLE_MS);
    // What is open still keeps the process alive meanwhile.
    closing.unref();
    app.server.once('close', () => clearInterval(closing));
    done();
  });
}

/** Requests with `Expect` (RFC 9110, 10.1.1) are requests like all others. */
function answerExpectations({ server }: FastifyInstance): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // While the answer to an earlier request is on its way, Node would write "100 Continue" into the midst of this one's.
    if (response.socket !== null) response.writeContinue();
    server.emit('request', request, response);
  });
  // What is expected beside that may be ignored; Node's own refusal would have no protocol's shape.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
}

const pathOf = (request: FastifyRequest): string => shownPath(request.url);

/** The partner below whose prefix a path is. */
function dialectAt(dialects: readonly Dialect[], url: string): Dialect | undefined {
  // The longest prefix is the partner's own: one may lie below another.
  const [dialect] = dialects
    .filter(({ prefix }) => url.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return dialect;
}

/** Answers a path that nothing is at: in the shape of the partner below whose prefix it is, else as the native API does. */
function refuseUnknown(dialects: readonly Dialect[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refused = refusal('resource_not_found', `there is no ${request.method} ${pathOf(request)}`);
  const dialect = dialectAt(dialects, request.url);
  return dialect === undefined
    ? sendProblem(reply, problemOf(refused, { requestId: request.id }))
    : send(reply, dialect.refuse(refused));
}

function serveDialect(scope: FastifyInstance, dialect: Dialect, refundry: Refundry): void {
  // Signatures are over bytes, and each protocol has its own idea of content types: bodies stay as they came.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const refuse = (reply: FastifyReply, refused: Refusal): FastifyReply => send(reply, dialect.refuse(refused));
  scope.setErrorHandler((error: { statusCode?: number; code?: unknown }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return refuse(reply, invalidParameter('body', `is larger than ${BODY_LIMIT_BYTES / 1024} KiB`));
    }
    if (status < 500) return refuse(reply, refusal('invalid_request', 'the request cannot be read'));
    request.log.error({ reqId: request.id, err: error }, 'request failed');
    return refuse(reply, refusal('internal_error', 'Refundry made a mistake'));
  });

  for (const operation of dialect.operations) {
    for (const url of operation.paths) {
      scope.route({
        method: operation.method,
        url,
        config: { protocol: dialect.name, operation: operation.name },
        handler: (request, reply) => handle(dialect, operation, refundry, request, reply),
      });
    }
  }
  scope.all(`${dialect.prefix}*`, { config: { protocol: dialect.name, operation: 'unknown' } }, (request, reply) =>
    refuse(reply, refusal('resource_not_found', `there is no ${request.method} ${pathOf(request)}`)),
  );
}

async function handle(
  dialect: Dialect,
  operation: Operation,
  refundry: Refundry,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {
    answer,
    outcome,
    refusal: refused,
  } = await converse(dialect, operation, toWire(request), request.id, backstage(refundry, request.ip), (error) =>
    request.log.error({ reqId: request.id, err: error }, 'a mistake of ours'),
  );
  if (outcome?.replayed === true) reply.header('idempotent-replayed', 'true');
  return send(reply, answer, refused?.facts['retry_after'] ?? RETRY_AFTER_SECONDS);
}

function toWire(request: FastifyRequest): WireRequest {
  const [path = '', ...query] = request.url.split('?');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value[0] : value;
  return {
    method: request.method,
    path,
    query: query.join('?'),
    headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

/** What stands behind a dialect's conversation, for one request. */
function backstage(refundry: Refundry, address: string): Backstage {
  const { authenticator, reader } = refundry;
  const unlessAway = <T>(asked: Promise<T>): Promise<T> => refundry.unlessAway(asked);
  return {
    authenticate: async (protocol, claim) => {
      const caller = await unlessAway(authenticator.authenticate(protocol, claim, address));
      return caller !== null && actsForMerchant(caller) ? caller : null;
    },
    execute: (command) => refundry.execute(command),
    findPayment: (merchantId, selector) => unlessAway(reader.findPayment(merchantId, selector)),
    findRefund: (merchantId, reference) => unlessAway(reader.refundByReference(merchantId, reference)),
    openSession: (protocol) => unlessAway(authenticator.openSession(protocol, address)),
    signIn: (protocol, first, lookup, secret) =>
      unlessAway(authenticator.signIn(protocol, first, lookup, secret, address)),
    signOut: (protocol, tokens) => unlessAway(authenticator.signOut(protocol, tokens)),
  };
}

function send(
  reply: FastifyReply,
  answer: WireAnswer,
  retryAfter: RefusalFacts[string] = RETRY_AFTER_SECONDS,
): FastifyReply {
  reply.code(answer.status).header('content-type', answer.contentType);
  if (answer.status === 503 || answer.status === 429) reply.header('retry-after', retryAfter);
  const secure = reply.request.protocol === 'https' ? '; Secure' : '';
  for (const { name, value } of answer.cookies ?? []) {
    const ends = value === '' ? '; Max-Age=0' : '';
    reply.header('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Strict${ends}${secure}`);
  }
  // As bytes: to a text of JSON, Fastify would add a charset that the partner's pages do not have.
  return reply.send(Buffer.from(answer.body));
}

function serveOperations(
  app: FastifyInstance,
  refundry: Refundry,
  metrics: Metrics,
  metricsToken: string | null,
  isLeaving: () => boolean,
): void {
  app.get('/healthz', { logLevel: 'silent' }, async () => ({ status: 'ok' }));
  app.get('/readyz', { logLevel: 'silent' }, async (_request, reply) => {
    if (!isLeaving() && (await refundry.isReady())) return { status: 'ready' };
    return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send({ status: 'not ready' });
  });
  app.get('/metrics', { logLevel: 'silent' }, async (request, reply) => {
    if (metricsToken !== null && !isSameSecret(request.headers.authorization ?? '', `Bearer ${metricsToken}`)) {
      return reply.code(401).send('');
    }
    return reply.header('content-type', metrics.contentType).send(await metrics.text());
  });
}
