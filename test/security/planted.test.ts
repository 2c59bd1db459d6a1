/**
 * Card numbers and keys, planted in every input that is not a partner's (those are in test/contract/secrets.test.ts): every field,
 * parameter and header of every operation of the API and of the console, files of refunds and of payments, and the command
 * line. Afterwards they are in no log, no metric, no answer, and in no column of any table.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { operationsOf } from '../api/operations.ts';
import type { Body } from '../api/server.ts';
import { start, temporaryFolder, urlOf, writeFile } from '../cli/refundry.ts';
import { Browser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const CARDS = ['4111111111111111', '4012 8888 8888 1881'];
/** As Refundry makes keys. */
const KEY = `rk_${randomBytes(32).toString('base64url')}`;
const SECRET_WORD = `password-${randomBytes(8).toString('hex')}`;

const server = await TestServer.start();
const merchant = await server.books.merchant();
const payment = await server.books.payment(merchant, { amountMinor: 1_000_000n });
const { secrets } = await server.credential(null, { protocol: 'native', role: 'admin' });
const adminKey = secrets['key'] ?? '';
const admin = await Browser.of(server, 'admin', { password: `${PASSWORD} ${SECRET_WORD}` });
const token = admin.cookie.split('=')[1] ?? '';

/** Whatever is written in groups, escaped or not. */
const FORBIDDEN: readonly RegExp[] = [
  ...CARDS.map((card) => new RegExp(card.replace(/\D/g, '').split('').join('(?:[ +-]|%20){0,3}'))),
  ...[KEY, SECRET_WORD, adminKey, token].map((secret) => new RegExp(secret)),
];

function assertClean(where: string, texts: readonly string[]): void {
  for (const one of texts) {
    for (const forbidden of FORBIDDEN) {
      const found = forbidden.exec(one);
      assert.equal(
        found,
        null,
        `${where} holds ${found?.[0]}: ${one.slice(Math.max(0, (found?.index ?? 0) - 200), (found?.index ?? 0) + 100)}`,
      );
    }
  }
}

async function everyRow(): Promise<string[]> {
  const tables = await server.rows<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  assert.ok(tables.length > 10);
  const rows: string[] = [];
  for (const { name } of tables) {
    const of = await server.rows<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} AS t`);
    rows.push(...of.map(({ row }) => `${name}: ${row}`));
  }
  return rows;
}

/** Kept as they come, as the documentation says: a number there cannot be told from a reference. */
const KEPT = new Set(['reference', 'references', 'payment_reference', 'refund_reference']);

/** The body, once for each of its members, with something planted in that member. */
function planted(body: Body, what: string): Body[] {
  if (typeof body !== 'object' || body === null) return [what];
  const members = Object.entries<Body>(body).filter(([name]) => !KEPT.has(name));
  return [
    ...members.flatMap(([name, value]) =>
      planted(value, what).map((one) => (Array.isArray(body) ? [one] : { ...body, [name]: one })),
    ),
    ...(Array.isArray(body)
      ? []
      : [
          { ...body, [what]: 'x' },
          { ...body, extra: what },
        ]),
  ];
}

let sent = 0;
const answers: string[] = [];

async function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Body,
): Promise<void> {
  // Wrong keys are counted by the minute.
  if ((sent += 1) % 10 === 0) server.clock.advance(61_000);
  const answer = await server.send({
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  answers.push(answer.body);
}

const authorization = `Bearer ${adminKey}`;
const fromConsole = { cookie: admin.cookie, 'x-refundry-console': '1', origin: server.url };

test('in every operation of the API: path, parameters, members, headers', async () => {
  const operations = operationsOf((await admin.get('/openapi.json')).json).filter(({ path }) =>
    path.startsWith('/v1/'),
  );
  assert.ok(operations.length > 25);
  for (const { method, path, parameters, example } of operations) {
    const at = path.replace('{id}', payment.id);
    const body = example === undefined ? undefined : { ...example, merchant_id: merchant, payment_id: payment.id };
    for (const what of CARDS) {
      for (const one of body === undefined ? [] : planted(body, what)) await send(method, at, { authorization }, one);
      const escaped = encodeURIComponent(what);
      await send(method, path.replace('{id}', escaped), { authorization }, body);
      for (const { name } of parameters.filter((one) => one.in === 'query')) {
        await send(method, `${at}?${name}=${escaped}`, { authorization }, body);
      }
    }
    const [card = ''] = CARDS;
    for (const what of [card, KEY]) {
      const headers = {
        'x-request-id': what,
        'user-agent': what,
        referer: what,
        'x-api-key': what,
        cookie: `a=${what}`,
      };
      await send(
        method,
        `${at}/${what}?key=${what}&password=${SECRET_WORD}&${what}=1`,
        { authorization, ...headers },
        body,
      );
      await send(method, at, { ...headers, authorization: `Bearer ${what}` }, body);
      if (body !== undefined) await send(method, at, { authorization, ...headers }, `{"card": "${what}", `);
    }
  }
  assert.ok(sent > 300, `${sent}`);
});

test('in every route of the console, and in files of refunds', async () => {
  for (const what of CARDS.map(encodeURIComponent)) {
    for (const [path, query] of [
      ['search', 'q'],
      ['search', 'merchant_id'],
      ['overview', 'merchant_id'],
      ['export/payments.csv', 'reference'],
      ['export/refunds.csv', 'status'],
      ['trial-balance', 'merchant_id'],
      ['bulk', 'merchant_id'],
      ['nothing', 'q'],
    ] as const) {
      await send('GET', `/console/api/${path}?${query}=${what}`, fromConsole);
    }
    for (const path of ['bulk', 'protocols/payment']) await send('GET', `/console/api/${path}/${what}`, fromConsole);
    await send('POST', `/console/api/bulk/${what}/run`, fromConsole);
  }
  const columns = ['payment', 'reference', 'namespace', 'amount', 'currency', 'reason'];
  const lines = CARDS.flatMap((card) =>
    columns.map((column) =>
      // A reference is kept as it is.
      columns
        .map((one) =>
          one === column && one !== 'reference'
            ? card
            : one === 'payment'
              ? payment.id
              : one === 'amount'
                ? '1.00'
                : '',
        )
        .join(),
    ),
  );
  const csv = { ...fromConsole, 'content-type': 'text/csv' };
  await send(
    'POST',
    `/console/api/bulk?merchant_id=${merchant}&name=${CARDS[0]}.csv`,
    csv,
    [columns.join(), ...lines].join('\n'),
  );
  await send('POST', `/console/api/bulk?merchant_id=${merchant}`, csv, `${columns.join()},${CARDS[0]}\n`);
  const [run] = await server.rows<{ id: string; lines: number }>('SELECT id, lines FROM bulk_run');
  assert.equal(run?.lines, lines.length);
  await send('POST', `/console/api/bulk/${run.id}/dry-run`, fromConsole);
  for (const what of ['lines', 'result.csv']) await send('GET', `/console/api/bulk/${run.id}/${what}`, fromConsole);
  for (const password of [SECRET_WORD, KEY]) {
    await send('POST', '/console/api/sign-in', { 'x-refundry-console': '1' }, { name: 'nobody', password });
    await send('POST', '/console/api/sign-in', { 'x-refundry-console': '1' }, { name: 'nobody', [KEY]: password });
    await send(
      'POST',
      '/console/api/sign-in',
      { 'x-refundry-console': '1' },
      `{"name": "nobody", "password": "${password}`,
    );
  }
});

