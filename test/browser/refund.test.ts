/** Refunding at the console: exactly once, whatever a person, a network or a second person does. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { RegisterPayment } from '../../src/core/command.ts';
import type { Payment } from '../../src/core/payment.ts';
import { Office, type Person } from './kit.ts';

const office = await Office.open();
const { server } = office;
const { books } = server;
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 50_000n } });

let orders = 0;
const register = (more: Partial<RegisterPayment> = {}, merchant = merchantId): Promise<Payment> =>
  books.payment(merchant, {
    references: [{ namespace: 'native.reference', value: `order-${(orders += 1)}`, numbered: false }],
    ...more,
  });

const refundsOf = async ({ id }: Payment): Promise<readonly string[]> => {
  const rows = await server.rows<{ made: string }>(
    `SELECT status || ' ' || amount_minor AS made FROM refund WHERE payment_id = $1 ORDER BY id`,
    [id],
  );
  return rows.map(({ made }) => made);
};

const dialog = ({ page }: Person) => page.getByRole('dialog');

/** Opens the payment and the drawer that refunds it. */
async function openRefund(person: Person, { id }: Payment): Promise<void> {
  await person.go(`/payments/${id}`);
  await person.page.getByRole('button', { name: 'Refund', exact: true }).click();
}

const confirm = (person: Person, amount: string) => dialog(person).getByRole('button', { name: `Refund ${amount}` });

// Whatever the browsers did, the books are in order.
afterEach(async () => assert.deepEqual(await server.findings(), []));

test('a part is refunded: what will happen is said before, what came of it after', async () => {
  const payment = await register();
  const person = await office.person('admin');
  await openRefund(person, payment);
  const amount = dialog(person).getByLabel('Amount in USD');
  assert.equal(await amount.inputValue(), '100.00', 'all that is left is offered');
  await amount.fill('60.5');
  await dialog(person).getByLabel('Reason').fill('One of two returned');
  await dialog(person).getByText('USD 39.50 of the payment stays refundable.').waitFor();
  await person.assertSound();
  await confirm(person, 'USD 60.50').click();
  await dialog(person).getByText('USD 60.50 refunded').waitFor();
  await person.assertSound();
  await dialog(person).getByRole('button', { name: 'Done' }).click();
  await person.page.getByRole('img', { name: /Refunded 60\.50.*Refundable 39\.50/ }).waitFor();
  await person.page.getByRole('cell', { name: 'One of two returned' }).waitFor();
  assert.deepEqual(await refundsOf(payment), ['succeeded 6050']);
});

test('the keyboard is enough, from the list to the refund', async () => {
  const payment = await register();
  const person = await office.person('admin');
  await person.go(`/payments/${payment.id}`);
  await person.page.getByRole('button', { name: 'Refund', exact: true }).waitFor();
  await person.page.keyboard.press('r');
  await dialog(person).getByLabel('Amount in USD').and(person.page.locator(':focus')).waitFor();
  await person.page.keyboard.press('ControlOrMeta+A');
  await person.page.keyboard.type('25');
  await confirm(person, 'USD 25.00').and(person.page.locator(':enabled')).waitFor();
  await person.page.keyboard.press('Enter');
  await dialog(person).getByText('USD 25.00 refunded').waitFor();
  await dialog(person).getByRole('button', { name: 'Done' }).and(person.page.locator(':focus')).waitFor();
  await person.page.keyboard.press('Enter');
  await dialog(person).waitFor({ state: 'detached' });
  assert.deepEqual(await refundsOf(payment), ['succeeded 2500']);
});

test('a double click refunds once', async () => {
  const payment = await register();
  const person = await office.person('admin');
  await openRefund(person, payment);
  await dialog(person).getByLabel('Amount in USD').fill('10');
  await confirm(person, 'USD 10.00').dblclick();
  await dialog(person).getByText('USD 10.00 refunded').waitFor();
  assert.deepEqual(await refundsOf(payment), ['succeeded 1000']);
});

