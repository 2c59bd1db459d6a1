/**
 * Two keys in two headers. The partner's page has the raw key after `Basic` in its text and the raw key alone in its
 * curl, and HTTP libraries that know Basic send base64 of `key:`; all of these are the same key here.
 */
import { refusal, Refused } from '../../core/errors.ts';
import type { Claim, WireRequest } from '../dialect.ts';

/** One sentence for keys and `merchant_id` alike, so that nobody learns which of them was right. */
export const DENIED = 'the API keys are missing or wrong, or merchant_id is not theirs';

export function denied(): Refused {
  return new Refused(refusal('unauthenticated', DENIED));
}

/** Printable ASCII, as header values are; longer than any key that Refundry makes. */
const KEY = /^[\x21-\x7e]{1,255}$/;
const BASIC = /^basic +/i;

/** Both keys as sent. Throws `Refused` (`unauthenticated`) when one is missing or can be no key. */
export function readClaim(request: WireRequest): Claim {
  const authorization = (request.headers['authorization'] ?? '').trim();
  const apiKey = (request.headers['x-api-key'] ?? '').trim();
  const key = authorization.replace(BASIC, '');
  if (!KEY.test(key) || !KEY.test(apiKey)) throw denied();
  const decoded = key === authorization ? null : decodeBasic(key);
  return {
    kind: 'secrets',
    lookup: null,
    secrets: [key, apiKey],
    // A raw key may happen to be valid base64, so the key as sent always comes first.
    ...(decoded === null ? {} : { alternatives: [decoded] }),
  };
}

/** The key in base64 of `key` or `key:`; `null` if it is no such thing. */
function decodeBasic(text: string): string | null {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is no base64: only a text that comes out again was one, with its padding or without.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) return null;
  const key = bytes.toString('latin1').replace(/:$/, '');
  return KEY.test(key) ? key : null;
}
