/** The parts that all schemas are made of: one source for validation, serialisation and the OpenAPI document. */
import { type Static, type TObject, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox';
import { MAX_AMOUNT_MINOR } from '../core/money.ts';
import { EXAMPLES } from './examples.ts';

/** An object that refuses unknown fields: a misspelt one must never be taken for one that was left out. */
export function strict<Properties extends TProperties>(properties: Properties, options: object = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

export const ID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';

/** An id as it is sent: what does not look like one cannot name anything. */
export const id = (description: string) => Type.String({ pattern: ID_PATTERN, description });

export const CURRENCY_PATTERN = '^[A-Z]{3}$';
export const LIMIT_PATTERN = '^(?:[1-9][0-9]?|100)$';
export const AMOUNT_TEXT_PATTERN = '^(?:0|[1-9][0-9]{0,11})$';
export const FOUR_DIGITS = '^[0-9]{4}$';
export const SIX_DIGITS = '^[0-9]{6}$';
export const NINE_DIGITS = '^[0-9]{9}$';
export const MONTH_PATTERN = '^(?:0[1-9]|1[0-2])$';
export const YEAR_PATTERN = '^(?:[0-9]{2}|[0-9]{4})$';

/** What is said of texts that do not match. */
export const PATTERN_PROBLEMS: Readonly<Record<string, string>> = {
  [ID_PATTERN]: 'is no id',
  [CURRENCY_PATTERN]: 'is no ISO 4217 code: three capital letters',
  [LIMIT_PATTERN]: 'must be a whole number from 1 to 100',
  [AMOUNT_TEXT_PATTERN]: 'must be a whole number of minor units, at most 12 digits',
  [FOUR_DIGITS]: 'must be four digits',
  [SIX_DIGITS]: 'must be six digits',
  [NINE_DIGITS]: 'must be nine digits',
  [MONTH_PATTERN]: 'must be a month of two digits, 01 to 12',
  [YEAR_PATTERN]: 'must be a year of two or four digits',
};

export const text = (description: string, maxLength = 255, minLength = 1) =>
  Type.String({ minLength, maxLength, description });

export const currency = (description = 'ISO 4217 currency code, such as USD.') =>
  Type.String({ pattern: CURRENCY_PATTERN, description, examples: ['USD'] });

/** An amount as it is sent: 1 to 12 digits. */
export const amount = (description: string, minimum = 1) =>
  Type.Integer({ minimum, maximum: Number(MAX_AMOUNT_MINOR), description });

export const amountsByCurrency = (description: string) =>
  Type.Record(Type.String({ pattern: '^[A-Z]{3}$' }), Type.Integer({ minimum: 0, maximum: Number(MAX_AMOUNT_MINOR) }), {
    description,
    additionalProperties: false,
    maxProperties: 200,
    examples: [{ USD: 50_000 }],
  });

/** A time as it is sent. */
export const timeText = (description: string) =>
  Type.String({ maxLength: 40, description: `${description} ISO 8601, such as 2026-01-31T12:00:00Z.` });

export const metadata = () =>
  Type.Record(
    Type.String({ pattern: '^(?!__proto__$)[\\w .:/-]{1,40}$' }),
    Type.String({ maxLength: 500, description: 'At most 500 characters.' }),
    {
      additionalProperties: false,
      maxProperties: 50,
      description:
        'Your own data: at most 50 pairs of text; names of at most 40 letters, digits and _ . : / - or blanks. Never card numbers.',
    },
  );

/** A number of minor units that may exceed what a JavaScript number holds: it is written with all its digits. */
export const exactInteger = (description: string) => Type.Unsafe<number | bigint>({ type: 'integer', description });

export const time = (description: string) => Type.String({ format: 'date-time', description });

/** A schema that also allows null, as a list of types: unlike a union, it serialises without trying alternatives. */
export function nullable<Schema extends TSchema & { type?: string }>(schema: Schema): TUnsafe<Static<Schema> | null> {
  const { enum: values } = schema as { enum?: readonly unknown[] };
  return Type.Unsafe<Static<Schema> | null>({
    ...schema,
    type: [schema.type ?? 'string', 'null'],
    ...(values === undefined ? {} : { enum: [...values, null] }),
  });
}

export const oneOf = <Values extends string[]>(values: readonly [...Values], description: string) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: values, description });

/** A schema with a name of its own in the OpenAPI document. */
export type Component<Schema extends TObject = TObject> = Schema & { readonly $id: string };

export function component<Properties extends TProperties>(
  $id: keyof typeof EXAMPLES,
  properties: Properties,
  options: object = {},
): Component<TObject<Properties>> {
  return Object.assign(Type.Object(properties, { ...options, examples: [EXAMPLES[$id]] }), { $id });
}

export function ref<Schema extends TObject>(schema: Component<Schema>): TUnsafe<Static<Schema>> {
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` });
}

/** Every list's shape. */
export function pageOf<Schema extends TObject>(item: Component<Schema>) {
  return Type.Object({
    data: Type.Array(ref(item)),
    has_more: Type.Boolean({ description: 'Whether there is another page.' }),
    next_cursor: nullable(Type.String({ description: 'What to send as `cursor` for the next page.' })),
  });
}

export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.String({
      pattern: LIMIT_PATTERN,
      description: 'How many at most, 1 to 100. Default 20.',
      examples: ['20'],
    }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 16_000, description: "The last page's `next_cursor`, to go on from there." }),
  ),
};

/** Filters that lists of payments and refunds share. */
export const LIST_QUERY = {
  ...PAGE_QUERY,
  created_from: Type.Optional(timeText('Created at this time or later.')),
  created_before: Type.Optional(timeText('Created before this time.')),
  amount_from: Type.Optional(
    Type.String({ pattern: AMOUNT_TEXT_PATTERN, description: 'Of this amount or more, in minor units.' }),
  ),
  amount_to: Type.Optional(
    Type.String({ pattern: AMOUNT_TEXT_PATTERN, description: 'Of this amount or less, in minor units.' }),
  ),
  currency: Type.Optional(currency('In this currency.')),
  reference: Type.Optional(text("A payment's reference, in whatever namespace; for refunds also their own.")),
};

export const merchantQuery = () =>
  Type.Optional(id('Of this merchant. Keys that are bound to a merchant see only their own.'));
export const merchantField = () =>
  Type.Optional(id("For which merchant. Only an administrator's key needs it, where nothing else names the merchant."));

export const IdParams = Type.Object({ id: Type.String({ description: 'Its id.' }) });
export const NoQuery = strict({});
/** Marks a body that may be left out, for the OpenAPI document. */
export const OPTIONAL_BODY = { 'x-optional': true };
export const NoBody = strict({}, OPTIONAL_BODY);

export const IdempotencyHeader = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      maxLength: 255,
      description:
        'Your own name for this request: 1 to 255 printable ASCII characters. Sent again, the same request is answered as the first time, marked `Idempotent-Replayed: true`, and nothing happens twice.',
      examples: ['a3f1c0de-refund-1'],
    }),
  ),
});
