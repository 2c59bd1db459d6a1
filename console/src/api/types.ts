/** What the server answers with. The native API's own schemas are the source of its types: nothing is said twice. */
import type { Role } from '../../../src/core/account.ts';
import type { PaymentView } from '../../../src/api/payment-schemas.ts';

export type { BreakdownView as Breakdown, PaymentView as Payment } from '../../../src/api/payment-schemas.ts';
export type {
  EntitlementChangesView as EntitlementChanges,
  PreviewView as RefundPreview,
  RefundView as Refund,
} from '../../../src/api/refund-schemas.ts';
export type {
  CouponView as Coupon,
  EntitlementView as Entitlement,
  EntryView as JournalEntry,
} from '../../../src/api/journal-schemas.ts';
export type {
  BalanceView as Balance,
  MerchantView as Merchant,
  PolicyView as Policy,
} from '../../../src/api/merchant-schemas.ts';
export type {
  CredentialView as Credential,
  IssuedCredentialView as IssuedCredential,
  SettlementView as Settlement,
} from '../../../src/api/account-schemas.ts';
export type { Role } from '../../../src/core/account.ts';

export interface Page<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface User {
  /** The name to sign in with. */
  readonly name: string;
  readonly label: string;
  readonly role: Role;
  /** `null`: sees all merchants. */
  readonly merchant_id: string | null;
  /** Minor units by currency: above, a refund waits for a second person. */
  readonly limits: Readonly<Record<string, number>>;
}

export interface Session {
  readonly user: User;
  /** Whether the server runs with demo data. */
  readonly demo: boolean;
  readonly expires_at: string;
}

export interface SignInOffer {
  readonly demo: boolean;
  readonly demo_users: readonly { readonly name: string; readonly role: Role }[];
}

export interface SearchResult {
  readonly matched: {
    readonly kind: 'reference' | 'refund' | 'last4' | 'email' | 'amount' | 'id' | 'token';
    readonly namespace?: string | null;
    readonly value: string;
  };
  readonly payment: PaymentView;
}

export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  /** Whether these are all that there are. */
  readonly complete: boolean;
  readonly took_ms: number;
}
