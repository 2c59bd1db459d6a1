/** BBMSL's signatures over HTTP: nothing but the very bytes that the merchant signed, by a key of theirs that lives, opens. */
import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { test } from 'node:test';
import { bbmsl } from '../contract/bbmsl.ts';
import { type IssuedTo, TestServer } from '../kit/server.ts';

const server = await TestServer.start({ engine: { lanes: 1 } });
const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const [mine, theirs, next] = [pair(), pair(), pair()];

const merchant = await server.books.merchant();
const other = await server.books.merchant();
const credential = (merchantId: string, lookup: string, { publicKey }: { publicKey: string }): Promise<IssuedTo> =>
  server.credential(merchantId, { protocol: 'bbmsl', lookup, publicKey });
const first = await credential(merchant, '71', mine);
await credential(other, '72', theirs);

/** An order of 100.00 of a merchant; a second refund of it would be refused, so each that may be refunded is new. */
async function order(of = merchant): Promise<string> {
  const name = bbmsl.newPaymentName();
  await server.books.payment(of, { references: [{ namespace: 'bbmsl.orderId', value: name, numbered: true }] });
  return name;
}

const signed = (text: string, { privateKey }: { privateKey: string }): string =>
  sign('sha256', Buffer.from(text), privateKey).toString('base64');

let sent = 0;

async function send(request: string, signature: string): Promise<{ status: number; code: string }> {
  // Wrong signatures are counted by the minute.
  if ((sent += 1) % 15 === 0) server.clock.advance(61_000);
  return post(JSON.stringify({ request, signature }));
}

async function post(body: string | Uint8Array): Promise<{ status: number; code: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await server.send({ path: '/hosted-checkout/refund', headers, body });
  return { status: answer.status, code: (JSON.parse(answer.body) as { responseCode: string }).responseCode };
}

const DONE = { status: 200, code: '0000' };
const STRANGER = { status: 401, code: '1001' };
const UNREADABLE = { status: 400, code: '1004' };

const text = (orderId: string, merchantId = 71): string =>
  `{"merchantId":${merchantId},"orderId":${orderId},"amount":10}`;

test('a request altered in any one byte is refused, and nothing is written', async () => {
  const request = text(await order());
  const signature = signed(request, mine);
  const before = await server.entries();
  const heard = new Map<string, number>();
  for (const [at, byte] of Buffer.from(request).entries()) {
    for (const mask of [0x01, 0x20]) {
      const altered = Buffer.from(request);
      altered[at] = byte ^ mask;
      const answer = await send(altered.toString('latin1'), signature);
      heard.set(answer.code, (heard.get(answer.code) ?? 0) + 1);
      // Whoever is named must have signed; what names nobody, or is no JSON, cannot be read.
      assert.ok(
        [STRANGER, UNREADABLE].some(({ status, code }) => answer.status === status && answer.code === code),
        `${altered.toString('latin1')}: ${answer.status} ${answer.code}`,
      );
    }
  }
  assert.ok((heard.get('1001') ?? 0) > 10 && (heard.get('1004') ?? 0) > 10, JSON.stringify([...heard]));
  assert.equal(await server.entries(), before);
  assert.deepEqual(await send(request, signature), DONE, 'the request itself was good');
});

test('a signature altered in any one character is refused, unless it still says the same bytes', async () => {
  const request = text(await order());
  const signature = signed(request, mine);
  const bytes = Buffer.from(signature, 'base64');
  const before = await server.entries();
  let refused = 0;
  for (const [at, character] of [...signature].entries()) {
    const other = character === 'A' ? 'B' : 'A';
    const altered = signature.slice(0, at) + other + signature.slice(at + 1);
    if (Buffer.from(altered, 'base64').equals(bytes)) continue;
    assert.deepEqual(await send(request, altered), STRANGER, `character ${at}`);
    refused += 1;
  }
  assert.ok(refused >= 340, `${refused}`);
  for (const odd of ['', signature.slice(0, -4), `AAAA${signature}`, bytes.toString('hex'), signature.toLowerCase()]) {
    assert.deepEqual(await send(request, odd), STRANGER);
  }
  assert.equal(await server.entries(), before);
  assert.deepEqual(await send(request, signature), DONE);
});

