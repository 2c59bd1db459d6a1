/** Importing payments: what a file may hold, what is turned away, and that nothing is ever registered twice. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { answer, type Environment, refundry, start, temporaryFolder, urlOf, writeFile } from './refundry.ts';

const books = await Books.open();
const env: Environment = { DATABASE_URL: urlOf(books.database) };
const client = await connect(books.database);
const folder = temporaryFolder();

test('every column becomes a part of the payment', async () => {
  const merchant = await books.merchant();
  const file = writeFile(
    folder,
    'columns.csv',
    // As spreadsheets write it: byte order mark, CRLF.
    '\ufeffamount,currency,status,created_at,captured_at,native.reference,bbmsl.merchantReference,method_type,method_last4,' +
      'customer_name,order_number,description,device_os,learner,entitlement_kind,entitlement_target,via_coupon,coupon_code\r\n' +
      '10.005,KWD,,2026-01-31T12:00:00+08:00,2026-02-01,o-1,m-1,card,0028,"Doe, ""J""",42,"two\r\nlines",Android,a;b,program,p-1,true,GROUP\r\n' +
      '7,JPY,pending,,,o-2,,,,,,,,,,,,\r\n',
  );
  const summary = await answer(env, 'import', file, '--merchant', merchant);
  assert.deepEqual([summary['registered'], summary['rejected'], summary['complete']], [2, 0, true]);
  const card = await answer(env, 'payment', 'show', 'native.reference:o-1', '--merchant', merchant);
  assert.equal(card['captured'], 10_005);
  assert.equal(card['created_at'], '2026-01-31T04:00:00.000Z');
  assert.equal(card['captured_at'], '2026-02-01T00:00:00.000Z');
  // bbmsl's own number is given out with its merchant reference.
  assert.deepEqual(card['references'], {
    'native.reference': 'o-1',
    'bbmsl.merchantReference': 'm-1',
    'bbmsl.orderId': '1',
  });
  assert.deepEqual(
    new Set((card['entitlements'] as { learner: string }[]).map(({ learner }) => learner)),
    new Set(['a', 'b']),
  );
  assert.equal((card['coupons'] as { code: string }[])[0]?.code, 'GROUP');
  const { rows } = await client.query<{ details: object }>('SELECT details FROM payment WHERE id = $1', [card['id']]);
  assert.deepEqual(rows[0]?.details, {
    method: { type: 'card', last4: '0028' },
    customer: { name: 'Doe, "J"' },
    device: { os: 'Android' },
    orderNumber: '42',
    description: 'two\r\nlines',
  });
  const pending = await answer(env, 'payment', 'show', 'native.reference:o-2', '--merchant', merchant);
  assert.deepEqual([pending['status'], pending['amount'], pending['captured']], ['pending', 7, 0]);
});

const MIXED = [
  'amount,currency,native.reference,description,created_at',
  '10.00,USD,ok-1,,2026-01-31',
  '10.005,USD,bad-1,,',
  '"1,000.00",USD,bad-2,,',
  '10,usd,bad-3,,',
  '10,USD,bad-4,paid with 4111 1111 1111 1111,',
  '10,USD,bad-5,,2026-02-30',
  '10,USD,bad-6,,2026-01-31T12:00:00',
  '10,USD,bad-7,,2126-01-31',
  '10,USD,,no reference,',
  '',
  '10,USD,ok-2,"over',
  'two lines",',
  '11.00,USD,ok-1,another content,2026-01-31',
  '10,USD,bad-8',
  '10,USD,ba"d-9,,',
  '10,USD,bad-\ufffd,\ufffd,',
  '10,USD,ok-3,,',
].join('\n');

test('a line is taken in whole or turned away with its number and reason', async () => {
  const merchant = await books.merchant();
  const file = writeFile(folder, 'mixed.csv', MIXED);
  const rejects = `${folder}/rejects.csv`;
  const first = await refundry(env, 'import', file, '--merchant', merchant, '--rejects', rejects);
  assert.equal(first.code, 1);
  assert.match(first.stdout, /^3 registered, 0 there already, 12 rejected, in /);
  assert.deepEqual(
    first.stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/^(line \d+: \w+: \S+).*$/, '$1')),
    [
      'line 3: invalid_request: amount:',
      'line 4: invalid_request: amount:',
      'line 5: invalid_request: currency:',
      'line 6: invalid_request: description:',
      'line 7: invalid_request: created_at:',
      'line 8: invalid_request: created_at:',
      'line 9: invalid_request: created_at:',
      'line 10: invalid_request: has',
      'line 14: duplicate_reference: native.reference',
      'line 15: invalid_request: has',
      'line 16: invalid_request: a',
      'line 17: invalid_request: native.reference:',
    ],
  );
  const kept = readFileSync(rejects, 'utf8');
  assert.match(
    kept,
    /^amount,currency,native\.reference,description,created_at,rejected_line,rejected_because,rejected_text\n/,
  );
  assert.match(kept, /\n"1,000\.00",USD,bad-2,,,4,/);
  assert.doesNotMatch(kept, /4111 1111/);
  const { rows } = await client.query('SELECT 1 FROM payment WHERE merchant_id = $1', [merchant]);
  assert.equal(rows.length, 3);

  const again = await refundry(env, 'import', file, '--merchant', merchant);
  assert.match(again.stdout, /^0 registered, 3 there already, 12 rejected/);

  const corrected = kept.split('\n').filter((line, index) => index === 0 || line.includes('bad-2'));
  const fixed = writeFile(folder, 'fixed.csv', corrected.join('\n').replace('1,000.00', '1000.00'));
  const third = await answer(env, 'import', fixed, '--merchant', merchant);
  assert.deepEqual([third['registered'], third['rejected']], [1, 0]);
});

test('every mistake of a line is said at once', async () => {
  const merchant = await books.merchant();
  const file = writeFile(
    folder,
    'mistakes.csv',
    'amount,currency,native.reference,bbmsl.orderId,created_at,method_last4,learner,entitlement_kind,via_coupon\n' +
      '1.000,usd,ä,x1,2026-02-30,4,,course,true\n' +
      ',,,,,,,,\n',
  );
  const { stderr } = await refundry(env, 'import', file, '--merchant', merchant);
  const [first = ''] = stderr.split('\n');
  const [, mistakes = ''] = first.split('line 2: invalid_request: ');
  assert.deepEqual(
    mistakes.split('; ').map((mistake) => mistake.split(': ', 1).join()),
    ['native.reference', 'bbmsl.orderId', 'created_at', 'method_last4', 'entitlement_kind', 'currency', 'coupon_code'],
  );
  assert.match(stderr, /\nline 3: invalid_request: amount: is empty; currency: is empty; has no reference: /);
});

test('rejects are in the order of the file, whenever the books answered', async () => {
  const merchant = await books.merchant();
  await refundry(
    env,
    'import',
    writeFile(folder, 'first.csv', 'amount,currency,native.reference\n1,USD,taken\n'),
    '--merchant',
    merchant,
  );
  const lines = Array.from({ length: 3_000 }, (_none, index) =>
    index % 2 === 0 ? '2,USD,taken' : `no,USD,x-${index}`,
  );
  const file = writeFile(folder, 'order.csv', `amount,currency,native.reference\n${lines.join('\n')}\n`);
  const rejects = `${folder}/order-rejects.csv`;
  const { stderr, code } = await refundry(env, 'import', file, '--merchant', merchant, '--rejects', rejects);
  assert.equal(code, 1);
  const shown = [...stderr.matchAll(/^line (\d+): /gm)].map(([, line]) => Number(line));
  assert.deepEqual(
    shown,
    Array.from({ length: 20 }, (_none, index) => index + 2),
  );
  const kept = readFileSync(rejects, 'utf8').trim().split('\n').slice(1);
  assert.deepEqual(
    kept.map((row) => Number(row.split(',')[3])),
    lines.map((_line, index) => index + 2),
  );
});

test('a line with too many or too few fields stays rejected, whole, until a person repairs it', async () => {
  const merchant = await books.merchant();
  const file = writeFile(
    folder,
    'ragged.csv',
    'native.reference,currency,amount\nr-1,USD,1,000.00\nr-2,USD\nr-3,USD,1"0\nr-4,USD,1,"a,b"\n',
  );
  const [first, second] = [`${folder}/ragged-1.csv`, `${folder}/ragged-2.csv`];
  await refundry(env, 'import', file, '--merchant', merchant, '--rejects', first);
  const asItIs = await refundry(env, 'import', first, '--merchant', merchant, '--rejects', second);
  assert.match(asItIs.stdout, /^0 registered, 0 there already, 4 rejected/);
  assert.equal(asItIs.stderr.match(/must be repaired: put what is in rejected_text/g)?.length, 4);
  for (const rejects of [first, second]) {
    const kept = readFileSync(rejects, 'utf8');
    assert.match(kept, /\n,,,2,.*,"r-1,USD,1,000\.00"\n,,,3,.*,"r-2,USD"\n,,,4,.*,\n,,,5,.*,"r-4,USD,1,"{2}a,b"{3}\n$/);
  }
  const repaired = readFileSync(second, 'utf8').replace('\n,,,2,', '\nr-1,USD,1000.00,2,');
  const repairedFile = writeFile(folder, 'repaired.csv', repaired.split('\n').slice(0, 2).join('\n'));
  assert.equal((await answer(env, 'import', repairedFile, '--merchant', merchant))['registered'], 1);
  const payment = await answer(env, 'payment', 'show', 'native.reference:r-1', '--merchant', merchant);
  assert.equal(payment['captured'], 100_000);
});

test('a capture in the future is blamed on the column that has it', async () => {
  const merchant = await books.merchant();
  const file = writeFile(folder, 'future.csv', 'amount,currency,native.reference,captured_at\n1,USD,f-1,2126-01-31\n');
  const { stderr } = await refundry(env, 'import', file, '--merchant', merchant);
  assert.equal(stderr, 'line 2: invalid_request: captured_at: is in the future\n');
});

test('a file whose header does not fit is refused before anything is read', async () => {
  const merchant = await books.merchant();
  const headers: readonly (readonly [header: string, sentence: RegExp])[] = [
    ['amount,curency,native.reference,tip', /unknown column\(s\) "curency", "tip".*missing column\(s\) "currency"/],
    ['amount,currency,native.reference,amount', /column\(s\) given twice: "amount"/],
    ['amount,currency', /no reference/],
    ['amount;currency;native.reference', /--delimiter/],
    ['merchant,amount,currency,native.reference', /column "merchant", though the merchant is said already/],
    ['', /the file is empty/],
  ];
  for (const [header, sentence] of headers) {
    const file = writeFile(folder, 'header.csv', header === '' ? '' : `${header}\n1,USD,x,1`);
    const ran = await refundry(env, 'import', file, '--merchant', merchant);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], header);
    assert.match(ran.stderr, sentence);
  }
  const { rows } = await client.query('SELECT 1 FROM payment WHERE merchant_id = $1', [merchant]);
  assert.equal(rows.length, 0);
});

test('what is no file of payments is said to be none', async () => {
  const merchant = await books.merchant();
  const open = writeFile(folder, 'open.csv', 'amount,currency,native.reference\n1,USD,a\n1,USD,"b\n1,USD,c\n');
  const wide = writeFile(folder, 'wide.csv', Buffer.from('\ufeffamount,currency', 'utf16le'));
  const [unclosed, missing, itself, nobody, wideRun] = await Promise.all([
    refundry(env, 'import', open, '--merchant', merchant),
    refundry(env, 'import', `${folder}/none.csv`, '--merchant', merchant),
    refundry(env, 'import', open, '--merchant', merchant, '--rejects', open),
    refundry(env, 'import', open, '--merchant', '01997d3e-0000-7000-8000-000000000000'),
    refundry(env, 'import', wide, '--merchant', merchant),
  ]);
  assert.equal(unclosed.code, 2);
  assert.match(unclosed.stdout, /^1 registered/);
  assert.match(unclosed.stderr, /not_csv: line 3: a quote is opened and never closed/);
  assert.match(unclosed.stderr, /Correct line 3 first, then run the same command again/);
  assert.deepEqual([missing.code, missing.stderr.startsWith('usage: ')], [2, true]);
  assert.match(itself.stderr, /would overwrite the file that is imported/);
  assert.deepEqual([nobody.code, nobody.stderr.split(':')[0]], [1, 'resource_not_found']);
  assert.deepEqual([wideRun.code, wideRun.stderr], [2, 'not_csv: the file is UTF-16: save it as UTF-8\n']);
});

test('lines name their merchants, and a key brings in its own only', async () => {
  const [mine, other] = [await books.merchant(), await books.merchant()];
  const file = writeFile(
    folder,
    'merchants.csv',
    `merchant;amount;currency;native.reference\n${mine};1;USD;x\n${other};2;USD;x\nnobody;3;USD;x\n`,
  );
  const both = await start(env, ['import', '-', '--delimiter', ';', '--json'], readFileSync(file, 'utf8')).ended;
  assert.equal(both.code, 1);
  assert.match(both.stderr, /^line 4: resource_not_found: /);
  assert.equal((JSON.parse(both.stdout) as { registered: number }).registered, 2);
  const { key } = (await answer(env, 'credential', 'create', '--merchant', mine))['secrets'] as { key: string };
  const own = await refundry({ ...env, REFUNDRY_KEY: key }, 'import', file, '--delimiter', ';');
  assert.equal(own.code, 2);
  assert.match(own.stderr, /column "merchant"/);
});

const LINES = 30_000;

test(`${LINES} lines, killed, interrupted, then imported twice at once: each is there exactly once`, async () => {
  const merchant = await books.merchant();
  const lines = Array.from({ length: LINES }, (_none, index) => `1.0${index % 10},USD,big-${index},2026-01-31,VISA`);
  const file = writeFile(
    folder,
    'big.csv',
    `amount,currency,native.reference,created_at,description\n${lines.join('\n')}\n`,
  );
  const words = ['import', file, '--merchant', merchant];
  const count = async (): Promise<number> => {
    const sql = 'SELECT count(*) AS count FROM payment WHERE merchant_id = $1';
    return Number((await client.query<{ count: string }>(sql, [merchant])).rows[0]?.count);
  };
  const moreThan = async (number: number): Promise<void> => {
    while ((await count()) <= number) await sleep(5);
  };

  const killed = start(env, words);
  await moreThan(2_000);
  killed.process.kill('SIGKILL');
  await killed.ended;
  const afterKill = await count();
  assert.ok(afterKill < LINES, `all ${afterKill} were there already: too late to kill it`);

  const interrupted = start(env, words);
  await moreThan(afterKill + 1_000);
  interrupted.process.kill('SIGINT');
  const { code, stdout, stderr } = await interrupted.ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /Run the same command again/);
  const [, registered = ''] = /^(\d+) registered/.exec(stdout) ?? [];
  assert.equal(await count(), afterKill + Number(registered));

  // A heap in which the whole file does not fit: what is read waits for what is committed.
  const small = { ...env, NODE_OPTIONS: '--max-old-space-size=64' };
  const before = await count();
  const both = await Promise.all([start(small, [...words, '--json']).ended, start(small, [...words, '--json']).ended]);
  const summaries = both.map(
    (ran) => JSON.parse(ran.stdout) as { registered: number; already_there: number; complete: boolean },
  );
  for (const one of summaries) {
    assert.equal(one.complete, true);
    assert.equal(one.registered + one.already_there, LINES);
  }
  assert.equal((summaries[0]?.registered ?? 0) + (summaries[1]?.registered ?? 0), LINES - before);
  assert.equal(await count(), LINES);
  const shown = await answer(env, 'merchant', 'show', merchant);
  const [balance] = shown['balances'] as { merchant_unsettled: number }[];
  assert.equal(balance?.merchant_unsettled, LINES * 100 + (LINES / 10) * 45);
});
