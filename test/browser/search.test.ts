/** Finding payments: by whatever one has at hand, and by filters. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Office } from './kit.ts';

const office = await Office.open();
const { books } = office.server;
const merchantId = await books.merchant();
const register = (value: string, amountMinor: bigint, currency = 'USD') =>
  books.payment(merchantId, {
    amountMinor,
    currency,
    references: [{ namespace: 'native.reference', value, numbered: false }],
    details: { customer: { email: `${value}@example.org` }, method: { type: 'card', scheme: 'VISA', last4: '4242' } },
  });
const shoes = await register('order-shoes', 4_999n);
await register('order-boots', 12_500n);
await register('order-tea', 1_200n, 'JPY');
const refund = await books.refund(shoes, 1_000n);

const rows = (person: Awaited<ReturnType<typeof office.person>>, table: string) =>
  person.page.getByRole('table', { name: table }).getByRole('row');

test('the slash leads to the search box, Enter searches, and Enter again opens the best result', async () => {
  const person = await office.person('read');
  await person.go('/');
  await person.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await person.page.keyboard.press('/');
  await person.page.keyboard.type('order-shoes');
  await person.page.keyboard.press('Enter');
  await person.page.getByRole('cell', { name: 'native.reference order-shoes' }).last().waitFor();
  await person.assertSound();
  await person.page
    .getByRole('link', { name: /order-shoes/ })
    .and(person.page.locator(':focus'))
    .waitFor();
  await person.page.keyboard.press('Enter');
  await person.page.getByRole('heading', { name: 'order-shoes', exact: true }).waitFor();
  assert.equal(person.place, `/payments/${shoes.id}`);
});

test('a payment is found by its id, a refund of it, an email, an amount or the last digits of a card', async () => {
  const person = await office.person('read');
  for (const [sought, payments] of [
    [shoes.id, 1],
    [refund.refund?.id ?? '', 1],
    ['order-shoes@example.org', 1],
    ['USD 49.99', 1],
    ['4242', 3],
  ] as const) {
    await person.go('/');
    const box = person.page.getByRole('textbox', { name: 'Search payments' });
    await box.fill(sought);
    await box.press('Enter');
    await person.page.getByRole('heading', { name: `Search: ${sought}` }).waitFor();
    await person.page.getByRole('link', { name: /order-shoes/ }).waitFor();
    // The heading is a row, too.
    assert.equal(await rows(person, 'Results').count(), payments + 1, sought);
  }
});

test('what is not known is said to be so, and Escape empties the box', async () => {
  const person = await office.person('read', { width: 360 });
  await person.go('/search?q=order-nothing');
  await person.page.getByText('Nothing is known as “order-nothing”').waitFor();
  await person.assertSound();
  const box = person.page.getByRole('textbox', { name: 'Search payments' });
  assert.equal(await box.inputValue(), 'order-nothing');
  await box.press('Escape');
  assert.equal(await box.inputValue(), '');
});

test('a user of one merchant finds nothing of another', async () => {
  const person = await office.person('operator', { merchantId: await books.merchant() });
  await person.go('/search?q=order-shoes');
  await person.page.getByText('Nothing is known as').waitFor();
  await person.go(`/payments/${shoes.id}`);
  await person.page.getByRole('alert').getByText('There is no such payment', { exact: true }).waitFor();
  await person.assertSound();
});

test('filters and sorting are in the address: they outlive a reload, and can be sent to somebody', async () => {
  const person = await office.person('read');
  await person.go('/payments');
  await person.page.getByRole('link', { name: /order-tea/ }).waitFor();
  await person.page.getByLabel('Currency').selectOption('USD');
  await person.page.getByLabel('Amount from').fill('10.00');
  await person.page.getByRole('link', { name: /order-tea/ }).waitFor({ state: 'detached' });
  await person.page.getByRole('button', { name: 'Amount', exact: true }).click();
  // What is largest comes first, of amounts.
  await person.page.waitForURL(/sort=amount\.desc/);
  await person.page.getByRole('button', { name: 'Amount', exact: true }).click();
  await person.page.waitForURL(/sort=amount\.asc/);
  for (let visit = 0; visit < 2; visit += 1) {
    await person.page
      .getByRole('columnheader', { name: 'Amount', exact: true })
      .and(person.page.locator('[aria-sort=ascending]'))
      .waitFor();
    const names = await rows(person, 'Payments').getByRole('link').allInnerTexts();
    assert.deepEqual(
      names.map((name) => name.split('\n')[0]),
      ['order-shoes', 'order-boots'],
    );
    await person.assertSound();
    await person.page.reload();
  }
  assert.match(person.place, /currency=USD/);
  assert.match(person.place, /min=10\.00/);
});

test('an amount without a currency is not guessed at', async () => {
  const person = await office.person('read');
  await person.go('/payments?min=10');
  await person.page.getByText('Choose the currency').waitFor();
  await person.page.getByLabel('Currency').selectOption('JPY');
  await person.page.getByText('Choose the currency').waitFor({ state: 'detached' });
  await person.page.getByRole('link', { name: /order-tea/ }).waitFor();
  await person.page.getByRole('button', { name: 'Clear' }).click();
  await person.page.getByRole('link', { name: /order-shoes/ }).waitFor();
  assert.equal(person.place, '/payments');
});

test('what is exported is what the filters let through', async () => {
  const person = await office.person('read');
  await person.go('/refunds?status=succeeded&currency=USD');
  const download = person.page.waitForEvent('download');
  await person.page.getByRole('link', { name: 'Export CSV' }).click();
  const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split(/\r?\n/);
  assert.equal(lines.length, 2, 'the header and one refund');
  assert.match(lines[1] ?? '', new RegExp(refund.refund?.id ?? 'none'));
  await person.go('/refunds?status=refused');
  const none = person.page.waitForEvent('download');
  await person.page.getByRole('link', { name: 'Export CSV' }).click();
  assert.equal((await readFile(await (await none).path(), 'utf8')).trimEnd().split(/\r?\n/).length, 1);
});

test('the arrows move among rows, and a click anywhere in a row opens it', async () => {
  const person = await office.person('read');
  await person.go('/payments');
  const links = rows(person, 'Payments').getByRole('link');
  await links.first().focus();
  await person.page.keyboard.press('ArrowDown');
  await links.nth(1).and(person.page.locator(':focus')).waitFor();
  await person.page.keyboard.press('ArrowUp');
  await links.first().and(person.page.locator(':focus')).waitFor();
  await rows(person, 'Payments').nth(3).getByText('USD').first().click();
  await person.page.waitForURL(`**/payments/${shoes.id}`);
});

test('on a phone, lists fit the screen, and their filters unfold', async () => {
  const person = await office.person('read', { width: 360, colorScheme: 'dark' });
  await person.go('/payments');
  await person.page.getByRole('link', { name: /order-shoes/ }).waitFor();
  await person.assertSound();
  await person.page.getByRole('button', { name: 'Filters' }).click();
  await person.page.getByLabel('Status').selectOption('voided');
  await person.page.getByText('No payments match').waitFor();
  await person.assertSound();
});
