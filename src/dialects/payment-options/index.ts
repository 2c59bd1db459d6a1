/** Payment Options, server to server: see `docs/protocols/payment-options.md`. */
import { OPEN_POLICY } from '../../core/policy.ts';
import type { Dialect } from '../dialect.ts';
import { denied, readClaim } from './auth.ts';
import { readRefund } from './read.ts';
import { NAME, TRANSACTION_NAMESPACE } from './wire.ts';
import { refuseRefund, writeRefund } from './write.ts';

export const paymentOptions: Dialect = {
  name: NAME,
  title: 'Payment Options',
  /** The page: partial or full; after a partial refund the rest stays refundable. */
  policy: OPEN_POLICY,
  references: [
    {
      name: TRANSACTION_NAMESPACE,
      pattern: /^[\x21-\x7e]{1,255}$/,
      description: 'transactionId: the id of the transaction that took the money',
    },
  ],
  credential: {
    lookup: null,
    secrets: ['Authorization key', 'x-api-key'],
    publicKey: false,
    settings: {
      mid: 'The merchant_id that requests must send with these keys',
      legal_name: "The merchant's legal name, as answers show it",
    },
  },
  operations: [
    {
      name: 'refund',
      method: 'POST',
      // The second is what the page's own curl calls.
      paths: ['/api/v1/server-to-server-interface/refund', '/api/v1/api/v1/server-to-server-interface/refund'],
      writes: true,
      read: (request) => ({
        claim: readClaim(request),
        intent(caller) {
          if (caller === null) throw denied();
          return readRefund(request.body, caller);
        },
        write: writeRefund,
      }),
    },
  ],
  refuse: (refusal) => refuseRefund(refusal, null),
  prefix: '/api/v1/',
};
