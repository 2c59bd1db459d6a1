/** The columns of a file of payments: what each is called, means and may hold. `docs/start/import.md` lists the same. */
import { holdsCardNumber } from '../../core/card-number.ts';
import { textFault } from '../../core/json.ts';
import type { Device, PaymentDetails, PaymentMethod } from '../../core/payment.ts';
import { readTime } from './time.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One line on its way to becoming a payment: the text of its cells, checked one by one. */
export interface Draft {
  merchant: string | null;
  amount: string | null;
  currency: string | null;
  status: 'pending' | 'captured';
  createdAt: number | null;
  capturedAt: number | null;
  /** By namespace. */
  readonly references: Record<string, string>;
  readonly details: Writable<PaymentDetails>;
  readonly method: Partial<Writable<PaymentMethod>>;
  readonly customer: { name?: string; email?: string; phone?: string };
  readonly device: Writable<Device>;
  learners: readonly string[];
  entitlementKind: 'program' | 'course_session' | null;
  entitlementTarget: string | null;
  viaCoupon: boolean;
  couponCode: string | null;
}

export interface Column {
  readonly description: string;
  /** Takes a cell that is not empty; returns what is wrong with it. */
  readonly read: (draft: Draft, text: string) => string | null;
}

/** What a text may be, beside valid: as the API has it. */
interface Limits {
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  /** Where people write freely, full card numbers turn up. */
  readonly isFree?: true;
}

const MAX_LENGTH = 255;

function fault(cell: string, description: string, { maxLength = MAX_LENGTH, pattern, isFree }: Limits): string | null {
  if (cell.length > maxLength) return `must have at most ${maxLength} characters`;
  // What is not UTF-8 was read as U+FFFD: a name must not be changed in silence.
  if (cell.includes('\ufffd')) return 'is not valid UTF-8: save the file as UTF-8';
  if (isFree === true && holdsCardNumber(cell)) return 'holds a full card number, which is never stored';
  if (pattern !== undefined && !pattern.test(cell)) return `must be ${description}`;
  return textFault(cell);
}

/** A column that is kept as it is. */
const text = (description: string, set: (draft: Draft, cell: string) => void, limits: Limits = {}): Column => ({
  description,
  read(draft, cell) {
    const wrong = fault(cell, description, limits);
    if (wrong === null) set(draft, cell);
    return wrong;
  },
});

const method = (description: string, name: Exclude<keyof PaymentMethod, 'type'>, limits: Limits = {}): Column =>
  text(description, (draft, cell) => (draft.method[name] = cell), { isFree: true, ...limits });

const device = (name: keyof Device): Column =>
  text('of the card terminal', (draft, cell) => (draft.device[name] = cell));

const when = (description: string, name: 'createdAt' | 'capturedAt'): Column => ({
  description,
  read(draft, cell) {
    const ms = readTime(cell);
    if (ms === null) return 'must be ISO 8601 with its zone, such as 2026-01-31T12:00:00Z, or a date';
    draft[name] = ms;
    return null;
  },
});

const choice = <T extends string>(
  description: string,
  values: readonly T[],
  set: (draft: Draft, value: T) => void,
): Column => ({
  description,
  read(draft, cell) {
    const value = values.find((one) => one === cell);
    if (value === undefined) return `must be ${values.join(' or ')}`;
    set(draft, value);
    return null;
  },
});

