/** Integers of any size in JSON: balances may outgrow what a JavaScript number holds. */

/** A number of minor units: as a number where that is exact, else as it is. `exactJson` writes both. */
export function exact(minor: bigint): number | bigint {
  return minor >= Number.MIN_SAFE_INTEGER && minor <= Number.MAX_SAFE_INTEGER ? Number(minor) : minor;
}

// TypeScript's library does not know it yet (ECMAScript 2026, JSON.parse source text access).
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;

/** JSON with every digit of every integer, however large. */
export function exactJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? rawJson(String(member)) : member),
    indent,
  );
}

/** ISO 8601 in UTC, to the millisecond. */
export const timeView = (ms: number): string => new Date(ms).toISOString();
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeView(ms));

/** An amount of one payment or refund: it has at most 12 digits. */
export const amountView = (minor: bigint): number => Number(minor);
