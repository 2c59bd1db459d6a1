/** Files of refunds: what they would do is shown, and what they do is done once per line, whatever happens meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { Browser, type JsonAnswer } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const merchantId = await server.books.merchant();
const otherId = await server.books.merchant();
const operator = await Browser.of(server, 'operator', { merchantId });
const viewer = await Browser.of(server, 'read', { merchantId });

let files = 0;

/** A file that nobody sent before. */
const file = (...lines: readonly string[]): string => [...lines, `# ${(files += 1)}`].slice(0, -1).join('\n');

async function upload(browser: Browser, text: string, query = ''): Promise<JsonAnswer> {
  const answer = await server.send({
    path: `/console/api/bulk${query}`,
    headers: {
      'x-refundry-console': '1',
      'sec-fetch-site': 'same-origin',
      origin: server.url,
      'content-type': 'text/csv',
      cookie: browser.cookie,
    },
    body: text,
  });
  return { ...answer, json: JSON.parse(answer.body) };
}

const post = (browser: Browser, id: string, what: 'dry-run' | 'run'): Promise<JsonAnswer> =>
  browser.post(`/console/api/bulk/${id}/${what}`);

async function finished(browser: Browser, id: string): Promise<any> {
  for (const ends = Date.now() + 20_000; Date.now() < ends; await sleep(20)) {
    const { json } = await browser.get(`/console/api/bulk/${id}`);
    if (json.status !== 'running') return json;
  }
  return assert.fail('the run does not end');
}

async function lines(browser: Browser, id: string, query = ''): Promise<any[]> {
  return (await browser.get(`/console/api/bulk/${id}/lines?limit=100${query}`)).json.data;
}

const some = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, lines]) => lines > 0));

