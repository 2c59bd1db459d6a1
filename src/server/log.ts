/** Logs: one JSON line each, without secrets, card numbers, bodies, or query strings that may carry a password. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { maskCardNumbers } from '../core/card-number.ts';

/** Fields that are never written, wherever they turn up. */
const SECRET_FIELDS = ['authorization', 'cookie', 'x-api-key', 'password', 'secret', 'apiKey', 'idempotency-key'];

const LINES_AT_ONCE_BYTES = 4096;
/** A line is out at most this much late. */
const FLUSH_MS = 100;

export function createLogger(config: Pick<Config, 'logLevel'>, destination?: { write(line: string): void }): Logger {
  const options = {
    level: config.logLevel,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
      censor: '[redacted]',
    },
    serializers: { err: serializeError, error: serializeError },
  };
  return pino(options, destination ?? standardOutput());
}

/** Written in the background, a few lines at once: a request does not wait for its own line. */
function standardOutput(): DestinationStream {
  return pino.destination({
    fd: process.stdout.fd,
    sync: false,
    minLength: LINES_AT_ONCE_BYTES,
    periodicFlush: FLUSH_MS,
  });
}

/** What may be said of an error: its kind, its sentence and where it happened; not the values it carries. */
export function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return maskCardNumbers(String(error));
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: maskCardNumbers(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    stack: maskCardNumbers(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}
