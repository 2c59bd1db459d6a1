/** BBMSL PayAPI, hosted checkout: refund, query and void of an order, by signed JSON. */
import { OPEN_POLICY } from '../../core/policy.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Dialect, Intent, Operation } from '../dialect.ts';
import { openEnvelope } from './envelope.ts';
import { readAmount, readOrder } from './read.ts';
import { MERCHANT_REFERENCES, NUMBER, ORDER_IDS, PREFIX } from './wire.ts';
import { writeRefusal, writeResult } from './write.ts';

const operation = (name: string, writes: boolean, intent: (request: JsonObject) => Intent): Operation => ({
  name,
  method: 'POST',
  // The partner's own WooCommerce plugin ends its paths in a slash.
  paths: [`${PREFIX}${name}`, `${PREFIX}${name}/`],
  writes,
  read({ body }) {
    const { claim, request } = openEnvelope(body);
    return { claim, intent: () => intent(request), write: writeResult };
  },
});

export const bbmsl: Dialect = {
  name: 'bbmsl',
  title: 'BBMSL PayAPI',
  /** "can refund only once", "only approve when there is enough unsettled balance in merchant account". */
  policy: { ...OPEN_POLICY, refundsPerPayment: 1, balanceMustCover: true },
  references: [ORDER_IDS, MERCHANT_REFERENCES],
  credential: {
    lookup: { label: 'merchantId', pattern: NUMBER },
    secrets: [],
    publicKey: true,
    settings: {},
  },
  operations: [
    operation('refund', true, (request) => ({
      kind: 'command',
      action: {
        kind: 'refund_payment',
        payment: readOrder(request),
        amount: readAmount(request),
        reference: null,
        details: {},
        expectedRefundableMinor: null,
      },
    })),
    operation('query', false, (request) => ({ kind: 'find_payment', payment: readOrder(request) })),
    operation('void', true, (request) => ({
      kind: 'command',
      action: { kind: 'void_payment', payment: readOrder(request) },
    })),
  ],
  refuse: writeRefusal,
  prefix: PREFIX,
};