test('two people who refund the same payment at once: one does, the other is told what changed', async () => {
  const payment = await register();
  const people = [await office.person('admin'), await office.person('admin')];
  for (const person of people) {
    await openRefund(person, payment);
    await dialog(person).getByLabel('Amount in USD').fill('60');
    await confirm(person, 'USD 60.00').and(person.page.locator(':enabled')).waitFor();
  }
  await Promise.all(people.map((person) => confirm(person, 'USD 60.00').click({ noWaitAfter: true })));
  const done = (person: Person) => dialog(person).getByText('USD 60.00 refunded');
  const changed = (person: Person) => dialog(person).getByText('This payment changed while you had it open');
  for (const person of people) await done(person).or(changed(person)).waitFor();
  const told = [];
  for (const person of people) if (await changed(person).isVisible()) told.push(person);
  const [second] = told;
  assert.ok(second !== undefined && told.length === 1, 'one of two is told');
  await dialog(second).getByText('Refundable was USD 100.00, and is now USD 40.00.').waitFor();
  await dialog(second)
    .getByRole('listitem')
    .filter({ hasText: /Refunded USD 60\.00 by admin-\d+ through Console/ })
    .waitFor();
  await second.assertSound();

  await dialog(second).getByRole('button', { name: 'Go on with the new numbers' }).click();
  assert.equal(await dialog(second).getByLabel('Amount in USD').inputValue(), '40.00');
  await confirm(second, 'USD 40.00').click();
  await dialog(second).getByText('USD 40.00 refunded').waitFor();
  assert.deepEqual(
    (await refundsOf(payment)).filter((refund) => refund.startsWith('succeeded')),
    ['succeeded 6000', 'succeeded 4000'],
  );
});

test('an answer that was lost is asked for again, also after a reload, and nothing is refunded twice', async () => {
  const payment = await register();
  const person = await office.person('admin');
  await openRefund(person, payment);
  await dialog(person).getByLabel('Amount in USD').fill('30');
  await person.page.route(
    '**/v1/refunds',
    async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    },
    { times: 1 },
  );
  await confirm(person, 'USD 30.00').click();
  await dialog(person).getByText('We do not know whether this refund was made').waitFor();
  await person.assertSound();
  await person.page.reload();
  await person.page.getByRole('img', { name: /Refunded 30\.00/ }).waitFor();
  await person.page.getByRole('button', { name: 'Refund', exact: true }).click();
  await dialog(person).getByRole('button', { name: 'Ask again' }).click();
  await dialog(person).getByText('USD 30.00 refunded').waitFor();
  assert.deepEqual(await refundsOf(payment), ['succeeded 3000']);
});

test('a request that never arrived is sent again with the same key', async () => {
  const payment = await register();
  const person = await office.person('admin');
  await openRefund(person, payment);
  const keys: (string | undefined)[] = [];
  person.page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/refunds' && request.method() === 'POST') {
      keys.push(request.headers()['idempotency-key']);
    }
  });
  await person.page.route('**/v1/refunds', (route) => route.abort('connectionrefused'), { times: 1 });
  await confirm(person, 'USD 100.00').click();
  await dialog(person).getByRole('button', { name: 'Ask again' }).click();
  await dialog(person).getByText('USD 100.00 refunded').waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.deepEqual(await refundsOf(payment), ['succeeded 10000']);
});

for (const [what, answer] of [
  ['a page', { status: 200, contentType: 'text/html', body: '<h1>Sign in to the network</h1>' }],
  ['half an answer', { status: 201, contentType: 'application/json', body: '{"id": "' }],
  ['a refusal of its own', { status: 408, contentType: 'text/plain', body: 'Request Timeout' }],
] as const) {
  test(`where something between the browser and the server answers with ${what}, it is asked again`, async () => {
    const payment = await register();
    const person = await office.person('admin');
    await openRefund(person, payment);
    await dialog(person).getByLabel('Amount in USD').fill('30');
    await person.page.route(
      '**/v1/refunds',
      async (route) => {
        await route.fetch();
        await route.fulfill(answer);
      },
      { times: 1 },
    );
    await confirm(person, 'USD 30.00').click();
    await dialog(person).getByText('We do not know whether this refund was made').waitFor();
    await dialog(person).getByRole('button', { name: 'Ask again' }).click();
    await dialog(person).getByText('USD 30.00 refunded').waitFor();
    assert.deepEqual(await refundsOf(payment), ['succeeded 3000']);
  });
}

