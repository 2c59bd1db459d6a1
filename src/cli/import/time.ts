/** Times as files write them. A time without its zone means another moment in every country, so it is none. */

const TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?) ?(Z|[+-][0-9]{2}:?[0-9]{2}))?$/;

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** ISO 8601 with its zone, or a date alone, which begins in UTC. Milliseconds since 1970; `null` for anything else. */
export function readTime(text: string): number | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const [, year = '', month = '', day = '', clock = '00:00', zone = 'Z'] = parts;
  // JavaScript takes 30 February for 2 March.
  const isLeap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = month === '02' && !isLeap ? 28 : (DAYS[Number(month) - 1] ?? 0);
  if (Number(day) > days) return null;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const ms = Date.parse(`${year}-${month}-${day}T${clock}${offset}`);
  return Number.isNaN(ms) || ms < 0 ? null : ms;
}