/** All columns but the references, which are called like their namespaces. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  merchant: text("the merchant's id; not with `--merchant`", (draft, cell) => (draft.merchant = cell)),
  amount: text('in major units: `10`, `10.00`', (draft, cell) => (draft.amount = cell)),
  currency: text('ISO 4217 code: `USD`', (draft, cell) => (draft.currency = cell)),
  status: choice(
    '`captured` (if empty) or `pending`',
    ['captured', 'pending'],
    (draft, value) => (draft.status = value),
  ),
  created_at: when('when the payment was made; if empty, `captured_at`, or else now', 'createdAt'),
  captured_at: when('when its funds were taken; if empty, `created_at`', 'capturedAt'),
  order_number: text('your order number', (draft, cell) => (draft.details.orderNumber = cell)),
  internal_transaction_id: text(
    'your own id of the transaction',
    (draft, cell) => (draft.details.internalTransactionId = cell),
  ),
  merchant_transaction_reference: text(
    "the merchant's reference of the transaction",
    (draft, cell) => (draft.details.merchantTransactionReference = cell),
  ),
  description: text('what was bought, for people', (draft, cell) => (draft.details.description = cell), {
    maxLength: 1000,
    isFree: true,
  }),
  customer_name: text("the customer's name", (draft, cell) => (draft.customer.name = cell), { isFree: true }),
  customer_email: text("the customer's email address", (draft, cell) => (draft.customer.email = cell), {
    maxLength: 320,
  }),
  customer_phone: text("the customer's telephone number", (draft, cell) => (draft.customer.phone = cell), {
    maxLength: 40,
  }),
  method_type: choice(
    '`card`, `ach`, `carrier` or `other`; needed with any other `method_` column',
    ['card', 'ach', 'carrier', 'other'],
    (draft, value) => (draft.method.type = value),
  ),
  method_scheme: method('`VISA`, `MASTERCARD`, …', 'scheme', { maxLength: 40 }),
  method_first6: method("the card number's first six digits", 'first6', { pattern: /^[0-9]{6}$/ }),
  method_last4: method('the last four digits', 'last4', { pattern: /^[0-9]{4}$/ }),
  method_expiry_month: method('the month of expiry, 01 to 12', 'expiryMonth', { pattern: /^(?:0[1-9]|1[0-2])$/ }),
  method_expiry_year: method('the year of expiry, two or four digits', 'expiryYear', {
    pattern: /^(?:[0-9]{2}|[0-9]{4})$/,
  }),
  method_holder_name: method("the card holder's name", 'holderName'),
  method_token: method("the processor's token, never a card number", 'token'),
  method_authorization_code: method('of the authorisation', 'authorizationCode', { maxLength: 40 }),
  method_processor_method: method("the acquirer's name for the method", 'processorMethod'),
  method_host_reference: method("the acquirer's reference", 'hostReference'),
  method_routing_number: method('the ABA routing number, nine digits', 'routingNumber', { pattern: /^[0-9]{9}$/ }),
  device_id: device('id'),
  device_type: device('type'),
  device_name: device('name'),
  device_model: device('model'),
  device_serial_number: device('serialNumber'),
  device_sdk_version: device('sdkVersion'),
  device_manufacturer: device('manufacturer'),
  device_app_version: device('appVersion'),
  device_os: device('os'),
  device_os_version: device('osVersion'),
  learner: text('who is enrolled by this payment; several with `;` between them', (draft, cell) => {
    draft.learners = cell.split(';').map((one) => one.trim());
  }),
  entitlement_kind: choice('`program` or `course_session`', ['program', 'course_session'], (draft, value) => {
    draft.entitlementKind = value;
  }),
  entitlement_target: text("the program's or course session's id", (draft, cell) => (draft.entitlementTarget = cell)),
  via_coupon: choice(
    '`true` if the learners enrolled with the coupon; if empty, `false`',
    ['true', 'false'],
    (draft, value) => {
      draft.viaCoupon = value === 'true';
    },
  ),
  coupon_code: text('the coupon that a group purchase resulted in', (draft, cell) => (draft.couponCode = cell)),
};

/**
 * What `--rejects` adds to each line: a corrected file of rejects can be imported as it is. `rejected_text` is the line
 * itself, where its fields do not fit the header: nobody but a person knows which field belongs into which column.
 */
export const REJECT_COLUMNS = ['rejected_line', 'rejected_because', 'rejected_text'] as const;

/** Whether this column was added by `--rejects`. */
export function isRejectColumn(name: string): boolean {
  return (REJECT_COLUMNS as readonly string[]).includes(name.trim());
}
