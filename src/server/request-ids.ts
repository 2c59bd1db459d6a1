/** Ids of requests that bring none: short, because each is kept in the journal, and unique without asking anybody. */
import { randomBytes } from 'node:crypto';
import { holdsCardNumber } from '../core/card-number.ts';
import { maskKeys } from '../core/own-keys.ts';

/** Of this process: 72 random bits. */
const PREFIX = `req_${randomBytes(9).toString('base64url')}`;
let made = 0;

/** An id such as `req_kJ3f9Qx2mW0a-1z`. */
export function newRequestId(): string {
  made += 1;
  return `${PREFIX}-${made.toString(36)}`;
}

/** The caller's own id, if it may be kept, or a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  const isKept =
    typeof header === 'string' &&
    /^[\w.:-]{1,64}$/.test(header) &&
    !holdsCardNumber(header) &&
    maskKeys(header) === header;
  return isKept ? header : newRequestId();
}
