/** Guessing secrets: what one address may try for one name, however it tries. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Refused } from '../../src/core/errors.ts';
import { hashSecret } from '../../src/engine/authenticate.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { createDatabase } from '../kit/database.ts';

const refundry = await Refundry.open(await createDatabase(), { lanes: 1 });
after(() => refundry.close());
const { authenticator } = refundry;

const merchantId = refundry.engine.newMerchantId();
const run = (action: Parameters<Refundry['execute']>[0]['action']) =>
  refundry.execute({
    merchantId,
    actor: 'cli:test',
    protocol: 'native',
    requestId: 'test',
    idempotencyKey: null,
    protocolPolicy: null,
    action,
  });
await run({ kind: 'create_merchant', name: 'Example Ltd', policy: OPEN_POLICY });

async function credential(lookup: string, secret: string): Promise<string> {
  const outcome = await run({
    kind: 'create_credential',
    credential: {
      protocol: 'boost-aoc',
      role: 'merchant',
      label: '',
      lookup,
      secretHashes: [hashSecret(secret)],
      publicKey: null,
      settings: {},
      demo: false,
    },
  });
  return outcome.credential?.id ?? '';
}

/** What a claim comes to: the caller's credential, `wrong`, or `rate_limited`. */
async function claim(lookup: string, secret: string, address: string): Promise<string> {
  try {
    const claimed = { kind: 'secrets', lookup, secrets: [secret] } as const;
    const caller = await authenticator.authenticate('boost-aoc', claimed, address);
    return caller?.credentialId ?? 'wrong';
  } catch (error) {
    if (error instanceof Refused) return error.refusal.code;
    throw error;
  }
}

test('an address that showed 20 wrong secrets for a name is closed to it, and to no other', async () => {
  const id = await credential('one-by-one', 'right');
  const other = await credential('another', 'right');
  for (let guess = 0; guess < 20; guess += 1) assert.equal(await claim('one-by-one', `${guess}`, '192.0.2.1'), 'wrong');
  assert.equal(await claim('one-by-one', 'right', '192.0.2.1'), 'rate_limited');
  assert.equal(await claim('one-by-one', 'right', '192.0.2.2'), id);
  assert.equal(await claim('another', 'right', '192.0.2.1'), other);
});

test('guesses that are made all at once are counted like guesses one after the other', async () => {
  await credential('at-once', 'right');
  const guesses = await Promise.all(
    Array.from({ length: 200 }, (_, guess) => claim('at-once', `${guess}`, '192.0.2.3')),
  );
  assert.equal(guesses.filter((outcome) => outcome === 'wrong').length, 20);
  assert.equal(guesses.filter((outcome) => outcome === 'rate_limited').length, 180);
});

test('the right secret, shown many times at once, always opens', async () => {
  const id = await credential('busy', 'right');
  const claims = await Promise.all(Array.from({ length: 200 }, () => claim('busy', 'right', '192.0.2.4')));
  assert.deepEqual(new Set(claims), new Set([id]));
});

test('however many live credentials share a name, each opens', async () => {
  const ids: string[] = [];
  for (let number = 1; number <= 25; number += 1) ids.push(await credential('shared', `secret ${number}`));
  for (const [index, id] of ids.entries()) assert.equal(await claim('shared', `secret ${index + 1}`, '192.0.2.6'), id);
});

test('a revoked credential opens nothing within two seconds, and unknown names are answered like wrong secrets', async () => {
  const id = await credential('revoked', 'right');
  assert.equal(await claim('revoked', 'right', '192.0.2.5'), id);
  await run({ kind: 'revoke_credential', credentialId: id });
  await new Promise((resolve) => setTimeout(resolve, 2_050));
  assert.equal(await claim('revoked', 'right', '192.0.2.5'), 'wrong');
  assert.equal(await claim('nobody', 'right', '192.0.2.5'), 'wrong');
});