test('an amount has the decimals of its currency', async () => {
  const yen = await register({ amountMinor: 1_000n, currency: 'JPY' });
  const dinars = await register({ amountMinor: 10_005n, currency: 'KWD' });
  const person = await office.person('admin');
  await openRefund(person, yen);
  const amount = dialog(person).getByLabel(/^Amount in/);
  assert.equal(await amount.inputValue(), '1000');
  await amount.fill('1.5');
  await dialog(person).getByText('JPY has no decimals').last().waitFor();
  await amount.fill('400');
  await confirm(person, 'JPY 400').click();
  await dialog(person).getByText('JPY 400 refunded').waitFor();

  await openRefund(person, dinars);
  assert.equal(await amount.inputValue(), '10.005');
  await amount.fill('1,5');
  await dialog(person).getByText('Use a dot for decimals and no commas').waitFor();
  await amount.fill('1.005');
  await confirm(person, 'KWD 1.005').click();
  await dialog(person).getByText('KWD 1.005 refunded').waitFor();
  assert.deepEqual(await refundsOf(dinars), ['succeeded 1005']);
});

test('what cannot be refunded is said on opening, with the rule and its numbers', async () => {
  const person = await office.person('admin');
  const once = await books.merchant({ refundsPerPayment: 1 });
  const refunded = await register();
  await books.refund(refunded, 'all');
  const hadOne = await register({}, once);
  await books.refund(hadOne, 100n);
  const disputed = await register();
  await books.command(merchantId, { kind: 'set_dispute', payment: { id: disputed.id } });
  for (const [payment, title, numbers] of [
    [refunded, 'Nothing is left to refund', /captured 100\.00 USD, refunded 100\.00 USD/],
    [hadOne, 'The payment has had all its refunds', /1/],
    [disputed, 'The payment is disputed', /disputed/],
  ] as const) {
    await openRefund(person, payment);
    const alert = dialog(person).getByRole('alert');
    await alert.getByText(title, { exact: true }).waitFor();
    assert.match(await alert.innerText(), numbers);
    assert.equal(
      await dialog(person)
        .getByLabel(/^Amount in/)
        .count(),
      0,
      'there is nothing to fill in',
    );
    await person.assertSound();
  }
});

test('too much is refused while it is typed, and all that is left is one click away', async () => {
  const payment = await register();
  const person = await office.person('admin', { colorScheme: 'dark' });
  await openRefund(person, payment);
  await dialog(person).getByLabel('Amount in USD').fill('100.01');
  await dialog(person).getByText('Asked 100.01 USD, refundable 100.00 USD').waitFor();
  assert.ok(await confirm(person, 'USD 100.01').isDisabled());
  await person.assertSound();
  await dialog(person).getByRole('button', { name: 'All that is left' }).click();
  await confirm(person, 'USD 100.00').and(person.page.locator(':enabled')).waitFor();
  assert.deepEqual(await refundsOf(payment), []);
});

test('a merchant who asks for a reason gets one', async () => {
  const payment = await register({}, await books.merchant({ reasonRequired: true }));
  const person = await office.person('admin');
  await openRefund(person, payment);
  await dialog(person).getByText('This merchant asks for a reason').waitFor();
  assert.ok(await confirm(person, 'USD 100.00').isDisabled());
  await dialog(person).getByLabel('Reason').fill('Damaged');
  await confirm(person, 'USD 100.00').click();
  await dialog(person).getByText('USD 100.00 refunded').waitFor();
});

test('enrolments that would end are named before they do', async () => {
  const payment = await register({
    entitlements: [{ learner: 'ada', kind: 'program', target: 'P-100', viaCoupon: false }],
  });
  const person = await office.person('admin');
  await openRefund(person, payment);
  await dialog(person).getByText('ada loses the enrolment (program P-100).').waitFor();
  await dialog(person).getByLabel('Amount in USD').fill('99');
  await dialog(person).getByText('ada loses the enrolment').waitFor({ state: 'detached' });
  await dialog(person).getByRole('button', { name: 'All that is left' }).click();
  await confirm(person, 'USD 100.00').click();
  await dialog(person).getByRole('button', { name: 'Done' }).click();
  await person.page.getByRole('region', { name: 'Enrolments' }).getByText('Ended').waitFor();
});

