/** A merchant: what it allows in plain words, what is held for it, and who may act for it. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Office, type Person } from './kit.ts';

const office = await Office.open();
const { server } = office;
const { books } = server;
const strict = { windowDays: 90, approvalAboveMinor: { USD: 50_000n }, reasonRequired: true };
const merchantId = await books.merchant(strict);

const region = ({ page }: Person, name: string) => page.getByRole('region', { name });
const dialog = ({ page }: Person, name: string | RegExp) => page.getByRole('dialog', { name });

afterEach(async () => assert.deepEqual(await server.findings(), []));

test('the list says in a few words what each allows, and leads to the merchant', async () => {
  const person = await office.person('read');
  await person.go('/merchants');
  const row = person.page.getByRole('row').filter({ hasText: 'second person above USD 500.00' });
  await row.filter({ hasText: '90 days · reason needed' }).waitFor();
  await person.assertSound();
  await row.getByRole('link').click();
  await region(person, 'Policy')
    .getByText('A refund may be asked for within 90 days after the payment was captured.')
    .waitFor();
  await region(person, 'Policy').getByText('Any amount may be refunded, however little.').waitFor();
  await person.assertSound();
  assert.equal(person.place, `/merchants/${merchantId}`);
});

test('a viewer, an operator and an approver are offered no changes; those of one merchant see that one', async () => {
  const { id } = await books.payment(merchantId);
  assert.ok(id !== '');
  for (const role of ['read', 'operator', 'approver'] as const) {
    const person = await office.person(role, { merchantId });
    await person.go('/merchants');
    await person.page.waitForURL(`**/merchants/${merchantId}`);
    await region(person, 'Balances').getByText('100.00').waitFor();
    await region(person, 'Credentials').getByRole('heading').waitFor();
    for (const name of [/Change/, /New/, /Settle/, /Revoke/, /Replace/]) {
      assert.equal(await person.page.getByRole('button', { name }).count(), 0, `${role}: ${name}`);
    }
  }
  const stranger = await office.person('read', { merchantId: await books.merchant() });
  await stranger.go(`/merchants/${merchantId}`);
  await stranger.page.getByText('There is no such').first().waitFor();
});

test('a policy is explained while it is written, and what changes is said before it is saved', async () => {
  const id = await books.merchant(strict);
  const person = await office.person('admin');
  await person.go(`/merchants/${id}`);
  await region(person, 'Policy').getByRole('button', { name: 'Change' }).click();
  const editor = dialog(person, /^Policy of/);
  const save = editor.getByRole('button', { name: 'Save the policy' });
  assert.equal(await save.isDisabled(), true, 'nothing changes yet');
  await editor.getByLabel('Days after capture').fill('none');
  await editor.getByText('A whole number from 1 to 36,500, or nothing').waitFor();
  await editor.getByLabel('Days after capture').fill('30');
  await editor.getByText('within 30 days after the payment was captured').first().waitFor();
  const above = editor.getByRole('group', { name: 'A second person must approve above' });
  await above.getByLabel('amount in USD').fill('250.5');
  await above.getByRole('button', { name: 'Add a currency' }).click();
  await above.getByLabel('currency').last().selectOption('JPY');
  await above.getByLabel('amount in JPY').fill('0');
  await editor.getByText('Every refund in JPY waits for a second person.').first().waitFor();
  await editor.getByText('2 rules change').waitFor();
  await person.assertSound();
  await save.click();
  await editor.waitFor({ state: 'detached' });
  await region(person, 'Policy').getByText('A refund above USD 250.50 waits').first().waitFor();
  const merchant = await server.refundry.accounts.merchant(id);
  assert.deepEqual(
    [merchant?.policy.windowDays, merchant?.policy.approvalAboveMinor, merchant?.policy.reasonRequired],
    [30, { USD: 25_050n, JPY: 0n }, true],
  );
});

test('a policy that somebody else changed meanwhile is not overwritten', async () => {
  const id = await books.merchant(strict);
  const person = await office.person('admin', { colorScheme: 'dark' });
  await person.go(`/merchants/${id}`);
  await region(person, 'Policy').getByRole('button', { name: 'Change' }).click();
  const editor = dialog(person, /^Policy of/);
  await editor.getByLabel('A reason is required').uncheck();
  const merchant = await server.refundry.accounts.merchant(id);
  assert.ok(merchant !== null);
  await books.command(id, { kind: 'set_policy', policy: { ...merchant.policy, balanceMustCover: true } });
  await editor.getByRole('button', { name: 'Save the policy' }).click();
  await editor.getByText('Somebody changed it while you had it open.').waitFor();
  await person.assertSound();
  const kept = (await server.refundry.accounts.merchant(id))?.policy;
  assert.deepEqual([kept?.balanceMustCover, kept?.reasonRequired], [true, true]);
});

test('a credential’s secret is shown once, works, is replaced, and the old one is revoked', async () => {
  const id = await books.merchant();
  const person = await office.person('admin');
  const works = async (key: string): Promise<boolean> =>
    (await server.send({ method: 'GET', path: '/v1/me', headers: { authorization: `Bearer ${key}` } })).status === 200;
  const secret = async (drawer: ReturnType<typeof dialog>): Promise<string> =>
    drawer.locator('code').first().innerText();

  await person.go(`/merchants/${id}`);
  await region(person, 'Credentials').getByText('Nobody may act for this merchant').waitFor();
  await region(person, 'Credentials').getByRole('button', { name: 'New credential' }).click();
  const made = dialog(person, 'New credential');
  await made.getByLabel('Label').fill('Checkout');
  await made.getByRole('button', { name: 'Make the credential' }).click();
  await made.getByText('Copy this now: it is shown once').waitFor();
  const first = await secret(made);
  assert.ok(await works(first));
  await person.assertSound();
  // A slip of the finger does not lose it.
  await person.page.keyboard.press('Escape');
  await person.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await made.getByRole('button', { name: 'Copy key' }).click();
  assert.equal(await person.page.evaluate('navigator.clipboard.readText()'), first);
  await made.getByRole('button', { name: 'I have stored it' }).click();
  await made.waitFor({ state: 'detached' });
  assert.ok(!(await person.page.content()).includes(first), 'it is gone');

  await person.page.getByRole('button', { name: 'Replace Checkout' }).click();
  const replaced = dialog(person, 'Replace “Checkout”');
  await replaced.getByRole('button', { name: 'Make the new one' }).click();
  await replaced.getByText('The old one still works').waitFor();
  const second = await secret(replaced);
  assert.notEqual(second, first);
  assert.ok((await works(first)) && (await works(second)), 'both work for a while');
  await replaced.getByRole('button', { name: 'Revoke the old one now' }).click();
  await replaced.getByText('The old one is revoked').waitFor();
  await person.assertSound();
  await replaced.getByRole('button', { name: 'I have stored it' }).click();
  await region(person, 'Credentials').getByLabel('Show revoked ones (1)').check();
  await region(person, 'Credentials').getByText('Revoked', { exact: true }).waitFor();

  await person.page.getByRole('button', { name: 'Revoke Checkout' }).click();
  await dialog(person, 'Revoke').getByRole('button', { name: 'Revoke “Checkout”' }).click();
  await region(person, 'Credentials').getByText('Show revoked ones (2)').waitFor();
  const live = await server.refundry.accounts.credentials(id);
  assert.ok(live.every(({ revokedAt }) => revokedAt !== null));
});

test('a partner’s credential asks for what its protocol needs, and says what does not fit', async () => {
  const id = await books.merchant();
  const person = await office.person('admin', { width: 360 });
  await person.go(`/merchants/${id}`);
  await person.page.getByRole('button', { name: 'New credential' }).click();
  const made = dialog(person, 'New credential');
  await made.getByLabel('Protocol').selectOption('edubrite');
  await made.getByLabel('Label').fill('LMS');
  await made.getByLabel(/^username/).fill('not a name');
  await made.getByLabel(/site administrators/).fill('chenry\nada');
  await made.getByRole('button', { name: 'Make the credential' }).click();
  await made.getByRole('alert').getByText('lookup: must be the username').waitFor();
  await person.assertSound();
  await made.getByLabel(/^username/).fill('lms-1');
  await made.getByRole('button', { name: 'Make the credential' }).click();
  await made.getByRole('button', { name: 'Copy password' }).waitFor();
  await person.assertSound();
  const [credential] = await server.refundry.accounts.credentials(id);
  assert.deepEqual([credential?.lookup, credential?.settings], ['lms-1', { administrators: ['chenry', 'ada'] }]);
});

test('a settlement is confirmed with its amount, and pays out once', async () => {
  const id = await books.merchant();
  await books.payment(id);
  const person = await office.person('admin');
  await person.go(`/merchants/${id}`);
  await person.page.getByRole('button', { name: 'Settle USD' }).click();
  const settle = dialog(person, 'Settle USD');
  await settle.getByText('they can still be refunded, and no longer be voided').waitFor();
  await person.assertSound();
  await settle.getByRole('button', { name: 'Settle USD 100.00' }).dblclick();
  await settle.getByText('USD 100.00 settled').waitFor();
  await settle.getByRole('button', { name: 'Done' }).click();
  await region(person, 'Settlements').getByText('USD 100.00').waitFor();
  assert.equal(await person.page.getByRole('button', { name: 'Settle USD' }).count(), 0, 'nothing is left');
  const { items } = await server.refundry.accounts.settlements(id, 10, null);
  assert.deepEqual(
    items.map(({ amountMinor }) => amountMinor),
    [10_000n],
  );
});

test('a new merchant is made by its name, and begins without limits', async () => {
  const person = await office.person('admin');
  await person.go('/merchants');
  await person.page.getByRole('button', { name: 'New merchant' }).click();
  await dialog(person, 'New merchant').getByLabel('Name').fill('Blue Harbor Books');
  await dialog(person, 'New merchant').getByRole('button', { name: 'Make the merchant' }).click();
  await person.page.getByRole('heading', { name: 'Blue Harbor Books' }).waitFor();
  await region(person, 'Policy').getByText('at any time').first().waitFor();
  await region(person, 'Balances').getByText('Nothing was captured yet').waitFor();
  await person.assertSound();
});
