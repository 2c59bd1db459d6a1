/** Times as files write them. A time without its zone means another moment in every country, so it is none. */

const TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?) ?(Z|[+-][0-9]{2}:?[0-9]{2}))?$/;

/** ISO 8601 with its zone, or a date alone, which begins in UTC. Milliseconds since 1970; `null` for anything else. */
export function readTime(text: string): number | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const [, year = '', month = '', day = '', clock = '00:00', zone = 'Z'] = parts;
  // JavaScript takes 30 February for 2 March.
  const noon = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), 12));
  if (noon.getUTCMonth() !== Number(month) - 1 || noon.getUTCDate() !== Number(day)) return null;
  const ms = Date.parse(`${year}-${month}-${day}T${clock}${zone.replace(/^(...)(..)$/, '$1:$2')}`);
  return Number.isNaN(ms) || ms < 0 ? null : ms;
}
