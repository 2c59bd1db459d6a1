/** BBMSL PayAPI as its clients speak it: a signed text in an envelope. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { HttpRequest } from '../kit/server.ts';
import {
  assertMembers,
  type Fields,
  jsonIn,
  jsonObject,
  namedIn,
  nextNumber,
  numberOrText,
  type Speaker,
} from './speaker.ts';

interface Answer {
  readonly responseCode: string;
  readonly message?: string;
  readonly order?: { readonly status: string };
  readonly transaction?: { readonly type: string; readonly amount: number; readonly status: string };
}

const PATH = '/hosted-checkout/refund';
const HEADERS = { 'content-type': 'application/json' };

const newKeys = (): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

/** Made once: a key pair takes a quarter of a second. */
const KEYS = newKeys();
const STRANGERS_KEYS = newKeys();

function envelope(request: string, privateKey: string): HttpRequest {
  const signature = sign('sha256', Buffer.from(request), privateKey).toString('base64');
  return { path: PATH, headers: HEADERS, body: JSON.stringify({ request, signature }) };
}

export const bbmsl: Speaker = {
  name: 'bbmsl',
  namespace: 'bbmsl.orderId',
  amounts: true,
  decimals: 2,
  refundsPerPayment: 1,
  balanceMustCover: true,
  reasonField: null,
  typed: true,
  mandatory: ['merchantId', 'orderId', 'amount'],
  amountField: 'amount',
  unknownPath: '/hosted-checkout/unknown',
  signs: {
    unauthenticated: '401 1001',
    forbidden: '200 1002',
    rate_limited: '429 1003',
    invalid_request: '400 1004',
    idempotency_key_reused: '200 1005',
    resource_not_found: '404 1006',
    payment_not_found: '200 2001',
    payment_not_refundable: '200 2005',
    payment_disputed: '200 2006',
    refund_window_expired: '200 2007',
    already_refunded: '200 2008',
    refund_count_exceeded: '200 2009',
    reason_required: '200 2010',
    below_minimum: '200 2011',
    partial_refund_not_allowed: '200 2012',
    amount_exceeds_refundable: '200 2013',
    insufficient_merchant_balance: '200 2015',
    overloaded: '503 9001',
  },
  newPaymentName: () => String(nextNumber()),
  amount: numberOrText,

  async voice(server, merchantId, role = 'merchant') {
    const lookup = String(nextNumber());
    const credential = await server.credential(merchantId, {
      protocol: 'bbmsl',
      role,
      lookup,
      publicKey: KEYS.publicKey,
    });
    const request = (fields: Fields): HttpRequest => envelope(jsonObject(fields), KEYS.privateKey);
    return {
      credential,
      fields: (payment, amount) => ({ merchantId: lookup, orderId: payment, amount }),
      request,
      raw: (body) => ({ path: PATH, headers: HEADERS, body }),
      impostors: (fields) => {
        const signed = request(fields);
        const other = jsonObject({ ...fields, amount: '1' });
        return [
          { what: "a stranger's signature", request: envelope(jsonObject(fields), STRANGERS_KEYS.privateKey) },
          { what: 'an unknown merchantId', request: request({ ...fields, merchantId: '999999999' }) },
          {
            what: 'a request changed after it was signed',
            request: {
              ...signed,
              body: String(signed.body).replace(/"request":"(?:[^"\\]|\\.)*"/, `"request":${JSON.stringify(other)}`),
            },
          },
          {
            what: 'no signature in the signature',
            request: { ...signed, body: JSON.stringify({ request: jsonObject(fields), signature: '' }) },
          },
        ];
      },
      guess: (fields) => envelope(jsonObject(fields), STRANGERS_KEYS.privateKey),
    };
  },

  hear(answer) {
    const body = jsonIn(answer, 'application/json') as Answer;
    const { responseCode, message = '', order, transaction } = body;
    assert.match(responseCode, /^\d{4}$/);
    const done = responseCode === '0000';
    const waits = transaction !== undefined && !done;
    assertMembers(
      body,
      done ? ['responseCode', 'order', 'transaction'] : ['responseCode', 'message', ...(waits ? ['transaction'] : [])],
      'the answer',
    );
    if (done) {
      assertMembers(
        order,
        [
          'id',
          'merchantId',
          'merchantReference',
          'currency',
          'amount',
          'netAmount',
          'cardType',
          'email',
          'createTime',
          'updateTime',
          'status',
          'recurring',
        ],
        'order',
      );
      assert.equal(order?.status, 'REFUNDED');
    }
    if (transaction !== undefined) {
      assertMembers(
        transaction,
        ['id', 'merchantId', 'type', 'amount', 'currency', 'status', 'maskedPan', 'stan'],
        'transaction',
      );
      assert.equal(transaction.type, 'REFUND');
    }
    return {
      outcome: done ? 'succeeded' : waits && transaction.status === 'PENDING' ? 'waiting' : 'refused',
      sign: `${answer.status} ${responseCode}`,
      sentence: message,
      parameter: namedIn(message),
      amount: done ? String(transaction?.amount) : null,
    };
  },
};
