/** Reads a refund's JSON body. */
import type { RefundPayment } from '../../core/command.ts';
import { invalidParameter, Refused } from '../../core/errors.ts';
import {
  decodeUtf8,
  isJsonObject,
  type Json,
  JsonFault,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseJson,
  plainJson,
} from '../../core/json.ts';
import { decimalFault } from '../../core/money.ts';
import {
  AMOUNT_LENGTH,
  INTERNAL_ID_LENGTH,
  METADATA_BYTES,
  REASON_LENGTH,
  TRANSACTION_ID,
  TRANSACTION_IDS,
} from './wire.ts';

/** The refund that a body asks for. Throws `Refused` (`invalid_request`) naming the field. */
export function readRefund(bytes: Uint8Array): RefundPayment {
  const body = readBody(bytes);
  const text = readAmount(body);
  const id = required(body, 'id');
  if (typeof id !== 'string' || !TRANSACTION_ID.test(id)) {
    throw new Refused(invalidParameter('id', 'must be a transaction id of 1 to 255 printable characters'));
  }
  const reason = required(body, 'reason');
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > REASON_LENGTH) {
    throw new Refused(invalidParameter('reason', `must be a text of 1 to ${REASON_LENGTH} characters`));
  }
  const internalTransactionId = readInternalId(body);
  const metadata = readMetadata(body);
  return {
    kind: 'refund_payment',
    payment: { references: [{ namespace: TRANSACTION_IDS.name, value: id }] },
    amount: { kind: 'major', text },
    reference: null,
    details: {
      reason,
      ...(internalTransactionId === null ? {} : { internalTransactionId }),
      ...(metadata === null ? {} : { metadata }),
    },
    expectedRefundableMinor: null,
  };
}

function readBody(bytes: Uint8Array): JsonObject {
  let body: JsonValue;
  try {
    body = parseJson(decodeUtf8(bytes), 'refuse');
  } catch (error) {
    if (error instanceof JsonFault) throw new Refused(invalidParameter('body', `unreadable: ${error.message}`));
    throw error;
  }
  if (!isJsonObject(body)) throw new Refused(invalidParameter('body', 'must be a JSON object'));
  return body;
}

function required(body: JsonObject, field: string): JsonValue {
  const value = body[field] ?? null;
  if (value === null) throw new Refused(invalidParameter(field, 'is required'));
  return value;
}

/** A string as the page's table has it, or a JSON number as its example has. */
function readAmount(body: JsonObject): string {
  const value = required(body, 'amount');
  const text = value instanceof JsonNumber ? value.source : value;
  if (typeof text !== 'string') throw new Refused(invalidParameter('amount', 'must be a string or a number'));
  if (text.length > AMOUNT_LENGTH) {
    throw new Refused(invalidParameter('amount', `must have at most ${AMOUNT_LENGTH} characters`));
  }
  const fault = decimalFault(text);
  if (fault !== null) throw new Refused(invalidParameter('amount', fault));
  return text;
}

/** An empty one is as good as none: many clients fill every field of their forms. */
function readInternalId(body: JsonObject): string | null {
  const value = body['internalTransactionID'] ?? '';
  if (typeof value !== 'string' || value.length > INTERNAL_ID_LENGTH) {
    const problem = `must be a text of at most ${INTERNAL_ID_LENGTH} characters`;
    throw new Refused(invalidParameter('internalTransactionID', problem));
  }
  return value === '' ? null : value;
}

function readMetadata(body: JsonObject): Readonly<Record<string, Json>> | null {
  const value = body['metadata'] ?? null;
  if (value === null) return null;
  if (!isJsonObject(value)) throw new Refused(invalidParameter('metadata', 'must be a JSON object'));
  if (!keepsNumbers(value)) {
    throw new Refused(
      invalidParameter('metadata', 'has a number with too many digits to be kept exactly: send it as a string'),
    );
  }
  const metadata = plainJson(value) as Readonly<Record<string, Json>>;
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_BYTES) {
    throw new Refused(invalidParameter('metadata', `must have at most ${METADATA_BYTES} bytes`));
  }
  return metadata;
}

/** The partner gives back "all the metadata sent", so a number that a JavaScript number would change is refused. */
function keepsNumbers(value: JsonValue): boolean {
  if (value instanceof JsonNumber) return isKept(value.source);
  if (value === null || typeof value !== 'object') return true;
  return Object.values(value).every(keepsNumbers);
}

function isKept(source: string): boolean {
  const number = Number(source);
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(number);
  // A binary double keeps every decimal of 15 significant digits (IEEE 754), within its range.
  const [mantissa = ''] = source.toLowerCase().split('e');
  const digits = mantissa.replace(/[-.]/g, '').replace(/^0+/, '');
  return digits.length <= 15 && Number.isFinite(number) && (number !== 0 || digits === '');
}
