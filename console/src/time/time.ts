/** Times come as ISO 8601 in UTC, and are shown in the reader's zone; UTC is what people compare, so it is always near. */

const LOCAL = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `20 Nov 2026, 14:05:09` in the reader's zone. */
export function localTime(iso: string): string {
  return LOCAL.format(new Date(iso));
}

/** `2026-11-20 13:05:09.123 UTC`. */
export function utcTime(iso: string): string {
  return `${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `3 hours ago`, `in 2 days`, `just now`. */
export function relativeTime(iso: string, nowMs: number): string {
  const difference = Date.parse(iso) - nowMs;
  for (const [unit, ms] of STEPS) {
    if (Math.abs(difference) >= ms) return RELATIVE.format(Math.trunc(difference / ms), unit);
  }
  return difference > 0 ? 'in less than a minute' : 'just now';
}

/** The first moment of a local day (`2026-11-20`), ISO 8601 in UTC; of the day after it with `daysLater: 1`. `null` for no day. */
export function startOfLocalDay(day: string, daysLater = 0): string | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (match === null) return null;
  const [, year, month, date] = match;
  const start = new Date(Number(year), Number(month) - 1, Number(date) + daysLater);
  return Number.isNaN(start.getTime()) ? null : start.toISOString();
}
