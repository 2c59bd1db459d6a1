/** PayEngine as its clients speak it: JSON under a secret key. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '../kit/server.ts';
import { assertMembers, type Fields, jsonIn, jsonObject, nextNumber, type Speaker, text } from './speaker.ts';

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> & {
    readonly ReturnResponse: {
      readonly status: string;
      readonly responseCode: string;
      readonly returnedAmount: string;
    };
  };
  readonly error?: { readonly code: string; readonly message: string; readonly param?: string };
}

const PATH = '/api/payment/refund';

export const payengine: Speaker = {
  name: 'payengine',
  namespace: 'payengine.id',
  amounts: true,
  decimals: null,
  refundsPerPayment: null,
  balanceMustCover: false,
  reasonField: 'reason',
  typed: true,
  mandatory: ['id', 'amount', 'reason'],
  amountField: 'amount',
  unknownPath: '/api/payment/unknown',
  signs: {
    unauthenticated: '401 unauthorized',
    forbidden: '403 forbidden',
    rate_limited: '429 rate_limited',
    invalid_request: '400 invalid_parameter',
    idempotency_key_reused: '409 idempotency_key_reused',
    resource_not_found: '404 not_found',
    payment_not_found: '404 transaction_not_found',
    payment_not_refundable: '409 transaction_not_refundable',
    payment_disputed: '409 transaction_disputed',
    refund_window_expired: '409 refund_window_expired',
    already_refunded: '409 already_refunded',
    refund_count_exceeded: '409 refund_count_exceeded',
    reason_required: '409 reason_required',
    below_minimum: '409 below_minimum',
    partial_refund_not_allowed: '409 partial_refund_not_allowed',
    amount_exceeds_refundable: '409 amount_exceeds_available',
    insufficient_merchant_balance: '409 insufficient_merchant_balance',
    overloaded: '503 overloaded',
  },
  newPaymentName: () => randomUUID(),
  amount: text,

  async voice(server, merchantId, role = 'merchant') {
    const credential = await server.credential(merchantId, { protocol: 'payengine', role });
    const key = credential.secrets['secret key'] ?? '';
    const send = (authorization: string | null, body: string | Uint8Array): HttpRequest => ({
      path: PATH,
      headers: { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) },
      body,
    });
    const basic = `Basic ${key}`;
    return {
      credential,
      fields: (payment, amount) => ({ id: text(payment), amount, reason: text(`Discount ${nextNumber()}`) }),
      request: (fields: Fields) => send(basic, jsonObject(fields)),
      raw: (body) => send(basic, body),
      impostors: (fields) => [
        { what: 'a wrong key', request: send(`${basic}x`, jsonObject(fields)) },
        { what: 'no key', request: send(null, jsonObject(fields)) },
        { what: 'an empty header', request: send('', jsonObject(fields)) },
        { what: 'another scheme', request: send(`Bearer ${key}`, jsonObject(fields)) },
        { what: 'the key as a password', request: send(`Basic ${btoa(`:${key}`)}`, jsonObject(fields)) },
      ],
      guess: (fields) => send('Basic guess', jsonObject(fields)),
    };
  },

  hear(answer) {
    const body = jsonIn(answer, 'application/json') as Answer;
    const { data, error } = body;
    if (error !== undefined) {
      assertMembers(body, ['error'], 'the answer');
      assertMembers(error, ['code', 'message', 'param?'], 'error');
      assert.notEqual(error.message, '');
      return {
        outcome: 'refused',
        sign: `${answer.status} ${error.code}`,
        sentence: error.message,
        parameter: error.param ?? null,
        amount: null,
      };
    }
    assertMembers(body, ['data'], 'the answer');
    assertMembers(
      data,
      [
        'ID',
        'TransactionID',
        'MerchantID',
        'reason',
        'token',
        'internalTransactionID?',
        'order_number?',
        'Metadata?',
        'ReturnResponse',
        'device?',
      ],
      'data',
    );
    const { status, responseCode, returnedAmount } = data?.ReturnResponse ?? {};
    assert.ok(status === 'PASS' || status === 'PENDING', `ReturnResponse.status is ${status}`);
    assert.equal(answer.status, status === 'PASS' ? 200 : 202);
    return {
      outcome: status === 'PASS' ? 'succeeded' : 'waiting',
      sign: `${answer.status} ${responseCode}`,
      sentence: '',
      parameter: null,
      amount: status === 'PASS' ? (returnedAmount ?? '') : null,
    };
  },
};
