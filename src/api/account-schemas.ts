/** Credentials and settlements as the API shows and takes them. */
import { type Static, Type } from 'typebox';
import { ROLES } from '../core/account.ts';
import {
  component,
  currency,
  exactInteger,
  id,
  merchantField,
  merchantQuery,
  nullable,
  oneOf,
  PAGE_QUERY,
  strict,
  text,
  time,
} from './shapes.ts';

const credentialFields = {
  id: id('Its id.'),
  merchant_id: nullable(id('The merchant that it acts for; null: bound to none.')),
  protocol: Type.String({ description: 'native, or a partner’s protocol.' }),
  role: oneOf([...ROLES], 'What it may do; operators and approvers are users of the console.'),
  label: Type.String({ description: 'For people.' }),
  lookup: nullable(Type.String({ description: 'What the caller sends as its name, where the protocol has one.' })),
  public_key: nullable(Type.String({ description: 'PEM, where the protocol signs.' })),
  settings: Type.Record(Type.String(), Type.Unknown()),
  demo: Type.Boolean({ description: 'Made by demo mode.' }),
  created_at: time('When it was created.'),
  revoked_at: nullable(time('When it was revoked.')),
};

export const CredentialResource = component('Credential', credentialFields, {
  description: 'Who may call. Its secrets are stored as hashes only.',
});
export type CredentialView = Static<typeof CredentialResource>;

export const IssuedCredentialResource = component(
  'IssuedCredential',
  {
    ...credentialFields,
    secrets: Type.Record(Type.String(), Type.String(), {
      description: 'Its secrets, by their names in the protocol: shown now and never again.',
    }),
  },
  { description: 'A credential that was just created, with its secrets.' },
);
export type IssuedCredentialView = Static<typeof IssuedCredentialResource>;

export const CreateCredential = strict(
  {
    merchant_id: Type.Optional(id('Which merchant it acts for. Left out: administrators, and readers of everything.')),
    protocol: text('native, or a partner’s protocol.', 40),
    role: oneOf(
      ['admin', 'merchant', 'read'],
      '`admin` acts for every merchant, `merchant` for one, `read` only reads (and previews).',
    ),
    label: text('For people, such as "checkout server".', 100),
    lookup: Type.Optional(text('What the caller sends as its name, where the protocol has one.')),
    public_key: Type.Optional(text('RSA public key, PEM or base64 DER, where the protocol signs.', 10_000)),
    settings: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 40 }),
        Type.Union([Type.String({ maxLength: 255 }), Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 })]),
        { additionalProperties: false, maxProperties: 20, description: 'What the protocol further needs, by name.' },
      ),
    ),
  },
  {
    examples: [
      {
        merchant_id: '019a3c5e-1b00-7001-9c2d-7e5a4f3b2c10',
        protocol: 'native',
        role: 'merchant',
        label: 'checkout server',
      },
    ],
  },
);

export const ListCredentials = strict({
  merchant_id: Type.Optional(
    id("Of this merchant. An administrator's key that leaves it out sees the credentials that are bound to none."),
  ),
});

export const SettlementResource = component(
  'Settlement',
  {
    id: id('Its id.'),
    merchant_id: id("Its merchant's id."),
    currency: Type.String({ description: 'ISO 4217.' }),
    amount: exactInteger('Paid out, in minor units.'),
    cutoff_seq: exactInteger('The journal entry up to which captured payments are settled by it.'),
    created_at: time('When.'),
  },
  { description: "One payout of a merchant's whole positive unsettled balance in one currency." },
);
export type SettlementView = Static<typeof SettlementResource>;

export const CreateSettlement = strict(
  { merchant_id: merchantField(), currency: currency() },
  { examples: [{ currency: 'USD' }] },
);

export const ListSettlements = strict({ ...PAGE_QUERY, merchant_id: merchantQuery() });
