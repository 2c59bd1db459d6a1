/** Who calls: the session that both cookies prove, and the administrator on whose behalf the call runs. */
import { refusal, Refused } from '../../core/errors.ts';
import { decodeUtf8 } from '../../core/json.ts';
import type { Caller, Claim, WireRequest } from '../dialect.ts';
import { REAL_UNAME, SESSION_ID, SESSION_INFO } from './wire.ts';

/** The claim of a call after connecting. Throws `Refused` (`unauthenticated`) unless both cookies are there. */
export function sessionClaim(request: WireRequest): Claim {
  const id = cookie(request, SESSION_ID);
  const info = cookie(request, SESSION_INFO);
  if (id === null || info === null) {
    throw new Refused(refusal('unauthenticated', `the cookies ${SESSION_ID} and ${SESSION_INFO} must both be sent`));
  }
  return { kind: 'session', tokens: [id, info] };
}

/**
 * A cookie's value; `null` without one. Tolerates what Java's Commons HttpClient sends, which the partner's client is
 * built on (RFC 2109): `$Version=0; SESSION_ID=…`, and quotes.
 */
export function cookie(request: WireRequest, name: string): string | null {
  for (const pair of (request.headers['cookie'] ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return /^"?([^"]+)"?$/.exec(value)?.[1] ?? null;
  }
  return null;
}

/**
 * The acting user's name, who must be one of the site's administrators. Email and full name, which the partner's Java
 * client sends along, are dropped here: they are personal, and nothing needs them. Throws `Refused` (`forbidden`).
 */
export function actingAdministrator(request: WireRequest, caller: Caller | null): string {
  const [name = ''] = headerText(request.headers[REAL_UNAME] ?? '').split('|');
  const { administrators = [] } = caller?.settings ?? {};
  const names = typeof administrators === 'string' ? [administrators] : administrators;
  if (name === '' || !names.includes(name)) {
    throw new Refused(refusal('forbidden', 'the acting user is not an administrator of the site'));
  }
  return name;
}

/** A header's text: HTTP hands its bytes over as Latin-1, and clients that know other letters send UTF-8. */
function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.toString('latin1') !== value) return value;
  try {
    return decodeUtf8(bytes);
  } catch {
    return value;
  }
}
