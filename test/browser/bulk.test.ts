/** Files of refunds at the console: looked at first, done once per line, whatever people, tabs and servers do meanwhile. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { connect } from '../kit/database.ts';
import { Office, type Person, type PersonOptions } from './kit.ts';

const office = await Office.open();
const { server } = office;
const { books } = server;
const merchantId = await books.merchant({ approvalAboveMinor: { USD: 50_000n } });

let orders = 0;

/** A payment of USD 1,000.00, and what it is called. */
async function order(): Promise<string> {
  const value = `bulk-${(orders += 1)}`;
  await books.payment(merchantId, {
    amountMinor: 100_000n,
    references: [{ namespace: 'native.reference', value, numbered: false }],
  });
  return value;
}

const refundsOf = async (reference: string): Promise<readonly string[]> => {
  const rows = await server.rows<{ made: string }>(
    `SELECT refund.status || ' ' || refund.amount_minor AS made FROM refund
     JOIN payment_reference ON payment_reference.payment_id = refund.payment_id
     WHERE payment_reference.value = $1 AND refund.status <> 'refused' ORDER BY refund.amount_minor`,
    [reference],
  );
  return rows.map(({ made }) => made);
};

const operator = (options: PersonOptions = {}) => office.person('operator', { merchantId, ...options });
const csv = (name: string, ...lines: readonly string[]) => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(['reference,amount,currency,reason', ...lines].join('\n')),
});
const choose = ({ page }: Person, file: ReturnType<typeof csv>) => page.locator('input[type=file]').setInputFiles(file);
const row = ({ page }: Person, line: number) =>
  page
    .getByRole('table', { name: 'Lines' })
    .getByRole('row')
    .filter({ hasText: new RegExp(`Line ${line}(?!\\d)`) });
const button = ({ page }: Person, name: string | RegExp) => page.getByRole('button', { name });
const status = ({ page }: Person, words: string) => page.getByText(words, { exact: true }).first();

/** Uploads a file and waits for what a dry run says of it. */
async function upload(person: Person, file: ReturnType<typeof csv>): Promise<void> {
  await person.go('/bulk');
  await choose(person, file);
  await button(person, 'Dry run again').waitFor();
}

async function confirm(person: Person, lines: string): Promise<void> {
  await button(person, 'Refund …').click();
  await button(person, `Refund ${lines}`).click();
}

/** While it lasts, nobody's refund commits. Returns what ends it. */
async function hold(): Promise<() => Promise<void>> {
  const client = await connect(server.database);
  await client.query('BEGIN');
  await client.query('SELECT FROM bucket FOR UPDATE');
  return async () => {
    await client.query('COMMIT');
  };
}

afterEach(async () => assert.deepEqual(await server.findings(), []));

