/** The sixth protocol as its clients would speak it. */
import assert from 'node:assert/strict';
import { ERRORS } from '../../src/core/errors.ts';
import type { HttpRequest } from '../kit/server.ts';
import { type Fields, namedIn, nextNumber, type SharedRefusal, type Speaker, text } from './speaker.ts';

const PATH = '/sixth/refund';

const signs = Object.fromEntries(ERRORS.map(({ code, status }) => [code, `${status} ${code}`])) as Readonly<
  Record<SharedRefusal, string>
>;

const linesOf = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${String(JSON.parse(value))}\n`)
    .join('');

export const sixth: Speaker = {
  name: 'sixth',
  namespace: 'sixth.ticket',
  amounts: true,
  decimals: null,
  refundsPerPayment: null,
  balanceMustCover: false,
  reasonField: 'reason',
  typed: false,
  mandatory: ['ticket', 'amount'],
  amountField: 'amount',
  unknownPath: '/sixth/unknown',
  signs,
  newPaymentName: () => `t-${nextNumber()}`,
  amount: text,

  async voice(server, merchantId, role = 'merchant') {
    const credential = await server.credential(merchantId, { protocol: 'sixth', role });
    const key = credential.secrets['key'] ?? '';
    const send = (shown: string, body: string | Uint8Array): HttpRequest => ({
      path: PATH,
      headers: { 'x-sixth-key': shown },
      body,
    });
    return {
      credential,
      fields: (payment, amount) => ({ ticket: text(payment), amount }),
      request: (fields) => send(key, linesOf(fields)),
      raw: (body) => send(key, body),
      impostors: (fields) => [{ what: 'a wrong key', request: send(`${key}x`, linesOf(fields)) }],
      guess: (fields) => send('guess', linesOf(fields)),
    };
  },

  hear(answer) {
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    const lines = new Map(
      answer.body.split('\n').map((line) => [line.split('=', 1).join(), line.replace(/^\w+=/, '')]),
    );
    const result = lines.get('result');
    const why = lines.get('why') ?? '';
    assert.ok(result === 'refunded' || result === 'waiting' || result === 'refused', answer.body);
    return {
      outcome: result === 'refunded' ? 'succeeded' : result,
      sign: `${answer.status} ${lines.get('code') ?? result}`,
      sentence: why,
      parameter: namedIn(why),
      amount: lines.get('amount') ?? null,
    };
  },
};