test('a file is looked at, then done; every line says what became of it', async () => {
  const one = await server.books.payment(merchantId, {
    references: [{ namespace: 'native.reference', value: 'b-1', numbered: false }],
  });
  const yen = await server.books.payment(merchantId, {
    amountMinor: 5_000n,
    currency: 'JPY',
    references: [{ namespace: 'payengine.id', value: 'b-2', numbered: false }],
  });
  const theirs = await server.books.payment(otherId);
  const text = [
    'payment,reference,namespace,amount,currency,reason',
    `${one.id},,,60.00,USD,Damaged`,
    ',b-1,,60.00,USD,Too much by now',
    ',b-1,,,,"All that is left, then"',
    ',b-2,payengine.id,1000,,',
    ',b-2,payengine.id,10,USD,',
    '',
    ',nobody,,1.00,,',
    `${theirs.id},,,1.00,,`,
    `${one.id},,,1.005,USD,`,
    `${one.id},,,"1,000",USD,`,
    `${one.id},b-1,,1,USD,`,
    `${one.id},,,1,USD,4111 1111 1111 1111`,
    'x,,,1,USD,',
  ].join('\r\n');
  const made = await upload(operator, text, '?name=returns.csv');
  assert.equal(made.status, 201, made.body);
  const { id } = made.json;
  assert.deepEqual(
    [made.json.name, made.json.status, made.json.lines, some(made.json.counts), made.json.expected],
    ['returns.csv', 'ready', 12, { invalid: 5, undecided: 7 }, null],
  );

  const before = await server.entries();
  const looked = await post(operator, id, 'dry-run');
  assert.deepEqual(some(looked.json.expected), { succeeded: 3, refused: 4 });
  assert.equal(await server.entries(), before, 'looking writes nothing');
  const refused = await lines(operator, id, '&outcome=undecided');
  assert.deepEqual(
    refused.map((line) => [line.line, line.expected, line.code, line.refund_amount]),
    [
      [2, 'succeeded', null, 6_000],
      [3, 'refused', 'amount_exceeds_refundable', 6_000],
      [4, 'succeeded', null, 4_000],
      [5, 'succeeded', null, 1_000],
      [6, 'refused', 'currency_mismatch', 1_000],
      [8, 'refused', 'payment_not_found', null],
      [9, 'refused', 'payment_not_found', null],
    ],
  );
  const refusals = await lines(operator, id, '&expected=refused');
  assert.deepEqual(
    refusals.map((line) => line.line),
    [3, 6, 8, 9],
  );

  assert.equal((await post(operator, id, 'run')).status, 202);
  const done = await finished(operator, id);
  assert.equal(done.status, 'done');
  assert.deepEqual(some(done.counts), { succeeded: 3, refused: 4, invalid: 5 });
  assert.deepEqual(await lines(operator, id, '&expected=refused'), [], 'what is decided is expected no more');
  assert.deepEqual(
    done.amounts.filter((sum: any) => sum.outcome === 'succeeded').map((sum: any) => [sum.currency, sum.amount]),
    [
      ['JPY', 1_000],
      ['USD', 10_000],
    ],
  );
  const all = await lines(viewer, id);
  assert.deepEqual(
    all.filter((line) => line.outcome === 'invalid').map((line) => [line.line, line.detail]),
    [
      [10, 'amount: USD has 2 decimals, got 1.005'],
      [11, 'amount: must be a positive decimal number, such as 10 or 10.00'],
      [12, 'needs a payment or a reference, and not both'],
      [13, 'reason: holds a full card number, which is never stored'],
      [14, 'payment: is no id'],
    ],
  );
  const refund = (await operator.get(`/v1/refunds/${all[0].refund_id}`)).json;
  assert.deepEqual([refund.payment_id, refund.amount, refund.reason], [one.id, 6_000, 'Damaged']);
  assert.equal((await operator.get(`/v1/payments/${yen.id}`)).json.refunded, 1_000);
  const [actor] = await server.rows<{ actor: string; key: string }>(
    `SELECT actor, idempotency_key AS key FROM journal WHERE refund_id = '${refund.id}'`,
  );
  assert.match(actor?.actor ?? '', /^user:operator-/);
  assert.equal(actor?.key, `bulk:${id}:2`);
  assert.deepEqual(await server.findings(), []);
  assert.doesNotMatch(JSON.stringify(await server.rows('SELECT * FROM bulk_line')), /4111 ?1111 ?1111 ?1111/);
});

test('the same file is the same run, and a run is done once', async () => {
  const payment = await server.books.payment(merchantId);
  const text = `payment,amount\n${payment.id},1.00\n${payment.id},1.00\n`;
  const first = await upload(operator, text);
  const again = await upload(operator, text);
  assert.deepEqual([first.status, again.status], [201, 200]);
  assert.equal(again.json.id, first.json.id);
  const admin = await Browser.of(server, 'admin');
  const others = await upload(admin, text, `?merchant_id=${otherId}`);
  assert.notEqual(others.json.id, first.json.id, 'for another merchant it is another run');
  await Promise.all(Array.from({ length: 5 }, () => post(operator, first.json.id, 'run')));
  await finished(operator, first.json.id);
  await post(operator, first.json.id, 'run');
  assert.deepEqual(some((await finished(operator, first.json.id)).counts), { succeeded: 2 });
  assert.equal((await operator.get(`/v1/payments/${payment.id}`)).json.refunded, 200);
});

