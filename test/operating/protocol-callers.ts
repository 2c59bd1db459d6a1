/** A caller for each protocol, who refunds with whatever secrets they have at the moment. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import { form, jsonObject, text } from '../contract/speaker.ts';
import { speakerOf } from '../contract/speakers.ts';

export type Secrets = Readonly<Record<string, string>>;

/** What stays when secrets change. */
export const NAMES = {
  username: 'provider-rotating',
  mid: 'M-ROTATING',
  legalName: 'Example Ltd',
  bbmslId: '7700',
  site: 'site-rotating',
  administrator: 'chenry',
} as const;

export const newKeys = (): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

const JSON_BODY = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', real_uname: NAMES.administrator };
const SITE = '/oltpublish/site';

function cookieIn(answer: HttpAnswer): string {
  return answer.headers.getSetCookie()[0]?.split(';', 1).join() ?? '';
}

/** Sessions by password: whoever has signed in does not do it again. */
const sessions = new Map<string, string>();

async function signedIn(server: TestServer, password: string): Promise<string> {
  const known = sessions.get(password);
  if (known !== undefined) return known;
  const first = cookieIn(await server.send({ method: 'GET', path: `${SITE}/connect.do` }));
  const second = await server.send({
    path: `${SITE}/connect.do`,
    headers: { ...FORM, cookie: first },
    body: form({ username: text(NAMES.site), password: text(password) }),
  });
  const both = `${first}; ${cookieIn(second)}`;
  sessions.set(password, both);
  return both;
}

type Ask = (secrets: Secrets, payment: string, server: TestServer) => HttpRequest | Promise<HttpRequest>;

/** How each asks for a whole payment of 100.00 USD back. */
const ASK: Readonly<Record<string, Ask>> = {
  native: ({ key }, payment) => ({
    path: '/v1/refunds',
    headers: { ...JSON_BODY, authorization: `Bearer ${key}` },
    body: JSON.stringify({ payment_reference: { namespace: 'native.reference', value: payment } }),
  }),
  'boost-aoc': ({ apiKey = '' }, payment) => ({
    path: '/api/refund',
    headers: JSON_BODY,
    body: jsonObject({
      apiKey: text(apiKey),
      username: text(NAMES.username),
      spTransID: text(randomUUID()),
      aocTransID: text(payment),
      amount: text('100.00'),
    }),
  }),
  payengine: (secrets, payment) => ({
    path: '/api/payment/refund',
    headers: { ...JSON_BODY, authorization: `Basic ${secrets['secret key']}` },
    body: jsonObject({ id: text(payment), amount: text('100.00'), reason: text('rotation') }),
  }),
  'payment-options': (secrets, payment) => ({
    path: '/api/v1/api/v1/server-to-server-interface/refund',
    headers: {
      ...JSON_BODY,
      authorization: `Basic ${secrets['Authorization key']}`,
      'x-api-key': secrets['x-api-key'] ?? '',
    },
    body: jsonObject({ transactionId: text(payment), amount: '100.00', merchant_id: text(NAMES.mid) }),
  }),
  bbmsl: ({ privateKey = '' }, payment) => {
    const request = jsonObject({ merchantId: NAMES.bbmslId, orderId: payment, amount: '100.00' });
    const signature = sign('sha256', Buffer.from(request), privateKey).toString('base64');
    return { path: '/hosted-checkout/refund', headers: JSON_BODY, body: JSON.stringify({ request, signature }) };
  },
  edubrite: async ({ password = '' }, payment, server) => ({
    path: `${SITE}/paymentTxnService.do`,
    headers: { ...FORM, cookie: await signedIn(server, password) },
    body: form({ dispatch: text('refund'), id: text(payment) }),
  }),
};

export const PROTOCOLS = Object.keys(ASK);

export class Caller {
  readonly protocol: string;
  readonly #server: TestServer;
  readonly #merchantId: string;
  secrets: Secrets;

  constructor(server: TestServer, merchantId: string, protocol: string, secrets: Secrets) {
    this.#server = server;
    this.#merchantId = merchantId;
    this.protocol = protocol;
    this.secrets = secrets;
  }

  /** Asks for a new payment back: `refunded`, `unauthenticated`, or the answer that was neither. */
  async refund(secrets = this.secrets): Promise<string> {
    const speaker = this.protocol === 'native' ? null : speakerOf(this.protocol);
    const name = speaker?.newPaymentName() ?? randomUUID();
    const namespace = speaker?.namespace ?? 'native.reference';
    await this.#server.books.payment(this.#merchantId, {
      references: [{ namespace, value: name, numbered: this.protocol === 'bbmsl' }],
    });
    const ask = ASK[this.protocol];
    if (ask === undefined) throw new Error(`nobody calls by ${this.protocol}`);
    const answer = await this.#server.send(await ask(secrets, name, this.#server));
    if (speaker === null) {
      return answer.status === 201 ? 'refunded' : answer.status === 401 ? 'unauthenticated' : answer.body;
    }
    const heard = speaker.hear(answer);
    if (heard.outcome === 'succeeded') return 'refunded';
    return heard.sign === speaker.signs.unauthenticated ? 'unauthenticated' : answer.body;
  }
}