test('the same JSON written in another way is another text, and needs a signature of its own', async () => {
  const orderId = await order();
  const request = text(orderId);
  const signature = signed(request, mine);
  const again = JSON.parse(request) as Record<string, unknown>;
  const before = await server.entries();
  for (const reserialised of [
    JSON.stringify(again, null, 2),
    JSON.stringify(again, Object.keys(again).reverse()),
    request.replace('10}', '10.0}'),
    request.replace('10}', '1e1}'),
    request.replace(orderId, `"${orderId}"`),
    request.replaceAll(',', ', '),
    request.replace('amount', String.raw`\u0061mount`),
    ` ${request}`,
    `${request}\n`,
    `\ufeff${request}`,
  ]) {
    const answer = await send(reserialised, signature);
    assert.ok(answer.code === STRANGER.code || answer.code === UNREADABLE.code, `${reserialised}: ${answer.code}`);
  }
  assert.equal(await server.entries(), before);
  // Around the text nothing is signed: the envelope may be written in any way.
  assert.deepEqual(await post(JSON.stringify({ signature, request }, null, 2)), DONE);
});

test('a request signed by another merchant’s key, or with another merchant’s number, is a stranger’s', async () => {
  const [orderId, theirOrder] = [await order(), await order(other)];
  const before = await server.entries();
  const request = text(orderId);
  assert.deepEqual(await send(request, signed(request, theirs)), STRANGER);
  assert.deepEqual(await send(text(theirOrder, 72), signed(text(theirOrder, 72), mine)), STRANGER);
  // Their own good signature beside our number, ours beside theirs.
  assert.deepEqual(await send(text(theirOrder, 71), signed(text(theirOrder, 72), theirs)), STRANGER);
  assert.deepEqual(await send(text(orderId, 72), signed(request, mine)), STRANGER);
  assert.equal(await server.entries(), before);
  // What they sign for themselves reaches nothing of ours.
  assert.deepEqual(await send(text(orderId, 72), signed(text(orderId, 72), theirs)), { status: 200, code: '2001' });
});

test('other ways to sign, by the right key, are refused', async () => {
  const request = text(await order());
  const bytes = Buffer.from(request);
  const key = { key: mine.privateKey };
  const digest = createHash('sha256').update(bytes).digest();
  const before = await server.entries();
  for (const [how, signature] of [
    ['PSS', sign('sha256', bytes, { ...key, padding: constants.RSA_PKCS1_PSS_PADDING })],
    ['SHA-1', sign('sha1', bytes, key)],
    ['SHA-512', sign('sha512', bytes, key)],
    ['of the digest', sign('sha256', digest, key)],
    ['without the name of the hash', privateEncrypt(key, digest)],
    ['of nothing', sign('sha256', Buffer.alloc(0), key)],
    ['all zeros', Buffer.alloc(256)],
    ['one', Buffer.concat([Buffer.alloc(255), Buffer.of(1)])],
  ] as const) {
    assert.deepEqual(await send(request, signature.toString('base64')), STRANGER, how);
  }
  assert.equal(await server.entries(), before);
  assert.deepEqual(await send(request, signed(request, mine)), DONE);
});

test('while keys are rotated both sign; a revoked one signs nothing more within two seconds, a request of before included', async () => {
  const orders = [await order(), await order(), await order(), await order()];
  const [one = '', two = '', three = '', four = ''] = orders.map((orderId) => text(orderId));
  const prepared = signed(three, mine);
  assert.deepEqual(await send(one, signed(one, next)), STRANGER, 'not yet a key of theirs');
  await credential(merchant, '71', next);
  server.clock.advance(2_001);
  assert.deepEqual(await send(one, signed(one, next)), DONE);
  assert.deepEqual(await send(two, signed(two, mine)), DONE);
  await server.revoke(first);
  server.clock.advance(2_001);
  const before = await server.entries();
  assert.deepEqual(await send(three, prepared), STRANGER);
  assert.equal(await server.entries(), before);
  assert.deepEqual(await send(four, signed(four, next)), DONE);
  assert.deepEqual(await server.findings(), []);
});
