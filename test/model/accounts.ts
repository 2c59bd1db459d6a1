/** Merchants, their policies, settlements and credentials. */
import type { Action, Command } from '../../src/core/command.ts';
import type { Json } from '../../src/core/json.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Answer, ModelBooks, ModelCredential, ModelMerchant } from './books.ts';

type AccountAction = Extract<
  Action,
  {
    readonly kind: 'settle_balance' | 'create_merchant' | 'set_policy' | 'create_credential' | 'revoke_credential';
  }
>;

export function accountAction(books: ModelBooks, command: Command, action: AccountAction): Answer {
  const { at, nextSeq } = books;
  const merchantId = command.merchantId ?? '';
  const merchant = books.merchants.find(({ id }) => id === merchantId);
  switch (action.kind) {
    case 'create_merchant': {
      if (merchant !== undefined) return books.answer(null, { merchant });
      const { name, policy } = action;
      const made: ModelMerchant = {
        id: merchantId,
        name,
        policy,
        createdAt: at,
        createdSeq: nextSeq,
        policySeq: nextSeq,
      };
      books.merchants.push(made);
      const facts = { policy: storedPolicy(policy) };
      return books.answer(books.enter(command, 'merchant_created', { facts }), { merchant: made });
    }
    case 'set_policy': {
      if (merchant === undefined) throw new Error('no merchant');
      merchant.policy = action.policy;
      merchant.policySeq = nextSeq;
      const facts = { policy: storedPolicy(action.policy) };
      return books.answer(books.enter(command, 'policy_changed', { facts }), { merchant });
    }
    case 'settle_balance': {
      const { currency } = action;
      const amountMinor = books.unsettled(merchantId, currency);
      if (amountMinor <= 0n) {
        return books.refuse(command, 'nothing_to_settle', { unsettled: String(amountMinor), currency }, { currency });
      }
      const settlement = { id: books.newId(), merchantId, currency, amountMinor, cutoffSeq: nextSeq, createdAt: at };
      books.settlements.push(settlement);
      const entry = books.enter(command, 'balance_settled', {
        currency,
        posting: { debit: 'merchant_unsettled', credit: 'merchant_settled', amountMinor },
        facts: { settlement_id: settlement.id },
      });
      return books.answer(entry, { settlement });
    }
    case 'create_credential': {
      const credential: ModelCredential = {
        ...action.credential,
        id: books.newId(),
        merchantId,
        createdAt: at,
        createdSeq: nextSeq,
        revokedAt: null,
        revokedSeq: null,
      };
      books.credentials.push(credential);
      const facts = nameOf(credential);
      return books.answer(books.enter(command, 'credential_created', { facts }), { credential });
    }
    case 'revoke_credential': {
      const credential = books.credentials.find(
        (one) => one.id === action.credentialId && one.merchantId === merchantId,
      );
      if (credential === undefined) return books.turnAway('resource_not_found', { resource: 'credential' });
      if (credential.revokedAt !== null) return books.answer(null, { credential });
      credential.revokedAt = at;
      credential.revokedSeq = nextSeq;
      const facts = nameOf(credential);
      return books.answer(books.enter(command, 'credential_revoked', { facts }), { credential });
    }
  }
}

/** What the journal says of a credential: nothing secret. */
const nameOf = ({ id, protocol, role }: ModelCredential) => ({ credential_id: id, protocol, role });

/** As it is journaled: amounts as decimal text. */
function storedPolicy(policy: Policy): Json {
  const inText = (amounts: Policy['minimumMinor']): Json =>
    Object.fromEntries(Object.entries(amounts).map(([currency, minor]) => [currency, String(minor)]));
  return {
    ...policy,
    minimumMinor: inText(policy.minimumMinor),
    approvalAboveMinor: inText(policy.approvalAboveMinor),
  };
}
