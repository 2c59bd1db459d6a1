/**
 * BBMSL's envelope, `{"request": "<JSON text>", "signature": "<base64>"}`: RSA PKCS#1 v1.5 with SHA-256 over the exact
 * UTF-8 bytes of the `request` text.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
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
  const envelope = readObject('body', () => parseJson(decodeUtf8(body), 'refuse'));
  const text = readText(envelope, 'request');
  const signature = readText(envelope, 'signature');
  const request = readObject('request', () => parseJson(text, 'refuse'));
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
