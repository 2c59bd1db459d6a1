/**
 * The session cookie of the console, which opens the native API as a key does. A browser sends cookies by itself, whoever
 * made it ask: so what changes something must show that the console's own pages asked.
 */
import type { FastifyRequest } from 'fastify';
import { refusal, Refused } from '../core/errors.ts';

/** A header of our own: another site's form cannot send it, and its script only after a preflight that nobody answers. */
const CONSOLE_HEADER = 'x-refundry-console';

type Named = Pick<FastifyRequest, 'protocol'>;

const isSecure = ({ protocol }: Named): boolean => protocol === 'https';

/** `__Host-` (RFC 6265bis): set by this host itself, over TLS, for all of it; no neighbour's cookie can take its place. */
const cookieName = (request: Named): string => `${isSecure(request) ? '__Host-' : ''}refundry_session`;

/** The session's token; `null` without one. */
export function sessionToken(request: FastifyRequest): string | null {
  const name = cookieName(request);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [given = '', value = ''] = pair.trim().split('=', 2);
    if (given === name && /^[\w-]{1,128}$/.test(value)) return value;
  }
  return null;
}

/** What `Set-Cookie` says for a token; `null` takes the cookie away. Gone with the browser, and never a script's. */
export function sessionCookie(request: Named, token: string | null): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure(request) ? '; Secure' : ''}`;
  return `${cookieName(request)}=${token ?? ''}; ${attributes}${token === null ? '; Max-Age=0' : ''}`;
}

/** Throws `Refused` (`forbidden`) for a request that changes something and does not come from the console's pages. */
export function refuseCrossSite({ method, headers, host }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  if (headers[CONSOLE_HEADER] !== '1') {
    throw crossSite('with a session, whatever changes something must send X-Refundry-Console: 1');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw crossSite(`the request comes from elsewhere: ${site}`);
  const { origin } = headers;
  // The host only: a proxy in front may speak TLS where this server does not.
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
    throw crossSite(`the request comes from the pages of another host, and this is ${host}`);
  }
}

const crossSite = (fact: string): Refused => new Refused(refusal('forbidden', fact));

/** `null` for origins that have none: sandboxed frames, local files. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
