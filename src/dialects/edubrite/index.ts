/** EduBrite LMS, `paymentTxnService.do`: an invoice refunded whole, with the enrolments and the coupon it bought. */
import { OPEN_POLICY } from '../../core/policy.ts';
import type { Dialect } from '../dialect.ts';
import { operations } from './read.ts';
import { INVOICE_NAMESPACE, PREFIX } from './wire.ts';
import { refuse } from './write.ts';

export const edubrite: Dialect = {
  name: 'edubrite',
  title: 'EduBrite LMS',
  // The page knows no amount: an invoice is refunded whole, or what other protocols left of it.
  policy: { ...OPEN_POLICY, partialRefunds: false },
  references: [
    {
      name: INVOICE_NAMESPACE,
      pattern: /^[\x21-\x7e]{1,255}$/,
      description: 'The invoice id of the original purchase, such as 5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511',
    },
  ],
  credential: {
    lookup: { label: 'username', pattern: /^[\w.@-]{1,255}$/ },
    secrets: ['password'],
    publicKey: false,
    settings: { 'administrators[]': 'User names of the site administrators, who alone may refund' },
  },
  operations,
  refuse,
  prefix: PREFIX,
};
