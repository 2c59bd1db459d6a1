/**
 * One request per operation of each partner's protocol, as the partner's own page shows it. What changes from caller to
 * caller is filled in: credentials, and the payment.
 */

/** Who calls: the secrets in the order of the protocol's credential, and what else its requests carry. */
export interface ExampleCaller {
  readonly lookup: string;
  readonly secrets: readonly string[];
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
}

/** Which payment, by the partner's own field; without one, the page's. */
export interface ExamplePayment {
  readonly namespace: string;
  readonly value: string;
}

export interface ExampleRequest {
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly body: string;
}

export interface ProtocolExample {
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  /** How an answer tells of a payment: as it is, or by its last refund; `null` for what concerns no payment. */
  readonly tells: 'payment' | 'refund' | null;
  /** Whether the body must be put into a signed envelope before it is sent. */
  readonly isSigned?: true;
  /** How many of the operations listed right before it must be sent first, in order, with the cookies that they set. */
  readonly follows?: number;
  request(caller: ExampleCaller, payment: ExamplePayment | null): ExampleRequest;
}

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

const json = (
  value: object,
  headers: Readonly<Record<string, string>> = {},
  contentType = JSON_TYPE,
): ExampleRequest => ({
  query: '',
  headers,
  contentType,
  body: JSON.stringify(value, null, 2),
});

const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): ExampleRequest => ({
  query: '',
  headers,
  contentType: FORM,
  body: new URLSearchParams(fields).toString(),
});

const first = (value: string | readonly string[] | undefined, fallback: string): string =>
  (typeof value === 'string' ? value : value?.[0]) ?? fallback;

/** AOC's page sends JSON and calls it a form. */
const aoc = (caller: ExampleCaller, fields: object): ExampleRequest =>
  json({ apiKey: caller.secrets[0] ?? '', username: caller.lookup, ...fields }, {}, FORM);

const bbmslOrder = (caller: ExampleCaller, payment: ExamplePayment | null): object => ({
  // A number on the wire, as long as it is one here.
  merchantId: /^[1-9][0-9]{0,14}$/.test(caller.lookup) ? Number(caller.lookup) : caller.lookup,
  ...(payment?.namespace === 'bbmsl.merchantReference'
    ? { merchantReference: payment.value }
    : { orderId: Number(payment?.value ?? '4922') }),
});

const bbmsl = (operation: string, summary: string, tells: 'payment' | null, more: object = {}): ProtocolExample => ({
  operation,
  method: 'POST',
  path: `/hosted-checkout/${operation}`,
  summary,
  tells,
  isSigned: true,
  request: (caller, payment) => json({ ...bbmslOrder(caller, payment), ...more }),
});

const SITE = '/oltpublish/site';

export const PROTOCOL_EXAMPLES: Readonly<Record<string, readonly ProtocolExample[]>> = {
  'boost-aoc': [
    {
      operation: 'refund',
      method: 'POST',
      path: '/api/refund',
      summary: 'Refunds a charge, all or part of it; each attempt has an spTransID of its own.',
      tells: null,
      request: (caller, payment) =>
        aoc(caller, { spTransID: '201903192030-test1', aocTransID: payment?.value ?? '12345', amount: '1.00' }),
    },
    {
      operation: 'refundStatus',
      method: 'POST',
      path: '/api/refundStatus',
      summary: 'Says what became of a refund, by its spTransID.',
      tells: null,
      request: (caller) => aoc(caller, { spTransID: '201903192030-test1' }),
    },
    {
      operation: 'chargeStatus',
      method: 'POST',
      path: '/api/chargeStatus',
      summary: 'Says how a charge stands.',
      tells: 'payment',
      request: (caller, payment) => aoc(caller, { aocTransID: payment?.value ?? '12345' }),
    },
  ],
  bbmsl: [
    bbmsl('refund', 'Refunds an order, once.', null, { amount: 10 }),
    bbmsl('query', 'Shows an order and its transactions.', 'payment'),
    bbmsl('void', 'Voids an order before it is settled.', null),
  ],
  payengine: [
    {
      operation: 'refund',
      method: 'POST',
      path: '/api/payment/refund',
      summary: 'Refunds a card or ACH sale, all or part of it.',
      tells: 'refund',
      request: ({ secrets }, payment) =>
        json(
          {
            id: payment?.value ?? '9a0df7ef-b77f-4525-97e1-f41a98ad7f75',
            amount: 10,
            reason: 'Discount issued',
            internalTransactionID: '121212',
            metadata: { customerId: '123', email: '[email protected]' },
          },
          { Authorization: `Basic ${secrets[0] ?? ''}` },
        ),
    },
  ],
  'payment-options': [
    {
      operation: 'refund',
      method: 'POST',
      path: '/api/v1/api/v1/server-to-server-interface/refund',
      summary: 'Refunds a transaction, all or part of it.',
      tells: 'refund',
      request: ({ secrets, settings }, payment) =>
        json(
          {
            transactionId: payment?.value ?? '9dfd39ec-eb4a-4f8b-a526-17abf140a717',
            amount: 1000,
            merchant_id: first(settings['mid'], ''),
            notes: 'Refund amout captured/purchased',
          },
          { Authorization: secrets[0] ?? '', 'x-api-key': secrets[1] ?? '' },
        ),
    },
  ],
  edubrite: [
    {
      operation: 'connect',
      method: 'POST',
      path: `${SITE}/connect.do`,
      summary: 'Opens a session: sets the cookie SESSION_ID.',
      tells: null,
      request: () => form({}, {}),
    },
    {
      operation: 'connect',
      method: 'POST',
      path: `${SITE}/connect.do`,
      summary: 'Signs the session in: sets the cookie SESSION_INFO.',
      tells: null,
      follows: 1,
      request: ({ lookup, secrets }) => form({ username: lookup, password: secrets[0] ?? '' }, {}),
    },
    {
      operation: 'refund',
      method: 'POST',
      path: `${SITE}/paymentTxnService.do`,
      summary: 'Refunds an invoice whole, on behalf of an administrator of the site; both cookies must be there.',
      tells: 'refund',
      follows: 2,
      request: ({ settings }, payment) =>
        form(
          { dispatch: 'refund', id: payment?.value ?? '5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511' },
          { REAL_UNAME: first(settings['administrators'], 'chenry') },
        ),
    },
    {
      operation: 'sign_out',
      method: 'POST',
      path: `${SITE}/logout.do`,
      summary: 'Ends the session.',
      tells: null,
      request: () => form({}, {}),
    },
  ],
};
