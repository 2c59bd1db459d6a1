/** Payment Options as its clients speak it: JSON under two keys, and one skeleton for every answer. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
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
  text,
} from './speaker.ts';

interface Answer {
  readonly success: boolean;
  readonly status_code: number;
  readonly gateway_response: { readonly type: string; readonly message: string; readonly code: string };
  readonly payment_details?: { readonly amount: number };
}

const PATH = '/api/v1/server-to-server-interface/refund';
const TYPES: Readonly<Record<number, string>> = { 201: 'INFO', 202: 'PENDING' };

export const paymentOptions: Speaker = {
  name: 'payment-options',
  namespace: 'payment-options.transactionId',
  amounts: true,
  decimals: null,
  refundsPerPayment: null,
  balanceMustCover: false,
  reasonField: 'notes',
  typed: true,
  mandatory: ['transactionId', 'amount', 'merchant_id'],
  amountField: 'amount',
  unknownPath: '/api/v1/unknown',
  signs: {
    unauthenticated: '401 ERR0001',
    forbidden: '403 ERR0002',
    rate_limited: '429 ERR0003',
    invalid_request: '400 ERR0004',
    idempotency_key_reused: '422 ERR0005',
    resource_not_found: '404 ERR0007',
    payment_not_found: '404 ERR0008',
    payment_not_refundable: '409 ERR0011',
    payment_disputed: '409 ERR0012',
    refund_window_expired: '409 ERR0013',
    already_refunded: '409 ERR0014',
    refund_count_exceeded: '409 ERR0015',
    reason_required: '409 ERR0016',
    below_minimum: '409 ERR0017',
    partial_refund_not_allowed: '409 ERR0018',
    amount_exceeds_refundable: '409 ERR0019',
    insufficient_merchant_balance: '409 ERR0021',
    overloaded: '503 ERR0028',
  },
  newPaymentName: () => randomUUID(),
  amount: numberOrText,

  async voice(server, merchantId, role = 'merchant') {
    const mid = `M-${nextNumber()}`;
    const credential = await server.credential(merchantId, {
      protocol: 'payment-options',
      role,
      settings: { mid, legal_name: 'Example Ltd' },
    });
    const { 'Authorization key': key = '', 'x-api-key': apiKey = '' } = credential.secrets;
    const send = (headers: Readonly<Record<string, string>>, body: string | Uint8Array): HttpRequest => ({
      path: PATH,
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const keys = { authorization: `Basic ${key}`, 'x-api-key': apiKey };
    return {
      credential,
      fields: (payment, amount) => ({ transactionId: text(payment), amount, merchant_id: text(mid) }),
      request: (fields: Fields) => send(keys, jsonObject(fields)),
      raw: (body) => send(keys, body),
      impostors: (fields) => {
        const body = jsonObject(fields);
        return [
          { what: 'a wrong Authorization', request: send({ ...keys, authorization: 'Basic wrong' }, body) },
          { what: 'a wrong x-api-key', request: send({ ...keys, 'x-api-key': 'wrong' }, body) },
          { what: 'no Authorization', request: send({ 'x-api-key': apiKey }, body) },
          { what: 'no x-api-key', request: send({ authorization: `Basic ${key}` }, body) },
          { what: 'the keys swapped', request: send({ authorization: `Basic ${apiKey}`, 'x-api-key': key }, body) },
          {
            what: "another's merchant_id",
            request: send(keys, jsonObject({ ...fields, merchant_id: text('M-TINK15') })),
          },
        ];
      },
      guess: (fields) => send({ authorization: 'Basic guess', 'x-api-key': 'guess' }, jsonObject(fields)),
    };
  },

  hear(answer) {
    const body = jsonIn(answer, 'application/json; charset=utf-8') as Answer;
    const done = answer.status === 201;
    const blocks = done || answer.status === 202 ? ['merchant_details', 'payment_details', 'transaction_details'] : [];
    assertMembers(
      body,
      ['success', 'status_code', 'is_live?', 'transaction_type', 'gateway_response', ...blocks],
      'the answer',
    );
    assertMembers(body.gateway_response, ['version', 'type', 'message', 'code'], 'gateway_response');
    const { type, message, code } = body.gateway_response;
    assert.equal(body.success, done);
    assert.equal(body.status_code, answer.status);
    assert.equal(type, TYPES[answer.status] ?? 'ERROR');
    assert.notEqual(message, '');
    return {
      outcome: done ? 'succeeded' : answer.status === 202 ? 'waiting' : 'refused',
      sign: `${answer.status} ${code}`,
      sentence: done ? '' : message,
      parameter: done ? null : namedIn(message),
      amount: done ? String(body.payment_details?.amount) : null,
    };
  },
};
