/** EduBrite as its clients speak it: a session of two cookies, forms in, XML out. A refund has no amount. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import { assertMembers, type Fields, form, namedIn, nextNumber, type Speaker, text } from './speaker.ts';

interface Answer {
  readonly response: {
    readonly '@code': string;
    readonly msgs: { readonly msg: { readonly code: string; readonly value: string } };
  };
}

const SITE = '/oltpublish/site';
const PATH = `${SITE}/paymentTxnService.do`;
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const ADMINISTRATOR = 'chenry';

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, attributeNamePrefix: '@' });

function cookieIn(answer: HttpAnswer): string {
  const [cookie = ''] = answer.headers.getSetCookie();
  return cookie.split(';', 1).join();
}

async function openSession(server: TestServer): Promise<string> {
  return cookieIn(await server.send({ method: 'GET', path: `${SITE}/connect.do` }));
}

const signIn = (cookie: string, username: string, password: string): HttpRequest => ({
  path: `${SITE}/connect.do`,
  headers: { ...FORM, cookie },
  body: form({ username: text(username), password: text(password) }),
});

export const edubrite: Speaker = {
  name: 'edubrite',
  namespace: 'edubrite.id',
  amounts: false,
  decimals: null,
  refundsPerPayment: null,
  balanceMustCover: false,
  reasonField: null,
  typed: false,
  mandatory: ['dispatch', 'id'],
  amountField: 'amount',
  unknownPath: '/oltpublish/site/unknown.do',
  signs: {
    unauthenticated: '401 0174',
    forbidden: '401 0005',
    rate_limited: '429 0026',
    invalid_request: '200 0026',
    idempotency_key_reused: '200 0026',
    resource_not_found: '404 0220',
    payment_not_found: '404 0004',
    payment_not_refundable: '200 0231',
    payment_disputed: '200 0231',
    refund_window_expired: '200 0026',
    already_refunded: '200 0231',
    refund_count_exceeded: '200 0026',
    reason_required: '200 0026',
    below_minimum: '200 0026',
    partial_refund_not_allowed: '200 0026',
    amount_exceeds_refundable: '200 0026',
    insufficient_merchant_balance: '200 0026',
    overloaded: '503 0026',
  },
  newPaymentName: () => randomUUID(),
  amount: text,

  async voice(server, merchantId, role = 'merchant') {
    const username = `site-${nextNumber()}`;
    const credential = await server.credential(merchantId, {
      protocol: 'edubrite',
      role,
      lookup: username,
      settings: { administrators: [ADMINISTRATOR] },
    });
    const first = await openSession(server);
    const second = cookieIn(await server.send(signIn(first, username, credential.secrets['password'] ?? '')));
    const halfOpen = await openSession(server);
    const send = (cookie: string | null, body: string | Uint8Array): HttpRequest => ({
      path: PATH,
      headers: { ...FORM, real_uname: ADMINISTRATOR, ...(cookie === null ? {} : { cookie }) },
      body,
    });
    const both = `${first}; ${second}`;
    return {
      credential,
      fields: (payment) => ({ dispatch: text('refund'), id: text(payment) }),
      request: (fields: Fields) => send(both, form(fields)),
      raw: (body) => send(both, body),
      impostors: (fields) => [
        { what: 'no cookies', request: send(null, form(fields)) },
        { what: 'only SESSION_ID', request: send(first, form(fields)) },
        { what: 'only SESSION_INFO', request: send(second, form(fields)) },
        { what: "another session's SESSION_ID", request: send(`${halfOpen}; ${second}`, form(fields)) },
        { what: 'a made-up SESSION_INFO', request: send(`${first}; SESSION_INFO=guess`, form(fields)) },
      ],
      guess: () => signIn(halfOpen, username, 'guess'),
    };
  },

  hear(answer) {
    assert.equal(answer.headers.get('content-type'), 'text/xml; charset=UTF-8');
    assert.equal(XMLValidator.validate(answer.body), true, answer.body);
    const parsed = parser.parse(answer.body) as Answer;
    assertMembers(parsed, ['response'], 'the answer');
    assertMembers(parsed.response, ['@code', 'msgs'], 'response');
    assertMembers(parsed.response.msgs, ['msg'], 'msgs');
    assertMembers(parsed.response.msgs.msg, ['code', 'value'], 'msg');
    const { code, value } = parsed.response.msgs.msg;
    const done = parsed.response['@code'] === '0';
    assert.equal(done, code === '0' && value === 'Success');
    return {
      outcome: done ? 'succeeded' : answer.status === 202 ? 'waiting' : 'refused',
      sign: `${answer.status} ${code}`,
      sentence: done ? '' : value,
      parameter: done ? null : namedIn(value),
      amount: null,
    };
  },
};
