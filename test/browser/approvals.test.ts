/** A second person decides: with all that they need to know, for a reason, once, and never on what they asked for. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Office, type Person } from './kit.ts';

const office = await Office.open();
const { server } = office;
const { books } = server;
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 5_000n }, approvalHours: 48 });

let orders = 0;

interface Waiting {
  readonly actor?: string;
  readonly amountMinor?: bigint | 'all';
  readonly learner?: string;
}

/** A refund of a payment of 100.00 that waits; of 60.00 unless it says otherwise. */
async function waiting(
  reason: string,
  { actor = 'cli:shop', amountMinor = 6_000n, learner }: Waiting = {},
): Promise<string> {
  const payment = await books.payment(merchantId, {
    references: [{ namespace: 'native.reference', value: `order-${(orders += 1)}`, numbered: false }],
    ...(learner === undefined
      ? {}
      : { entitlements: [{ learner, kind: 'program' as const, target: 'P-7', viaCoupon: false }] }),
  });
  const { refund } = await books.refund(payment, amountMinor, { details: { reason } }, { actor });
  assert.equal(refund?.status, 'pending_approval');
  return refund.id;
}

const dialog = ({ page }: Person) => page.getByRole('dialog', { name: 'Refund' });
const row = ({ page }: Person, reason: string) => page.getByRole('row').filter({ hasText: reason });
const open = async (person: Person, reason: string): Promise<void> => row(person, reason).getByRole('link').click();
const stands = async (id: string): Promise<unknown> => {
  const [refund] = await server.rows(`SELECT status, cancel_reason, decision_reason FROM refund WHERE id = $1`, [id]);
  return refund;
};

afterEach(async () => assert.deepEqual(await server.findings(), []));

test('nothing waits is said, and what begins to wait appears by itself', async () => {
  const person = await office.person('approver');
  const following = person.page.waitForResponse('**/console/api/feed');
  await person.go('/approvals');
  await person.page.getByText('Nothing awaits approval').waitFor();
  await person.assertSound();
  await following;
  const id = await waiting('Appears');
  await row(person, 'Appears').waitFor();
  await books.command(merchantId, { kind: 'cancel_refund', refundId: id });
  await person.page.getByText('Nothing awaits approval').waitFor();
});

test('an approver sees who asked, why, what it would do and until when, and approves with a reason', async () => {
  const id = await waiting('Trip canceled', { amountMinor: 'all', learner: 'ada' });
  const person = await office.person('approver');
  await person.go('/approvals');
  await row(person, 'Trip canceled').getByRole('cell', { name: 'shop (command line)', exact: true }).waitFor();
  await row(person, 'Trip canceled').getByText('tomorrow').waitFor();
  await person.assertSound();
  await open(person, 'Trip canceled');
  const effects = dialog(person).getByRole('region', { name: 'If it is approved' });
  await effects.getByText('USD 100.00 goes back to the customer at once.').waitFor();
  await effects.getByText('ada loses the enrolment (program P-7).').waitFor();
  await person.assertSound();
  await dialog(person).getByRole('button', { name: 'Approve' }).click();
  await dialog(person).getByLabel('Why (optional)').fill('Seen the letter');
  await person.assertSound();
  await dialog(person).getByRole('button', { name: 'Approve' }).dblclick();
  await dialog(person)
    .getByText(/^succeeded$/i)
    .waitFor();
  await dialog(person).getByText('Seen the letter').waitFor();
  assert.deepEqual(await stands(id), { status: 'succeeded', cancel_reason: null, decision_reason: 'Seen the letter' });
  await person.page.keyboard.press('Escape');
  await row(person, 'Trip canceled').waitFor({ state: 'detached' });
});

test('a rejection is kept with its reason', async () => {
  const id = await waiting('Too late');
  const person = await office.person('admin', { colorScheme: 'dark' });
  await person.go('/approvals');
  await open(person, 'Too late');
  await dialog(person).getByRole('button', { name: 'Reject' }).click();
  await dialog(person).getByLabel('Why (optional)').fill('The ticket was used');
  await dialog(person).getByRole('button', { name: 'Reject' }).click();
  await dialog(person).getByText('Rejected').waitFor();
  assert.deepEqual(await stands(id), {
    status: 'canceled',
    cancel_reason: 'rejected',
    decision_reason: 'The ticket was used',
  });
});

