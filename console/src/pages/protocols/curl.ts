/** The same requests for a terminal. */
import type { WireRequest } from './wire.ts';

/** As a POSIX shell takes it: one word, every character as it is. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

interface CurlOptions {
  /** The body comes through the pipe, and not from here. */
  readonly isPiped?: boolean;
  /** Keeps cookies in the file that `$J` names. */
  readonly withCookies?: boolean;
}

/** `origin`: of this server, without a slash at its end. */
export function curl(origin: string, request: WireRequest, options: CurlOptions = {}): string {
  const { method, target, headers, body } = request;
  const { isPiped = false, withCookies = false } = options;
  const sendsBody = method !== 'GET';
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type');
  return [
    'curl -sSi',
    ...(withCookies ? ['-b "$J" -c "$J"'] : []),
    ...(sendsBody ? [`-X ${method}`] : []),
    quoted(origin + target),
    // A header with nothing after its colon is one that curl leaves out; with a semicolon it is sent empty.
    ...headers.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(sendsBody && !isTyped ? ["-H 'Content-Type:'"] : []),
    // Raw: a body that begins with an at sign is no name of a file.
    ...(sendsBody ? [isPiped ? '--data-binary @-' : `--data-raw ${quoted(body)}`] : []),
  ].join(' ');
}

/** Requests of one session, one after the other. */
export function curlSession(origin: string, requests: readonly WireRequest[]): string {
  return ['J=$(mktemp)', ...requests.map((request) => curl(origin, request, { withCookies: true }))].join('\n');
}

/** A request that is signed on the way, with a key that only the caller has. */
export function curlSigned(origin: string, request: WireRequest): string {
  return [
    `npm run --silent refundry -- sign --key private-key.pem ${quoted(request.body)} |`,
    `  ${curl(origin, request, { isPiped: true })}`,
  ].join('\n');
}
