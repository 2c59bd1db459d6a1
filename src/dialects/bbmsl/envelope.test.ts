import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Refused } from '../../core/errors.ts';
import { signEnvelope } from './envelope.ts';
import {
  answerFixture,
  ask,
  EXAMPLE_ANSWER,
  KEYS,
  masked,
  merchant,
  NEXT_KEYS,
  post,
  STRANGERS_KEYS,
} from './fixtures/demo.ts';

const REQUEST = '{"merchantId":3,"orderId":4922,"amount":10}';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

function refuses(act: () => unknown, parameter: string, problem: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.refusal.code, 'invalid_request');
    assert.equal(error.refusal.facts['parameter'], parameter);
    assert.match(error.refusal.message, problem);
    return true;
  });
}

test('every live key of the merchant signs, a stranger does not', async () => {
  for (const { privateKey } of [KEYS, NEXT_KEYS]) {
    const { talk } = merchant();
    const { body } = await post(talk, 'refund', signEnvelope(REQUEST, privateKey));
    assert.deepEqual(masked(body), EXAMPLE_ANSWER);
  }
  const { talk, orderId } = merchant();
  const { status, body } = await post(talk, 'refund', signEnvelope(REQUEST, STRANGERS_KEYS.privateKey));
  assert.equal(status, 401);
  assert.deepEqual(body, answerFixture('unauthenticated'));
  assert.equal(talk.payment(orderId).refundedMinor, 0n);
});

test('a bad signature and an unknown merchant get one and the same answer, whatever else is wrong', async () => {
  const { talk } = merchant();
  const signature = (JSON.parse(signEnvelope(REQUEST, KEYS.privateKey)) as { signature: string }).signature;
  const bodies = [
    signEnvelope(REQUEST.replace('3', '4'), KEYS.privateKey),
    JSON.stringify({ request: REQUEST.replace('10', '15'), signature }),
    JSON.stringify({ request: `${REQUEST} `, signature }),
    JSON.stringify({ request: '{"merchantId":3}', signature }),
    JSON.stringify({ request: '{"merchantId":3,"orderId":[],"amount":"x"}', signature }),
    JSON.stringify({ request: REQUEST, signature: '' }),
    JSON.stringify({ request: REQUEST, signature: 'no base64 at all!' }),
    JSON.stringify({ request: REQUEST, signature: signature.slice(4) }),
    JSON.stringify({ request: REQUEST, signature: 'A'.repeat(100_000) }),
  ];
  const answers = new Set<string>();
  for (const body of bodies) {
    const { status, text } = await post(talk, 'refund', body);
    answers.add(`${status} ${text}`);
  }
  assert.deepEqual([...answers], [`401 ${JSON.stringify(answerFixture('unauthenticated'))}`]);
});

test("the signature covers the request's exact bytes, also beyond ASCII", async () => {
  const { talk } = merchant();
  talk.register({
    amountMinor: 1500n,
    currency: 'USD',
    references: [{ namespace: 'bbmsl.merchantReference', value: '訂單 №7', numbered: false }],
  });
  const text = '{ "merchantId":3,\t"merchantReference":"訂單 №7", "amount":10.00 }';
  const { body } = await ask(talk, 'refund', text);
  assert.equal(body.order?.['merchantReference'], '訂單 №7');
});

test('an envelope that cannot be read is refused by the part that cannot', async () => {
  const { talk } = merchant();
  const bodies: readonly (readonly [string, string | Uint8Array])[] = [
    ['body', ''],
    ['body', 'request=x'],
    ['body', '<html>'],
    ['body', 'null'],
    ['body', '[]'],
    ['body', '7'],
    ['body', new Uint8Array([0xff, 0xfe, 0x7b])],
    ['request', '{}'],
    ['request', '{"signature":"AA=="}'],
    ['request', '{"request":{"merchantId":3},"signature":"AA=="}'],
    ['request', '{"request":null,"signature":"AA=="}'],
    ['request', '{"request":"","signature":"AA=="}'],
    ['request', '{"request":"merchantId=3","signature":"AA=="}'],
    ['request', '{"request":"[3]","signature":"AA=="}'],
    ['request', `{"request":${JSON.stringify('['.repeat(100_000))},"signature":"AA=="}`],
    ['signature', `{"request":${JSON.stringify(REQUEST)}}`],
    ['signature', `{"request":${JSON.stringify(REQUEST)},"signature":7}`],
    ['merchantId', '{"request":"{}","signature":"AA=="}'],
  ];
  for (const [part, bytes] of bodies) {
    const { status, body } = await post(talk, 'refund', bytes);
    assert.deepEqual([status, body.responseCode], [400, '1004'], String(bytes).slice(0, 80));
    assert.ok(body.message?.startsWith(`${part}: `), body.message);
  }
});

test('a signature made by openssl holds', { skip: hasOpenssl ? false : 'openssl is absent' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refundry-bbmsl-'));
  try {
    const keyFile = join(folder, 'key.pem');
    writeFileSync(keyFile, KEYS.privateKey, { mode: 0o600 });
    const signature = execFileSync('openssl', ['dgst', '-sha256', '-sign', keyFile], { input: REQUEST });
    const { talk } = merchant();
    const envelope = { request: REQUEST, signature: signature.toString('base64') };
    const { body } = await post(talk, 'refund', JSON.stringify(envelope));
    assert.deepEqual(masked(body), EXAMPLE_ANSWER);
    assert.equal(signEnvelope(REQUEST, KEYS.privateKey), JSON.stringify(envelope), 'ours are the same');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('only an RSA private key signs', () => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  refuses(() => signEnvelope(REQUEST, 'no key'), 'private_key', /not an unencrypted private key/);
  refuses(() => signEnvelope(REQUEST, KEYS.publicKey), 'private_key', /not an unencrypted private key/);
  refuses(
    () => signEnvelope(REQUEST, elliptic.export({ type: 'pkcs8', format: 'pem' }).toString()),
    'private_key',
    /not an RSA key/,
  );
});