/** What a command said; it need not have worked. */
async function said(words: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<string> {
  const { stdout, stderr } = await start({ DATABASE_URL: urlOf(server.database), ...env }, words, input).ended;
  assert.doesNotMatch(stderr, /\n\s+at /);
  return stdout + stderr;
}

test('on the command line: arguments, the environment, standard input, and files of payments', async () => {
  const folder = temporaryFolder();
  const [card = ''] = CARDS;
  const header = [
    'amount',
    'currency',
    'status',
    'created_at',
    'method_type',
    'method_last4',
    'customer_name',
    'description',
    'order_number',
  ];
  const lines = header.map((column) =>
    header.map((one) => (one === column ? card : one === 'amount' ? '1.00' : one === 'currency' ? 'USD' : '')).join(),
  );
  const file = writeFile(folder, 'payments.csv', [header.join(), ...lines].join('\n'));
  const rejects = `${folder}/rejects.csv`;
  const wrong = `postgres://user:${SECRET_WORD}@127.0.0.1:1/none`;
  const id = payment.id;
  const all = await Promise.all([
    said(['import', file, '--merchant', merchant, '--rejects', rejects]),
    said(['refund', id, '--amount', '1.00', '--reason', `said ${card}`]),
    said(['refund', card, '--amount', card, '--merchant', merchant]),
    said(
      ['user', 'create', 'card', '--role', 'read', '--label', card, '--password-stdin'],
      {},
      `${SECRET_WORD} words\n`,
    ),
    said(['user', 'create', card, '--role', 'read', '--password-stdin'], {}, `${SECRET_WORD} words\n`),
    said(['merchant', 'create', `Shop ${card}`]),
    said(
      ['user', 'create', 'limited', '--role', 'operator', '--limit', card, '--password-stdin'],
      {},
      `${SECRET_WORD}\n`,
    ),
    said(['merchant', 'list'], { REFUNDRY_KEY: KEY }),
    said(['merchant', 'list'], { DATABASE_URL: wrong }),
    said(['serve'], { REFUNDRY_METRICS_TOKEN: SECRET_WORD, REFUNDRY_KEY: KEY, PORT: 'x' }),
  ]);
  for (const text of all) {
    for (const forbidden of FORBIDDEN.slice(CARDS.length)) assert.doesNotMatch(text, forbidden);
  }
  // Whoever typed a card number may see it in the usage error that quotes it; what was kept is what matters.
  assert.ok(all.every((text) => text !== ''));
});

test('afterwards nothing of it is anywhere', async () => {
  for (let waited = 0; server.log.length < sent && waited < 250; waited += 1) await sleep(20);
  assert.ok(server.log.length >= sent, `${sent} requests, ${server.log.length} lines`);
  assertClean('the log', server.log);
  assertClean('the metrics', [(await server.send({ method: 'GET', path: '/metrics' })).body]);
  const rows = await everyRow();
  assert.ok(
    rows.some((row) => row.includes('said 411111******1111')),
    'free text is kept, but for the number',
  );
  assertClean('the database', rows);
  assertClean('an answer', answers);
});
