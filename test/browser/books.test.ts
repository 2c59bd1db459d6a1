/** The books for all to see: that they sum to zero, every entry, and the proof of both. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Office, type Person } from './kit.ts';

const office = await Office.open();
const { server } = office;
const { books } = server;
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n } });
const payment = await books.payment(merchantId);
await books.refund(payment, 1_000n);
await books.refund(payment, 6_000n);
await books.refund(payment, 50_000n);
await books.payment(await books.merchant(), { amountMinor: 700n, currency: 'JPY' });

const table = ({ page }: Person, name: string) => page.getByRole('table', { name });

test('the trial balance shows every account, and that each line sums to zero', async () => {
  const person = await office.person('read');
  await person.go('/books');
  const usd = table(person, 'By currency').getByRole('row').filter({ hasText: 'USD' });
  await usd.waitFor();
  assert.deepEqual(
    (await usd.getByRole('cell').allInnerTexts()).slice(1).map((text) => text.split(/\s/)[0]),
    ['−90.00', '30.00', '60.00', '0.00', '0.00'],
  );
  await usd.getByText('Balances').waitFor();
  const lines = table(person, 'By merchant and currency').getByRole('row');
  assert.equal(await lines.filter({ hasText: 'Balances' }).count(), 2);
  assert.equal(await person.page.getByText('Does not balance').count(), 0);
  await person.assertSound();
  await person.page.getByLabel('Merchant', { exact: true }).selectOption(merchantId);
  await lines.filter({ hasText: 'JPY' }).waitFor({ state: 'detached' });
  assert.equal(person.place, `/books?merchant=${merchantId}`);
});

test('books that do not balance are told from those that do', async () => {
  const person = await office.person('read');
  const accounts = { processor_clearing: -9_000, merchant_unsettled: 9_001, refunds_payable: 0, merchant_settled: 0 };
  const line = { merchant_id: merchantId, merchant_name: 'Example Ltd', currency: 'USD', ...accounts, sum: 1 };
  await person.page.route('**/console/api/trial-balance', (route) =>
    route.fulfill({
      json: { as_of: new Date().toISOString(), totals: [{ ...line, merchants: 1 }], data: [line], next: null },
    }),
  );
  await person.go('/books');
  await table(person, 'By currency').getByText('Does not balance').waitFor();
  await person.assertSound();
});

test('the journal is filtered as the address says, and an entry opens with its numbers', async () => {
  const person = await office.person('read', { colorScheme: 'dark' });
  await person.go('/books');
  await person.page.getByRole('tab', { name: 'Journal' }).click();
  const rows = table(person, 'Journal').getByRole('row');
  await rows.filter({ hasText: 'Merchant created' }).first().waitFor();
  await person.page.getByLabel('What happened').selectOption('command_refused');
  await rows.filter({ hasText: 'Merchant created' }).first().waitFor({ state: 'detached' });
  assert.equal(await rows.count(), 2, 'the heading and one refusal');
  await person.page.getByLabel('Payment id').fill('nonsense');
  await person.page.getByText('Is no payment’s id').waitFor();
  await person.page.getByLabel('Payment id').fill(payment.id);
  await person.page.waitForURL(/payment=/);
  await person.page.reload();
  await rows.getByRole('link', { name: 'Refund refused' }).click();
  const entry = person.page.getByRole('dialog', { name: /^Entry / });
  await entry.getByText('USD 500.00').waitFor();
  await entry.getByText('Amount exceeds refundable').waitFor();
  await entry.getByText(/"refundable": "?3000/).waitFor();
  await person.assertSound();
  await entry.getByRole('link', { name: 'Open the payment' }).click();
  await person.page.waitForURL(`**/payments/${payment.id}`);
});

test('an entry that nothing matches, and a payment that is not there, are said to be so', async () => {
  const person = await office.person('read');
  await person.go('/books?view=journal&kind=balance_settled');
  await person.page.getByText('No entries match').waitFor();
  await person.assertSound();
  await person.page.getByRole('button', { name: 'Clear' }).click();
  await table(person, 'Journal').getByRole('row').nth(1).waitFor();
  await person.go('/books?view=journal&payment=019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11');
  await person.page.getByRole('alert').getByText('There is no such payment').waitFor();
  await person.assertSound();
});

test('an administrator proves the books, and takes the proof along', async () => {
  const person = await office.person('admin');
  await person.go('/books?view=verify');
  await person.page.getByRole('button', { name: 'Verify now' }).waitFor();
  await person.assertSound();
  await person.page.getByRole('button', { name: 'Verify now' }).click();
  await person.page.getByText('The books are whole and balance').waitFor();
  await table(person, 'Heads').getByRole('row').nth(1).waitFor();
  await person.assertSound();
  const downloading = person.page.waitForEvent('download');
  await person.page.getByRole('link', { name: 'Download' }).click();
  const path = await (await downloading).path();
  const { heads, finding_count: findings } = JSON.parse(await readFile(path, 'utf8'));
  assert.equal(findings, 0);
  const shown = await table(person, 'Heads').locator('code').allInnerTexts();
  assert.deepEqual(
    heads.map(({ hash }: { hash: string }) => hash),
    shown,
  );
  // On paper there is the record, and nothing to press.
  await person.page.emulateMedia({ media: 'print' });
  for (const gone of ['Print', 'Verify again']) {
    await person.page.getByRole('button', { name: gone }).waitFor({ state: 'hidden' });
  }
  await person.page.getByRole('navigation').waitFor({ state: 'hidden' });
  await person.page.getByText('The books are whole and balance').waitFor();
});

test('whoever is no administrator is not offered to verify, and the server refuses it', async () => {
  const person = await office.person('approver');
  await person.go('/books?view=verify');
  await table(person, 'By currency').waitFor();
  assert.equal(await person.page.getByRole('tab', { name: 'Verify' }).count(), 0);
  const answer = await person.context.request.get(`${server.url}/console/api/verify`);
  assert.equal(answer.status(), 403);
});

test('a row that was changed by hand is named', async () => {
  await server.rows('UPDATE payment SET currency = $1 WHERE id = $2', ['EUR', payment.id]);
  const person = await office.person('admin', { width: 360 });
  await person.go('/books?view=verify');
  await person.page.getByRole('button', { name: /^Verify/ }).click();
  await person.page.getByText(/do(?:es)? not fit the journal/).waitFor();
  await table(person, 'Findings').getByText(payment.id).first().waitFor();
  await person.assertSound();
});

test('on a phone each line is a small table of its own', async () => {
  const person = await office.person('read', { width: 360, colorScheme: 'dark' });
  await person.go('/books');
  await table(person, 'By currency').getByText('Balances').first().waitFor();
  await person.assertSound();
  await person.go('/books?view=journal');
  await table(person, 'Journal').getByRole('row').nth(1).waitFor();
  await person.assertSound();
});
