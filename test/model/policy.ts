/** What a merchant and a protocol allow together. */
import type { Command } from '../../src/core/command.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { ModelBooks } from './books.ts';

/** What applies: the merchant's policy and the protocol's, whichever is stricter, rule by rule. */
export function policyOf(books: ModelBooks, { merchantId, protocolPolicy }: Command): Policy {
  const merchant = books.merchants.find(({ id }) => id === merchantId);
  if (merchant === undefined) throw new Error(`no merchant ${merchantId}`);
  const both = protocolPolicy === null ? [merchant.policy] : [merchant.policy, protocolPolicy];
  const smallest = (limits: readonly (number | null)[]): number | null =>
    limits.every((limit) => limit === null) ? null : Math.min(...limits.map((limit) => limit ?? Infinity));
  return {
    partialRefunds: both.every(({ partialRefunds }) => partialRefunds),
    refundsPerPayment: smallest(both.map(({ refundsPerPayment }) => refundsPerPayment)),
    windowDays: smallest(both.map(({ windowDays }) => windowDays)),
    minimumMinor: perCurrency(
      both.map(({ minimumMinor }) => minimumMinor),
      'highest',
    ),
    balanceMustCover: both.some(({ balanceMustCover }) => balanceMustCover),
    reasonRequired: both.some(({ reasonRequired }) => reasonRequired),
    approvalAboveMinor: perCurrency(
      both.map(({ approvalAboveMinor }) => approvalAboveMinor),
      'lowest',
    ),
    approvalHours: smallest(both.map(({ approvalHours }) => approvalHours)),
  };
}

function perCurrency(limits: readonly Policy['minimumMinor'][], which: 'highest' | 'lowest'): Policy['minimumMinor'] {
  const currencies = new Set(limits.flatMap((limit) => Object.keys(limit)));
  return Object.fromEntries(
    [...currencies].map((currency) => {
      const given = limits.flatMap((limit) => limit[currency] ?? []).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      return [currency, (which === 'highest' ? given.at(-1) : given[0]) ?? 0n];
    }),
  );
}
