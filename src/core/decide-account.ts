/** The rules of merchants: making them, their policy, their credentials, and paying their balance out. */
import { type Credential, type Merchant, post, type Settlement } from './account.ts';
import type { Book } from './book.ts';
import type { Action, Command } from './command.ts';
import { accept, type Decision, type Env, refuse, undecided } from './decision.ts';
import { recordDigest } from './digest.ts';
import { refusal } from './errors.ts';
import { POSTINGS } from './journal.ts';
import type { Json } from './json.ts';
import { describeAmount } from './money.ts';
import { NOTHING, refusedOutcome } from './outcome.ts';
import { policyToStored } from './policy.ts';

type AccountAction = Extract<
  Action,
  { kind: 'settle_balance' | 'create_merchant' | 'set_policy' | 'create_credential' | 'revoke_credential' }
>;

export function decideAccount(book: Book, command: Command, action: AccountAction, env: Env): Decision {
  const merchantId = command.merchantId ?? '';
  const seq = book.nextSeq;
  switch (action.kind) {
    case 'settle_balance':
      return settleBalance(book, command, action.currency, env);
    case 'create_merchant': {
      // Ids are made by Refundry: whoever makes the same one again (two servers with demo data) means the same merchant.
      const existing = book.merchant(merchantId);
      if (existing !== undefined) {
        if (existing.name !== action.name) throw new Error(`merchant ${merchantId} exists, by another name`);
        return undecided({ ...NOTHING, merchant: existing });
      }
      const merchant: Merchant = {
        id: merchantId,
        name: action.name,
        policy: action.policy,
        counters: {},
        createdAt: env.now,
        createdSeq: seq,
        policySeq: seq,
      };
      return accept(book, command, env, {
        kind: 'merchant_created',
        facts: { policy: policyToStored(action.policy) as unknown as Json },
        digest: merchantDigest(merchant),
        rows: { merchant },
        outcome: { merchant },
      });
    }
    case 'set_policy': {
      const before = book.merchant(merchantId);
      if (before === undefined) throw new Error('decide must have refused an unknown merchant');
      const merchant: Merchant = { ...before, policy: action.policy, policySeq: seq };
      return accept(book, command, env, {
        kind: 'policy_changed',
        facts: { policy: policyToStored(action.policy) as unknown as Json },
        rows: { merchant },
        outcome: { merchant },
      });
    }
    case 'create_credential': {
      const credential: Credential = {
        ...action.credential,
        id: env.newId(),
        merchantId: command.merchantId,
        createdAt: env.now,
        createdSeq: seq,
        revokedAt: null,
        revokedSeq: null,
      };
      return accept(book, command, env, {
        kind: 'credential_created',
        facts: { credential_id: credential.id, protocol: credential.protocol, role: credential.role },
        digest: credentialDigest(credential),
        rows: { credential },
        outcome: { credential },
      });
    }
    case 'revoke_credential': {
      const before = book.credential(action.credentialId);
      if (before === undefined || before.merchantId !== command.merchantId) {
        const missing = refusal('resource_not_found', `there is no credential ${action.credentialId}`, {
          resource: 'credential',
        });
        return undecided(refusedOutcome(missing));
      }
      if (before.revokedAt !== null) return undecided({ ...NOTHING, credential: before });
      const credential: Credential = { ...before, revokedAt: env.now, revokedSeq: seq };
      return accept(book, command, env, {
        kind: 'credential_revoked',
        facts: { credential_id: credential.id, protocol: credential.protocol, role: credential.role },
        rows: { credential },
        outcome: { credential },
      });
    }
  }
}

/** Over what never changes of a merchant. */
export function merchantDigest(merchant: Merchant): string {
  return recordDigest([merchant.id, merchant.name, merchant.createdAt]);
}

/** Over what never changes of a credential. */
export function credentialDigest(credential: Credential): string {
  return recordDigest([
    credential.id,
    credential.merchantId,
    credential.protocol,
    credential.role,
    credential.label,
    credential.lookup,
    credential.secretHashes,
    credential.publicKey,
    credential.settings,
    credential.demo,
    credential.createdAt,
  ]);
}

/** Pays out the whole positive unsettled balance of one currency; its own entry is the cut-off. */
function settleBalance(book: Book, command: Command, currency: string, env: Env): Decision {
  const merchantId = command.merchantId ?? '';
  const balance = book.balance(merchantId, currency);
  const amountMinor = balance.minor.merchant_unsettled;
  if (amountMinor <= 0n) {
    const refused = refusal('nothing_to_settle', `the unsettled balance is ${describeAmount(amountMinor, currency)}`, {
      unsettled: String(amountMinor),
      currency,
    });
    return refuse(book, command, env, refused, { currency });
  }
  const seq = book.nextSeq;
  const posting = { ...POSTINGS.settlement, amountMinor };
  const settlement: Settlement = {
    id: env.newId(),
    merchantId,
    currency,
    amountMinor,
    cutoffSeq: seq,
    createdAt: env.now,
  };
  return accept(book, command, env, {
    kind: 'balance_settled',
    currency,
    posting,
    balance: { ...post(balance, posting, seq), settledThroughSeq: seq },
    facts: { settlement_id: settlement.id },
    rows: { settlement },
    outcome: { settlement },
  });
}