test('the same refunds are the same run, however a program saved them', async () => {
  const payment = await server.books.payment(merchantId);
  const first = await upload(operator, `payment,amount,reason\n${payment.id},1.00,late\n${payment.id},1.00,late\n`);
  const saved = [
    `payment,amount,reason\r\n${payment.id},1.00,late\r\n${payment.id},1.00,late\r\n`,
    `payment,amount,reason\n${payment.id},1.00,late\n${payment.id},1.00,late`,
    `\ufeffPayment;Amount;Reason\r\n${payment.id};1.00;late\r\n${payment.id};1.00;late\r\n;;\r\n`,
    `"payment","amount","reason"\n"${payment.id}","1.00","late"\n "${payment.id}" , "1.00", "late" \n`,
    `amount,payment,reason\n1.00,${payment.id},late\n1.00,${payment.id},late\n`,
    `payment,amount,reason\n${payment.id},1,late\n${payment.id},1.0,late\n`,
  ];
  for (const text of saved) {
    const again = await upload(operator, text);
    assert.deepEqual([again.status, again.json.id], [200, first.json.id], text);
  }
  const others = [
    `payment,amount,reason\n${payment.id},1.00,late\n`,
    `payment,amount,reason\n${payment.id},1.00,late\n${payment.id},1.01,late\n`,
    `payment,amount,reason\n${payment.id},1.00,late\n${payment.id},10,late\n`,
    // A line that could not be read, and was mended.
    `payment,amount,reason\n${payment.id},1.00,late\n${payment.id},1.00,late,\n`,
  ];
  for (const text of others) assert.equal((await upload(operator, text)).status, 201, text);
});

test('two servers that run a file at the same time refund each line once', async () => {
  const next = await TestServer.start({ database: server.database });
  const payment = await server.books.payment(merchantId);
  const { json: run } = await upload(
    operator,
    `payment,amount\n${Array.from({ length: 2_000 }, () => `${payment.id},0.01`).join('\n')}`,
  );
  const colleague = new Browser(next);
  colleague.cookie = operator.cookie;
  await post(operator, run.id, 'run');
  // As if the first had fallen silent: the other takes the run while it goes on.
  await server.rows(`UPDATE bulk_run SET alive_at = now() - interval '1 minute' WHERE id = '${run.id}'`);
  assert.equal((await colleague.post(`/console/api/bulk/${run.id}/run`)).status, 202);
  await finished(operator, run.id);
  await sleep(50);
  const done = await finished(colleague, run.id);
  assert.deepEqual(some(done.counts), { succeeded: 2_000 });
  assert.equal((await operator.get(`/v1/payments/${payment.id}`)).json.refunded, 2_000);
  assert.deepEqual(await server.findings(), []);
});

test("above an operator's own limit a line waits for a second person", async () => {
  const limited = await Browser.of(server, 'operator', { merchantId, limits: { USD: 1_000n } });
  const payment = await server.books.payment(merchantId);
  const { json: run } = await upload(limited, `payment,amount\n${payment.id},10.00\n${payment.id},10.01\n`);
  assert.deepEqual(some((await post(limited, run.id, 'dry-run')).json.expected), { succeeded: 1, pending_approval: 1 });
  await post(limited, run.id, 'run');
  assert.deepEqual(some((await finished(limited, run.id)).counts), { succeeded: 1, pending_approval: 1 });
  assert.equal((await limited.get(`/v1/payments/${payment.id}`)).json.reserved, 1_001);
});

test('who may not refund may look; who is bound to a merchant sees its runs only', async () => {
  const payment = await server.books.payment(merchantId);
  const text = file('payment,amount', `${payment.id},1.11`);
  assert.equal((await upload(viewer, text)).status, 403);
  const { id } = (await upload(operator, text)).json;
  for (const what of ['dry-run', 'run'] as const) assert.equal((await post(viewer, id, what)).status, 403);
  assert.equal((await viewer.get(`/console/api/bulk/${id}`)).status, 200);
  assert.ok((await viewer.get('/console/api/bulk')).json.data.some((run: any) => run.id === id));
  const stranger = await Browser.of(server, 'operator', { merchantId: otherId });
  for (const path of ['', '/lines', '/result.csv']) {
    assert.equal((await stranger.get(`/console/api/bulk/${id}${path}`)).status, 404, path);
  }
  for (const what of ['dry-run', 'run'] as const) assert.equal((await post(stranger, id, what)).status, 404);
  assert.ok(!(await stranger.get('/console/api/bulk')).json.data.some((run: any) => run.id === id));
  const everybody = await Browser.of(server, 'operator');
  assert.equal((await upload(everybody, text)).json.errors[0].parameter, 'merchant_id');
  assert.equal((await server.send({ path: '/console/api/bulk', body: text })).status, 401);
});

