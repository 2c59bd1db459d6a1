/**
 * BBMSL's envelope, `{"request": "<JSON text>", "signature": "<base64>"}`: RSA PKCS#1 v1.5 with SHA-256 over the exact
 * UTF-8 bytes of the `request` text, and the keys that make and check it.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { invalidParameter, Refused } from '../../core/errors.ts';
import { decodeUtf8, isJsonObject, JsonFault, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts';
import type { Claim } from '../dialect.ts';
import { readNumber } from './read.ts';

export interface Envelope {
  /** Nothing in it may be acted on before the claim holds. */
  readonly request: JsonObject;
  readonly claim: Claim;
}

/** Opens an envelope as far as the claim: whose it says it is, and what must be signed. Throws `Refused`. */
export function openEnvelope(body: Uint8Array): Envelope {
  const envelope = readObject('body', () => parseJson(decodeUtf8(body)));
  const text = readText(envelope, 'request');
  const signature = readText(envelope, 'signature');
  const request = readObject('request', () => parseJson(text));
  const merchantId = request['merchantId'] ?? null;
  if (merchantId === null) throw new Refused(invalidParameter('merchantId', 'is required'));
  return {
    request,
    claim: {
      kind: 'signature',
      lookup: readNumber('merchantId', merchantId),
      message: new TextEncoder().encode(text),
      signature: Buffer.from(signature, 'base64'),
    },
  };
}

function readText(envelope: JsonObject, field: string): string {
  const value = envelope[field] ?? null;
  if (value === null) throw new Refused(invalidParameter(field, 'is required'));
  if (typeof value !== 'string') throw new Refused(invalidParameter(field, 'must be a string'));
  return value;
}

function readObject(parameter: string, parse: () => JsonValue): JsonObject {
  let value: JsonValue;
  try {
    value = parse();
  } catch (error) {
    if (error instanceof JsonFault) throw new Refused(invalidParameter(parameter, `unreadable: ${error.message}`));
    throw error;
  }
  if (!isJsonObject(value)) throw new Refused(invalidParameter(parameter, 'must be a JSON object'));
  return value;
}

/** Under 2048 bits RSA is not safe; over 8192 one check of a signature takes a server too long. */
const MIN_BITS = 2048;
const MAX_BITS = 8192;

/** Puts a request's text into a signed envelope, ready to be sent. Throws `Refused` (`invalid_request`). */
export function signEnvelope(requestText: string, privateKeyPem: string): string {
  let key: KeyObject;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch {
    throw new Refused(invalidParameter('private_key', 'is not an unencrypted private key in PEM'));
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Refused(invalidParameter('private_key', 'is not an RSA key'));
  const signature = sign('sha256', new TextEncoder().encode(requestText), key);
  return JSON.stringify({ request: requestText, signature: signature.toString('base64') });
}

const PEM = /^-----BEGIN (?:RSA )?PUBLIC KEY-----([^-]+)-----END (?:RSA )?PUBLIC KEY-----$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * A merchant's public key as it is kept: PEM (SPKI). Takes PEM or the bare base64 of its DER, wrapped in whatever way.
 * Throws `Refused` (`invalid_request`) for what is no RSA public key of 2048 to 8192 bits.
 */
export function readPublicKey(text: string): string {
  const trimmed = text.trim();
  const base64 = (PEM.exec(trimmed)?.[1] ?? trimmed).replace(/\s+/g, '');
  const der = Buffer.from(base64, 'base64');
  // Node derives a public key from a private one without a word, and the merchant should learn what they gave away.
  if (trimmed.includes('PRIVATE KEY') || keyOf(createPrivateKey, der, ['pkcs8', 'pkcs1']) !== null) {
    throw new Refused(invalidParameter('public_key', 'is a private key: keep it secret and send the public one'));
  }
  // SPKI is what most tools write, PKCS#1 what older ones do.
  const key = BASE64.test(base64) ? keyOf(createPublicKey, der, ['spki', 'pkcs1']) : null;
  if (key?.asymmetricKeyType !== 'rsa') {
    throw new Refused(invalidParameter('public_key', 'must be an RSA public key in PEM, or the base64 of its DER'));
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_BITS || modulusLength > MAX_BITS) {
    const problem = `must have ${MIN_BITS} to ${MAX_BITS} bits, has ${modulusLength}`;
    throw new Refused(invalidParameter('public_key', problem));
  }
  // With an exponent of 1 anybody can make a signature that holds.
  if (publicExponent < 3n || publicExponent % 2n === 0n) {
    throw new Refused(invalidParameter('public_key', `has the unsafe exponent ${publicExponent}`));
  }
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The key that the bytes hold in the first of these encodings that fits; `null` if none does. */
function keyOf<Encoding extends 'pkcs1' | 'pkcs8' | 'spki'>(
  create: (input: { key: Buffer; format: 'der'; type: Encoding }) => KeyObject,
  der: Buffer,
  encodings: readonly Encoding[],
): KeyObject | null {
  for (const type of encodings) {
    try {
      return create({ key: der, format: 'der', type });
    } catch {
      // It may fit the next.
    }
  }
  return null;
}
