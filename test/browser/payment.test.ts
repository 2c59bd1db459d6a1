/** One payment on screen: what is refundable of it, and everything that happened to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Office } from './kit.ts';

const office = await Office.open();
const { books } = office.server;
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n } });
const payment = await books.payment(merchantId, {
  references: [
    { namespace: 'native.reference', value: 'order-7', numbered: false },
    { namespace: 'payengine.id', value: 'pe-7', numbered: false },
  ],
  details: { method: { type: 'card', scheme: 'VISA', last4: '1111' }, customer: { email: 'ada@example.org' } },
  entitlements: [{ learner: 'ada', kind: 'program', target: 'P-100', viaCoupon: true }],
  couponCode: 'GROUP-7',
});
await books.refund(payment, 2_000n, {}, { protocol: 'payengine', idempotencyKey: 'key-of-payengine' });
await books.refund(payment, 6_000n, { details: { reason: 'Trade-in' } });
await books.refund(payment, 50_000n);

test('the bar says what was captured, refunded, reserved and is refundable', async () => {
  const person = await office.person('read');
  await person.go(`/payments/${payment.id}`);
  await person.page
    .getByRole('img', { name: 'Of USD 100.00: Refunded 20.00, Reserved 60.00, Refundable 20.00' })
    .waitFor();
  await person.page.getByText('Partly refunded').waitFor();
  await person.assertSound();
});

test('its references, details, enrolments and coupons are there', async () => {
  const person = await office.person('read');
  await person.go(`/payments/${payment.id}`);
  await person.page.getByRole('heading', { name: 'order-7' }).waitFor();
  const region = (name: string) => person.page.getByRole('region', { name });
  await region('References').getByText('pe-7').waitFor();
  await region('Details').getByText('ada@example.org').waitFor();
  await region('Enrolments').getByText('Enrolled', { exact: true }).waitFor();
  await region('Coupons').getByText('Valid').waitFor();
});

test('the journal says who did what through which door, and why something was refused', async () => {
  const person = await office.person('read');
  await person.go(`/payments/${payment.id}`);
  const entries = person.page.getByRole('region', { name: 'Journal' }).getByRole('listitem');
  await entries.first().waitFor();
  const texts = await entries.allInnerTexts();
  assert.equal(texts.length, 4);
  assert.match(texts[0] ?? '', /Refund refused[\s\S]*USD 500\.00[\s\S]*test \(command line\) · API/);
  assert.match(texts[0] ?? '', /Amount exceeds refundable: .*refundable USD 20\.00/);
  assert.match(texts[1] ?? '', /Refund awaits approval[\s\S]*USD 60\.00/);
  assert.match(texts[2] ?? '', /Refunded[\s\S]*USD 20\.00[\s\S]*PayEngine/);
  assert.match(texts[3] ?? '', /Payment registered[\s\S]*USD 100\.00/);
  const details = entries.nth(2).getByRole('button', { name: /^Entry/ });
  await details.click();
  await entries.nth(2).getByText('key-of-payengine').waitFor();
  await entries.nth(2).getByText('Merchant unsettled → Processor clearing').waitFor();
  await person.assertSound();
});

test('a refund opens over the payment, has an address of its own, and Escape closes it', async () => {
  const person = await office.person('read', { colorScheme: 'dark' });
  await person.go(`/payments/${payment.id}`);
  await person.page.getByRole('row').filter({ hasText: 'Trade-in' }).getByRole('link').click();
  const dialog = person.page.getByRole('dialog', { name: 'Refund' });
  await dialog.getByText('Awaiting approval').waitFor();
  await dialog.getByText('Only approvers and administrators decide on it.').waitFor();
  await person.assertSound();
  const refundId = /refund=([0-9a-f-]{36})/.exec(person.place)?.[1] ?? '';
  await person.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await person.go(`/refunds/${refundId}`);
  await dialog.getByText('Trade-in').waitFor();
  assert.equal(person.place, `/payments/${payment.id}?refund=${refundId}`);
});

test('what each partner would answer is there as it stands on the wire', async () => {
  const known = await books.payment(merchantId, {
    references: [{ namespace: 'payengine.id', value: 'pe-9', numbered: false }],
  });
  await books.refund(known, 1_200n);
  const person = await office.person('read');
  await person.go(`/payments/${known.id}`);
  const answers = person.page.getByRole('region', { name: 'Partners’ answers' });
  await answers.getByRole('button', { name: 'Show' }).click();
  await answers.getByLabel('Protocol').selectOption('payengine');
  await answers
    .getByLabel(/^Answer of/)
    .getByText('"ID":"pe-9"')
    .waitFor();
  await person.assertSound();
});

test('what happens elsewhere is on screen at once', async () => {
  const other = await books.payment(merchantId, {
    references: [{ namespace: 'native.reference', value: 'order-8', numbered: false }],
  });
  const person = await office.person('read');
  const following = person.page.waitForResponse('**/console/api/feed');
  await person.go(`/payments/${other.id}`);
  await person.page.getByRole('img', { name: /Refundable 100\.00/ }).waitFor();
  await following;
  await books.refund(other, 1_500n);
  await person.page.getByRole('img', { name: /Refunded 15\.00.*Refundable 85\.00/ }).waitFor();
});

test('what is not known is said to be so', async () => {
  const person = await office.person('admin');
  for (const path of ['/payments/nonsense', '/payments/019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11', '/refunds/nonsense']) {
    await person.go(path);
    await person.page.getByText(/^There is no such (payment|refund)$/).waitFor();
    await person.assertSound();
  }
  await person.go('/no-such-page');
  await person.page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await person.assertSound();
});

test('on a phone everything is below everything else', async () => {
  const person = await office.person('admin', { width: 360 });
  await person.go(`/payments/${payment.id}`);
  await person.page.getByRole('region', { name: 'Coupons' }).waitFor();
  await person.page
    .getByRole('button', { name: /^Entry/ })
    .first()
    .click();
  await person.assertSound();
});
