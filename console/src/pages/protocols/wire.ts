/** A request as somebody edits it, sent from here byte for byte, and what came back. */
import type { Operation, Protocol } from './protocol-view.ts';

/** What is edited. */
export interface Draft {
  /** One per line, `Name: value`. */
  readonly headers: string;
  readonly body: string;
}

export type Header = readonly [name: string, value: string];

/** A request that is ready to be sent. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  /** `OK`, where HTTP still says it. */
  readonly reason: string;
  /** But for `Set-Cookie`, which browsers keep to themselves. */
  readonly headers: readonly Header[];
  readonly body: string;
  readonly bytes: number;
  readonly tookMs: number;
}

export function draftOf({ example }: Operation): Draft {
  const type = example.content_type === null ? [] : [['Content-Type', example.content_type] as const];
  return {
    headers: [...type, ...Object.entries(example.headers)].map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: example.body,
  };
}

/** RFC 9110, 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** What a page may not set, or sets for itself (Fetch, "forbidden request-header"); these are what people try. */
const BROWSERS_OWN = new Set(['cookie', 'host', 'content-length', 'connection', 'origin', 'referer']);

/** Headers as they were typed, or what is wrong with them. */
export function readHeaders(text: string): { readonly headers: readonly Header[] } | { readonly problem: string } {
  const headers: Header[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (colon === -1) return { problem: `“${line}” is no header: write Name: value` };
    if (!HEADER_NAME.test(name)) return { problem: `“${name}” is no name of a header` };
    if (!HEADER_VALUE.test(value)) return { problem: `${name}: only printable ASCII can be sent from here` };
    if (BROWSERS_OWN.has(name.toLowerCase())) return { problem: `${name} is the browser’s own: use the curl line` };
    headers.push([name, value]);
  }
  return { headers };
}

/** Where the caller's own credentials belong, and still are not. */
export function unfilled({ credential }: Pick<Protocol, 'credential'>, ...texts: readonly string[]): readonly string[] {
  const { lookup, secrets, settings } = credential;
  const names = [
    ...(lookup === null ? [] : [lookup]),
    ...secrets,
    ...Object.keys(settings).map((name) => name.replace(/\[\]$/, '')),
  ];
  return names.filter((name) => {
    const placeholder = `<${name}>`;
    // In a form they are encoded.
    const encoded = new URLSearchParams({ '': placeholder }).toString().slice(1);
    return texts.some((text) => text.includes(placeholder) || text.includes(encoded));
  });
}

/**
 * Sends it to this server. `withCookies`: those that the partner's earlier answers set; no other protocol gets any. Throws
 * `TypeError` where no answer came.
 */
export async function send(request: WireRequest, withCookies: boolean): Promise<WireAnswer> {
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  const began = performance.now();
  const answer = await fetch(request.target, {
    method: request.method,
    headers,
    // As bytes: to a text the browser would add a Content-Type of its own.
    ...(request.method === 'GET' ? {} : { body: new TextEncoder().encode(request.body) }),
    credentials: withCookies ? 'same-origin' : 'omit',
    cache: 'no-store',
    redirect: 'error',
  });
  const bytes = await answer.arrayBuffer();
  return {
    status: answer.status,
    reason: answer.statusText,
    headers: [...answer.headers],
    body: new TextDecoder().decode(bytes),
    bytes: bytes.byteLength,
    tookMs: performance.now() - began,
  };
}
