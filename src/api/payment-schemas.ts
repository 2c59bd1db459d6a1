/** Payments as the API shows and takes them. */
import { type Static, Type } from 'typebox';
import {
  amount,
  component,
  currency,
  FOUR_DIGITS,
  id,
  LIST_QUERY,
  merchantField,
  merchantQuery,
  metadata,
  MONTH_PATTERN,
  NINE_DIGITS,
  nullable,
  oneOf,
  SIX_DIGITS,
  strict,
  text,
  time,
  timeText,
  YEAR_PATTERN,
} from './shapes.ts';

/** The numbers of a payment: part of every answer about one. */
export const breakdownFields = {
  status: oneOf(
    ['pending', 'captured', 'voided', 'closed'],
    'Refunded and settled are not statuses: they are said beside it.',
  ),
  refund_status: oneOf(['none', 'partial', 'full'], 'How much of what was captured has been refunded.'),
  disputed: Type.Boolean({ description: 'A disputed payment cannot be refunded: the dispute decides.' }),
  currency: Type.String({ description: 'ISO 4217.' }),
  captured: Type.Integer({ description: 'Taken, in minor units.' }),
  refunded: Type.Integer({ description: 'Returned.' }),
  reserved: Type.Integer({ description: 'Held back by refunds that wait.' }),
  refundable: Type.Integer({ description: 'captured − refunded − reserved: what may still be refunded.' }),
};

export const BreakdownResource = component('PaymentBreakdown', breakdownFields, {
  description: "A payment's numbers after what was done.",
});
export type BreakdownView = Static<typeof BreakdownResource>;

const optionalText = (description: string, maxLength = 255) => Type.Optional(text(description, maxLength));

const METHOD_TYPES = ['card', 'ach', 'carrier', 'other'] as const;

const Method = strict(
  {
    type: oneOf(METHOD_TYPES, 'How the payment was made.'),
    scheme: optionalText('Such as VISA.', 40),
    first6: Type.Optional(Type.String({ pattern: SIX_DIGITS, description: "The card number's first six digits." })),
    last4: Type.Optional(Type.String({ pattern: FOUR_DIGITS, description: 'The last four digits.' })),
    expiry_month: Type.Optional(Type.String({ pattern: MONTH_PATTERN, description: 'Two digits.' })),
    expiry_year: Type.Optional(Type.String({ pattern: YEAR_PATTERN, description: 'Two or four digits.' })),
    holder_name: optionalText("The card holder's name."),
    token: optionalText("The processor's token for the card or account."),
    authorization_code: optionalText('Of the original authorisation.', 40),
    processor_method: optionalText("The acquirer's name for the method, such as ECMC-SSL."),
    host_reference: optionalText("The acquirer's reference."),
    routing_number: Type.Optional(
      Type.String({ pattern: NINE_DIGITS, description: 'ABA routing number, nine digits.' }),
    ),
  },
  { description: 'How the payment was made: never a full card or account number.' },
);

const Customer = strict({
  name: optionalText('Name.'),
  email: optionalText('Email address.', 320),
  phone: optionalText('Telephone number.', 40),
});

const Device = strict(
  {
    id: optionalText('Id.'),
    type: optionalText('Type.'),
    name: optionalText('Name.'),
    model: optionalText('Model.'),
    serial_number: optionalText('Serial number.'),
    sdk_version: optionalText("Version of the terminal's SDK."),
    manufacturer: optionalText('Manufacturer.'),
    app_version: optionalText('Version of its application.'),
    os: optionalText('Operating system.'),
    os_version: optionalText("The operating system's version."),
  },
  { description: 'The card terminal.' },
);

export const EntitlementInput = strict(
  {
    learner: text('Who is enrolled.'),
    kind: oneOf(['program', 'course_session'], 'In what.'),
    target: text("The program's or course session's own id."),
    via_coupon: Type.Optional(
      Type.Boolean({ description: "Whether the payment's coupon enrolled the learner. Default false." }),
    ),
  },
  { examples: [{ learner: 'ada', kind: 'program', target: 'P-100' }] },
);
export type EntitlementRequest = Static<typeof EntitlementInput>;

export const CreatePayment = strict(
  {
    merchant_id: merchantField(),
    amount: amount('What the payment is for, in minor units: 10000 is 100.00 USD, or 10000 JPY.'),
    currency: currency(),
    status: Type.Optional(
      oneOf(
        ['captured', 'pending'],
        '`captured`: funds were taken. `pending`: they will be, by `capture`. Default captured.',
      ),
    ),
    references: Type.Optional(
      Type.Record(Type.String({ maxLength: 80 }), Type.String({ maxLength: 255 }), {
        additionalProperties: false,
        maxProperties: 20,
        description:
          "The payment's names, by namespace: `native.reference` is yours, each partner's protocol has its own. Through all of them it is one payment.",
      }),
    ),
    method: Type.Optional(Method),
    customer: Type.Optional(Customer),
    device: Type.Optional(Device),
    order_number: optionalText('Number of the order.'),
    internal_transaction_id: optionalText('Your own id of the transaction.'),
    merchant_transaction_reference: optionalText("The merchant's reference of the transaction."),
    description: optionalText('For people. Never card numbers.', 1000),
    metadata: Type.Optional(metadata()),
    entitlements: Type.Optional(
      Type.Array(EntitlementInput, {
        maxItems: 500,
        description: 'Enrolments that the payment bought: a full refund takes them back.',
      }),
    ),
    coupon_code: optionalText('The code of the coupon that a group purchase resulted in.'),
    created_at: Type.Optional(timeText('When the original was made, if not now.')),
    captured_at: Type.Optional(timeText('When its funds were taken, if not when it was made.')),
  },
  {
    examples: [
      {
        amount: 10_000,
        currency: 'USD',
        references: { 'native.reference': 'order-1001' },
        method: { type: 'card', scheme: 'VISA', last4: '1111' },
        description: 'Two tickets',
      },
    ],
  },
);
export type PaymentRequest = Static<typeof CreatePayment>;

export const PaymentResource = component(
  'Payment',
  {
    id: id('Its id.'),
    merchant_id: id("Its merchant's id."),
    amount: Type.Integer({ description: 'What the payment is for, in minor units.' }),
    ...breakdownFields,
    settled: Type.Boolean({ description: 'Whether its funds were paid out to the merchant.' }),
    references: Type.Record(Type.String(), Type.String(), { description: 'Its names, by namespace.' }),
    method: nullable(Method),
    customer: nullable(Customer),
    device: nullable(Device),
    order_number: nullable(Type.String()),
    internal_transaction_id: nullable(Type.String()),
    merchant_transaction_reference: nullable(Type.String()),
    description: nullable(Type.String()),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    created_at: time('When the original was made.'),
    captured_at: nullable(time('When its funds were taken.')),
    updated_at: time('When it last changed.'),
  },
  {
    description: 'An original payment, and what of it may still be refunded.',
  },
);
export type PaymentView = Static<typeof PaymentResource>;

export const ListPayments = strict({
  ...LIST_QUERY,
  merchant_id: merchantQuery(),
  status: Type.Optional(oneOf(['pending', 'captured', 'voided', 'closed'], 'In this status.')),
  disputed: Type.Optional(oneOf(['true', 'false'], 'Whether disputed.')),
});
