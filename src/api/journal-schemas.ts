/** Journal entries, events and entitlements as the API shows them. */
import { type Static, Type } from 'typebox';
import { ACCOUNTS, JOURNAL_KINDS } from '../core/journal.ts';
import {
  component,
  exactInteger,
  id,
  merchantQuery,
  nullable,
  oneOf,
  PAGE_QUERY,
  ref,
  strict,
  text,
  time,
} from './shapes.ts';

const nullableExact = (description: string) =>
  Type.Unsafe<number | bigint | null>({ ...exactInteger(description), type: ['integer', 'null'] });

export const EntryResource = component(
  'JournalEntry',
  {
    id: Type.String({ description: 'Its number and bucket: unique.' }),
    bucket: Type.Integer({ description: 'The book it is in.' }),
    seq: exactInteger('Its number in that book: gapless, in the order of commits.'),
    created_at: time('When.'),
    kind: oneOf(JOURNAL_KINDS, 'What happened.'),
    operation: Type.String({ description: 'What was asked for: also where the rules refused it.' }),
    merchant_id: nullable(Type.String()),
    actor: Type.String({ description: 'Who did it: `key:<credential id>`, `cli:<user>` or `system`.' }),
    protocol: Type.String(),
    request_id: Type.String(),
    idempotency_key: nullable(Type.String()),
    payment_id: nullable(Type.String()),
    refund_id: nullable(Type.String()),
    amount: nullableExact('Asked for, or moved, in minor units.'),
    currency: nullable(Type.String()),
    debit: nullable(oneOf(ACCOUNTS, 'The account that the amount left.')),
    credit: nullable(oneOf(ACCOUNTS, 'The account that it went to.')),
    payment: nullable(
      Type.Object(
        {
          status: Type.String(),
          disputed: Type.Boolean(),
          captured: Type.Integer(),
          refunded: Type.Integer(),
          reserved: Type.Integer(),
        },
        { description: 'The payment after the entry.' },
      ),
    ),
    unsettled: nullableExact("The merchant's unsettled balance after the entry, in minor units."),
    refusal_code: nullable(Type.String()),
    facts: Type.Unsafe<unknown>({
      description: 'The numbers behind a refusal, the enrolments undone, a policy.',
    }),
    hash: Type.String({ description: "SHA-256 over the entry and its predecessor's hash." }),
  },
  { description: 'One command that was accepted, or refused by the rules.' },
);
export type EntryView = Static<typeof EntryResource>;

export const EventResource = component(
  'Event',
  {
    id: Type.String({ description: 'Unique: a follower can tell that it has seen an event before.' }),
    type: oneOf(JOURNAL_KINDS, 'What happened.'),
    created_at: time('When.'),
    merchant_id: nullable(Type.String()),
    data: ref(EntryResource),
  },
  { description: 'A journal entry for those who follow.' },
);
export type EventView = Static<typeof EventResource>;

const filters = {
  merchant_id: merchantQuery(),
  kind: Type.Optional(oneOf(JOURNAL_KINDS, 'Of this kind.')),
  payment_id: Type.Optional(id('About this payment.')),
};

export const ListJournal = strict({ ...PAGE_QUERY, ...filters });
export const ListEvents = strict({
  ...PAGE_QUERY,
  cursor: Type.Optional(
    Type.String({
      maxLength: 16_000,
      description: "The last page's `next`: goes on from there. Left out: from the beginning.",
    }),
  ),
  ...filters,
});

export const EventPage = Type.Object({
  data: Type.Array(ref(EventResource)),
  has_more: Type.Boolean({ description: 'Whether there is more right now.' }),
  next: Type.String({
    description: 'What to send as `cursor` next: always there, also at the end, to wait for what comes.',
  }),
});

export const EntitlementResource = component(
  'Entitlement',
  {
    id: id('Its id.'),
    merchant_id: id("Its merchant's id."),
    payment_id: id('The payment that bought it.'),
    learner: Type.String({ description: 'Who is enrolled.' }),
    kind: oneOf(['program', 'course_session'], 'In what.'),
    target: Type.String({ description: "The program's or course session's own id." }),
    coupon_id: nullable(Type.String({ description: 'The coupon that enrolled the learner.' })),
    active: Type.Boolean({
      description: 'Whether its payment still grants it: not once that is wholly refunded or voided.',
    }),
    created_at: time('When it was granted.'),
  },
  { description: 'An enrolment that a payment carries.' },
);
export type EntitlementView = Static<typeof EntitlementResource>;

export const CouponResource = component(
  'Coupon',
  {
    id: id('Its id.'),
    merchant_id: id("Its merchant's id."),
    payment_id: id('The payment that bought it.'),
    code: Type.String(),
    status: oneOf(['ACTIVE', 'REFUNDED'], 'REFUNDED once its payment is wholly refunded or voided.'),
    created_at: time('When it was bought.'),
  },
  { description: 'What a group purchase bought.' },
);
export type CouponView = Static<typeof CouponResource>;

export const ListEntitlements = strict({
  merchant_id: merchantQuery(),
  learner: text('Whose enrolments.'),
  active: Type.Optional(oneOf(['true', 'false'], 'Only those that stand, or that do not.')),
});
