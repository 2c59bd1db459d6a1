/** A server's life, from its database to its last answer: the same for `start` and `serve`. */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { demoAccess } from '../demo/index.ts';
import { Refundry } from '../engine/refundry.ts';
import { createServer } from '../server.ts';
import { createLogger } from '../server/log.ts';
import { Metrics } from '../server/metrics.ts';
import { TroubleLog } from '../server/trouble-log.ts';
import type { DatabaseSettings } from '../store/connection.ts';
import { forOperator } from './database-failure.ts';
import { Failure } from './failure.ts';

export interface ServerRun {
  readonly config: Config;
  readonly host: string;
  readonly database: DatabaseSettings;
  readonly demo: boolean;
  /** After the books are open and before anybody can call. */
  readonly beforeListening?: (refundry: Refundry) => Promise<void>;
  readonly onReady: (url: string, logger: Logger) => void;
  /** How long the server still takes requests after the first signal to stop, milliseconds. */
  readonly drainMs?: number;
  /** At the first signal to stop. */
  readonly onStopping?: () => void;
}

/** Serves until a signal says to stop; then finishes what is in flight. Resolves when all is closed. */
export async function runServer(run: ServerRun): Promise<void> {
  const { config, demo } = run;
  const stopping = signalToStop();
  const logger = createLogger(config);
  let metrics: Metrics | null = null;
  const troubles = new TroubleLog(logger, (kind) => metrics?.trouble(kind));
  const refundry = await Refundry.open(run.database, {
    demo,
    deadlineMs: config.deadlineMs,
    ...(config.lanes === null ? {} : { lanes: config.lanes }),
    observer: {
      batch: (_bucket, commands, milliseconds) => {
        if (commands > 0) troubles.committed();
        metrics?.batch(commands, milliseconds);
      },
      outcome: (command, outcome) => metrics?.outcome(command, outcome),
      trouble: (message, error) => troubles.trouble(message, error),
      bug: (command, error) =>
        logger.error(
          { err: error, operation: command.action.kind, request_id: command.requestId },
          'a mistake of ours',
        ),
    },
  }).catch((error: unknown) => {
    throw forOperator(error);
  });
  metrics = new Metrics(
    () => refundry.engine.queueDepth,
    () => refundry.isReady(),
  );
  let isLeaving = false;
  try {
    await run.beforeListening?.(refundry);
    const app = await createServer({
      refundry,
      config,
      logger,
      metrics,
      isLeaving: () => isLeaving,
      ...(demo ? { demo: demoAccess(config.home) } : {}),
    });
    try {
      await listen(app, config.port, run.host);
      refundry.startExpiry();
      const { port } = app.server.address() as AddressInfo;
      const host = run.host === '0.0.0.0' || run.host === '::' ? '127.0.0.1' : run.host;
      run.onReady(`${config.tls === null ? 'http' : 'https'}://${host}:${port}`, logger);
      const signal = await stopping;
      run.onStopping?.();
      logStop(logger, signal);
      isLeaving = true;
      await sleep(run.drainMs ?? 0);
    } finally {
      await app.close();
    }
  } finally {
    await refundry.close();
  }
}

async function listen(app: FastifyInstance, port: number, host: string): Promise<void> {
  try {
    await app.listen({ port, host, listenTextResolver: (address) => `listening on ${address}` });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Failure('configuration', `PORT: something else listens on ${host}:${port}`);
    if (code === 'EACCES') throw new Failure('configuration', `PORT: this user may not listen on ${host}:${port}`);
    if (code === 'EADDRNOTAVAIL') throw new Failure('configuration', `HOST: ${host} is no address of this machine`);
    throw error;
  }
}

function logStop(logger: Logger, signal: NodeJS.Signals): void {
  logger.info({ signal }, 'stopping: what is in flight will be finished');
}

/** The first SIGTERM or SIGINT; further ones are ignored: npm and the shell pass on what the process group got already. */
function signalToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}
