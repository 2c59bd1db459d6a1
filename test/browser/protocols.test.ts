/** The partners' protocols at the console: examples that are sent as they stand, edited, and copied to a terminal. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { DEMO_MERCHANT_ID, demoAccess, seedDemo } from '../../src/demo/index.ts';
import { DIALECTS } from '../../src/dialects/index.ts';
import { temporaryFolder } from '../cli/refundry.ts';
import { Office, type Person } from './kit.ts';

const home = temporaryFolder();
const office = await Office.open({ engine: { demo: true }, demo: demoAccess(home) });
await seedDemo(office.server.refundry, home);

const button = ({ page }: Person, name: string | RegExp) => page.getByRole('button', { name });
const answer = ({ page }: Person) => page.getByLabel('Answer’s body').last();
const body = ({ page }: Person) => page.getByRole('textbox', { name: /^(Body|Request, before it is signed)$/ });
async function choose({ page }: Person, name: string): Promise<void> {
  const operations = page.getByRole('group', { name: 'Operation' });
  await operations.getByRole('button', { name }).click();
  await operations.getByRole('button', { name, pressed: true }).waitFor();
}

/** Sends what is shown, and waits for its answer. */
async function send(person: Person, expected: RegExp): Promise<void> {
  await button(person, /^Send/).click();
  await answer(person).getByText(expected).waitFor();
}

/** What the demo merchant refunded of a payment, minor units. */
async function refunded(reference: string): Promise<number> {
  const [row] = await office.server.rows<{ refunded: number }>(
    `SELECT refunded_minor::int AS refunded FROM payment
     WHERE id IN (SELECT payment_id FROM payment_reference WHERE value = $1 AND merchant_id = $2)`,
    [reference, DEMO_MERCHANT_ID],
  );
  return row?.refunded ?? assert.fail(`there is no ${reference}`);
}

test('all protocols are listed, and each has a page that explains it', async () => {
  const person = await office.person('read');
  await person.go('/protocols');
  for (const { title } of DIALECTS) await person.page.getByRole('link', { name: title }).waitFor();
  await person.assertSound();
  for (const { name, title, references } of DIALECTS) {
    await person.go(`/protocols/${name}`);
    await person.page.getByRole('heading', { name: title }).waitFor();
    assert.equal(await person.page.getByText('A partner’s protocol.').count(), 0, 'it says what it is');
    for (const reference of references) await person.page.getByText(reference.name, { exact: true }).waitFor();
    await person.page
      .getByRole('row', { name: /already_refunded/ })
      .getByRole('cell')
      .nth(2)
      .waitFor();
    await person.assertSound();
  }
});

test('each partner’s refund works as it stands', async () => {
  const person = await office.person('admin');
  for (const [protocol, reference, minor, expected] of [
    ['boost-aoc', '12345', 100, /"transactionOperationStatus":"refunded"/],
    ['bbmsl', '4922', 1_000, /"responseCode":"0000"/],
    ['payengine', '9a0df7ef-b77f-4525-97e1-f41a98ad7f75', 1_000, /"TransactionID"/],
    ['payment-options', '9dfd39ec-eb4a-4f8b-a526-17abf140a717', 1_000, /Amount successfully refunded/],
    ['edubrite', '5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511', 4_999, /CDATA\[Success\]/],
  ] as const) {
    await person.go(`/protocols/${protocol}`);
    await send(person, expected);
    assert.equal(await refunded(reference), minor, protocol);
    await person.page
      .getByText(/^\d+ ms$|^under 1 ms$/)
      .last()
      .waitFor();
    await person.assertSound();
  }
});

test('the answer is shown with status, headers and time', async () => {
  const person = await office.person('admin');
  await person.go('/protocols/payengine');
  await body(person).fill('{"id": "nobody", "amount": 1, "reason": "none"}');
  await send(person, /not.found/i);
  await person.page.getByText('404 Not Found', { exact: true }).waitFor();
  await person.page.getByText(/\d+ headers, \d+ bytes/).click();
  await person.page.getByLabel('Answer’s headers').getByText('content-type: application/json').waitFor();
  await person.assertSound();
  await button(person, 'Reset').click();
  assert.match(await body(person).inputValue(), /9a0df7ef/);
});

test('a bbmsl request is signed anew after each edit', async () => {
  const person = await office.person('admin');
  await person.go('/protocols/bbmsl');
  await choose(person, 'query');
  const signed = person.page.getByLabel('Signed request');
  await signed.getByText('4922').waitFor();
  const before = await signed.innerText();
  await body(person).fill('{"merchantId": 3, "orderId": 1}');
  // Sent at once, before the signature on screen has followed.
  await send(person, /"responseCode":"2001"/);
  await signed.getByText('\\"orderId\\": 1}').waitFor();
  assert.notEqual(await signed.innerText(), before);
  await body(person).fill('{"merchantId": 3,');
  await person.page.getByText(/is not valid JSON/).waitFor();
  assert.ok(await button(person, 'Send').isDisabled());
  await person.assertSound();
});

