/** The trial balance of one merchant, or of all: every account, and that they sum to zero. */
import { Type } from 'typebox';
import { visibleMerchant } from '../api/access.ts';
import { serializeExactly } from '../api/api.ts';
import { exact, timeView } from '../api/exact-json.ts';
import { InvalidRequest } from '../api/problems.ts';
import { merchantQuery, strict } from '../api/shapes.ts';
import { isId } from '../core/ids.ts';
import { ACCOUNTS } from '../core/journal.ts';
import { type AccountsMinor, type BalancePlace, BalanceReader } from '../store/read-balances.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

/** More lines than a person reads at once. */
const PAGE_LINES = 200;

const TrialBalance = strict({
  merchant_id: merchantQuery(),
  after: Type.Optional(Type.String({ maxLength: 40, description: 'The last page’s `next`.' })),
});

export function addTrialBalance(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const reader = new BalanceReader(refundry.readers);

  app.route({
    method: 'GET',
    url: '/trial-balance',
    config: consoleOperation('trial_balance', 'read'),
    serializerCompiler: serializeExactly,
    schema: { querystring: TrialBalance },
    handler: async (request) => {
      const { merchant_id: asked, after } = request.query;
      const merchantId = visibleMerchant(request, asked);
      const place = after === undefined ? null : readPlace(after);
      const [page, totals] = await Promise.all([
        reader.lines(merchantId, PAGE_LINES, place),
        reader.totals(merchantId),
      ]);
      return {
        as_of: timeView(Date.now()),
        totals: totals.map(({ currency, merchants, minor }) => ({ currency, merchants, ...accountsView(minor) })),
        data: page.items.map((line) => ({
          merchant_id: line.merchantId,
          merchant_name: line.merchantName,
          currency: line.currency,
          ...accountsView(line.minor),
        })),
        next: page.next,
      };
    },
  });
}

/** The accounts, and their sum. */
function accountsView(minor: AccountsMinor): Readonly<Record<string, number | bigint>> {
  const sum = ACCOUNTS.reduce((total, account) => total + minor[account], 0n);
  return { ...Object.fromEntries(ACCOUNTS.map((account) => [account, exact(minor[account])])), sum: exact(sum) };
}

/** Throws `InvalidRequest`. */
function readPlace(text: string): BalancePlace {
  const [, merchantId = '', currency = ''] = /^([0-9a-f-]{36}):([A-Z]{3})$/.exec(text) ?? [];
  if (!isId(merchantId)) throw new InvalidRequest([{ parameter: 'after', problem: 'was not given out by this list' }]);
  return { merchantId, currency };
}
