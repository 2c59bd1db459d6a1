/** What the partners' protocols are for, in words, and where the partners describe them. */

export interface About {
  readonly what: string;
  readonly rules: string;
  readonly page: string | null;
}

const ABOUT: Readonly<Record<string, About>> = {
  'boost-aoc': {
    what: 'Direct carrier billing: a service provider refunds a charge that it made on a phone bill.',
    rules:
      'A charge is refunded in any number of parts. Each call has an spTransID of its own; one that was used is refused.',
    page: null,
  },
  bbmsl: {
    what: 'Hosted checkout: a shop refunds, queries and voids its orders. Every request is signed.',
    rules: 'An order is refunded once, all or part of it, and the merchant’s unsettled balance must cover it.',
    page: 'https://docs.bbmsl.com/docs/online-hosted/API/refund',
  },
  payengine: {
    what: 'Card and ACH sales: a platform refunds a sale with its secret key.',
    rules: 'A sale is refunded in any number of parts; each needs a reason.',
    page: 'https://docs.payengine.co/payengine-api-reference/transactions/refund',
  },
  'payment-options': {
    what: 'Server to server: a merchant refunds a transaction with its two keys.',
    rules: 'A transaction is refunded in any number of parts. Amounts are in major units.',
    page: null,
  },
  edubrite: {
    what: 'A learning platform: a site’s administrator refunds an invoice, and the learners lose what it paid for.',
    rules: 'An invoice is refunded whole. One signs in first: two calls that set a cookie each.',
    page: null,
  },
};

const UNKNOWN: About = { what: 'A partner’s protocol.', rules: '', page: null };

export function about(name: string): About {
  return ABOUT[name] ?? UNKNOWN;
}
