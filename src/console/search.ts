/** One box that finds payments: by id, reference, refund, token, e-mail address, last four digits or amount. */
import { type Static, Type } from 'typebox';
import { visibleMerchant } from '../api/access.ts';
import { paymentView } from '../api/payment-views.ts';
import { LIMIT_PATTERN, merchantQuery, strict } from '../api/shapes.ts';
import { type FoundByReference, SearchReader } from '../store/search.ts';
import { SettledReader } from '../store/read-settled.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';
import { readSearch, type SearchTerms } from './search-terms.ts';

const DEFAULT_LIMIT = 20;

const Search = strict({
  q: Type.String({ minLength: 1, maxLength: 255 }),
  merchant_id: merchantQuery(),
  limit: Type.Optional(Type.String({ pattern: LIMIT_PATTERN })),
});

/** Why a payment was found. */
interface Matched {
  readonly kind: 'id' | 'reference' | 'refund' | 'token' | 'email' | 'last4' | 'amount';
  readonly namespace?: string;
  readonly value: string;
}

interface Found {
  readonly paymentId: string;
  readonly matched: Matched;
}

export function addSearch(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const reader = new SearchReader(refundry.readers);
  const settled = new SettledReader(refundry.readers);

  app.route({
    method: 'GET',
    url: '/search',
    config: consoleOperation('search', 'read'),
    schema: { querystring: Search },
    handler: async (request) => {
      const began = performance.now();
      const { q, limit = String(DEFAULT_LIMIT), merchant_id: asked }: Static<typeof Search> = request.query;
      const merchantId = visibleMerchant(request, asked);
      const { found, complete } = await find(reader, readSearch(q), merchantId, Number(limit) + 1);
      const shown = found.slice(0, Number(limit));
      const payments = await reader.payments(
        shown.map(({ paymentId }) => paymentId),
        merchantId,
      );
      const settledIds = await settled.now([...payments.values()]);
      return {
        results: shown.flatMap(({ paymentId, matched }) => {
          const payment = payments.get(paymentId);
          return payment === undefined ? [] : [{ matched, payment: paymentView(payment, settledIds.has(payment.id)) }];
        }),
        // Whether these are all that there are.
        complete: complete && found.length === shown.length,
        took_ms: Math.round((performance.now() - began) * 10) / 10,
      };
    },
  });
}

/** All readings of the terms at once: the surest first, the newest first within each, every payment once. */
async function find(
  reader: SearchReader,
  { text, id, email, last4, amounts }: SearchTerms,
  merchantId: string | null,
  limit: number,
): Promise<{ readonly found: Found[]; readonly complete: boolean }> {
  const none = Promise.resolve([]);
  const [refundOf, references, refunds, tokens, emails, cards, sums] = await Promise.all([
    id === null ? null : reader.paymentOfRefund(id, merchantId),
    text === '' ? none : reader.byReference(text, merchantId, limit),
    text === '' ? none : reader.byRefundReference(text, merchantId, limit),
    text === '' ? none : reader.byDetail('token', text, merchantId, limit),
    email === null ? none : reader.byDetail('email', email, merchantId, limit),
    last4 === null ? none : reader.byDetail('last4', last4, merchantId, limit),
    amounts.length === 0 ? none : reader.byAmount(amounts, merchantId, limit),
  ]);
  const byReference = (kind: Matched['kind'], rows: readonly FoundByReference[]): Found[] =>
    rows.map(({ paymentId, reference }) => ({ paymentId, matched: { kind, ...reference } }));
  const byValue = (kind: Matched['kind'], value: string, ids: readonly string[] | null): Found[] =>
    (ids ?? []).map((paymentId) => ({ paymentId, matched: { kind, value } }));
  const all = [
    ...(id === null ? [] : byValue('id', id, [id])),
    ...byReference('reference', references),
    ...byValue('refund', id ?? '', refundOf === null ? [] : [refundOf]),
    ...byReference('refund', refunds),
    ...byValue('token', text, tokens),
    ...byValue('email', email ?? '', emails),
    ...byValue('last4', last4 ?? '', cards),
    ...byValue('amount', text, sums),
  ];
  const found = new Map<string, Found>();
  for (const one of all) if (!found.has(one.paymentId)) found.set(one.paymentId, one);
  return {
    found: [...found.values()].slice(0, limit),
    complete: ![tokens, emails, cards, sums].includes(null),
  };
}
