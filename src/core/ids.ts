/**
 * Refundry's own ids: UUIDv7 (RFC 9562) whose 12 `rand_a` bits carry the bucket, so that an id alone finds its book.
 * They sort by time.
 */

/** 12 bits. */
export const MAX_BUCKETS = 4096;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Formats an id. `random` is any UUIDv4: its variant and 62 random bits are kept. */
export function formatId(nowMs: number, bucket: number, random: string): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bucket.toString(16).padStart(3, '0')}-${random.slice(19)}`;
}

/** Whether a text is written exactly as Refundry writes its ids (lower case, version 7). */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** The bucket whose book an id lives in. */
export function bucketOf(id: string): number {
  return Number.parseInt(id.slice(15, 18), 16);
}

/** The first id that could have been made at `ms`: for ranges by time. */
export function firstIdAt(ms: number): string {
  const time = Math.max(0, Math.trunc(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
