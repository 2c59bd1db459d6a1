/** Reads the JSON body of a refund. */
import { invalidParameter, refusal, Refused } from '../../core/errors.ts';
import {
  decodeUtf8,
  isJsonObject,
  JsonFault,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '../../core/json.ts';
import { decimalFault } from '../../core/money.ts';
import type { RefundDetails } from '../../core/refund.ts';
import type { Caller, Intent } from '../dialect.ts';
import { denied } from './auth.ts';
import { TRANSACTION_NAMESPACE } from './wire.ts';

/** Long enough for any id; short enough for an index. */
const MAX_ID_LENGTH = 255;
const MAX_NOTES_LENGTH = 1000;

function readBody(body: Uint8Array): JsonObject {
  let parsed: JsonValue;
  try {
    parsed = parseJson(decodeUtf8(body), 'refuse');
  } catch (error) {
    if (error instanceof JsonFault) throw unreadable(error.message);
    throw error;
  }
  if (!isJsonObject(parsed)) throw unreadable('the body must be a JSON object');
  return parsed;
}

function unreadable(problem: string): Refused {
  return new Refused(refusal('invalid_request', problem, { parameter: 'body' }));
}

function invalid(parameter: string, problem: string): Refused {
  return new Refused(invalidParameter(parameter, problem));
}

function readText(body: JsonObject, name: string, maxLength: number): string | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw invalid(name, 'must be a string');
  if (value.length > maxLength) throw invalid(name, `must have at most ${maxLength} characters`);
  return value.trim() === '' ? null : value;
}

function readId(body: JsonObject, name: string): string {
  const id = readText(body, name, MAX_ID_LENGTH);
  if (id === null) throw invalid(name, 'is missing');
  return id;
}

/** Major units of the payment's currency, as a number or a string: both count by the way they are written. */
function readAmount(body: JsonObject): string {
  const { amount } = body;
  if (amount === undefined || amount === null) throw invalid('amount', 'is missing');
  const text = amount instanceof JsonNumber ? amount.source : amount;
  if (typeof text !== 'string') throw invalid('amount', 'must be a number or a string');
  const fault = decimalFault(text);
  if (fault !== null) throw invalid('amount', fault);
  return text;
}

/** The only free text of this protocol, so it is also the reason that a merchant's policy may ask for. */
function readDetails(body: JsonObject): RefundDetails {
  const notes = readText(body, 'notes', MAX_NOTES_LENGTH);
  return notes === null ? {} : { reason: notes, notes };
}

/** Throws `Refused`: `invalid_request`, or `unauthenticated` when the keys are another merchant's. */
export function readRefund(bytes: Uint8Array, caller: Caller): Intent {
  const body = readBody(bytes);
  if (readId(body, 'merchant_id') !== caller.settings['mid']) throw denied();
  return {
    kind: 'command',
    action: {
      kind: 'refund_payment',
      payment: { references: [{ namespace: TRANSACTION_NAMESPACE, value: readId(body, 'transactionId') }] },
      amount: { kind: 'major', text: readAmount(body) },
      reference: null,
      details: readDetails(body),
      expectedRefundableMinor: null,
    },
  };
}
