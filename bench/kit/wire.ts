/** One refund as each protocol's callers send it: what is prepared beforehand, and the request's bytes. */
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { CredentialRequest } from '../../src/dialects/issue.ts';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A merchant with one credential per protocol; `secrets` as its owner was shown them. */
export interface BenchMerchant {
  readonly id: string;
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** Its place among the merchants: part of its names. */
  readonly index: number;
  /** The Cookie header of an edubrite session; empty until it signed in. */
  cookies: string;
}

/** A payment by the name that the protocol knows it by. */
export interface BenchPayment {
  readonly merchant: BenchMerchant;
  readonly id: string;
  readonly name: string;
}

export interface Wire {
  readonly protocol: string;
  /** Where the protocol's payments are named; `null` where Refundry's own id is used. */
  readonly namespace: string | null;
  readonly numbered: boolean;
  /** Whether a payment can be refunded once only, so that each request needs one of its own. */
  readonly onceOnly: boolean;
  credential(index: number): CredentialRequest;
  /** A name for the payment of that number, unique in the run. */
  paymentName(run: number, number: number): string;
  /** A request for 0.01 of it, or all of it where the protocol knows no less. */
  request(payment: BenchPayment, number: number): Promise<WireRequest>;
}

const json = { 'content-type': 'application/json' };
const label = 'Load benchmark';
const plainName = (run: number, number: number): string => `bench-${run}-${number}`;
const secretsOf = ({ merchant }: BenchPayment, protocol: string): readonly string[] =>
  merchant.secrets.get(protocol) ?? [];

const native: Wire = {
  protocol: 'native',
  namespace: null,
  numbered: false,
  onceOnly: false,
  credential: () => ({ protocol: 'native', role: 'merchant', label }),
  paymentName: plainName,
  request: async (payment) => ({
    method: 'POST',
    path: '/v1/refunds',
    headers: {
      ...json,
      authorization: `Bearer ${secretsOf(payment, 'native')[0]}`,
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ payment_id: payment.id, amount: 1 }),
  }),
};

const boostAoc: Wire = {
  protocol: 'boost-aoc',
  namespace: 'boost-aoc.aocTransID',
  numbered: false,
  onceOnly: false,
  credential: (index) => ({ protocol: 'boost-aoc', role: 'merchant', label, lookup: `provider-${index}` }),
  paymentName: plainName,
  request: async (payment) => ({
    method: 'POST',
    path: '/api/refund',
    headers: json,
    body: JSON.stringify({
      username: `provider-${payment.merchant.index}`,
      apiKey: secretsOf(payment, 'boost-aoc')[0],
      spTransID: randomUUID(),
      aocTransID: payment.name,
      amount: '0.01',
    }),
  }),
};

const keyPair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const privateKey = createPrivateKey(keyPair.privateKey);
const signInPool = promisify((data: Buffer, done: (error: Error | null, signature: Buffer) => void) =>
  sign('sha256', data, privateKey, done),
);

const bbmsl: Wire = {
  protocol: 'bbmsl',
  namespace: 'bbmsl.orderId',
  numbered: true,
  onceOnly: true,
  credential: (index) => ({
    protocol: 'bbmsl',
    role: 'merchant',
    label,
    lookup: String(index + 1),
    publicKey: keyPair.publicKey,
  }),
  paymentName: (run, number) => String(run * 10_000_000 + number + 1),
  request: async (payment) => {
    const request = JSON.stringify({
      merchantId: payment.merchant.index + 1,
      orderId: Number(payment.name),
      amount: 0.01,
    });
    const signature = (await signInPool(Buffer.from(request))).toString('base64');
    return {
      method: 'POST',
      path: '/hosted-checkout/refund',
      headers: json,
      body: JSON.stringify({ request, signature }),
    };
  },
};

const payengine: Wire = {
  protocol: 'payengine',
  namespace: 'payengine.id',
  numbered: false,
  onceOnly: false,
  credential: () => ({ protocol: 'payengine', role: 'merchant', label }),
  paymentName: plainName,
  request: async (payment, number) => ({
    method: 'POST',
    path: '/api/payment/refund',
    headers: { ...json, authorization: `Basic ${secretsOf(payment, 'payengine')[0]}` },
    body: JSON.stringify({
      id: payment.name,
      amount: '0.01',
      reason: 'Discount issued',
      internalTransactionID: String(number),
    }),
  }),
};

const paymentOptions: Wire = {
  protocol: 'payment-options',
  namespace: 'payment-options.transactionId',
  numbered: false,
  onceOnly: false,
  credential: (index) => ({
    protocol: 'payment-options',
    role: 'merchant',
    label,
    settings: { mid: `M-${index}`, legal_name: 'Example Ltd' },
  }),
  paymentName: plainName,
  request: async (payment) => {
    const [basic, key] = secretsOf(payment, 'payment-options');
    return {
      method: 'POST',
      path: '/api/v1/server-to-server-interface/refund',
      headers: { ...json, authorization: `Basic ${basic}`, 'x-api-key': key ?? '' },
      body: JSON.stringify({
        transactionId: payment.name,
        amount: 0.01,
        merchant_id: `M-${payment.merchant.index}`,
        notes: 'Order returned',
      }),
    };
  },
};

const edubrite: Wire = {
  protocol: 'edubrite',
  namespace: 'edubrite.id',
  numbered: false,
  onceOnly: true,
  credential: (index) => ({
    protocol: 'edubrite',
    role: 'merchant',
    label,
    lookup: `site-${index}`,
    settings: { administrators: ['chenry'] },
  }),
  paymentName: plainName,
  request: async (payment) => ({
    method: 'POST',
    path: '/oltpublish/site/paymentTxnService.do',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      cookie: payment.merchant.cookies,
      real_uname: 'chenry',
    },
    body: new URLSearchParams({ dispatch: 'refund', id: payment.name }).toString(),
  }),
};

export const WIRES: readonly Wire[] = [native, boostAoc, bbmsl, payengine, paymentOptions, edubrite];
export const NATIVE = native;

/** Signs every merchant in whose protocol needs it: a session per merchant, as its client would hold one. */
export async function signIn(url: string, merchants: readonly BenchMerchant[]): Promise<void> {
  for (const merchant of merchants) {
    const connect = `${url}/oltpublish/site/connect.do`;
    const first = cookieOf(await fetch(connect));
    const password = merchant.secrets.get('edubrite')?.[0] ?? '';
    const query = new URLSearchParams({ username: `site-${merchant.index}`, password });
    const second = cookieOf(await fetch(`${connect}?${query.toString()}`, { headers: { cookie: first } }));
    merchant.cookies = `${first}; ${second}`;
  }
}

function cookieOf(answer: Response): string {
  const [cookie] = answer.headers.getSetCookie();
  if (cookie === undefined) throw new Error(`no cookie in an answer ${answer.status}`);
  return cookie.split(';')[0] ?? '';
}
