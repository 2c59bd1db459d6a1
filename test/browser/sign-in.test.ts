/** Signing in and out, as a person does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUser, PASSWORD } from '../kit/console.ts';
import { Office } from './kit.ts';

const office = await Office.open();
const { name } = await makeUser(office.server, 'operator', { name: 'olga', limits: { USD: 10_000n } });

test('who is not signed in is asked to, and comes to the page that they wanted', async () => {
  const person = await office.visitor();
  await person.go('/payments?status=captured');
  await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  await person.assertSound();
  await person.signIn(name);
  await person.page.getByRole('heading', { name: 'Payments' }).waitFor();
  assert.equal(person.place, '/payments?status=captured');
});

test('a wrong password and an unknown name are answered alike, and nobody gets in', async () => {
  const person = await office.visitor();
  await person.go('/');
  const answers: string[] = [];
  for (const [who, password] of [
    [name, 'not the password'],
    ['nobody', PASSWORD],
  ] as const) {
    await person.signIn(who, password);
    const alert = person.page.getByRole('alert');
    await alert.filter({ hasText: /\S/ }).waitFor();
    answers.push(await alert.innerText());
    await person.assertSound();
    await person.go('/');
    await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  }
  assert.match(answers[0] ?? '', /name or the password is wrong/);
  assert.equal(answers[0], answers[1]);
});

test('the keyboard is enough: the cursor is in the first field, Tab leads on, Enter signs in', async () => {
  const person = await office.visitor();
  await person.go('/');
  await person.page.getByLabel('Name').and(person.page.locator(':focus')).waitFor();
  await person.page.keyboard.type(name);
  await person.page.keyboard.press('Tab');
  await person.page.keyboard.type(PASSWORD);
  await person.page.keyboard.press('Enter');
  await person.page.getByRole('heading', { name: 'Overview' }).waitFor();
});

test('a link to another site in the address leads nowhere but here', async () => {
  const person = await office.visitor();
  for (const next of ['//example.org/', '/\\example.org', 'https://example.org']) {
    await person.go(`/sign-in?next=${encodeURIComponent(next)}`);
    await person.signIn(name);
    await person.page.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.ok(person.page.url().startsWith(office.server.url));
    await person.context.clearCookies();
  }
});

test('the account says who is signed in and what they may refund alone, and signs them out', async () => {
  const person = await office.visitor();
  await person.go('/');
  await person.signIn(name);
  await person.page.getByRole('link', { name: 'Payments', exact: true }).click();
  await person.page.getByRole('button', { name: /^Account of/ }).click();
  await person.page.getByText('Refunds alone up to USD 100.00').waitFor();
  await person.assertSound();
  await person.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  await person.page.goBack();
  await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
});

test('signing out everywhere ends the sessions of other browsers, too', async () => {
  const here = await office.visitor();
  const there = await office.visitor();
  for (const person of [here, there]) {
    await person.go('/');
    await person.signIn(name);
    await person.page.getByRole('heading', { name: 'Overview' }).waitFor();
  }
  await here.page.getByRole('button', { name: /^Account of/ }).click();
  await here.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await here.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  await there.go('/payments');
  await there.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
});

test('on a phone, in the dark', async () => {
  const person = await office.visitor({ width: 360, colorScheme: 'dark' });
  await person.go('/');
  await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  await person.assertSound();
  await person.signIn(name);
  await person.page.getByRole('button', { name: 'Open navigation' }).click();
  await person.assertSound();
  await person.page.getByRole('link', { name: 'Refunds', exact: true }).click();
  await person.page.getByRole('heading', { name: 'Refunds', exact: true }).waitFor();
  await person.page.getByRole('button', { name: 'Open navigation' }).waitFor();
});

test('the theme that one chose stays', async () => {
  const person = await office.person('read');
  await person.go('/');
  await person.page.getByRole('button', { name: 'Dark theme' }).click();
  await person.page.reload();
  await person.page.getByRole('button', { name: 'Light theme' }).waitFor();
  await person.assertSound();
});

test('a session that nobody used ends, and signing in again leads back', async () => {
  const person = await office.person('read');
  await person.go('/refunds');
  await person.page.getByRole('heading', { name: 'Refunds' }).waitFor();
  await office.server.rows(`UPDATE session SET last_used_at = now() - interval '31 minutes'`);
  await person.page.getByLabel('Reference').fill('anything');
  await person.page.getByRole('heading', { name: 'Sign in to Refundry' }).waitFor();
  await person.signIn(person.name);
  await person.page.getByRole('heading', { name: 'Refunds' }).waitFor();
  assert.equal(person.place, '/refunds?reference=anything');
});

/** What a person on a slow line waits for, compressed. */
const FIRST_SCRIPTS_BYTES = 350_000;

test('the scripts of a first visit stay small', async () => {
  const person = await office.person('read');
  let bytes = 0;
  person.page.on('response', (response) => {
    if (!new URL(response.url()).pathname.endsWith('.js')) return;
    const { 'content-encoding': encoding, 'content-length': length } = response.headers();
    assert.equal(encoding, 'br', response.url());
    bytes += Number(length);
  });
  await person.go('/payments');
  await person.page.getByRole('heading', { name: 'Payments' }).waitFor();
  assert.ok(bytes > 50_000 && bytes < FIRST_SCRIPTS_BYTES, `${bytes} bytes`);
});
