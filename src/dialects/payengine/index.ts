/** PayEngine: refund of a card or ACH sale, by JSON under a secret key. */
import { OPEN_POLICY } from '../../core/policy.ts';
import type { Dialect } from '../dialect.ts';
import { readClaim } from './auth.ts';
import { readRefund } from './read.ts';
import { PREFIX, TRANSACTION_IDS } from './wire.ts';
import { writeRefusal, writeResult } from './write.ts';

export const payengine: Dialect = {
  name: 'payengine',
  title: 'PayEngine',
  /** The page requires a reason; "less or equal to available transaction amount" holds for every protocol. */
  policy: { ...OPEN_POLICY, reasonRequired: true },
  references: [TRANSACTION_IDS],
  credential: {
    lookup: null,
    secrets: ['secret key'],
    publicKey: false,
    settings: {},
  },
  operations: [
    {
      name: 'refund',
      method: 'POST',
      paths: [`${PREFIX}refund`],
      writes: true,
      read({ headers, body }) {
        return {
          claim: readClaim(headers['authorization']),
          intent: () => ({ kind: 'command', action: readRefund(body) }),
          write: writeResult,
        };
      },
    },
  ],
  refuse: writeRefusal,
  prefix: PREFIX,
};