test('edubrite’s steps are sent in order, each with its answer', async () => {
  const person = await office.person('admin');
  await person.go('/protocols/edubrite');
  await body(person).fill('dispatch=refund&id=7a1d3d6f-9a1f-4c1f-8e1b-0cc47a352512');
  await button(person, 'Send 1 to 3, in order').click();
  await person.page.getByText('1. connect 200 OK').waitFor();
  await person.page.getByText('2. connect 200 OK').waitFor();
  await person.page.getByText('3. refund 200 OK').waitFor();
  assert.equal(await refunded('7a1d3d6f-9a1f-4c1f-8e1b-0cc47a352512'), 30_000);
  await choose(person, '2. connect');
  await body(person).fill('username=edubrite-demo&password=wrong');
  await choose(person, '3. refund');
  await button(person, 'Send 1 to 3, in order').click();
  await person.page.getByText('2. connect 401 Unauthorized').waitFor();
  assert.equal(await person.page.getByText('3. refund 200').count(), 0, 'nothing follows what was turned down');
  await person.assertSound();
});

const canCurl = ['sh', 'curl'].every((name) => spawnSync(name, ['-c', 'true', '--version']).error === undefined);

test('what is copied works in a terminal', { skip: canCurl ? false : 'there is no sh or no curl here' }, async () => {
  const person = await office.person('admin');
  for (const [protocol, operation, edit, expected] of [
    ['boost-aoc', 'chargeStatus', null, /"Charged"|Refunded/],
    ['bbmsl', 'query', null, /"responseCode":"0000"/],
    [
      'payengine',
      null,
      `{"id": "e1b1f0a2-93ad-4f0e-9a55-7b0f64c2d233", "amount": 1, "reason": "O'Neill's $1"}`,
      /"TransactionID"/,
    ],
    ['edubrite', '3. refund', 'dispatch=refund&id=nobody', /Unable to find Invoice/],
  ] as const) {
    await person.go(`/protocols/${protocol}`);
    if (operation !== null) await choose(person, operation);
    if (edit !== null) await body(person).fill(edit);
    const line = person.page.getByLabel('Command line');
    if (protocol === 'bbmsl') await line.getByText('signature').waitFor();
    const { stdout } = await promisify(execFile)('sh', ['-c', await line.innerText()], { timeout: 20_000 });
    assert.match(stdout, /^HTTP\/1\.1 \d{3} /);
    assert.match(stdout, expected);
  }
});

test('what no page can send is said before it is sent', async () => {
  const person = await office.person('admin');
  await person.go('/protocols/payengine');
  await person.page.getByLabel('Headers').fill('Content-Type: application/json\nCookie: a=b');
  await person.page.getByText('Cookie is the browser’s own').waitFor();
  assert.ok(await button(person, 'Send').isDisabled());
  await person.assertSound();
});

test('an answer that never comes is said to be missing', async () => {
  const person = await office.person('admin');
  await person.go('/protocols/boost-aoc');
  await person.page.route('**/api/refund', (route) => route.abort());
  await button(person, 'Send').click();
  await person.page.getByRole('alert').getByText('No answer came').waitFor();
  await person.assertSound();
});

test('who may not refund is offered what reads, and nothing that changes money', async () => {
  for (const role of ['read', 'approver'] as const) {
    const person = await office.person(role);
    await person.go('/protocols/bbmsl');
    await person.page.getByText('This changes money, which your role may not').waitFor();
    assert.equal(await button(person, /^Send/).count(), 0);
    await person.assertSound();
    await choose(person, 'query');
    await send(person, /"responseCode":"0000"/);
  }
});

test('on a phone, in the dark, everything fits', async () => {
  const person = await office.person('admin', { width: 360, colorScheme: 'dark' });
  await person.go('/protocols');
  await person.page.getByRole('link', { name: 'BBMSL PayAPI' }).waitFor();
  await person.assertSound();
  for (const { name } of DIALECTS) {
    await person.go(`/protocols/${name}`);
    await button(person, /^Send/).click();
    await answer(person).waitFor();
    await person.assertSound();
  }
});

test('outside of a demo examples have places for credentials, and are sent once these are filled', async () => {
  const plain = await Office.open();
  const { server } = plain;
  const merchantId = await server.books.merchant();
  await server.books.payment(merchantId, {
    references: [{ namespace: 'payengine.id', value: 'pe-1', numbered: false }],
  });
  const { secrets } = await server.credential(merchantId, { protocol: 'payengine' });
  const person = await plain.person('operator', { merchantId });
  await person.go('/protocols/payengine');
  await person.page.getByText('Examples need credentials').waitFor();
  await person.page.getByText('Put in first: secret key').waitFor();
  assert.ok(await button(person, 'Send').isDisabled());
  await person.assertSound();
  const headers = person.page.getByLabel('Headers');
  await headers.fill((await headers.inputValue()).replace('<secret key>', Object.values(secrets)[0] ?? ''));
  await body(person).fill('{"id": "pe-1", "amount": 12.5, "reason": "Returned"}');
  await send(person, /"TransactionID"/);
  const [row] = await server.rows<{ refunded: number }>('SELECT refunded_minor::int AS refunded FROM payment');
  assert.equal(row?.refunded, 1_250);

  await person.go('/protocols/bbmsl');
  await person.page.getByText('Requests are signed with a private key').waitFor();
  assert.equal(await button(person, 'Send').count(), 0);
  await person.page.getByLabel('Command line').getByText('refundry -- sign --key private-key.pem').waitFor();
  await person.assertSound();
});

test('a protocol that nobody knows is said to be unknown', async () => {
  const person = await office.person('read');
  await person.go('/protocols/visa-direct');
  await person.page.getByText('No protocol is called visa-direct').waitFor();
  await person.assertSound();
});
