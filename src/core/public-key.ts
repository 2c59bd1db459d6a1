/** RSA public keys as callers register them, for protocols whose requests are signed. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { invalidParameter, Refused } from './errors.ts';

/** Under 2048 bits RSA is not safe; over 8192 one check of a signature takes a server too long. */
const MIN_BITS = 2048;
const MAX_BITS = 8192;

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