test('what is no file of refunds is refused as a whole, and says why', async () => {
  for (const [text, problem] of [
    ['', 'has no lines below its header'],
    ['payment,amount\n', 'has no lines below its header'],
    ['amount,currency\n1,USD', 'needs a column payment, with ids, or reference'],
    ['payment,amout\nx,1', 'has a column "amout"; there are payment, reference, namespace, amount, currency, reason'],
    ['payment,payment\nx,1', 'has a column twice'],
    ['payment,amount\nx,"1', 'is not CSV: line 2 has a quote in the wrong place'],
    [`payment\n${'x\n'.repeat(10_001)}`, 'has more than 10000 lines: split it'],
  ] as const) {
    const answer = await upload(operator, text);
    assert.equal(answer.status, 400, text);
    assert.deepEqual(answer.json.errors, [{ parameter: 'file', problem }]);
  }
  assert.equal((await operator.post('/console/api/bulk', { payment: 'x' })).status, 400);
  const large = await upload(operator, `payment\n${'x'.repeat(4 * 1024 * 1024)}`);
  assert.equal(large.status, 413);
  assert.match(large.json.detail, /larger than 4096 KiB/);
});

test('a file from a spreadsheet is read as it is: semicolons, a byte order mark, cells made harmless', async () => {
  const payment = await server.books.payment(merchantId, {
    references: [{ namespace: 'native.reference', value: '-77', numbered: false }],
  });
  const { json: run } = await upload(operator, `\ufeffReference;Amount;Reason\r\n'-77;2.50;'=odd\r\n`);
  await post(operator, run.id, 'run');
  assert.deepEqual(some((await finished(operator, run.id)).counts), { succeeded: 1 });
  assert.equal((await operator.get(`/v1/payments/${payment.id}`)).json.refunded, 250);
  const answer = await operator.get(`/console/api/bulk/${run.id}/result.csv`);
  const [row] = parse<Record<string, string>>(answer.body, { columns: true });
  assert.deepEqual(
    [
      row?.['line'],
      row?.['reference'],
      row?.['reason'],
      row?.['outcome'],
      row?.['refund_amount'],
      row?.['refund_currency'],
    ],
    ['2', "'-77", "'=odd", 'succeeded', '2.50', 'USD'],
  );
});

test('lines are read in pages', async () => {
  const { json: run } = await upload(
    operator,
    `reference\n${Array.from({ length: 7 }, (_, n) => `page-${n}`).join('\n')}`,
  );
  const seen: number[] = [];
  for (let after: number | null = 0; after !== null;) {
    const { json }: JsonAnswer = await operator.get(`/console/api/bulk/${run.id}/lines?limit=3&after=${after}`);
    seen.push(...json.data.map((line: any) => line.line));
    after = json.next_after;
  }
  assert.deepEqual(seen, [2, 3, 4, 5, 6, 7, 8]);
});

test('a server that stops leaves the rest of a run for later', async () => {
  const passing = await TestServer.start({ database: server.database });
  const payment = await server.books.payment(merchantId);
  const { json: run } = await upload(
    operator,
    `payment,amount\n${Array.from({ length: 3_000 }, () => `${payment.id},0.01`).join('\n')}`,
  );
  const browser = new Browser(passing);
  browser.cookie = operator.cookie;
  await browser.post(`/console/api/bulk/${run.id}/run`);
  await passing.app.close();
  const left = await finished(operator, run.id);
  assert.equal(left.status, 'interrupted');
  assert.ok(left.counts.undecided > 0, 'it was stopped in the middle');
  await post(operator, run.id, 'run');
  assert.deepEqual(some((await finished(operator, run.id)).counts), { succeeded: 3_000 });
  assert.equal((await operator.get(`/v1/payments/${payment.id}`)).json.refunded, 3_000);
});
