/** What happened lately, at a glance: refunds by day and outcome, why some were refused, what waits, what merchants hold. */
import { Type } from 'typebox';
import { visibleMerchant } from '../api/access.ts';
import { serializeExactly } from '../api/api.ts';
import { exact, timeView } from '../api/exact-json.ts';
import { InvalidRequest } from '../api/problems.ts';
import { merchantQuery, strict } from '../api/shapes.ts';
import { OverviewReader, SLOT_MS } from '../store/read-overview.ts';
import { RefundSlots } from './refund-slots.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

const DAY_MS = 24 * 60 * 60_000;
const WEEK_MS = 7 * DAY_MS;
const DEFAULT_DAYS = 8;
const MOST_DAYS = 31;
/** Merchants whose numbers are kept at hand, beside those of all: some megabytes at most. */
const KEPT_SCOPES = 32;
const MINUTES_AHEAD = { least: -12 * 60, most: 14 * 60, step: 15 } as const;

const Overview = strict({
  merchant_id: merchantQuery(),
  days: Type.Optional(Type.String({ description: 'How many, today among them: 1 to 31. Default 8.' })),
  tz: Type.Optional(Type.String({ description: 'Whose days: minutes ahead of UTC. Default 0.' })),
});

export function addOverview(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const reader = new OverviewReader(refundry.readers);
  const scopes = new Map<string | null, RefundSlots>();

  /** The slots of a scope; the one that nobody asked for longest makes room. */
  const slotsOf = (merchantId: string | null): RefundSlots => {
    const slots = scopes.get(merchantId) ?? new RefundSlots(reader, merchantId);
    scopes.delete(merchantId);
    scopes.set(merchantId, slots);
    const [oldest] = scopes.keys();
    if (scopes.size > KEPT_SCOPES && oldest !== undefined) scopes.delete(oldest);
    return slots;
  };

  app.route({
    method: 'GET',
    url: '/overview',
    config: consoleOperation('overview', 'read'),
    serializerCompiler: serializeExactly,
    schema: { querystring: Overview },
    handler: async (request) => {
      const { query } = request;
      const merchantId = visibleMerchant(request, query.merchant_id);
      const days = wholeNumber('days', query.days, DEFAULT_DAYS, 1, MOST_DAYS, 1);
      const { least, most, step } = MINUTES_AHEAD;
      const aheadMs = wholeNumber('tz', query.tz, 0, least, most, step) * 60_000;

      const now = Date.now();
      const today = Math.floor((now + aheadMs) / DAY_MS) * DAY_MS - aheadMs;
      const slots = slotsOf(merchantId);
      const from = today - (days - 1) * DAY_MS;
      const [unsettled] = await Promise.all([reader.unsettled(merchantId), slots.refresh(from, now)]);
      const dayOf = (slot: number): string => new Date(slot * SLOT_MS + aheadMs).toISOString().slice(0, 10);
      return {
        as_of: timeView(slots.readAt),
        // Whether all refunds of these days were counted yet: with millions of them, the first looks are not enough.
        complete: slots.complete,
        today: { from: timeView(today), to: timeView(today + DAY_MS) },
        refunds: sumUp(slots.groups(from, now), ({ slot, status, protocol, currency }) => ({
          day: dayOf(slot),
          outcome: status,
          protocol,
          currency,
        })),
        week_ago: from > today - WEEK_MS ? null : weekAgo(slots, today - WEEK_MS, now - WEEK_MS),
        refusals: refusals(slots.groups(today, now)),
        unsettled: unsettled.map(({ merchantId: id, merchantName, currency, amountMinor }) => ({
          merchant_id: id,
          merchant_name: merchantName,
          currency,
          amount: exact(amountMinor),
        })),
        waiting: slots.waiting.length,
      };
    },
  });
}

type Group = ReturnType<RefundSlots['groups']> extends Generator<infer Item> ? Item : never;

/** The same day of the week before, until this time of day: half a day does not compare with a whole one. */
function weekAgo(slots: RefundSlots, from: number, until: number): object {
  const to = Math.max(from, Math.floor(until / SLOT_MS) * SLOT_MS);
  return {
    from: timeView(from),
    to: timeView(to),
    refunds: sumUp(slots.groups(from, to), ({ status, protocol, currency }) => ({
      outcome: status,
      protocol,
      currency,
    })),
  };
}

/** Groups that are the same by what `keyOf` says of them, in its order. */
function sumUp<Key extends object>(
  groups: Iterable<Group>,
  keyOf: (group: Group) => Key,
): (Key & { readonly count: number; readonly amount: number | bigint })[] {
  const sums = new Map<string, { key: Key; count: number; minor: bigint }>();
  for (const group of groups) {
    const key = keyOf(group);
    const name = JSON.stringify(key);
    const sum = sums.get(name) ?? { key, count: 0, minor: 0n };
    sums.set(name, { key, count: sum.count + group.count, minor: sum.minor + group.amountMinor });
  }
  return [...sums.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key, count, minor }]) => ({ ...key, count, amount: exact(minor) }));
}

/** Why refunds were refused, the most frequent first. */
function refusals(groups: Iterable<Group>): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { refusalCode, count } of groups) {
    if (refusalCode !== null) counts.set(refusalCode, (counts.get(refusalCode) ?? 0) + count);
  }
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
}

/** Throws `InvalidRequest`. */
function wholeNumber(
  parameter: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
  step: number,
): number {
  if (text === undefined) return fallback;
  const number = /^-?[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most && number % step === 0) return number;
  const steps = step === 1 ? '' : `, a multiple of ${step}`;
  throw new InvalidRequest([{ parameter, problem: `must be a whole number from ${least} to ${most}${steps}` }]);
}
