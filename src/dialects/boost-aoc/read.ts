/** Reads requests: a form, or the JSON object that the partner's page shows. */
import { invalidParameter, refusal, Refused } from '../../core/errors.ts';
import {
  decodeUtf8,
  isJsonObject,
  JsonFault,
  JsonNumber,
  type JsonValue,
  parseJson,
  textFault,
} from '../../core/json.ts';
import { decimalFault } from '../../core/money.ts';
import type { Claim, Intent, WireRequest } from '../dialect.ts';
import { CHARGE_NAMESPACE, REFUND_NAMESPACE } from './wire.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** Long enough for any id; short enough for an index. */
const MAX_LENGTH = 255;

/** The page: "It needs to be two-digit decimals such as 3.00, 6.50". */
const TWO_DECIMALS = /^[0-9]+\.[0-9]{2}$/;

/** What a form says of a field that it gives more than once: nothing that is read takes a list. */
const REPEATED: JsonValue = [];

/** The fields of a request, by name. */
export type Fields = ReadonlyMap<string, JsonValue>;

/** Takes the body apart. Throws `Refused` (`invalid_request`). */
export function readFields(request: WireRequest): Fields {
  const type = (request.headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();
  if (type !== '' && type !== FORM && type !== JSON_TYPE) {
    throw new Refused(invalidParameter('Content-Type', `must be ${FORM} or ${JSON_TYPE}`));
  }
  try {
    const text = decodeUtf8(request.body);
    // The page sends a JSON object and calls it a form.
    return type === JSON_TYPE || text.trimStart().startsWith('{') ? readJson(text) : readForm(text);
  } catch (error) {
    if (error instanceof JsonFault) throw unreadable(error.message);
    throw error;
  }
}

function unreadable(problem: string): Refused {
  return new Refused(refusal('invalid_request', problem, { parameter: 'body' }));
}

function readJson(text: string): Fields {
  const body = parseJson(text, 'refuse');
  if (!isJsonObject(body)) throw unreadable('the body must be a JSON object');
  return new Map(Object.entries(body));
}

function readForm(text: string): Fields {
  const fields = new Map<string, JsonValue>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decodeFormText(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : decodeFormText(pair.slice(at + 1));
    fields.set(name, fields.has(name) ? REPEATED : value);
  }
  return fields;
}

function decodeFormText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw unreadable('the body is not a valid form');
  }
}

function readText(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === null || value === '') throw new Refused(invalidParameter(name, 'is missing'));
  if (Array.isArray(value)) throw new Refused(invalidParameter(name, 'must be given once, as a string'));
  if (typeof value !== 'string') throw new Refused(invalidParameter(name, 'must be a string'));
  const fault = textFault(value);
  if (fault !== null) throw new Refused(invalidParameter(name, fault));
  if (value.trim() === '') throw new Refused(invalidParameter(name, 'must not be blank'));
  if (value.length > MAX_LENGTH) {
    throw new Refused(invalidParameter(name, `must have at most ${MAX_LENGTH} characters`));
  }
  return value;
}

/** The page calls the amount a decimal and sends it as text: a JSON number counts by the way it is written. */
function readAmount(fields: Fields): string {
  const value = fields.get('amount');
  const text = value instanceof JsonNumber ? value.source : readText(fields, 'amount');
  const fault = decimalFault(text) ?? (TWO_DECIMALS.test(text) ? null : 'must have two decimals, such as 3.00');
  if (fault !== null) throw new Refused(invalidParameter('amount', fault));
  return text;
}

export function readClaim(fields: Fields): Claim {
  return { kind: 'secrets', lookup: readText(fields, 'username'), secrets: [readText(fields, 'apiKey')] };
}

/** What an answer repeats of a request, whose other fields may be wrong; empty if it has no readable one. */
export function readChargeId(fields: Fields): string {
  try {
    return readText(fields, 'aocTransID');
  } catch {
    return '';
  }
}

export function readRefund(fields: Fields): Intent {
  const reference = { namespace: REFUND_NAMESPACE, value: readText(fields, 'spTransID') };
  const charge = { namespace: CHARGE_NAMESPACE, value: readText(fields, 'aocTransID') };
  return {
    kind: 'command',
    action: {
      kind: 'refund_payment',
      payment: { references: [charge] },
      amount: { kind: 'major', text: readAmount(fields) },
      reference,
      details: {},
      expectedRefundableMinor: null,
    },
  };
}

export function readRefundStatus(fields: Fields): Intent {
  return {
    kind: 'find_refund',
    reference: { namespace: REFUND_NAMESPACE, value: readText(fields, 'spTransID') },
  };
}

export function readChargeStatus(fields: Fields): Intent {
  return {
    kind: 'find_payment',
    payment: { references: [{ namespace: CHARGE_NAMESPACE, value: readText(fields, 'aocTransID') }] },
  };
}
