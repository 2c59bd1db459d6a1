/** The `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header): quoted as the draft has it, or bare. */
import { invalidParameter, Refused } from './errors.ts';

/** Long enough for any UUID, hash or compound key; short enough for an index. */
const MAX_LENGTH = 255;

const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const BARE = /^[\x21-\x7e]+$/;

/** The key itself; `null` without a header. Throws `Refused` (`invalid_request`) when it is none that can be kept. */
export function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const text = header.trim();
  const quoted = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1');
  const key = quoted ?? (BARE.test(text) && !text.startsWith('"') ? text : '');
  if (key === '' || key.length > MAX_LENGTH) {
    throw new Refused(
      invalidParameter('Idempotency-Key', `must be 1 to ${MAX_LENGTH} printable ASCII characters, bare or quoted`),
    );
  }
  return key;
}
