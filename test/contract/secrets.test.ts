/**
 * Secrets, passwords and card numbers, planted in every input of every protocol: none of them is in the logs, in the
 * metrics, in any column of any table, or in an answer.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/server/log.ts';
import { type HttpAnswer, type HttpRequest, TestServer } from '../kit/server.ts';
import { form, text, type Voice } from './speaker.ts';
import { SPEAKERS } from './speakers.ts';

/** Test numbers of the card schemes, as people write them. */
const CARD_NUMBERS = [
  '4111111111111111',
  '4012 8888 8888 1881',
  '5555-5555-5555-4444',
  '378282246310005',
  '5200000000001005',
  '4242.4242.4242.4242',
  '6011 - 0009 - 9013 - 9424',
  '5105\u00a01051\u00a00510\u00a05100',
];
const PLANTED_SECRET = `planted-${randomBytes(12).toString('hex')}`;

const server = await TestServer.start();
const secrets = new Set([PLANTED_SECRET]);
const answers: HttpAnswer[] = [];

async function send(request: HttpRequest): Promise<HttpAnswer> {
  const answer = await server.send(request);
  answers.push(answer);
  return answer;
}

/** All that is in the database, row by row, as text. */
async function everyRow(): Promise<string[]> {
  const tables = await server.rows<{ table: string }>(
    `SELECT quote_ident(table_name) AS table FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  assert.ok(tables.length > 10);
  const rows: string[] = [];
  for (const { table } of tables) {
    rows.push(
      ...(await server.rows<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} AS t`)).map(
        ({ row }) => `${table}: ${row}`,
      ),
    );
  }
  return rows;
}

/** A card number however its digits are grouped, in a URL too. */
const FORBIDDEN = CARD_NUMBERS.map(
  (number) => new RegExp(number.replace(/\D/g, '').split('').join('(?:[ .\u00a0-]|%20|%2D|%C2%A0){0,3}')),
);

function assertClean(where: string, texts: readonly string[]): void {
  for (const one of texts) {
    for (const number of FORBIDDEN) assert.doesNotMatch(one, number, where);
    for (const secret of secrets) assert.ok(!one.includes(secret), `${where} holds a secret: ${one}`);
  }
}

/** Sends a refund in one protocol with something planted wherever the protocol has room for it. */
async function plant(voice: Voice, name: string, amount: string, planted: string): Promise<void> {
  const fields = voice.fields(name, amount);
  const more = { notes: text(planted), reason: text(`mistake, was ${planted}`), internalTransactionID: text(planted) };
  const asForm = 'dispatch' in fields;
  const extra = {
    ...more,
    card: text(planted),
    ...(asForm ? {} : { metadata: JSON.stringify({ pan: planted, list: [planted] }) }),
  };
  const request = voice.request({ ...fields, ...extra });
  await send({
    ...request,
    headers: {
      ...request.headers,
      'x-request-id': planted,
      'user-agent': planted,
      'x-extra': planted,
      referer: planted,
    },
  });
  // Planted where it is wrong: as an amount, as the path, the query, the method's place in a broken body.
  await send(voice.request({ ...fields, [asForm ? 'dispatch' : 'amount']: text(planted) }));
  await send({ ...request, path: `${request.path}/${planted}?card=${planted}&password=${planted}` });
  await send(voice.raw(new TextEncoder().encode(`{"card": "${planted}", `)));
  await send({ ...voice.guess(fields) });
}

