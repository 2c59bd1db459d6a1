/** Logs: one JSON line each, without secrets, card numbers, bodies, or query strings that may carry a password. */
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { maskCardNumbers } from '../core/card-number.ts';
import { maskKeys } from '../core/own-keys.ts';

/** Fields that are never written, wherever they turn up. */
const SECRET_FIELDS = ['authorization', 'cookie', 'x-api-key', 'password', 'secret', 'apiKey', 'idempotency-key'];

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
  return destination === undefined ? pino(options) : pino(options, destination);
}

const masked = (text: string): string => maskKeys(maskCardNumbers(text));

/** What may be said of an error: its kind, its sentence and where it happened; not the values it carries. */
export function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return masked(String(error));
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: masked(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    stack: masked(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}
