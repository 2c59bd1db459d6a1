/** Bodies as money needs them: parsed once, from their own text, with nothing taken for what it is not. */
import type { FastifyInstance } from 'fastify';
import { decodeUtf8, JsonFault, JsonNumber, type JsonValue, parseJson } from '../core/json.ts';
import { InvalidRequest } from './problems.ts';

/** A plain integer of at most 15 digits: what a JavaScript number holds exactly. */
const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/;

/** Takes JSON and nothing else; whatever else there is gets 415. */
export function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // Where everything is optional, nothing may be sent; elsewhere what is missing is named.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {};
    done();
  });
}

/** The body's value; `undefined` for none. Numbers that were not written as plain integers stay `JsonNumber`s. */
export function readBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return withIntegers(parseJson(decodeUtf8(bytes), 'refuse'));
  } catch (error) {
    if (error instanceof JsonFault) throw new InvalidRequest([{ parameter: 'body', problem: error.message }]);
    throw error;
  }
}

/**
 * Turns plain integers into numbers, in place: the value is fresh from the parser. 1.0, 1e2, -0 and what has too many
 * digits stay as they are, and no schema takes them.
 */
function withIntegers(value: JsonValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof JsonNumber) return PLAIN_INTEGER.test(value.source) ? Number(value.source) : value;
  const container = value as Record<string, unknown>;
  for (const key of Object.keys(container)) {
    const member = container[key] as JsonValue;
    if (typeof member !== 'object' || member === null) continue;
    // Assigning would call the setter of __proto__, which an own property of that name hides only when defined.
    if (key === '__proto__') Object.defineProperty(container, key, { value: withIntegers(member), enumerable: true });
    else container[key] = withIntegers(member);
  }
  return container;
}
