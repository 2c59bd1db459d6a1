/**
 * The environment, parsed once, validated with every mistake listed at once, and frozen. `docs/reference/config.md` lists
 * the same names: a test holds the two together.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { MAX_BUCKETS } from './core/ids.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absolute path of the data folder: the embedded database, and demo keys. */
  readonly home: string;
  /** PostgreSQL to use instead of the embedded one. */
  readonly databaseUrl: string | null;
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** `null`: one per core. */
  readonly lanes: number | null;
  /** How a new database is divided; one that has books keeps its division. */
  readonly buckets: number;
  /** How long a caller waits for an answer. */
  readonly deadlineMs: number;
  /** How long `serve` still takes requests after the signal to stop. */
  readonly drainMs: number;
  /** What `/metrics` asks for as a bearer token; `null`: it is open. */
  readonly metricsToken: string | null;
  /**
   * Who may say in `X-Forwarded-For` where a caller comes from: nobody, the one proxy that speaks to the server whatever
   * its address, or proxies by address or CIDR.
   */
  readonly trustProxy: boolean | readonly string[];
}

/** Every variable that Refundry reads, with what it means: for `docs/reference/config.md`. */
export const VARIABLES = {
  PORT: 'Port to listen on; 0 for any free one. Default 8080.',
  HOST: 'Address to listen on. `start` always uses 127.0.0.1; `serve` by default 0.0.0.0.',
  REFUNDRY_HOME: 'Data folder of the embedded database and the demo keys. Default ./.refundry.',
  DATABASE_URL: 'PostgreSQL (15 or newer) to use instead of the embedded one; `serve` needs it.',
  REFUNDRY_TLS_CERTIFICATE:
    'File with the certificate chain (PEM); with REFUNDRY_TLS_KEY the server speaks https only.',
  REFUNDRY_TLS_KEY: 'File with the private key (PEM).',
  REFUNDRY_LOG_LEVEL: `One of ${LOG_LEVELS.join(', ')}. Default info.`,
  REFUNDRY_LANES: 'Database connections that commit, 1 to 64. Default: one per core.',
  REFUNDRY_BUCKETS: `Into how many buckets a new database is divided, 1 to ${MAX_BUCKETS}, for good. Default 4.`,
  REFUNDRY_DEADLINE_MS:
    'Milliseconds after which a caller gets 503 instead of waiting on, 100 to 60000. Default 10000.',
  REFUNDRY_DRAIN_MS:
    'Milliseconds for which `serve` still takes requests after the signal to stop, while /readyz says 503, 0 to 60000. Default 0.',
  REFUNDRY_METRICS_TOKEN: 'Bearer token that /metrics asks for. Default: none.',
  REFUNDRY_KEY: 'Native key as which commands of the CLI act, instead of the user of this machine.',
  REFUNDRY_TRUST_PROXY:
    'Behind a proxy: `true` takes a caller’s address from the end of X-Forwarded-For; addresses or CIDRs, by comma, only from these proxies. Default false.',
} as const;

type Variable = keyof typeof VARIABLES;

export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/** Reads the configuration. Throws `ConfigError` with all mistakes. */
export function readConfig(env: NodeJS.ProcessEnv, needs: { readonly databaseUrl?: boolean } = {}): Config {
  const mistakes: string[] = [];
  const text = (name: Variable): string | null => {
    const value = env[name];
    return value === undefined || value === '' ? null : value;
  };
  const integer = (name: Variable, least: number, most: number): number | null => {
    const value = text(name);
    if (value === null) return null;
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    mistakes.push(`${name} must be a whole number from ${least} to ${most}, got ${JSON.stringify(value)}`);
    return null;
  };
  const file = (name: Variable): string | null => {
    const value = text(name);
    if (value !== null && !existsSync(value)) mistakes.push(`${name}: there is no file ${JSON.stringify(value)}`);
    return value;
  };

  const port = integer('PORT', 0, 65_535) ?? 8080;
  const logLevel = LOG_LEVELS.find((level) => level === (text('REFUNDRY_LOG_LEVEL') ?? 'info'));
  if (logLevel === undefined) mistakes.push(`REFUNDRY_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  const databaseUrl = text('DATABASE_URL');
  if (databaseUrl === null) {
    if (needs.databaseUrl === true)
      mistakes.push('DATABASE_URL is missing: postgres://user:password@host:5432/database');
  } else if (!/^postgres(?:ql)?:\/\//.test(databaseUrl)) {
    mistakes.push('DATABASE_URL must begin with postgres:// or postgresql://');
  }
  const certificate = file('REFUNDRY_TLS_CERTIFICATE');
  const key = file('REFUNDRY_TLS_KEY');
  if ((certificate === null) !== (key === null)) {
    mistakes.push('REFUNDRY_TLS_CERTIFICATE and REFUNDRY_TLS_KEY belong together: one of them is missing');
  }
  if (certificate !== null && key !== null && existsSync(certificate) && existsSync(key)) {
    mistakes.push(...tlsMistakes(readFileSync(certificate), readFileSync(key)));
  }
  const trustProxy = proxies(text('REFUNDRY_TRUST_PROXY') ?? 'false');
  if (trustProxy === null) {
    mistakes.push('REFUNDRY_TRUST_PROXY must be true, false, or addresses and CIDRs with commas between them');
  }
  const lanes = integer('REFUNDRY_LANES', 1, 64);
  const buckets = integer('REFUNDRY_BUCKETS', 1, MAX_BUCKETS) ?? 4;
  const drainMs = integer('REFUNDRY_DRAIN_MS', 0, 60_000) ?? 0;
  const deadlineMs = integer('REFUNDRY_DEADLINE_MS', 100, 60_000) ?? 10_000;
  for (const name of Object.keys(env)) {
    if (name.startsWith('REFUNDRY_') && !name.startsWith('REFUNDRY_TEST_') && !(name in VARIABLES)) {
      mistakes.push(`${name} is not a variable that Refundry knows`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return Object.freeze({
    port,
    host: text('HOST') ?? '0.0.0.0',
    home: resolve(text('REFUNDRY_HOME') ?? '.refundry'),
    databaseUrl,
    tls: certificate === null || key === null ? null : Object.freeze({ certificate, key }),
    logLevel: logLevel ?? 'info',
    lanes,
    buckets,
    deadlineMs,
    drainMs,
    metricsToken: text('REFUNDRY_METRICS_TOKEN'),
    trustProxy: Object.freeze(trustProxy ?? false),
  });
}

/** Whom to trust as a proxy; `null` for a text that says nothing of the kind. */
function proxies(text: string): Config['trustProxy'] | null {
  if (text === 'true' || text === 'false') return text === 'true';
  const all = text.split(',').map((one) => one.trim());
  return all.every(isNetwork) ? all : null;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return most > 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** What is wrong with a certificate and its key, before anybody tries to connect. */
function tlsMistakes(certificate: Buffer, key: Buffer): string[] {
  const mistakes: string[] = [];
  let x509: X509Certificate | null = null;
  let privateKey: KeyObject | null = null;
  try {
    x509 = new X509Certificate(certificate);
  } catch {
    mistakes.push('REFUNDRY_TLS_CERTIFICATE is no certificate in PEM');
  }
  try {
    privateKey = createPrivateKey(key);
  } catch {
    mistakes.push('REFUNDRY_TLS_KEY is no unencrypted private key in PEM');
  }
  if (x509 !== null && privateKey !== null && !x509.checkPrivateKey(privateKey)) {
    mistakes.push("REFUNDRY_TLS_KEY is not the key of REFUNDRY_TLS_CERTIFICATE's first certificate");
  }
  return mistakes;
}
