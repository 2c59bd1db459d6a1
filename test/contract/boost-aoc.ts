/** Boost Connect AOC as its clients speak it: everything in the body, the answer in `data`. */
import assert from 'node:assert/strict';
import { assertMembers, jsonIn, jsonObject, namedIn, nextNumber, type Speaker, text } from './speaker.ts';

interface Answer {
  readonly data: Readonly<Record<string, string>>;
}

const PATH = '/api/refund';
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };

export const boostAoc: Speaker = {
  name: 'boost-aoc',
  namespace: 'boost-aoc.aocTransID',
  amounts: true,
  decimals: 2,
  refundsPerPayment: null,
  balanceMustCover: false,
  reasonField: null,
  typed: true,
  mandatory: ['username', 'apiKey', 'spTransID', 'aocTransID', 'amount'],
  amountField: 'amount',
  unknownPath: '/api/unknown',
  signs: {
    unauthenticated: '401 AOC0003',
    forbidden: '403 AOC0003',
    rate_limited: '429 AOC0003',
    invalid_request: '400 AOC0001',
    idempotency_key_reused: '200 AOC1007',
    resource_not_found: '404 AOC0001',
    payment_not_found: '200 AOC0001',
    payment_not_refundable: '200 AOC0002',
    payment_disputed: '200 AOC0002',
    refund_window_expired: '200 AOC1019',
    already_refunded: '200 AOC1007',
    refund_count_exceeded: '200 AOC1007',
    reason_required: '200 AOC1007',
    below_minimum: '200 AOC1007',
    partial_refund_not_allowed: '200 AOC1007',
    amount_exceeds_refundable: '200 AOC1007',
    insufficient_merchant_balance: '200 AOC1007',
    overloaded: '503 AOC1007',
  },
  newPaymentName: () => String(nextNumber()),
  amount: text,

  async voice(server, merchantId, role = 'merchant') {
    const username = `provider-${nextNumber()}`;
    const credential = await server.credential(merchantId, { protocol: 'boost-aoc', role, lookup: username });
    const apiKey = credential.secrets['apiKey'] ?? '';
    const request: Awaited<ReturnType<Speaker['voice']>>['request'] = (fields) => ({
      path: PATH,
      headers: HEADERS,
      body: jsonObject(fields),
    });
    return {
      credential,
      fields: (payment, amount) => ({
        apiKey: text(apiKey),
        username: text(username),
        spTransID: text(`sp-${nextNumber()}`),
        aocTransID: text(payment),
        amount,
      }),
      request,
      raw: (body) => ({ path: PATH, headers: { 'content-type': 'application/json' }, body }),
      impostors: (fields) => [
        { what: 'a wrong apiKey', request: request({ ...fields, apiKey: text(`${apiKey}x`) }) },
        { what: 'an unknown username', request: request({ ...fields, username: text(`${username}x`) }) },
        { what: 'the apiKey in another case', request: request({ ...fields, apiKey: text(apiKey.toUpperCase()) }) },
      ],
      guess: (fields) => request({ ...fields, apiKey: text('guess') }),
    };
  },

  hear(answer) {
    const body = jsonIn(answer, 'application/json') as Answer;
    assertMembers(body, ['data'], 'the answer');
    assertMembers(
      body.data,
      ['aocTransID', 'transactionOperationStatus', 'amountRefunded', 'clientCorrelator', 'errorCode', 'errorMessage'],
      'data',
    );
    const { transactionOperationStatus: status, amountRefunded, clientCorrelator, errorCode, errorMessage } = body.data;
    assert.equal(errorCode === '00', errorMessage === '', 'only a success has no message');
    assert.equal(status === 'refunded', errorCode === '00');
    if (status === 'refunded') assert.ok(clientCorrelator, 'a refund that was done has its clientCorrelator');
    else assert.equal(amountRefunded, '0.00');
    return {
      outcome: status === 'refunded' ? 'succeeded' : status === 'processing' ? 'waiting' : 'refused',
      sign: `${answer.status} ${errorCode}`,
      sentence: errorMessage ?? '',
      parameter: namedIn(errorMessage ?? ''),
      amount: status === 'refunded' ? (amountRefunded ?? '') : null,
    };
  },
};
