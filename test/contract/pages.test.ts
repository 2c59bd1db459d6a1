/**
 * The partners' own example calls against a server with demo data: sent as their pages print them, answered as their
 * pages show. What Refundry mints (ids, times) and the card number's masking aside.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';
import { DEMO_MERCHANT_ID, demoCalls, demoKeyFiles, seedDemo } from '../../src/demo/index.ts';
import { signEnvelope } from '../../src/dialects/bbmsl/envelope.ts';
import { type HttpAnswer, type HttpRequest, TestServer } from '../kit/server.ts';

const ROOT = new URL('../../', import.meta.url);
const run = promisify(execFile);
const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

const home = mkdtempSync(join(tmpdir(), 'refundry-pages-'));
after(() => rmSync(home, { recursive: true, force: true }));

/** A server with demo data of its own. */
async function startDemo(): Promise<TestServer> {
  const server = await TestServer.start({ engine: { demo: true } });
  await seedDemo(server.refundry, home);
  return server;
}

const page = (dialect: string, file: string): string =>
  readFileSync(new URL(`src/dialects/${dialect}/fixtures/${file}`, ROOT), 'utf8');

/** A request as it stands in a file: its first line, its headers, an empty line, its body. */
function readHttp(text: string): Required<HttpRequest> & { readonly body: string } {
  const [head = '', body = ''] = text.split(/\n\n(.*)/s);
  const [line = '', ...headers] = head.split('\n');
  const [method = '', path = ''] = line.split(' ');
  const pairs = headers.map((header) => /^([^:]+): *(.*)$/.exec(header)?.slice(1) ?? []);
  return { method, path, headers: Object.fromEntries(pairs) as Record<string, string>, body };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|\+00:00)$/;

/** Sets a member that Refundry mints to the page's value, once it is seen to be of its kind. */
function mask(object: Record<string, unknown>, name: string, kind: RegExp, shown: unknown): void {
  assert.match(String(object[name]), kind, name);
  object[name] = shown;
}

type Json = Record<string, unknown>;
const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, trimValues: true });

/** Per protocol: what an answer to the page's example must be. */
const SHOWN = {
  boostAoc(answer: HttpAnswer): void {
    const shown = readHttp(page('boost-aoc', '01-refund.answer.http'));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    const { data } = JSON.parse(answer.body) as { data: Json };
    mask(data, 'clientCorrelator', UUID, '<id>');
    assert.deepEqual({ data }, JSON.parse(shown.body));
  },
  bbmsl(answer: HttpAnswer): void {
    const text = page('bbmsl', 'refund.answer.txt');
    const shown = JSON.parse(text) as { order: Json; transaction: Json };
    assert.equal(answer.status, 200);
    // Amounts digit by digit: the page writes them with two decimals in the order, and bare in the transaction.
    assert.match(answer.body, /"amount":15\.00,"netAmount":5\.00,/);
    assert.match(answer.body, /"type":"REFUND","amount":10,/);
    const body = JSON.parse(answer.body) as { order: Json; transaction: Json };
    mask(body.order, 'updateTime', TIME, shown.order['updateTime']);
    mask(body.transaction, 'id', /^\d+$/, shown.transaction['id']);
    mask(body.transaction, 'stan', /^S\d+$/, shown.transaction['stan']);
    assert.deepEqual(body, shown);
    assert.deepEqual(Object.keys(body), Object.keys(shown), 'in the order of the page');
  },
  /** The page shows no answer, but a table of what is in it. */
  payengine(answer: HttpAnswer): void {
    assert.equal(answer.status, 200);
    const { data } = JSON.parse(answer.body) as { data: Json & { ReturnResponse: Json } };
    mask(data, 'TransactionID', UUID, '<id>');
    const { ReturnResponse: response, ...others } = data;
    assert.deepEqual(others, {
      ID: '9a0df7ef-b77f-4525-97e1-f41a98ad7f75',
      TransactionID: '<id>',
      MerchantID: DEMO_MERCHANT_ID,
      reason: 'Discount issued',
      token: 'tok_demo_visa',
      internalTransactionID: '121212',
      order_number: 'ORD-1001',
      Metadata: { customerId: '123', email: '[email protected]' },
    });
    assert.deepEqual(
      [response['status'], response['responseCode'], response['hostResponseCode'], response['returnedAmount']],
      ['PASS', 'A0000', '00', '10.00'],
    );
    assert.equal(response['maskedCardNumber'], '1111');
  },
  paymentOptions(answer: HttpAnswer): void {
    const shown = readHttp(page('payment-options', '01-refund.answer.http'));
    assert.equal(answer.status, 201);
    const body = JSON.parse(answer.body) as { transaction_details: Json };
    mask(body.transaction_details, 'id', UUID, '<id>');
    mask(body.transaction_details, 'ref', /^\d+$/, '<ref>');
    mask(body.transaction_details, 'timestamp', TIME, '<time>');
    assert.deepEqual(body, JSON.parse(shown.body));
  },
  edubrite(answer: HttpAnswer, status = 200, file = 'refund.xml'): void {
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('content-type'), 'text/xml; charset=UTF-8');
    assert.deepEqual(parser.parse(answer.body), parser.parse(page('edubrite', file)));
  },
};

const asSent = await startDemo();
const asPasted = await startDemo();