test('lines that were read before a dry run, and arrive after it, are read again', async () => {
  const name = await order();
  const person = await operator();
  const { page } = person;
  const read = Promise.withResolvers<undefined>();
  const looked = Promise.withResolvers<undefined>();
  await page.route(
    '**/lines?*',
    async (route) => {
      const response = await route.fetch();
      read.resolve(undefined);
      await looked.promise;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await page.route('**/dry-run', async (route) => {
    await read.promise;
    await route.continue();
  });
  await upload(person, csv('late.csv', `${name},60.00,USD,Damaged`));
  looked.resolve(undefined);
  await row(person, 2).getByText('Will be refunded').waitFor();
});

test('a file is looked at, then run; each line says what becomes of it, and the result is a file again', async () => {
  const name = await order();
  const person = await operator();
  await upload(
    person,
    csv(
      'returns.csv',
      `${name},60.00,USD,Damaged`,
      `${name},600.00,USD,Large`,
      `${name},500.00,USD,More than is left by then`,
      `nobody,1.00,USD,`,
      `${name},1.005,USD,`,
    ),
  );
  await row(person, 2).getByText('Will be refunded').waitFor();
  await row(person, 3).getByText('Will wait for approval').waitFor();
  await row(person, 4).getByText('asked 500.00').waitFor();
  await row(person, 5).getByText('Payment not found').waitFor();
  await row(person, 6).getByText('USD has 2 decimals, got 1.005').waitFor();
  assert.deepEqual(await refundsOf(name), [], 'looking refunds nothing');
  await person.assertSound();

  await button(person, 'Will be refused 2').click();
  await row(person, 2).waitFor({ state: 'detached' });
  assert.match(person.place, /\?lines=expected\.refused$/);
  await row(person, 4).waitFor();
  await button(person, 'All lines 5').click();

  await button(person, 'Refund …').click();
  const dialog = person.page.getByRole('dialog');
  await dialog.getByText('USD 60.00').waitFor();
  await dialog.getByText('USD 600.00').waitFor();
  await person.assertSound();
  await button(person, 'Refund 2 lines').click();
  await row(person, 2).getByText('Refunded', { exact: true }).waitFor();
  await row(person, 3).getByText('Awaiting approval').waitFor();
  await status(person, 'Done').waitFor();
  assert.deepEqual(await refundsOf(name), ['succeeded 6000', 'pending_approval 60000']);
  await person.assertSound();

  const [download] = await Promise.all([
    person.page.waitForEvent('download'),
    person.page.getByRole('link', { name: 'Download result' }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^refunds-[0-9a-f]{12}-result\.csv$/);
  const result: { outcome: string; refund_amount: string }[] = parse(await readFile(await download.path()), {
    columns: true,
  });
  assert.deepEqual(
    result.map((line) => [line.outcome, line.refund_amount]),
    [
      ['succeeded', '60.00'],
      ['pending_approval', '600.00'],
      ['refused', '500.00'],
      ['refused', ''],
      ['invalid', ''],
    ],
  );

  await row(person, 3).getByRole('link').click();
  await dialog.getByText('Large').waitFor();
  await person.assertSound();
});

test('the same file again, dropped this time, leads to the same run and says so', async () => {
  const name = await order();
  const file = csv('first.csv', `${name},5.00,USD,`);
  const person = await operator();
  await upload(person, file);
  const { place } = person;
  await confirm(person, '1 line');
  await status(person, 'Done').waitFor();

  await person.go('/bulk');
  const text = JSON.stringify(file.buffer.toString());
  const dropped = await person.page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([${text}], 'renamed.csv', { type: 'text/csv' }));
    return transfer;
  })()`);
  await person.page.getByTestId('drop').dispatchEvent('drop', { dataTransfer: dropped });
  await person.page.getByText('This file was uploaded before').waitFor();
  await person.page.getByRole('heading', { name: 'first.csv' }).waitFor();
  assert.equal(person.place, place);
  await person.assertSound();
  assert.deepEqual(await refundsOf(name), ['succeeded 500']);
});

test('the example can be downloaded, and is such a file', async () => {
  const person = await operator();
  await person.go('/bulk');
  const [download] = await Promise.all([
    person.page.waitForEvent('download'),
    person.page.getByRole('link', { name: 'Download an example' }).click(),
  ]);
  await person.page.locator('input[type=file]').setInputFiles({
    name: download.suggestedFilename(),
    mimeType: 'text/csv',
    buffer: await readFile(await download.path()),
  });
  // Here nobody knows its payments; one of its lines cannot be read, on purpose.
  await button(person, 'Will be refused 5').waitFor();
  await row(person, 7).getByText('got 7.505').waitFor();
  await button(person, 'Refund …').click();
  await person.page.getByText('No line would refund anything').waitFor();
  assert.ok(await button(person, 'Refund 0 lines').isDisabled());
});

test('what is no such file is refused with a reason, and can be mended', async () => {
  const name = await order();
  const person = await operator();
  await person.go('/bulk');
  await choose(person, { ...csv('wrong.csv'), buffer: Buffer.from('order,amout\n1,2\n') });
  await person.page.getByRole('alert').getByText('wrong.csv has a column "order"').waitFor();
  await choose(person, { ...csv('wrong.csv'), buffer: Buffer.from([0x61, 0xff, 0x0a]) });
  await person.page.getByRole('alert').getByText('wrong.csv is not UTF-8').waitFor();
  await choose(person, { ...csv('wrong.csv'), buffer: Buffer.alloc(4 * 1024 * 1024 + 1, 'a') });
  await person.page.getByRole('alert').getByText('larger than 4 MB').waitFor();
  await person.assertSound();
  await choose(person, csv('wrong.csv', `${name},2.00,USD,`));
  await button(person, 'Dry run again').waitFor();
});

test('a run goes on when its tab is closed, and whoever comes back sees how far it is', async () => {
  const name = await order();
  const person = await operator();
  const colleague = await operator();
  await upload(person, csv('long.csv', ...Array.from({ length: 150 }, (_, at) => `${name},0.01,USD,no ${at}`)));
  const release = await hold();
  try {
    await confirm(person, '150 lines');
    await status(person, 'Running').waitFor();
    await person.page.getByRole('progressbar', { name: 'Lines done' }).waitFor();
    await person.page.getByText('0 of 150 lines', { exact: true }).waitFor();
    await person.assertSound();
    await person.page.close();
    await colleague.go('/bulk');
    await colleague.page.getByRole('row', { name: /long\.csv Running 0 of 150/ }).waitFor();
    await colleague.page.getByRole('link', { name: 'long.csv' }).click();
    await status(colleague, 'Running').waitFor();
    await release();
    // Without loading the page again.
    await status(colleague, 'Done').waitFor();
    await button(colleague, 'Refunded 150').click();
    await row(colleague, 2).getByText('Refunded', { exact: true }).waitFor();
    await button(colleague, 'Show more').click();
    await row(colleague, 151).waitFor();
  } finally {
    await release();
  }
  assert.equal((await refundsOf(name)).length, 150);
});

test('a run whose server stopped waits until somebody goes on, and does no line twice', async () => {
  const name = await order();
  const person = await operator();
  await upload(person, csv('cut.csv', `${name},1.00,USD,`, `${name},2.00,USD,`, `${name},3.00,USD,`));
  const id = person.place.replace('/bulk/', '');
  await confirm(person, '3 lines');
  await status(person, 'Done').waitFor();
  // As if the server had gone after the refunds, and before it had kept what became of two lines.
  await server.rows(
    `UPDATE bulk_run SET status = 'running', alive_at = now() - interval '1 minute', finished_at = NULL WHERE id = '${id}'`,
  );
  await server.rows(`UPDATE bulk_line SET outcome = NULL, refund_id = NULL WHERE run_id = '${id}' AND line < 4`);
  await person.page.reload();
  await person.page.getByText('The run was interrupted').waitFor();
  await person.page.getByText('1 of 3 lines', { exact: true }).waitFor();
  await button(person, 'Not done yet 2').waitFor();
  await row(person, 2).getByText('Not done yet').waitFor();
  await person.assertSound();
  await button(person, 'Go on').click();
  await status(person, 'Done').waitFor();
  await row(person, 2).getByText('Refunded', { exact: true }).waitFor();
  assert.deepEqual(await refundsOf(name), ['succeeded 100', 'succeeded 200', 'succeeded 300']);
});

test('lines that failed by a mistake of Refundry’s own can be tried again, and are done once', async () => {
  const name = await order();
  const person = await operator();
  await upload(person, csv('failed.csv', `${name},1.00,USD,`, `${name},2.00,USD,`));
  const id = person.place.replace('/bulk/', '');
  await confirm(person, '2 lines');
  await status(person, 'Done').waitFor();
  await server.rows(
    `UPDATE bulk_line SET outcome = 'failed', code = 'internal_error' WHERE run_id = '${id}' AND line = 3`,
  );
  await person.page.reload();
  await row(person, 3).getByText('Failed', { exact: true }).waitFor();
  await person.assertSound();
  await button(person, 'Try the 1 line that failed again').click();
  await row(person, 3).getByText('Refunded', { exact: true }).waitFor();
  assert.deepEqual(await refundsOf(name), ['succeeded 100', 'succeeded 200']);
});

test('what is confirmed is what was true a moment before, not when the file was uploaded', async () => {
  const name = await order();
  const person = await operator();
  await upload(person, csv('stale.csv', `${name},400.00,USD,`, `${name},400.00,USD,`));
  await button(person, 'Will be refunded 2').waitFor();
  await books.command(merchantId, {
    kind: 'refund_payment',
    payment: { references: [{ namespace: 'native.reference', value: name }] },
    amount: { kind: 'minor', minor: 50_000n, currency: 'USD' },
    reference: null,
    details: {},
    expectedRefundableMinor: null,
  });
  await confirm(person, '1 line');
  await status(person, 'Done').waitFor();
  assert.deepEqual(await refundsOf(name), ['succeeded 40000', 'succeeded 50000']);
});

test('a server that does not answer is said to, and found again', async () => {
  const name = await order();
  const person = await operator();
  await upload(person, csv('away.csv', `${name},9.00,USD,`));
  const release = await hold();
  try {
    await confirm(person, '1 line');
    await status(person, 'Running').waitFor();
    await person.page.route('**/console/api/bulk/**', (route) => route.abort());
    await person.page.getByText('The server does not answer').waitFor();
    await person.page.unroute('**/console/api/bulk/**');
    await release();
    await status(person, 'Done').waitFor();
    await person.page.getByText('The server does not answer').waitFor({ state: 'detached' });
  } finally {
    await release();
  }
});

test('who may not refund sees the files and what became of them, and is offered no more', async () => {
  const name = await order();
  await upload(await operator(), csv('seen.csv', `${name},1.00,USD,`));
  for (const role of ['read', 'approver'] as const) {
    const person = await office.person(role, { merchantId });
    await person.go('/bulk');
    await person.page.getByRole('link', { name: 'seen.csv' }).waitFor();
    assert.equal(await button(person, 'Choose a CSV file').count(), 0);
    await person.assertSound();
    await person.page.getByRole('link', { name: 'seen.csv' }).click();
    await row(person, 2).getByText('Will be refunded').waitFor();
    assert.equal(await button(person, /Refund …|Dry run/).count(), 0);
    await person.assertSound();
  }
});

test('who sees several merchants says whose payments these are', async () => {
  const name = await order();
  const other = await books.merchant();
  const person = await office.person('admin');
  await person.go('/bulk');
  await person.page.getByText('Choose the merchant first').waitFor();
  assert.ok(await button(person, 'Choose a CSV file').isDisabled());
  const file = csv('whose.csv', `${name},1.00,USD,`);
  await person.page.getByLabel('Whose payments').selectOption(other);
  await choose(person, file);
  await button(person, 'Will be refused 1').waitFor();
  await person.go('/bulk');
  await person.page.getByLabel('Whose payments').selectOption(merchantId);
  await choose(person, file);
  await button(person, 'Will be refunded 1').waitFor();
  assert.equal(
    await person.page.getByText('This file was uploaded before').count(),
    0,
    'another merchant, another run',
  );
});

test("a line above one's own limit waits for a second person", async () => {
  const name = await order();
  const person = await operator({ limits: { USD: 1_000n } });
  await upload(person, csv('limit.csv', `${name},10.00,USD,`, `${name},10.01,USD,`));
  await row(person, 2).getByText('Will be refunded').waitFor();
  await row(person, 3).getByText('Will wait for approval').waitFor();
});

test('on a phone, in the dark, everything fits', async () => {
  const name = await order();
  const person = await operator({ width: 360, colorScheme: 'dark' });
  await person.go('/bulk');
  await person.page.getByRole('heading', { name: 'The file' }).waitFor();
  await person.assertSound();
  await upload(person, csv('phone.csv', `${name},10.00,USD,Long enough a reason to be broken`, 'nobody-at-all,1,USD,'));
  await row(person, 3).getByText('Payment not found').waitFor();
  await person.assertSound();
});

test('another merchant’s file is as unknown as none', async () => {
  const name = await order();
  const person = await operator();
  await upload(person, csv('theirs.csv', `${name},1.00,USD,`));
  const { place } = person;
  const stranger = await office.person('operator', { merchantId: await books.merchant() });
  await stranger.go('/bulk');
  await stranger.page.getByText('No file was uploaded yet').waitFor();
  await stranger.assertSound();
  await stranger.go(place);
  await stranger.page.getByRole('alert').waitFor();
  await stranger.assertSound();
});
