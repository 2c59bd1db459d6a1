/** Databases, merchants and credentials from the command line, each command as a process. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { answer, emptyDatabase, type Environment, refundry, temporaryFolder, urlOf, writeFile } from './refundry.ts';

const books = await Books.open();
const env: Environment = { DATABASE_URL: urlOf(books.database) };
const folder = temporaryFolder();
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

test('migrate makes the books of a new database, divided as asked, and nothing the second time', async () => {
  const database = { DATABASE_URL: urlOf(await emptyDatabase(books.database)) };
  const early = await refundry(database, 'merchant', 'list');
  assert.equal(early.code, 2);
  assert.match(early.stderr, /^database_unavailable: .*run `refundry migrate` first/);

  const first = await answer(database, 'migrate', '--buckets', '3');
  assert.equal(first['buckets'], 3);
  assert.ok((first['applied'] as string[]).length > 0);
  const again = await refundry(database, 'migrate');
  assert.match(again.stdout, /nothing to apply.*\n.*divided into 3 bucket/);
  const other = await refundry(database, 'migrate', '--buckets', '5');
  assert.deepEqual([other.code, other.stdout], [2, '']);
  assert.match(other.stderr, /divided into 3 buckets for good/);
});

test('a merchant is made with a policy, shown, listed, and its policy changed', async () => {
  const made = await answer(
    env,
    'merchant',
    'create',
    'Shop A',
    '--set',
    'window_days=90',
    '--set',
    'minimum.KWD=1.005',
  );
  const id = String(made['id']);
  const policy = await answer(
    env,
    'merchant',
    'policy',
    id,
    '--set',
    'window_days=none',
    '--set',
    'partial_refunds=no',
  );
  assert.deepEqual(policy, {
    partial_refunds: false,
    refunds_per_payment: null,
    window_days: null,
    minimum: { KWD: 1005 },
    balance_must_cover: false,
    reason_required: false,
    approval_above: {},
    approval_hours: null,
  });
  await books.register(id, { amountMinor: 1_000n, currency: 'JPY' });
  const shown = await refundry(env, 'merchant', 'show', id);
  assert.match(shown.stdout, /minimum +1\.005 KWD\n/);
  assert.match(shown.stdout, /JPY +1000 JPY +0 JPY +0 JPY/);
  const listed = await refundry(env, 'merchant', 'list');
  assert.match(listed.stdout, new RegExp(`^ID .*\n(?:.*\n)*${id}  Shop A`));
});

test('a setting that means nothing is refused before anything is done', async () => {
  const id = await books.merchant();
  const wrong = [
    'window_days=0',
    'window=3',
    'minimum=1',
    'minimum.XQX=1',
    'minimum.USD=1.005',
    'reason_required=maybe',
  ];
  const ran = await Promise.all(wrong.map((setting) => refundry(env, 'merchant', 'policy', id, '--set', setting)));
  for (const { code, stdout, stderr } of ran)
    assert.deepEqual([code, stdout, stderr.startsWith('usage: --set ')], [2, '', true]);
});

test('a key acts within its role and merchant, until it is revoked', async () => {
  const [mine, other] = [await books.merchant(), await books.merchant()];
  const [payment, foreign] = [await books.payment(mine), await books.payment(other)];
  const made = await answer(env, 'credential', 'create', '--merchant', mine, '--label', 'till');
  const { key } = made['secrets'] as { key: string };
  assert.equal(made['lookup'], null);
  const keyed = { ...env, REFUNDRY_KEY: key };

  const [refunded, notMine, notAllowed, wrongMerchant, listed] = await Promise.all([
    refundry(keyed, 'refund', payment.id, '--amount', '1'),
    refundry(keyed, 'refund', foreign.id, '--amount', '1'),
    refundry(keyed, 'merchant', 'create', 'X'),
    refundry(keyed, 'payment', 'show', 'native.reference:x', '--merchant', other),
    refundry(keyed, 'merchant', 'list', '--json'),
  ]);
  assert.equal(refunded.code, 0, refunded.stderr);
  assert.deepEqual([notMine.code, notMine.stderr], [1, `payment_not_found: there is no payment ${foreign.id}\n`]);
  assert.deepEqual([notAllowed.code, notAllowed.stderr.split(':')[0]], [1, 'forbidden']);
  assert.deepEqual([wrongMerchant.code, wrongMerchant.stderr.split(':')[0]], [1, 'resource_not_found']);
  assert.deepEqual(
    (JSON.parse(listed.stdout) as { merchants: { id: string }[] }).merchants.map(({ id }) => id),
    [mine],
  );
  const { rows } = await (
    await connect(books.database)
  ).query<{ actor: string }>(`SELECT actor FROM journal WHERE payment_id = $1 AND kind = 'refund_succeeded'`, [
    payment.id,
  ]);
  assert.deepEqual(rows, [{ actor: `key:${String(made['id'])}` }]);

  await answer(env, 'credential', 'revoke', String(made['id']));
  const revoked = await refundry(env, 'payment', 'show', payment.id, '--key', key);
  assert.deepEqual([revoked.code, revoked.stderr.split(':')[0]], [2, 'unauthenticated']);
  const all = await refundry(env, 'credential', 'list', '--merchant', mine);
  assert.match(all.stdout, /native +merchant +till +revoked 20/);
  assert.doesNotMatch(all.stdout, /[0-9a-f]{64}/);
});

test('credentials of partners are made of what each protocol needs', async () => {
  const id = await books.merchant();
  const file = writeFile(folder, 'public.pem', keys.publicKey);
  const create = ['credential', 'create', '--merchant', id, '--protocol'];
  const [bbmsl, edubrite, bare, admin, privateKey] = await Promise.all([
    answer(env, ...create, 'bbmsl', '--lookup', '77', '--public-key', file),
    answer(
      env,
      ...create,
      'edubrite',
      '--lookup',
      'lms',
      '--setting',
      'administrators=a',
      '--setting',
      'administrators=b',
    ),
    refundry(env, ...create, 'boost-aoc'),
    refundry(env, ...create, 'native', '--admin'),
    refundry(env, ...create, 'bbmsl', '--lookup', '78', '--public-key', writeFile(folder, 'p.pem', keys.privateKey)),
  ]);
  assert.deepEqual([bbmsl['lookup'], bbmsl['secrets']], ['77', {}]);
  assert.deepEqual(edubrite['settings'], { administrators: ['a', 'b'] });
  assert.deepEqual(Object.keys(edubrite['secrets'] as object), ['password']);
  assert.deepEqual([bare.code, bare.stderr], [2, 'invalid_request: lookup: must be the username\n']);
  assert.equal(admin.code, 2);
  assert.match(privateKey.stderr, /is a private key/);

  const other = await books.merchant();
  const taken = await refundry(
    env,
    'credential',
    'create',
    '--merchant',
    other,
    '--protocol',
    'edubrite',
    '--lookup',
    'lms',
    '--setting',
    'administrators=c',
  );
  assert.deepEqual([taken.code, taken.stderr.split(':')[0]], [1, 'duplicate_reference']);
});
