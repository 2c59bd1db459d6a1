/** Reads the signed request: which order, and how much. */
import type { PaymentSelector, RequestedAmount } from '../../core/command.ts';
import { invalidParameter, Refused } from '../../core/errors.ts';
import { JsonNumber, type JsonObject, type JsonValue } from '../../core/json.ts';
import { decimalFault } from '../../core/money.ts';
import type { Reference } from '../../core/payment.ts';
import { AMOUNT_DECIMALS, AMOUNT_DIGITS, MERCHANT_REFERENCE, MERCHANT_REFERENCES, NUMBER, ORDER_IDS } from './wire.ts';

/** A number of the partner's, as text: it comes as a JSON number or as a string of digits. Throws `Refused`. */
export function readNumber(field: string, value: JsonValue): string {
  const text = value instanceof JsonNumber ? value.source : value;
  if (typeof text !== 'string' || !NUMBER.test(text)) {
    throw new Refused(invalidParameter(field, 'must be a number of 1 to 15 digits, or the same as a string'));
  }
  return text;
}

/** The order, by its id, the merchant's reference, or both, which must then name the same. Throws `Refused`. */
export function readOrder(request: JsonObject): PaymentSelector {
  const references: Reference[] = [];
  const orderId = request['orderId'] ?? null;
  if (orderId !== null) references.push({ namespace: ORDER_IDS.name, value: readNumber('orderId', orderId) });
  const merchantReference = request['merchantReference'] ?? null;
  if (merchantReference !== null) {
    if (typeof merchantReference !== 'string' || !MERCHANT_REFERENCE.test(merchantReference)) {
      throw new Refused(invalidParameter('merchantReference', 'must be a string of 1 to 64 characters'));
    }
    references.push({ namespace: MERCHANT_REFERENCES.name, value: merchantReference });
  }
  if (references.length === 0) {
    throw new Refused(invalidParameter('orderId', 'is required when merchantReference is not given'));
  }
  return { references };
}

/** The amount as it was written; its currency is the order's. Throws `Refused`. */
export function readAmount(request: JsonObject): RequestedAmount {
  const amount = request['amount'] ?? null;
  if (amount === null) throw new Refused(invalidParameter('amount', 'is required'));
  if (!(amount instanceof JsonNumber)) throw new Refused(invalidParameter('amount', 'must be a JSON number'));
  const text = amount.source;
  const fault = decimalFault(text) ?? lengthFault(text);
  if (fault !== null) throw new Refused(invalidParameter('amount', fault));
  return { kind: 'major', text };
}

/** Zeros at the end are no excess: 10.000 is 10. */
function lengthFault(text: string): string | null {
  const [whole = '', fraction = ''] = text.split('.');
  const decimals = fraction.replace(/0+$/, '').length;
  if (decimals > AMOUNT_DECIMALS) return `must have at most ${AMOUNT_DECIMALS} decimals, got ${text}`;
  if (whole.length + decimals > AMOUNT_DIGITS) return `must have at most ${AMOUNT_DIGITS} digits, got ${text}`;
  return null;
}
