/**
 * Request parameters as a servlet sees them: those of the query and those of a form body, together. The partner's Java
 * client posts `application/x-www-form-urlencoded`; PHP's curl makes `multipart/form-data` of the same fields.
 */
import { invalidParameter, Refused } from '../../core/errors.ts';
import { decodeUtf8, JsonFault, textFault } from '../../core/json.ts';
import type { WireRequest } from '../dialect.ts';

/** Long enough for any id, name or generated password of the partner's. */
const MAX_LENGTH = 255;

export class Parameters {
  readonly #values = new Map<string, string[]>();

  /** Throws `Refused` (`invalid_request`) when query or body cannot be parsed. */
  constructor(request: WireRequest) {
    this.#add(urlencodedPairs(request.query, 'query'));
    const type = request.headers['content-type'] ?? '';
    const isMultipart = /^\s*multipart\/form-data\b/i.test(type);
    this.#add(isMultipart ? multipartPairs(request.body, type) : urlencodedPairs(utf8(request.body), 'body'));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The one value of a mandatory parameter. Throws `Refused` (`invalid_request`) naming it. */
  required(name: string): string {
    const [value = '', ...more] = this.#values.get(name) ?? [];
    const fault =
      more.length > 0
        ? 'is given more than once'
        : value.trim() === ''
          ? 'is missing'
          : value.length > MAX_LENGTH
            ? `must have at most ${MAX_LENGTH} characters`
            : textFault(value);
    if (fault !== null) throw new Refused(invalidParameter(name, fault));
    return value;
  }

  #add(pairs: Iterable<readonly [string, string]>): void {
    for (const [name, value] of pairs) {
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [value]);
      else values.push(value);
    }
  }
}

/** Unlike `URLSearchParams`, refuses what is no percent-encoded UTF-8 instead of replacing it. */
function* urlencodedPairs(text: string, where: 'query' | 'body'): Generator<readonly [string, string]> {
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    try {
      yield [decodeURIComponent(name.replaceAll('+', ' ')), decodeURIComponent(value.replaceAll('+', ' '))];
    } catch {
      throw new Refused(invalidParameter(where, 'is not a URL-encoded form'));
    }
  }
}

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const FIELD_NAME = /^content-disposition:\s*form-data\s*;(?:[^\r\n]*;)?\s*name=(?:"([^"\r\n]*)"|([^\s;"]+))/im;

/** The fields of a multipart form (RFC 7578). */
function* multipartPairs(body: Uint8Array, contentType: string): Generator<readonly [string, string]> {
  const malformed = new Refused(invalidParameter('body', 'is not a multipart form'));
  const [, quoted, bare] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw malformed;
  // Latin-1 keeps every byte as one character, so that text can be cut before its UTF-8 is decoded.
  const [, ...parts] = `\r\n${Buffer.from(body).toString('latin1')}`.split(`\r\n--${boundary}`);
  if (parts.pop()?.startsWith('--') !== true) throw malformed;
  for (const part of parts) {
    const end = part.indexOf('\r\n\r\n');
    const field = FIELD_NAME.exec(part.slice(0, Math.max(0, end)));
    if (field === null || !/^[ \t]*\r\n/.test(part)) throw malformed;
    const decode = (text: string): string => utf8(Buffer.from(text, 'latin1'));
    yield [decode(field[1] ?? field[2] ?? ''), decode(part.slice(end + 4))];
  }
}

function utf8(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof JsonFault) throw new Refused(invalidParameter('body', 'is not valid UTF-8'));
    throw error;
  }
}
