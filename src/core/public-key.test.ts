import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { Refused } from './errors.ts';
import { readPublicKey } from './public-key.ts';

const PUBLIC_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

function refuses(act: () => unknown, problem: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.refusal.code, 'invalid_request');
    assert.equal(error.refusal.facts['parameter'], 'public_key');
    assert.match(error.refusal.message, problem);
    return true;
  });
}

test('a public key is taken in PEM or as bare base64, in SPKI or PKCS#1, wrapped in whatever way', () => {
  const key = createPublicKey(PUBLIC_KEY);
  const pem = (type: 'spki' | 'pkcs1'): string => key.export({ type, format: 'pem' }).toString();
  const base64 = (type: 'spki' | 'pkcs1'): string => key.export({ type, format: 'der' }).toString('base64');
  for (const text of [
    pem('spki'),
    pem('pkcs1'),
    pem('spki').replaceAll('\n', '\r\n'),
    pem('spki').replaceAll('\n', ''),
    `\n  ${pem('spki')}\n`,
    base64('spki'),
    base64('pkcs1'),
    base64('spki').replace(/.{64}/g, '$&\n'),
  ]) {
    assert.equal(readPublicKey(text), PUBLIC_KEY, text);
  }
});

test('what is no RSA public key of 2048 bits or more is refused', () => {
  const rsa = (modulusLength: number): string =>
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const spki = ({ publicKey }: { publicKey: ReturnType<typeof createPublicKey> }): string =>
    publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const unsafe = createPublicKey({
    key: { ...createPublicKey(PUBLIC_KEY).export({ format: 'jwk' }), e: 'AQ' },
    format: 'jwk',
  });
  refuses(() => readPublicKey(rsa(1024)), /2048 to 8192 bits, has 1024/);
  refuses(() => readPublicKey(rsa(2040)), /has 2040/);
  refuses(() => readPublicKey(spki({ publicKey: unsafe })), /unsafe exponent 1/);
  for (const text of [
    '',
    'AAAA',
    'no key',
    '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
    spki(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    spki(generateKeyPairSync('ed25519')),
    spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
  ]) {
    refuses(() => readPublicKey(text), /must be an RSA public key/);
  }
});

test('a private key is refused where a public one is asked for, however it is written', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const pem = privateKey.export({ type, format: 'pem' }).toString();
    const base64 = privateKey.export({ type, format: 'der' }).toString('base64');
    for (const text of [pem, base64]) refuses(() => readPublicKey(text), /is a private key/);
  }
});