test('a reason that the server refuses is said to be so, and nothing is decided', async () => {
  const id = await waiting('With a card');
  const person = await office.person('approver');
  await person.go('/approvals');
  await open(person, 'With a card');
  await dialog(person).getByRole('button', { name: 'Reject' }).click();
  await dialog(person).getByLabel('Why (optional)').fill('card 4111111111111111');
  await dialog(person).getByRole('button', { name: 'Reject' }).click();
  await dialog(person).getByRole('alert').waitFor();
  assert.deepEqual(await stands(id), { status: 'pending_approval', cancel_reason: null, decision_reason: null });
});

test('who asked sees that it is theirs, and is offered to cancel and nothing else', async () => {
  const person = await office.person('admin');
  const id = await waiting('My own', { actor: `user:${person.name}` });
  await person.go('/approvals');
  const own = person.page.getByRole('table', { name: 'Requested by you' });
  await own.getByRole('row').filter({ hasText: 'My own' }).getByRole('link').click();
  await dialog(person).getByText('You asked for this refund: another person must approve it.').waitFor();
  await person.assertSound();
  for (const name of ['Approve', 'Reject']) {
    assert.equal(await dialog(person).getByRole('button', { name, exact: true }).count(), 0, name);
  }
  // The server refuses it anyway.
  const answer = await person.context.request.post(`${server.url}/v1/refunds/${id}/approve`, {
    data: {},
    headers: { 'x-refundry-console': '1' },
  });
  assert.equal(answer.status(), 409);
  await dialog(person).getByRole('button', { name: 'Cancel' }).click();
  await dialog(person).getByRole('button', { name: 'Cancel the refund' }).click();
  await dialog(person).getByText('Canceled').waitFor();
});

test('those who may not decide see what waits, and are not offered to', async () => {
  await waiting('For others');
  for (const role of ['read', 'operator'] as const) {
    const person = await office.person(role, { width: 360 });
    await person.go('/approvals');
    await open(person, 'For others');
    await dialog(person).getByText('Only approvers and administrators decide on it.').waitFor();
    assert.equal(await dialog(person).getByRole('button', { name: 'Approve' }).count(), 0, role);
    await person.assertSound();
  }
});

test('when two decide at once, one does, and the other is told', async () => {
  const id = await waiting('Two at once');
  const people = [await office.person('approver'), await office.person('approver')];
  for (const person of people) {
    await person.page.route('**/console/api/feed', (route) => route.abort());
    await person.go('/approvals');
    await open(person, 'Two at once');
    await dialog(person).getByRole('button', { name: 'Approve' }).click();
  }
  const [first, second] = people;
  assert.ok(first !== undefined && second !== undefined);
  await dialog(first).getByRole('button', { name: 'Approve' }).click();
  await dialog(first)
    .getByText(/^succeeded$/i)
    .waitFor();
  await dialog(second).getByRole('button', { name: 'Approve' }).click();
  await dialog(second).getByText('The refund is succeeded, it waits for no approval.').waitFor();
  assert.deepEqual(await stands(id), { status: 'succeeded', cancel_reason: null, decision_reason: null });
});

test('what happens much at once is read again a few times, and not for each of it', async () => {
  const person = await office.person('approver');
  const following = person.page.waitForResponse('**/console/api/feed');
  await person.go('/approvals');
  await following;
  let asked = 0;
  person.page.on('request', (request) => (asked += request.url().includes('/v1/refunds?') ? 1 : 0));
  await Promise.all(Array.from({ length: 60 }, (_, n) => waiting(`Many, the ${n}th`)));
  await row(person, 'Many, the 59th').waitFor();
  assert.ok(asked > 0 && asked <= 10, `${asked} requests`);
});
