/** Requests and answers as they stand in `.http` files: a start line, headers, an empty line, the body. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DialectTalk } from './dialect.ts';

export interface HttpMessage {
  /** The start line's words: method and target, or version and status. */
  readonly start: readonly string[];
  /** By names in lower case; several Cookie lines are joined as Node does. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function parseHttp(text: string): HttpMessage {
  const [head = '', body = ''] = text.split(/\n\n(.*)/s);
  const [start = '', ...lines] = head.trimEnd().split('\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    const before = headers[name.toLowerCase()];
    headers[name.toLowerCase()] = before === undefined ? value : `${before}; ${value}`;
  }
  return { start: start.split(' '), headers, body: body.replace(/\n$/, '') };
}

/** `NAME.http` beside the module whose URL is given. */
export function readHttp(name: string, beside: string): HttpMessage {
  return parseHttp(readFileSync(new URL(`${name}.http`, beside), 'utf8'));
}

/**
 * Sends `NAME.request.http` and compares with `NAME.answer.http`. `plain` puts names, such as `<id>`, in place of what is
 * different each time; ids of Refundry's are `"<id>"` already.
 */
export async function replay(
  talk: DialectTalk,
  name: string,
  beside: string,
  plain: (body: string) => string = (body) => body,
): Promise<void> {
  const request = readHttp(`${name}.request`, beside);
  const [method = '', path = ''] = request.start;
  const answer = await talk.send({ method, path, headers: request.headers, body: request.body });
  const expected = readHttp(`${name}.answer`, beside);
  assert.equal(String(answer.status), expected.start[1], name);
  assert.equal(answer.contentType, expected.headers['content-type'], name);
  const written = plain(answer.body.replaceAll(/"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}"/g, '"<id>"'));
  assert.deepEqual(JSON.parse(written), JSON.parse(expected.body), name);
}
