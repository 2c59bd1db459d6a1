/** Merchants, their balances and the credentials that act for them. */
import type { Account, Posting } from './journal.ts';
import type { Policy } from './policy.ts';

export interface Merchant {
  readonly id: string;
  readonly name: string;
  readonly policy: Policy;
  /** The highest number given out or taken per numbered reference namespace (`bbmsl.orderId`). */
  readonly counters: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly createdSeq: bigint;
  /** The entry that last set the policy. */
  readonly policySeq: bigint;
}

/** A merchant's accounts in one currency; they sum to zero. */
export interface Balance {
  readonly merchantId: string;
  readonly currency: string;
  readonly minor: Readonly<Record<Account, bigint>>;
  /** Payments captured at or before this entry are settled. */
  readonly settledThroughSeq: bigint;
  readonly lastSeq: bigint;
}

export function emptyBalance(merchantId: string, currency: string): Balance {
  return {
    merchantId,
    currency,
    minor: { processor_clearing: 0n, merchant_unsettled: 0n, refunds_payable: 0n, merchant_settled: 0n },
    settledThroughSeq: 0n,
    lastSeq: 0n,
  };
}

export function post(balance: Balance, posting: Posting, seq: bigint): Balance {
  return {
    ...balance,
    minor: {
      ...balance.minor,
      [posting.debit]: balance.minor[posting.debit] - posting.amountMinor,
      [posting.credit]: balance.minor[posting.credit] + posting.amountMinor,
    },
    lastSeq: seq,
  };
}

/** `operator` and `approver` are roles of people at the console: who asks for refunds, and who decides on them. */
export const ROLES = ['admin', 'merchant', 'read', 'operator', 'approver'] as const;
export type Role = (typeof ROLES)[number];

export interface Credential {
  readonly id: string;
  /** `null` for a credential of administrators: it may act for every merchant. */
  readonly merchantId: string | null;
  /** `native`, a dialect's name, or `console`: a user, who signs in with a password. */
  readonly protocol: string;
  readonly role: Role;
  /** A name for people: "checkout server". */
  readonly label: string;
  /** What the caller says first: a user name, a merchant number, or the SHA-256 of a key that stands alone. */
  readonly lookup: string;
  /**
   * SHA-256, hex, of each secret that the caller must show; of a user's password, which can be guessed, scrypt. The
   * secrets themselves are never stored.
   */
  readonly secretHashes: readonly string[];
  /** RSA public key, PEM, where requests are signed. */
  readonly publicKey: string | null;
  /** What the dialect keeps with it, such as who is an administrator of the site. */
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
  /** Made by demo mode: refused everywhere else. */
  readonly demo: boolean;
  readonly createdAt: number;
  readonly createdSeq: bigint;
  readonly revokedAt: number | null;
  readonly revokedSeq: bigint | null;
}

/** One payout of a merchant's whole positive unsettled balance in one currency. */
export interface Settlement {
  readonly id: string;
  readonly merchantId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Payments captured at or before this entry are settled by it. */
  readonly cutoffSeq: bigint;
  readonly createdAt: number;
}