describe("the pages' example requests get the pages' example answers", () => {
  const server = asSent;

  test('demo data is made once', async () => {
    const before = await server.entries();
    await seedDemo(server.refundry, home);
    assert.equal(await server.entries(), before);
  });

  test('boost-aoc', async () => {
    const request = readHttp(page('boost-aoc', '01-refund.request.http'));
    SHOWN.boostAoc(await server.send(request));
    // The page calls spTransID unique per call.
    const again = JSON.parse((await server.send(request)).body) as { data: Json };
    assert.equal(again.data['errorCode'], 'AOC1001');
  });

  test('bbmsl: with the demo key, whether openssl signs or Refundry does', async (t) => {
    const example = page('bbmsl', 'refund.request.txt');
    const { request, signature } = JSON.parse(example) as { request: string; signature: string };
    const send = (body: string): Promise<HttpAnswer> =>
      server.send({ path: '/hosted-checkout/refund', headers: { 'content-type': 'application/json' }, body });
    assert.equal((await send(example)).status, 401, "the page's signature is of a key that is not ours");

    const { privateKey } = demoKeyFiles(home);
    const envelope = signEnvelope(request, readFileSync(privateKey, 'utf8'));
    if (isThere('openssl')) {
      const text = join(home, 'request.json');
      writeFileSync(text, request);
      const { stdout } = await run('openssl', ['dgst', '-sha256', '-sign', privateKey, text], { encoding: 'buffer' });
      assert.equal(JSON.stringify({ request, signature: stdout.toString('base64') }), envelope);
    } else {
      t.diagnostic('there is no openssl on this machine');
    }
    SHOWN.bbmsl(await send(example.replace(signature, (JSON.parse(envelope) as { signature: string }).signature)));
  });

  test('payengine', async () => {
    SHOWN.payengine(
      await server.send({
        path: '/api/payment/refund',
        headers: { authorization: 'Basic sk_demo_payengine', 'content-type': 'application/json' },
        body: page('payengine', 'refund.request.txt'),
      }),
    );
  });

  test('payment-options', async () => {
    SHOWN.paymentOptions(await server.send(readHttp(page('payment-options', '01-refund.request.http'))));
  });

  test('edubrite: each of the answers that the page shows', async () => {
    const cookies: Record<string, string> = {};
    const send = async (file: string): Promise<HttpAnswer> => {
      const text = page('edubrite', file)
        .replace('<SESSION_ID>', cookies['SESSION_ID'] ?? '')
        .replace('<SESSION_INFO>', cookies['SESSION_INFO'] ?? '');
      const { Host: _host, ...headers } = readHttp(text).headers;
      const { method, path, body } = readHttp(text);
      const answer = await server.send({ method, path, headers, ...(method === 'GET' ? {} : { body }) });
      for (const cookie of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = cookie.split(';', 1).join().split('=');
        assert.match(cookie, /; HttpOnly/);
        cookies[name] = value;
      }
      return answer;
    };
    assert.equal((await send('connect.http')).status, 200);
    assert.equal((await send('sign-in.http')).status, 200);
    SHOWN.edubrite(await send('refund-by-learner.http'), 401, 'refund-by-learner.xml');
    SHOWN.edubrite(await send('refund-unknown-invoice.http'), 404, 'refund-unknown-invoice.xml');
    SHOWN.edubrite(await send('refund-already-refunded.http'), 200, 'refund-already-refunded.xml');
    SHOWN.edubrite(await send('refund.http'));
    SHOWN.edubrite(await send('refund-group-purchase.http'));
  });

  test('after all of that the books verify', async () => {
    assert.deepEqual(await server.findings(), []);
  });
});

const reasonToSkip = isThere('bash') && isThere('curl') ? false : 'there is no bash or no curl on this machine';

describe('the commands that `npm start` prints, pasted into a shell', { skip: reasonToSkip }, () => {
  const server = asPasted;
  const calls = demoCalls(server.url);

  /** Runs a command, and takes its last answer with its status and type. */
  async function paste(protocol: string): Promise<HttpAnswer> {
    const call = calls.find(({ title }) => title.startsWith(`${protocol}:`)) ?? assert.fail(`no call of ${protocol}`);
    const marker = '\n<<%{http_code}|%{content_type}>>';
    const at = call.command.lastIndexOf('curl -s ');
    const command = `${call.command.slice(0, at)}curl -s -w '${marker}' ${call.command.slice(at + 'curl -s '.length)}`;
    const { stdout } = await run('bash', ['-c', command], {
      cwd: ROOT,
      env: { ...process.env, REFUNDRY_HOME: home, TMPDIR: home },
    });
    const [, body = '', status, type = ''] = /^(.*)\n<<(\d+)\|(.*)>>$/s.exec(stdout) ?? assert.fail(stdout);
    return { status: Number(status), headers: new Headers({ 'content-type': type }), body };
  }

  test('one for each of the five partners', () => {
    assert.deepEqual(calls.map(({ title }) => title.split(':', 1).join()).sort(), [
      'bbmsl',
      'boost-aoc',
      'edubrite',
      'payengine',
      'payment-options',
    ]);
  });
  test('boost-aoc', async () => SHOWN.boostAoc(await paste('boost-aoc')));
  test('bbmsl, signed by `refundry sign`', async () => SHOWN.bbmsl(await paste('bbmsl')));
  test('payengine', async () => SHOWN.payengine(await paste('payengine')));
  test('payment-options', async () => SHOWN.paymentOptions(await paste('payment-options')));
  test('edubrite', async () => SHOWN.edubrite(await paste('edubrite')));
});
