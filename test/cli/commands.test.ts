/** Payments, refunds, settlements and proofs from the command line, each command as a process. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { answer, type Environment, refundry, start, temporaryFolder, urlOf, writeFile } from './refundry.ts';

const books = await Books.open();
const env: Environment = { DATABASE_URL: urlOf(books.database) };
const folder = temporaryFolder();
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

test('a refund is previewed, done once per key, and refused with its numbers beyond what is left', async () => {
  const merchant = await books.merchant();
  const { id } = await books.payment(merchant, {
    references: [{ namespace: 'native.reference', value: 'order-1', numbered: false }],
  });
  const preview = await refundry(env, 'refund', id, '--amount', '60.00', '--dry-run');
  assert.match(preview.stdout, /^Would refund 60\.00 USD\. Nothing was done\. Afterwards it would be:\n/);
  assert.equal((await answer(env, 'payment', 'show', id))['refundable'], 10_000);

  const once = [
    'refund',
    'native.reference:order-1',
    '--amount',
    '60.0',
    '--reason',
    'late',
    '--idempotency-key',
    'k1',
  ];
  const first = await answer(env, ...once);
  const second = await answer(env, ...once);
  assert.deepEqual([first['replayed'], second['replayed']], [false, true]);
  assert.deepEqual({ ...second, replayed: false }, first);

  const tooMuch = await refundry(env, 'refund', 'create', id, '--amount', '60', '--json');
  assert.equal(tooMuch.code, 1);
  assert.match(tooMuch.stderr, /^amount_exceeds_refundable: asked 60\.00 USD, refundable 40\.00 USD/);
  const { error } = JSON.parse(tooMuch.stdout) as { error: { code: string; facts: Record<string, string> } };
  assert.equal(error.code, 'amount_exceeds_refundable');
  const rest = await refundry(env, 'refund', id, '--all');
  assert.match(rest.stdout, /^Refunded 40\.00 USD\.\n(?:.*\n)*refundable +0\.00 USD\n$/);
  const shown = await refundry(env, 'payment', 'show', id);
  assert.match(shown.stdout, /refused: amount_exceeds_refundable +60\.00 USD/);
});

test('a refund says who asked for it, a payment who paid and with what', async () => {
  const paid = await books.payment(await books.merchant(), {
    details: {
      customer: { name: 'Jane Doe', email: 'jane@example.org' },
      method: { type: 'card', scheme: 'VISA', first6: '411111', last4: '1111', expiryMonth: '12', expiryYear: '29' },
    },
  });
  const payment = await refundry(env, 'payment', 'show', paid.id);
  assert.match(
    payment.stdout,
    /\ncustomer +Jane Doe, jane@example\.org\npaid with +card VISA 411111\*{6}1111 \(12\/29\)\n/,
  );
  const { refund } = await books.refund(paid, 100n);
  const shown = await refundry(env, 'refund', 'show', refund?.id ?? '');
  assert.match(shown.stdout, /\nasked by +cli:test\n/);
});

test('how much must be said, exactly', async () => {
  const { id } = await books.payment(await books.merchant());
  const wrong = [
    [],
    ['--amount', '1', '--all'],
    ['--amount', '1,00'],
    ['--amount', '1e1'],
    ['--amount', '0'],
    ['--amount', '-1'],
  ];
  const ran = await Promise.all(wrong.map((words) => refundry(env, 'refund', id, ...words)));
  for (const { code, stdout } of ran) assert.deepEqual([code, stdout], [2, '']);
  const halfCent = await refundry(env, 'refund', id, '--amount', '0.005');
  assert.notEqual(halfCent.code, 0);
});

test('a reference that two merchants use needs --merchant', async () => {
  const references = [{ namespace: 'bbmsl.orderId', value: '4711', numbered: true }];
  const mine = await books.payment(await books.merchant(), { references });
  await books.payment(await books.merchant(), { references });
  const [ambiguous, said, unknown, nonsense] = await Promise.all([
    refundry(env, 'payment', 'show', 'bbmsl.orderId:4711'),
    answer(env, 'payment', 'show', 'bbmsl.orderId:4711', '--merchant', mine.merchantId),
    refundry(env, 'payment', 'show', 'bbmsl.orderId:4712'),
    refundry(env, 'payment', 'show', 'order 4711'),
  ]);
  assert.deepEqual([ambiguous.code, /2 merchants.*--merchant/.test(ambiguous.stderr)], [2, true]);
  assert.equal(said['id'], mine.id);
  assert.deepEqual([unknown.code, nonsense.code], [1, 2]);
});

test('a refund above the limit waits for a second person, who may also turn it down', async () => {
  const merchant = await books.merchant({ approvalAboveMinor: { USD: 1_000n } });
  const { id } = await books.payment(merchant);
  const ask = async (amount: string): Promise<string> => {
    const asked = await answer(env, 'refund', id, '--amount', amount);
    assert.equal(asked['status'], 'pending_approval');
    return String(asked['id']);
  };
  const { key } = (await answer(env, 'credential', 'create', '--admin'))['secrets'] as { key: string };
  const [first, second, third] = [await ask('20'), await ask('21'), await ask('22')];
  const waiting = ['refund', 'list', '--status', 'pending_approval', '--merchant', merchant];
  const listed = (await answer(env, ...waiting))['refunds'] as { id: string }[];
  assert.deepEqual(
    listed.map((refund) => refund.id),
    [third, second, first],
  );
  const newest = await refundry(env, ...waiting, '--limit', '1');
  assert.match(
    newest.stdout,
    new RegExp(`^REFUND .*EXPIRES\\n${third}  pending_approval  22\\.00 USD  ${id}  cli:.*Z\\n$`),
  );
  assert.match(newest.stderr, /--limit 1 is reached/);
  const alone = await refundry(env, 'refund', 'approve', first);
  assert.deepEqual([alone.code, alone.stderr.split(':')[0]], [1, 'approval_not_allowed']);
  const other = await refundry(env, 'refund', 'approve', first, '--amount', '19.00', '--key', key);
  assert.match(other.stderr, /the approval is for 19\.00 USD, the refund is of 20\.00 USD/);

  const approved = await answer(env, 'refund', 'approve', first, '--amount', '20.00', '--key', key);
  assert.equal(approved['status'], 'succeeded');
  const rejected = await answer(env, 'refund', 'reject', second, '--key', key);
  assert.equal(rejected['cancel_reason'], 'rejected');
  const canceled = await refundry(env, 'refund', 'cancel', third);
  assert.match(canceled.stdout, /^Canceled the refund of 22\.00 USD\./);
  const reversed = await answer(env, 'refund', 'reverse', first);
  assert.equal((reversed['payment'] as { refundable: number }).refundable, 10_000);
  const shown = await answer(env, 'refund', 'show', first);
  assert.equal(shown['status'], 'reversed');
  assert.match(String(shown['asked_by']), /^cli:/);
  assert.deepEqual(
    (shown['later'] as { kind: string; actor: string }[]).map(
      ({ kind, actor }) => `${kind} ${actor.split(':', 1).join()}`,
    ),
    ['refund_approved key', 'refund_reversed cli'],
  );
  const asText = await refundry(env, 'refund', 'show', second);
  assert.match(asText.stdout, /\nasked by +cli:.*\n(?:.*\n)?rejected by +key:\S+, 20\S+Z\n/);
  const missing = await refundry(env, 'refund', 'show', id);
  assert.deepEqual([missing.code, missing.stderr], [1, `refund_not_found: there is no refund ${id}\n`]);
});

test('a settlement pays out all that is unsettled, once', async () => {
  const merchant = await books.merchant();
  await books.payment(merchant, { amountMinor: 12_345n });
  const settled = await answer(env, 'settle', merchant, 'USD', '--idempotency-key', 'month-1');
  assert.equal(settled['amount'], 12_345);
  const again = await answer(env, 'settle', merchant, 'USD', '--idempotency-key', 'month-1');
  assert.deepEqual([again['id'], again['replayed']], [settled['id'], true]);
  const [nothing, nowhere] = await Promise.all([
    refundry(env, 'settle', merchant, 'USD'),
    refundry(env, 'settle', merchant, 'dollars'),
  ]);
  assert.deepEqual([nothing.code, nothing.stderr], [1, 'nothing_to_settle: the unsettled balance is 0.00 USD\n']);
  assert.equal(nowhere.code, 2);
});

test('sign makes an envelope that the public key proves, over the very text', async () => {
  const file = writeFile(folder, 'private.pem', keys.privateKey);
  const request = '{"merchantId":3, "orderId":4922, "amount":10.00}';
  const { stdout } = await start({}, ['sign', '--key', file], `${request}\n`).ended;
  const envelope = JSON.parse(stdout) as { request: string; signature: string };
  assert.equal(envelope.request, request);
  const signature = Buffer.from(envelope.signature, 'base64');
  assert.ok(verifySignature('sha256', Buffer.from(request), createPublicKey(keys.publicKey), signature));
  const [noKey, noJson] = await Promise.all([
    refundry({ REFUNDRY_HOME: folder }, 'sign', request),
    refundry({}, 'sign', '{', '--key', file),
  ]);
  assert.deepEqual([noKey.code, /`refundry start` makes it/.test(noKey.stderr)], [2, true]);
  assert.equal(noJson.code, 2);
  assert.match(noJson.stderr, /^usage: the request is not valid JSON; it looks like \{/);
});

test('verify proves whole books, meets its earlier heads again, and names the row that was changed by hand', async () => {
  const own = await Books.open();
  const database = { DATABASE_URL: urlOf(own.database) };
  const payment = await own.payment(await own.merchant());
  const file = `${folder}/heads.json`;
  const whole = await refundry(database, 'verify', '--heads', file);
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /The books are whole and balance: 2 journal entries, 1 payments/);
  assert.match(whole.stdout, /\nThe heads were written to .*heads\.json\.\n/);
  const { heads } = JSON.parse(readFileSync(file, 'utf8')) as {
    heads: { bucket: number; seq: number; hash: string }[];
  };
  assert.equal(heads.length, 4);
  assert.ok(heads.some(({ seq, hash }) => seq === 2 && /^[0-9a-f]{64}$/.test(hash)));

  await own.refund(payment, 100n);
  const later = await answer(database, 'verify', '--against', file);
  assert.deepEqual([later['finding_count'], later['refunds']], [0, 1]);
  const compared = await refundry(database, 'verify', '--against', file);
  assert.match(compared.stdout, /\nAll 4 heads in .*heads\.json are still in the books\.\n/);
  const credential = await answer(database, 'credential', 'create', '--merchant', payment.merchantId);
  const { key } = credential['secrets'] as { key: string };
  const notAllowed = await refundry(database, 'verify', '--key', key);
  assert.deepEqual([notAllowed.code, notAllowed.stderr.split(':')[0]], [2, 'forbidden']);
  const elsewhere = await refundry(env, 'verify', '--against', file);
  assert.deepEqual([elsewhere.code, /printed earlier|head/i.test(elsewhere.stdout)], [1, true], elsewhere.stdout);
  const noHeads = await refundry(env, 'verify', '--against', writeFile(folder, 'x.json', '{"heads":[]}'));
  assert.deepEqual([noHeads.code, noHeads.stderr.split(':')[0]], [2, 'usage']);

  await (await connect(own.database)).query('UPDATE payment SET refunded_minor = 50');
  const tampered = await refundry(database, 'verify', '--heads', `${folder}/none.json`);
  assert.equal(tampered.code, 1);
  assert.match(tampered.stdout, new RegExp(`^payment ${payment.id}: .*refunded`));
  assert.match(tampered.stdout, /\n[1-9][0-9]* finding\(s\) in 4 journal entries/);
  assert.throws(() => readFileSync(`${folder}/none.json`));
});

test('commands and a busy engine share the books without losing or doubling anything', async () => {
  const merchant = await books.merchant();
  const { id } = await books.payment(merchant, { amountMinor: 100_000n });
  const commands = Promise.all(Array.from({ length: 4 }, () => refundry(env, 'refund', id, '--amount', '1.00')));
  const state = { isRunning: true };
  void commands.finally(() => (state.isRunning = false));
  let engines = 0;
  while (state.isRunning) engines += (await books.refund({ id, merchantId: merchant }, 100n)).refusal === null ? 1 : 0;
  const done = (await commands).filter(({ code }) => code === 0).length;
  const shown = await answer(env, 'payment', 'show', id);
  assert.equal(shown['refunded'], Math.min(100_000, (engines + done) * 100));
  assert.equal(
    (shown['refunds'] as { status: string }[]).filter(({ status }) => status === 'succeeded').length,
    engines + done,
  );
});

test('what cannot run says why in a sentence, and exits with 2', async () => {
  const [noDatabase, badConfig, noCommand, unknown, noArgument, help, version, missing] = await Promise.all([
    refundry({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' }, 'merchant', 'list'),
    refundry({ DATABASE_URL: 'mysql://x', REFUNDRY_LANE: '3' }, 'merchant', 'list'),
    refundry({}, 'merchant'),
    refundry({}, 'refnud', '--json'),
    refundry({}, 'refund', 'show', '--json'),
    refundry({}, 'refund', '--help'),
    refundry({}, '--version'),
    refundry(env, 'merchant', 'show', 'nobody', '--json'),
  ]);
  assert.deepEqual(
    [noDatabase.code, noDatabase.stderr],
    [2, 'database_unavailable: connect ECONNREFUSED 127.0.0.1:1\n'],
  );
  assert.equal(badConfig.code, 2);
  assert.match(badConfig.stderr, /^configuration: .*2 mistake/);
  assert.deepEqual([noCommand.code, /Usage: refundry merchant/.test(noCommand.stderr)], [2, true]);
  for (const [ran, sentence] of [
    [unknown, "unknown command 'refnud' (Did you mean refund?) (--help says more)"],
    [noArgument, "missing required argument 'refund' (--help says more)"],
  ] as const) {
    assert.deepEqual([ran.code, ran.stderr], [2, `usage: ${sentence}\n`]);
    assert.deepEqual(JSON.parse(ran.stdout), { error: { code: 'usage', message: sentence, facts: {} } });
  }
  assert.deepEqual([help.code, /refundry refund native\.reference:order-42 --all/.test(help.stdout)], [0, true]);
  assert.match(version.stdout, /^[0-9]+\.[0-9]+\.[0-9]+\n$/);
  assert.equal(missing.code, 1);
  assert.deepEqual(JSON.parse(missing.stdout), {
    error: { code: 'resource_not_found', message: 'there is no merchant nobody', facts: {} },
  });
});