test('secrets and card numbers, planted everywhere, are nowhere afterwards', async () => {
  for (const speaker of SPEAKERS.filter(({ name }) => server.dialects.some((dialect) => dialect.name === name))) {
    const merchantId = await server.books.merchant();
    const voice = await speaker.voice(server, merchantId);
    for (const secret of Object.values(voice.credential.secrets)) secrets.add(secret);
    for (const cookie of (voice.request({ id: text('x') }).headers?.['cookie'] ?? '').split('; ')) {
      const [, token = ''] = cookie.split('=');
      if (token !== '') secrets.add(token);
    }
    for (const planted of CARD_NUMBERS) {
      server.clock.advance(61_000);
      const name = speaker.newPaymentName();
      await server.books.payment(merchantId, {
        references: [{ namespace: speaker.namespace, value: name, numbered: speaker.name === 'bbmsl' }],
        details: {
          method: { type: 'card', holderName: planted, token: planted, last4: '1111' },
          customer: { name: planted },
          description: planted,
          metadata: { planted },
        },
      });
      await plant(voice, name, speaker.amount('10.00'), planted);
    }
  }

  // Escaped, in a path that cannot be decoded, and escaped twice.
  for (const path of [
    '/v1/payments/4012%2D8888%2D8888%2D1881/%zz',
    '/x/4012%2D8888%2D8888%2D1881%ff',
    '/x/%2534012888888881881',
  ]) {
    await send({ method: 'GET', path });
  }

  // A login by query string, as the partner's own client does it; right and wrong.
  const opened = await send({ method: 'GET', path: '/oltpublish/site/connect.do' });
  const cookie = opened.headers.getSetCookie().join(';').split(';', 1).join();
  const query = form({ username: text('somebody'), password: text(PLANTED_SECRET) });
  await send({ method: 'GET', path: `/oltpublish/site/connect.do?${query}`, headers: { cookie } });
  await send({
    method: 'GET',
    path: `/oltpublish/site/home.do?${query}`,
    headers: { cookie, real_uname: 'chenry|4111111111111111' },
  });
  await send({ method: 'GET', path: `/oltpublish/site/connect.do?${query}&%zz`, headers: { cookie } });

  // The native API: its keys, and free text.
  const merchantId = await server.books.merchant();
  const native = await server.credential(merchantId, { protocol: 'native' });
  for (const secret of Object.values(native.secrets)) secrets.add(secret);
  for (const authorization of [`Bearer ${native.secrets['key']}`, `Bearer ${PLANTED_SECRET}`, PLANTED_SECRET]) {
    for (const planted of CARD_NUMBERS) {
      const headers = { authorization, 'content-type': 'application/json', 'x-request-id': planted };
      const body = JSON.stringify({ amount: 1_000, currency: 'USD', description: planted, metadata: { planted } });
      await send({ path: '/v1/payments', headers, body });
      await send({ method: 'GET', path: `/v1/payments/${planted}?key=${PLANTED_SECRET}`, headers });
      await send({ path: '/v1/refunds', headers, body: `{"reason": "${planted}"` });
    }
  }

  // Lines are written a few at once.
  for (let waited = 0; server.log.length < answers.length && waited < 100; waited += 1) await sleep(20);
  assert.ok(server.log.length >= answers.length, `${answers.length} requests, ${server.log.length} lines`);
  assert.ok(server.log.some((line) => line.includes('"path":"/oltpublish/site/connect.do"')));
  assertClean('the log', server.log);
  assertClean('the metrics', [(await send({ method: 'GET', path: '/metrics' })).body]);
  const rows = await everyRow();
  assert.ok(
    rows.some((row) => row.includes('mistake, was 411111******1111')),
    'free text is kept, but for the number',
  );
  assertClean('the database', rows);
  assertClean(
    'an answer',
    answers.map(({ body }) => body),
  );
});

test('what is logged of an error has no card numbers, and no field that is a secret by its name', () => {
  const lines: string[] = [];
  const logger = createLogger({ logLevel: 'info' }, { write: (line) => void lines.push(line) });
  logger.error(
    {
      err: new Error('cannot store 4012 8888 8888 1881', { cause: new Error('because of 4111111111111111') }),
      password: PLANTED_SECRET,
      headers: { authorization: PLANTED_SECRET, cookie: PLANTED_SECRET, 'x-api-key': PLANTED_SECRET },
      request: { body: { apiKey: PLANTED_SECRET, secret: PLANTED_SECRET } },
    },
    'failed',
  );
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /cannot store 401288\*{6}1881.*because of 411111\*{6}1111.*\[redacted\]/);
  assertClean('the log', lines);
});
