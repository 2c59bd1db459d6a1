/** `Authorization: Basic <secret key>`: the key as it is, or as HTTP Basic (RFC 7617) has it, base64 of `key:`. */
import { refusal, Refused } from '../../core/errors.ts';
import type { Claim } from '../dialect.ts';

const BASIC = /^Basic +([\x21-\x7e]+) *$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const USER_WITHOUT_PASSWORD = /^([\x21-\x39\x3b-\x7e]+):$/;

/**
 * The key that the header shows. A raw key may look like base64 itself, so what it decodes to is only another reading of
 * it. Throws `Refused` (`unauthenticated`).
 */
export function readClaim(authorization: string | undefined): Claim {
  const shown = BASIC.exec(authorization ?? '')?.[1];
  if (shown === undefined) throw new Refused(refusal('unauthenticated', 'the credentials are missing or wrong'));
  const decoded = BASE64.test(shown) ? Buffer.from(shown, 'base64').toString('latin1') : '';
  const key = USER_WITHOUT_PASSWORD.exec(decoded)?.[1];
  return { kind: 'secrets', lookup: null, secrets: [shown], ...(key === undefined ? {} : { alternatives: [key] }) };
}
