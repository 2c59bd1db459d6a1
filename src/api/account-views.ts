/** Merchants, balances, credentials and settlements as plain JSON. */
import type { Balance, Credential, Merchant, Settlement } from '../core/account.ts';
import type { Caller } from '../core/caller.ts';
import { ACCOUNTS } from '../core/journal.ts';
import type { Policy } from '../core/policy.ts';
import { CONSOLE_PROTOCOL } from '../core/user.ts';
import { credentialShape } from '../dialects/issue.ts';
import type { CredentialView, SettlementView } from './account-schemas.ts';
import { amountView, exact, timeOrNull, timeView } from './exact-json.ts';
import type { BalanceView, CallerView, MerchantView, PolicyView } from './merchant-schemas.ts';

const byCurrency = (amounts: Readonly<Record<string, bigint>>): Record<string, number> =>
  Object.fromEntries(Object.entries(amounts).map(([currency, minor]) => [currency, amountView(minor)]));

export function policyView(policy: Policy): PolicyView {
  return {
    partial_refunds: policy.partialRefunds,
    refunds_per_payment: policy.refundsPerPayment,
    window_days: policy.windowDays,
    minimum: byCurrency(policy.minimumMinor),
    balance_must_cover: policy.balanceMustCover,
    reason_required: policy.reasonRequired,
    approval_above: byCurrency(policy.approvalAboveMinor),
    approval_hours: policy.approvalHours,
  };
}

export function merchantView(merchant: Merchant): MerchantView {
  return {
    id: merchant.id,
    name: merchant.name,
    policy: policyView(merchant.policy),
    created_at: timeView(merchant.createdAt),
  };
}

export function balanceView({ currency, minor }: Balance): BalanceView {
  return {
    currency,
    processor_clearing: exact(minor.processor_clearing),
    merchant_unsettled: exact(minor.merchant_unsettled),
    refunds_payable: exact(minor.refunds_payable),
    merchant_settled: exact(minor.merchant_settled),
    sum: exact(ACCOUNTS.reduce((sum, account) => sum + minor[account], 0n)),
  };
}

export function callerView(caller: Caller): CallerView {
  return {
    credential_id: caller.credentialId,
    role: caller.role,
    merchant_id: caller.merchantId,
    merchant_name: caller.merchantId === null ? null : caller.merchantName,
    demo: caller.demo,
  };
}

/** A credential without anything that opens a door. */
export function credentialView(credential: Credential): CredentialView {
  // Where a protocol has no name to send, the lookup is a hash of the secret: nobody's business.
  const hasLookup =
    credential.protocol === CONSOLE_PROTOCOL || (credentialShape(credential.protocol)?.lookup ?? null) !== null;
  return {
    id: credential.id,
    merchant_id: credential.merchantId,
    protocol: credential.protocol,
    role: credential.role,
    label: credential.label,
    lookup: hasLookup ? credential.lookup : null,
    public_key: credential.publicKey,
    settings: credential.settings,
    demo: credential.demo,
    created_at: timeView(credential.createdAt),
    revoked_at: timeOrNull(credential.revokedAt),
  };
}

export function settlementView(settlement: Settlement): SettlementView {
  return {
    id: settlement.id,
    merchant_id: settlement.merchantId,
    currency: settlement.currency,
    amount: exact(settlement.amountMinor),
    cutoff_seq: exact(settlement.cutoffSeq),
    created_at: timeView(settlement.createdAt),
  };
}