test('above their limit an operator’s refund waits; they cannot approve it, and a second person can', async () => {
  const payment = await register();
  const operator = await office.person('operator', { limits: { USD: 5_000n } });
  await openRefund(operator, payment);
  await dialog(operator).getByText('A second person must approve this').waitFor();
  await dialog(operator).getByRole('button', { name: 'Request USD 100.00' }).click();
  await dialog(operator).getByText('USD 100.00 awaits approval').waitFor();
  await operator.assertSound();
  await dialog(operator).getByRole('button', { name: 'Show the refund' }).click();
  await dialog(operator).getByText('You asked for this refund: another person must approve it.').waitFor();
  assert.equal(await dialog(operator).getByRole('button', { name: 'Approve' }).count(), 0);
  await operator.assertSound();

  const approver = await office.person('approver', { width: 360 });
  await approver.go('/refunds?status=pending_approval');
  await approver.page.getByRole('row').filter({ hasText: 'USD 100.00' }).getByRole('link').first().click();
  await dialog(approver).getByRole('button', { name: 'Approve' }).click();
  await dialog(approver).getByText('USD 100.00 goes back to the customer at once').waitFor();
  await approver.assertSound();
  await dialog(approver).getByRole('button', { name: 'Approve' }).dblclick();
  await dialog(approver)
    .getByText(/^succeeded$/i)
    .waitFor();
  assert.deepEqual(await refundsOf(payment), ['succeeded 10000']);
  // The operator, who still looks at it, sees so.
  await dialog(operator)
    .getByText(/^succeeded$/i)
    .waitFor();
});

test('a waiting refund can be rejected, and withdrawn; one that succeeded can come back', async () => {
  const payment = await register({ amountMinor: 300_000n });
  const admin = await office.person('admin');
  const waiting = async (): Promise<string> => (await books.refund(payment, 60_000n)).refund?.id ?? '';
  for (const [button, sure, becomes] of [
    ['Reject', 'Reject', 'Rejected'],
    ['Cancel', 'Cancel the refund', 'Canceled'],
  ] as const) {
    await admin.go(`/refunds/${await waiting()}`);
    await dialog(admin).getByRole('button', { name: button, exact: true }).click();
    await dialog(admin).getByText('The USD 600.00 reserved for it is refundable again.').waitFor();
    await dialog(admin).getByRole('button', { name: sure, exact: true }).click();
    await dialog(admin).getByText(becomes, { exact: true }).waitFor();
  }
  const made = await books.refund(payment, 10_000n);
  await admin.go(`/refunds/${made.refund?.id}`);
  await dialog(admin).getByRole('button', { name: 'Record as returned' }).click();
  await admin.assertSound();
  await dialog(admin).getByRole('button', { name: 'Record as returned' }).click();
  await dialog(admin).getByText('Reversed', { exact: true }).waitFor();
  assert.deepEqual(await refundsOf(payment), ['canceled 60000', 'canceled 60000', 'reversed 10000']);
});

test('viewers and approvers are not offered to refund', async () => {
  const payment = await register();
  for (const role of ['read', 'approver'] as const) {
    const person = await office.person(role);
    await person.go(`/payments/${payment.id}`);
    await person.page.getByRole('region', { name: 'Journal' }).getByText('Payment registered').waitFor();
    assert.equal(await person.page.getByRole('button', { name: 'Refund', exact: true }).count(), 0);
    await person.page.keyboard.press('r');
    assert.equal(await dialog(person).count(), 0);
  }
});

test('on a phone', async () => {
  const payment = await register();
  const person = await office.person('operator', { width: 360 });
  await openRefund(person, payment);
  await dialog(person).getByLabel('Amount in USD').fill('12.34');
  await dialog(person).getByText('USD 87.66 of the payment stays refundable.').waitFor();
  await person.assertSound();
  await confirm(person, 'USD 12.34').click();
  await dialog(person).getByText('USD 12.34 refunded').waitFor();
  await person.assertSound();
});
