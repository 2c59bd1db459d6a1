/** Users from the command line, and what becomes of the people who are signed in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ran, start, urlOf } from '../cli/refundry.ts';
import { Browser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const merchant = await server.books.merchant({ approvalAboveMinor: { USD: 5_000n } });
const payment = await server.books.payment(merchant);
const env = { DATABASE_URL: urlOf(server.database) };
const SESSION = '/console/api/session';

const user = async (words: readonly string[], input = ''): Promise<Ran> => {
  const ran = await start(env, ['user', ...words], input).ended;
  assert.doesNotMatch(ran.stderr, /\n\s+at /, `a stack trace: ${ran.stderr}`);
  return ran;
};

const create = (name: string, words: readonly string[], password = PASSWORD): Promise<Ran> =>
  user(['create', name, '--password-stdin', ...words], `${password}\n`);

async function assertMade(made: Promise<Ran>): Promise<void> {
  const { code, stderr } = await made;
  assert.equal(code, 0, stderr);
}

test('a user is made, listed, and signs in with the password', async () => {
  const made = await create('olga@example.com', [
    '--role',
    'operator',
    '--merchant',
    merchant,
    '--limit',
    'USD 10.00',
    '--limit',
    'JPY 500',
    '--label',
    'Olga O.',
    '--json',
  ]);
  assert.equal(made.code, 0, made.stderr);
  const shown = JSON.parse(made.stdout) as Record<string, unknown>;
  assert.deepEqual(
    [shown['lookup'], shown['role'], shown['merchant_id'], shown['label'], shown['settings']],
    ['olga@example.com', 'operator', merchant, 'Olga O.', { limit: ['USD 1000', 'JPY 500'] }],
  );
  assert.doesNotMatch(made.stdout + made.stderr, /scrypt|horse/);

  const listed = await user(['list']);
  assert.match(listed.stdout, /olga@example\.com +Olga O\. +operator +Example Ltd +10\.00 USD, 500 JPY +live/);
  const browser = new Browser(server);
  const { status, json } = await browser.signIn('olga@example.com');
  assert.deepEqual([status, json.user.limits], [200, { USD: 1_000, JPY: 500 }]);
  const [entry] = await server.rows<{ actor: string }>(
    `SELECT actor FROM journal WHERE kind = 'credential_created' ORDER BY at DESC LIMIT 1`,
  );
  assert.match(entry?.actor ?? '', /^cli:/);
});

test('what makes no user is refused with the reason, and nothing is made', async () => {
  await assertMade(create('taken', ['--role', 'read']));
  const before = await server.entries();
  const refused = await Promise.all([
    create('taken', ['--role', 'admin']),
    create('short', ['--role', 'read'], 'elevenchars'),
    create('Capital', ['--role', 'read']),
    create('limited', ['--role', 'approver', '--limit', 'USD 1.00']),
    create('limited', ['--role', 'operator', '--limit', 'USD 1.005']),
    create('limited', ['--role', 'operator', '--limit', '100']),
    create('bound', ['--role', 'admin', '--merchant', merchant]),
    create('roleless', ['--role', 'merchant']),
    user(['create', 'unasked', '--role', 'read']),
    user(['disable', 'nobody']),
    user(['password', 'nobody', '--password-stdin'], `${PASSWORD}\n`),
  ]);
  const expected: readonly (readonly [code: number, said: string])[] = [
    [1, 'duplicate_reference: there is a user taken already'],
    [2, 'invalid_request: password: must have 12 to 256 characters, and has 11'],
    [2, 'invalid_request: name: must have 1 to 64 lower-case letters'],
    [2, 'invalid_request: limit: is for operators, and this is role approver'],
    [2, 'usage: --limit USD 1.005: USD has 2 decimals'],
    [2, 'usage: --limit "100": write a currency and an amount'],
    [2, 'usage: administrators have no --merchant'],
    [2, "usage: option '--role <role>' argument 'merchant' is invalid"],
    [2, 'usage: there is no terminal to ask for the password'],
    [1, 'resource_not_found: there is no user nobody'],
    [1, 'resource_not_found: there is no user nobody'],
  ];
  assert.equal(refused.length, expected.length);
  for (const [index, [code, said]] of expected.entries()) {
    const ran = refused[index];
    assert.deepEqual([ran?.code, ran?.stdout, ran?.stderr.slice(0, said.length)], [code, '', said]);
  }
  assert.equal(await server.entries(), before);
});

test('a disabled user is signed out, signs in no more, and the name is free again', async () => {
  await assertMade(create('leaver', ['--role', 'admin']));
  const browser = new Browser(server);
  await browser.signIn('leaver');
  assert.equal((await browser.get(SESSION)).status, 200);
  await assertMade(user(['disable', 'leaver']));
  assert.equal((await browser.get(SESSION)).status, 401);
  server.clock.advance(2_001);
  assert.equal((await browser.signIn('leaver')).status, 401);
  assert.match((await user(['list'])).stdout, /leaver +leaver +admin +\(all\) +disabled 20/);
  await assertMade(create('leaver', ['--role', 'read'], 'another long password'));
  server.clock.advance(2_001);
  assert.equal((await browser.signIn('leaver', 'another long password')).json.user.role, 'read');
});

test('another password ends all sessions, and keeps who the user is', async () => {
  await assertMade(create('changer', ['--role', 'operator', '--merchant', merchant, '--limit', 'USD 7.00']));
  const browser = new Browser(server);
  const before = (await browser.signIn('changer')).json.user;
  await assertMade(user(['password', 'changer', '--password-stdin'], 'a new long password\n'));
  assert.equal((await browser.get(SESSION)).status, 401);
  server.clock.advance(2_001);
  assert.equal((await browser.signIn('changer')).status, 401, 'the old password');
  const after = await browser.signIn('changer', 'a new long password');
  assert.equal(after.status, 200, after.body);
  assert.deepEqual(after.json.user, before);
});

test('who asked for a refund cannot approve it, also not with another password; a second person can', async () => {
  await assertMade(create('ada', ['--role', 'admin']));
  await assertMade(create('abel', ['--role', 'approver']));
  const ada = new Browser(server);
  await ada.signIn('ada');
  const asked = await ada.post('/v1/refunds', { payment_id: payment.id, amount: 6_000 });
  assert.equal(asked.json.status, 'pending_approval', asked.body);
  const approve = (browser: Browser) => browser.post(`/v1/refunds/${asked.json.id}/approve`, { amount: 6_000 });

  const own = await approve(ada);
  assert.deepEqual([own.status, own.json.code], [409, 'approval_not_allowed']);
  await assertMade(user(['password', 'ada', '--password-stdin'], 'a new long password\n'));
  server.clock.advance(2_001);
  await ada.signIn('ada', 'a new long password');
  const renewed = await approve(ada);
  assert.deepEqual([renewed.status, renewed.json.code], [409, 'approval_not_allowed']);
  const rejected = await ada.post(`/v1/refunds/${asked.json.id}/reject`);
  assert.equal(rejected.json.code, 'approval_not_allowed');

  const abel = new Browser(server);
  await abel.signIn('abel');
  const second = await approve(abel);
  assert.deepEqual([second.status, second.json.status], [200, 'succeeded'], second.body);
});

test('the books hold users like all credentials: every change is in the chain', async () => {
  assert.deepEqual(await server.findings(), []);
  await server.rows(`UPDATE credential SET role = 'admin' WHERE lookup = 'abel'`);
  const findings = await server.findings();
  assert.ok(findings.length > 0, 'an approver who was made administrator by hand is found');
});
