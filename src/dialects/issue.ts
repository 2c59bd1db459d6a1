/** Issuing credentials for any protocol: secrets are made here, shown once, and kept as hashes only. */
import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../core/account.ts';
import type { NewCredential } from '../core/command.ts';
import { invalidParameter, Refused } from '../core/errors.ts';
import { readPublicKey } from '../core/public-key.ts';
import type { CredentialShape, Dialect } from './dialect.ts';
import { DIALECTS } from './index.ts';

export const NATIVE_PROTOCOL = 'native';

/** The native API's keys stand alone: `Authorization: Bearer rk_…`. */
const NATIVE_SHAPE: CredentialShape = { lookup: null, secrets: ['key'], publicKey: false, settings: {} };

export function protocols(dialects: readonly Dialect[] = DIALECTS): readonly string[] {
  return [NATIVE_PROTOCOL, ...dialects.map(({ name }) => name)];
}

/** What a credential for a protocol is made of; `undefined` for an unknown protocol. */
export function credentialShape(
  protocol: string,
  dialects: readonly Dialect[] = DIALECTS,
): CredentialShape | undefined {
  if (protocol === NATIVE_PROTOCOL) return NATIVE_SHAPE;
  return dialects.find(({ name }) => name === protocol)?.credential;
}

export interface CredentialRequest {
  readonly protocol: string;
  readonly role: Role;
  readonly label: string;
  /** The name that the caller sends, where the protocol has one. */
  readonly lookup?: string;
  /** RSA public key, PEM or base64 DER, where the protocol signs. */
  readonly publicKey?: string;
  readonly settings?: Readonly<Record<string, string | readonly string[]>>;
  /** Secrets that are not made but given: demo mode only. */
  readonly demoSecrets?: readonly string[];
}

export interface IssuedCredential {
  readonly credential: NewCredential;
  /** The secrets by their partner's names: to be shown to the caller now, and never again. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** 256 bits, so that a stored SHA-256 needs neither salt nor stretching. */
const newSecret = (): string => `rk_${randomBytes(32).toString('base64url')}`;

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Throws `Refused` (`invalid_request`) naming the parameter that does not fit the protocol. */
export function issueCredential(request: CredentialRequest, dialects: readonly Dialect[] = DIALECTS): IssuedCredential {
  const shape = credentialShape(request.protocol, dialects);
  if (shape === undefined) {
    throw new Refused(invalidParameter('protocol', `must be one of ${protocols(dialects).join(', ')}`));
  }
  if (request.role === 'admin' && request.protocol !== NATIVE_PROTOCOL) {
    throw new Refused(invalidParameter('role', 'only native keys can be administrators'));
  }
  const { lookup } = request;
  if (shape.lookup === null ? lookup !== undefined : lookup === undefined || !shape.lookup.pattern.test(lookup)) {
    const problem = shape.lookup === null ? 'this protocol has none' : `must be the ${shape.lookup.label}`;
    throw new Refused(invalidParameter('lookup', problem));
  }
  if (shape.publicKey !== (request.publicKey !== undefined)) {
    const problem = shape.publicKey ? 'this protocol needs an RSA public key' : 'this protocol has none';
    throw new Refused(invalidParameter('public_key', problem));
  }
  const settings = readSettings(shape, request.settings ?? {});
  const values = shape.secrets.map((_name, index) => request.demoSecrets?.[index] ?? newSecret());
  const hashes = values.map(hash);
  return {
    credential: {
      protocol: request.protocol,
      role: request.role,
      label: request.label,
      lookup: lookup ?? hashes[0] ?? '',
      secretHashes: hashes,
      publicKey: request.publicKey === undefined ? null : readPublicKey(request.publicKey),
      settings,
      demo: request.demoSecrets !== undefined,
    },
    secrets: Object.fromEntries(shape.secrets.map((name, index) => [name, values[index] ?? ''])),
  };
}

/** All of the shape's settings must be given, and no others; `name[]` is a list. */
function readSettings(
  shape: CredentialShape,
  given: Readonly<Record<string, string | readonly string[]>>,
): NewCredential['settings'] {
  const settings: Record<string, string | readonly string[]> = {};
  for (const [spelled, meaning] of Object.entries(shape.settings)) {
    const isList = spelled.endsWith('[]');
    const name = isList ? spelled.slice(0, -2) : spelled;
    const value = given[name];
    if (value === undefined || Array.isArray(value) !== isList) {
      throw new Refused(invalidParameter(`settings.${name}`, meaning));
    }
    settings[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (settings[name] === undefined)
      throw new Refused(invalidParameter(`settings.${name}`, 'this protocol has no such setting'));
  }
  return settings;
}
