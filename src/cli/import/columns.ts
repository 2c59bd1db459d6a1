/** The columns of a file of payments: what each is called, means and may hold. `docs/start/import.md` lists the same. */
import { textFault } from '../../core/json.ts';
import type { Device, PaymentDetails, PaymentMethod } from '../../core/payment.ts';
import { hasCardNumber } from './card-number.ts';
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

const MAX_LENGTH = 255;
const MAX_DESCRIPTION_LENGTH = 1000;

function fault(text: string, maxLength = MAX_LENGTH): string | null {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  // What is not UTF-8 was read as U+FFFD: a name must not be changed in silence.
  return text.includes('\ufffd') ? 'is not valid UTF-8: save the file as UTF-8' : textFault(text);
}

function withoutCard(text: string, maxLength = MAX_LENGTH): string | null {
  return fault(text, maxLength) ?? (hasCardNumber(text) ? 'looks like a full card number: those are never kept' : null);
}

/** A column that is kept as it is. */
const text = (description: string, set: (draft: Draft, text: string) => void): Column => ({
  description,
  read(draft, cell) {
    const wrong = fault(cell);
    if (wrong === null) set(draft, cell);
    return wrong;
  },
});

/** A column that must look like something, and like no card number. */
const method = (description: string, name: Exclude<keyof PaymentMethod, 'type'>, pattern?: RegExp): Column => ({
  description,
  read(draft, cell) {
    const wrong = withoutCard(cell) ?? (pattern === undefined || pattern.test(cell) ? null : `must be ${description}`);
    if (wrong === null) draft.method[name] = cell;
    return wrong;
  },
});

const device = (name: keyof Device): Column =>
  text(`of the card terminal`, (draft, cell) => (draft.device[name] = cell));

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
  internal_transaction_id: text('', (draft, cell) => (draft.details.internalTransactionId = cell)),
  merchant_transaction_reference: text('', (draft, cell) => (draft.details.merchantTransactionReference = cell)),
  description: {
    description: 'what was bought; no card number',
    read(draft, cell) {
      const wrong = withoutCard(cell, MAX_DESCRIPTION_LENGTH);
      if (wrong === null) draft.details.description = cell;
      return wrong;
    },
  },
  customer_name: {
    description: '',
    read(draft, cell) {
      const wrong = withoutCard(cell);
      if (wrong === null) draft.customer.name = cell;
      return wrong;
    },
  },
  customer_email: text('', (draft, cell) => (draft.customer.email = cell)),
  customer_phone: text('', (draft, cell) => (draft.customer.phone = cell)),
  method_type: choice(
    '`card`, `ach`, `carrier` or `other`; needed with any other `method_` column',
    ['card', 'ach', 'carrier', 'other'],
    (draft, value) => (draft.method.type = value),
  ),
  method_scheme: method('`VISA`, `MASTERCARD`, …', 'scheme'),
  method_first6: method('the first six digits', 'first6', /^[0-9]{6}$/),
  method_last4: method('the last four digits', 'last4', /^[0-9]{4}$/),
  method_expiry_month: method('01 to 12', 'expiryMonth', /^(?:0[1-9]|1[0-2])$/),
  method_expiry_year: method('two or four digits', 'expiryYear', /^(?:[0-9]{2}|[0-9]{4})$/),
  method_holder_name: method('', 'holderName'),
  method_token: method("the processor's token, never a card number", 'token'),
  method_authorization_code: method('', 'authorizationCode'),
  method_processor_method: method("the acquirer's name for the method", 'processorMethod'),
  method_host_reference: method('', 'hostReference'),
  method_routing_number: method('of the bank, for ACH', 'routingNumber'),
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

/** What `--rejects` adds to each line: a corrected file of rejects can be imported as it is. */
export const REJECT_COLUMNS = ['rejected_line', 'rejected_because'] as const;
