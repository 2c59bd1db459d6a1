/** Merchants, their policy and their balances, as the API shows and takes them. */
import { type Static, Type } from 'typebox';
import { ROLES } from '../core/account.ts';
import { amountsByCurrency, component, exactInteger, id, nullable, oneOf, strict, text, time } from './shapes.ts';

const policyFields = {
  partial_refunds: Type.Boolean({
    description: 'Whether a part may be refunded; else all that is left, or nothing. Default true.',
  }),
  refunds_per_payment: nullable(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'Refunds that one payment may have. Default: any number.',
    }),
  ),
  window_days: nullable(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description: 'Days after capture in which a refund may be asked for. Default: for ever.',
    }),
  ),
  minimum: amountsByCurrency(
    'The least that one refund may return, in minor units by currency; all that is left may always be refunded.',
  ),
  balance_must_cover: Type.Boolean({
    description: "Whether the merchant's unsettled balance must cover the refund. Default false.",
  }),
  reason_required: Type.Boolean({ description: 'Whether a refund needs a reason. Default false.' }),
  approval_above: amountsByCurrency(
    'Above this amount, in minor units by currency, a second key must approve the refund.',
  ),
  approval_hours: nullable(
    Type.Integer({
      minimum: 1,
      maximum: 8_760,
      description: 'Hours after which a refund that waits for approval is canceled by itself. Default 72.',
    }),
  ),
};

export const PolicyResource = component('Policy', policyFields, { description: 'What a merchant allows.' });
export type PolicyView = Static<typeof PolicyResource>;

/** Fields that are left out have their defaults. */
export const PolicyInput = Type.Partial(strict(policyFields), {
  additionalProperties: false,
  examples: [{ reason_required: true, window_days: 90, approval_above: { USD: 50_000 } }],
});
export type PolicyRequest = Static<typeof PolicyInput>;

export const MerchantResource = component(
  'Merchant',
  {
    id: id('Its id; it never changes.'),
    name: Type.String({ description: 'For people.' }),
    policy: Type.Object(policyFields),
    created_at: time('When it was created.'),
  },
  { description: 'Whose payments and refunds these are.' },
);
export type MerchantView = Static<typeof MerchantResource>;

export const CreateMerchant = strict(
  { name: text('For people.'), policy: Type.Optional(PolicyInput) },
  { examples: [{ name: 'Example Ltd', policy: { reason_required: true, approval_above: { USD: 50_000 } } }] },
);

export const BalanceResource = component(
  'Balance',
  {
    currency: Type.String(),
    processor_clearing: exactInteger('What the processor owes; negative while funds are held for the merchant.'),
    merchant_unsettled: exactInteger('Captured, less refunds and reservations, not yet settled.'),
    refunds_payable: exactInteger('Held back by refunds that wait.'),
    merchant_settled: exactInteger('Paid out.'),
    sum: exactInteger('Of the four accounts: always 0.'),
  },
  { description: 'The four accounts of a merchant in one currency, in minor units: credits less debits.' },
);
export type BalanceView = Static<typeof BalanceResource>;

export const CallerResource = component(
  'Caller',
  {
    credential_id: id('The id of the key that was used.'),
    role: oneOf([...ROLES], 'What the key, or the user, may do.'),
    merchant_id: nullable(id('The merchant that the key is bound to; null if to none.')),
    merchant_name: nullable(Type.String()),
    demo: Type.Boolean({ description: 'Whether the key was made by demo mode: no real money moves.' }),
  },
  { description: 'Who calls.' },
);
export type CallerView = Static<typeof CallerResource>;
