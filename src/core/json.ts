/**
 * JSON as money needs it: numbers keep their source text, duplicate keys can be refused, and text that PostgreSQL or a
 * UTF-8 encoder would mangle (U+0000, lone surrogates: two different keys would become equal) is refused at the door.
 */

/** A number exactly as it was written: `10.00` stays `10.00`. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toJSON(): number {
    return Number(this.source);
  }
}

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export class JsonFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonFault';
  }
}

/** What is wrong with a piece of text that is to be stored or compared; `null` if nothing is. */
export function textFault(text: string): string | null {
  if (text.includes('\u0000')) return 'must not contain U+0000';
  if (!text.isWellFormed()) return 'must not contain lone surrogates';
  return null;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Decodes a body; throws `JsonFault` on bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new JsonFault('the body is not valid UTF-8');
  }
}

// After JSON.parse accepted a text, every match of this is one string token, and those followed by a colon are keys.
const STRING_TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?/g;
const MAX_DEPTH = 32;

/**
 * Parses JSON (RFC 8259). With `duplicateKeys: 'refuse'` a repeated key in any object is a fault; otherwise the last one
 * wins, as `JSON.parse` does it. Throws `JsonFault` with a sentence that quotes nothing of the text.
 */
export function parseJson(text: string, duplicateKeys: 'refuse' | 'last wins' = 'last wins'): JsonValue {
  let parsed: JsonValue;
  try {
    // TypeScript's library does not know the reviver's third argument yet (ECMAScript 2026, JSON.parse source text access).
    const parse = JSON.parse as (
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ) => JsonValue;
    parsed = parse(text, (_key, value, context) =>
      typeof value === 'number' ? new JsonNumber(context.source ?? String(value)) : value,
    );
  } catch {
    throw new JsonFault('the body is not valid JSON');
  }
  const keys = inspect(parsed, 0);
  if (duplicateKeys === 'refuse' && keys !== countKeys(text)) throw new JsonFault('an object repeats a key');
  return parsed;
}

function inspect(value: JsonValue, depth: number): number {
  if (typeof value === 'string') {
    const fault = textFault(value);
    if (fault !== null) throw new JsonFault(`a string ${fault}`);
    return 0;
  }
  if (value === null || typeof value !== 'object' || value instanceof JsonNumber) return 0;
  if (depth >= MAX_DEPTH) throw new JsonFault(`the body is nested deeper than ${MAX_DEPTH} levels`);
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) keys += inspect(item, depth + 1);
    return keys;
  }
  for (const [key, item] of Object.entries(value)) {
    const fault = textFault(key);
    if (fault !== null) throw new JsonFault(`a key ${fault}`);
    keys += 1 + inspect(item, depth + 1);
  }
  return keys;
}

function countKeys(text: string): number {
  let keys = 0;
  for (const token of text.matchAll(STRING_TOKENS)) if (token[1] !== undefined) keys += 1;
  return keys;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** Plain JSON data: what `JSON.stringify` can write and PostgreSQL's jsonb gives back. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What has one canonical text: JSON, and amounts, whose text is decimal digits in quotes. */
export type Canonical =
  null | undefined | boolean | number | bigint | string | readonly Canonical[] | { readonly [key: string]: Canonical };

/** One text per value whatever the order of its keys (jsonb does not keep it): what fingerprints and digests are taken over. */
export function canonicalJson(value: Canonical): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value as readonly Canonical[]) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const object = value as { readonly [key: string]: Canonical };
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** Parsed JSON as plain data, for what is only kept and shown again: numbers become JavaScript numbers. */
export function plainJson(value: JsonValue): Json {
  if (value instanceof JsonNumber) return Number(value.source);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plainJson);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainJson(member)]));
}
