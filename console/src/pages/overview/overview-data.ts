/** What the overview's answer says, put together for the eye. */
import type { Minor } from '../../money/money.ts';

export interface Group {
  readonly outcome: string;
  readonly protocol: string;
  readonly currency: string;
  readonly count: number;
  readonly amount: Minor;
}

export interface Overview {
  readonly as_of: string;
  /** Whether everything was counted yet. */
  readonly complete: boolean;
  readonly today: { readonly from: string; readonly to: string };
  readonly refunds: readonly (Group & { readonly day: string })[];
  /** The same day of last week, as far as it had come by this time. */
  readonly week_ago: { readonly from: string; readonly to: string; readonly refunds: readonly Group[] } | null;
  readonly refusals: readonly { readonly code: string; readonly count: number }[];
  readonly unsettled: readonly {
    readonly merchant_id: string;
    readonly merchant_name: string;
    readonly currency: string;
    readonly amount: Minor;
  }[];
  readonly waiting: number;
}

const DAY_MS = 86_400_000;
/** Zones are whole quarters of an hour ahead of UTC. */
const ZONE_STEP = 15;

/** Minutes that a browser's clock is ahead of UTC, as the server takes them. */
export function minutesAhead(now: Date): number {
  return Math.round(-now.getTimezoneOffset() / ZONE_STEP) * ZONE_STEP;
}

/** `2026-11-13` … `2026-11-20`: the days up to the one that begins at `todayFrom`, where it begins. */
export function daysUntil(todayFrom: string, ahead: number, count: number): string[] {
  const today = Date.parse(todayFrom) + ahead * 60_000;
  return Array.from({ length: count }, (_, index) =>
    new Date(today - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

export function countOf(groups: readonly Group[], outcome?: string): number {
  return groups.reduce((sum, group) => sum + (outcome === undefined || group.outcome === outcome ? group.count : 0), 0);
}

export type Dimension = 'outcome' | 'protocol';

export interface Series {
  /** Most frequent first. */
  readonly names: readonly string[];
  readonly days: readonly { readonly day: string; readonly counts: Readonly<Record<string, number>> }[];
}

/** How many refunds each day had, by outcome or by the door that they came through. */
export function perDay(refunds: Overview['refunds'], days: readonly string[], dimension: Dimension): Series {
  const totals = new Map<string, number>();
  const counts = new Map<string, Record<string, number>>(days.map((day) => [day, {}]));
  for (const group of refunds) {
    const name = group[dimension];
    const ofDay = counts.get(group.day);
    if (ofDay === undefined) continue;
    ofDay[name] = (ofDay[name] ?? 0) + group.count;
    totals.set(name, (totals.get(name) ?? 0) + group.count);
  }
  return {
    names: [...totals].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).map(([name]) => name),
    days: days.map((day) => ({ day, counts: counts.get(day) ?? {} })),
  };
}

export interface CurrencyAmounts {
  readonly currency: string;
  readonly today: bigint;
  readonly weekAgo: bigint;
  /** One per day, today last. */
  readonly daily: readonly bigint[];
}

/** What succeeded refunds returned, by currency: those of today first, then the others. */
export function amountsByCurrency(overview: Overview, days: readonly string[]): CurrencyAmounts[] {
  const today = days.at(-1) ?? '';
  const succeeded = overview.refunds.filter(({ outcome }) => outcome === 'succeeded');
  const before = (overview.week_ago?.refunds ?? []).filter(({ outcome }) => outcome === 'succeeded');
  const currencies = [...new Set([...succeeded, ...before].map(({ currency }) => currency))].sort();
  return currencies
    .map((currency) => {
      const sumOf = (groups: readonly Group[]): bigint =>
        groups.reduce((sum, group) => (group.currency === currency ? sum + BigInt(group.amount) : sum), 0n);
      const daily = days.map((day) => sumOf(succeeded.filter((group) => group.day === day)));
      return { currency, today: sumOf(succeeded.filter(({ day }) => day === today)), weekAgo: sumOf(before), daily };
    })
    .sort((a, b) => Number(b.today > 0n) - Number(a.today > 0n));
}
