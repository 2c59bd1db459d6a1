/** Refunds as the API shows and takes them. */
import { type Static, Type } from 'typebox';
import { BreakdownResource } from './payment-schemas.ts';
import {
  amount,
  component,
  currency,
  id,
  LIST_QUERY,
  merchantField,
  merchantQuery,
  metadata,
  nullable,
  oneOf,
  OPTIONAL_BODY,
  ref,
  strict,
  text,
  time,
} from './shapes.ts';

const refundRequest = {
  merchant_id: merchantField(),
  payment_id: Type.Optional(id('The payment to refund, by its id. This, or `payment_reference`.')),
  payment_reference: Type.Optional(
    strict(
      { namespace: text('Such as native.reference.', 80), value: text('The reference itself.') },
      { description: 'The payment to refund, by one of its references.' },
    ),
  ),
  amount: Type.Optional(amount('How much, in minor units; left out: all that is left.')),
  currency: Type.Optional(currency("Checked against the payment's currency: a protection against mistaken units.")),
  reason: Type.Optional(text('Why, for people. Never card numbers.', 500)),
  metadata: Type.Optional(metadata()),
  expected_refundable: Type.Optional(
    amount(
      'What you believe to be refundable now, in minor units. The refund is refused if it is not, so that two people who look at the same payment do not refund it twice.',
      0,
    ),
  ),
};

export const CreateRefund = strict(refundRequest, {
  examples: [
    {
      payment_id: '019a3c5e-7d20-7001-8f3a-2b6f0c9d4e11',
      amount: 6_000,
      currency: 'USD',
      reason: 'One ticket returned',
    },
  ],
});
export type RefundRequest = Static<typeof CreateRefund>;

const decisionReason = Type.Optional(text('Why you decide so, for people. Never card numbers.', 500));

export const ApproveRefund = strict(
  {
    reason: decisionReason,
    amount: Type.Optional(
      amount(
        'What you believe to approve, in minor units: the approval is refused if the refund is of another amount.',
      ),
    ),
  },
  { examples: [{ amount: 60_000, reason: 'Checked with the venue' }], ...OPTIONAL_BODY },
);

export const DecideRefund = strict(
  { reason: decisionReason },
  { examples: [{ reason: 'The ticket was used' }], ...OPTIONAL_BODY },
);

export const REFUND_STATUSES = [
  'pending_approval',
  'pending',
  'unknown',
  'succeeded',
  'failed',
  'canceled',
  'reversed',
  'refused',
] as const;

const ids = (description: string) => Type.Array(Type.String(), { description });

export const EntitlementChangesResource = component(
  'EntitlementChanges',
  {
    entitlements_revoked: Type.Optional(ids('Enrolments that ended with the payment.')),
    entitlements_kept: Type.Optional(ids('Enrolments that the learner keeps through another payment.')),
    coupons_refunded: Type.Optional(ids('Coupons that ended with the payment.')),
    entitlements_granted: Type.Optional(ids('Enrolments that a reversal gave back.')),
    entitlements_held_otherwise: Type.Optional(ids('Enrolments that the learner had through another payment anyway.')),
    coupons_restored: Type.Optional(ids('Coupons that a reversal gave back.')),
  },
  { description: 'What became of the enrolments and coupons that the payment carries; ids.' },
);
export type EntitlementChangesView = Static<typeof EntitlementChangesResource>;

export const RefundResource = component(
  'Refund',
  {
    id: id('Its id.'),
    merchant_id: id("Its merchant's id."),
    payment_id: id("The payment's id."),
    amount: Type.Integer({ description: 'In minor units.' }),
    currency: Type.String({ description: 'ISO 4217: the payment’s.' }),
    status: oneOf(REFUND_STATUSES, '`refused` is an attempt that the rules turned down, kept with its reason.'),
    refusal_code: nullable(Type.String({ description: 'Why it was refused: a code of /docs/errors.' })),
    cancel_reason: nullable(oneOf(['canceled', 'rejected', 'expired'], 'How it was canceled.')),
    reference: nullable(Type.Object({ namespace: Type.String(), value: Type.String() })),
    requested_by: nullable(Type.String({ description: 'Who asked, where another must approve.' })),
    expires_at: nullable(time('Until when it may be approved.')),
    reason: nullable(Type.String({ description: 'Why it was asked for.' })),
    decision_reason: nullable(
      Type.String({ description: 'Why whoever approved, rejected or canceled it did so, if they said.' }),
    ),
    notes: nullable(Type.String()),
    internal_transaction_id: nullable(Type.String()),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    protocol: Type.String({ description: 'Through which door it came: native, or a partner’s protocol.' }),
    created_at: time('When it was asked for.'),
    updated_at: time('When it last changed.'),
    payment: Type.Optional(ref(BreakdownResource)),
    entitlement_changes: Type.Optional(ref(EntitlementChangesResource)),
  },
  {
    description:
      'One attempt to refund a payment. Lists leave out `payment`; `entitlement_changes` is there when what was asked changed any.',
  },
);
export type RefundView = Static<typeof RefundResource>;

export const PreviewResource = component(
  'RefundPreview',
  {
    outcome: oneOf(['succeeded', 'pending_approval', 'refused'], 'What would become of the refund.'),
    approval_required: Type.Boolean({ description: 'Whether a second key would have to approve.' }),
    amount: Type.Integer({ description: 'In minor units.' }),
    currency: Type.String({ description: 'ISO 4217.' }),
    payment: ref(BreakdownResource),
    refusal: nullable(
      Type.Object(
        { code: Type.String(), title: Type.String(), detail: Type.String() },
        { additionalProperties: true, description: 'Why it would be refused, as the problem details would say it.' },
      ),
    ),
    entitlement_changes: Type.Optional(ref(EntitlementChangesResource)),
  },
  { description: 'What a refund would bring about now. `payment` has the numbers that it would have then.' },
);
export type PreviewView = Static<typeof PreviewResource>;

export const ListRefunds = strict({
  ...LIST_QUERY,
  merchant_id: merchantQuery(),
  payment_id: Type.Optional(id('Of this payment.')),
  status: Type.Optional(oneOf(REFUND_STATUSES, 'In this status.')),
});
