/** Who calls: what they claim, and who they are once that is proven. */
import type { Role } from './account.ts';

/** Who the caller says they are, and what proves it. The server checks it; a dialect never sees a stored secret. */
export type Claim =
  | {
      readonly kind: 'secrets';
      /** What names the credential; `null` when the first secret stands alone and names it by its own hash. */
      readonly lookup: string | null;
      /** All must match, in the order in which the credential was made with them. */
      readonly secrets: readonly string[];
      /** Other readings of the first secret (raw, or base64 as HTTP Basic has it), tried after it in this order. */
      readonly alternatives?: readonly string[];
    }
  | {
      /** RSA PKCS#1 v1.5 with SHA-256 over `message`, by any live key of the credential's owner. */
      readonly kind: 'signature';
      readonly lookup: string;
      readonly message: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      /** A session that `sign_in` opened, proven by both of its tokens. */
      readonly kind: 'session';
      readonly tokens: readonly [string, string];
    }
  /** Nobody yet: opening a session, or signing in. */
  | { readonly kind: 'anyone' };

/** The caller, once authenticated. */
export interface Caller {
  /** `null` for administrators, and readers of everything. */
  readonly merchantId: string | null;
  readonly merchantName: string;
  readonly credentialId: string;
  /** The credential's protocol: `console` for a user. */
  readonly protocol: string;
  readonly role: Role;
  /** The credential's label: for people. */
  readonly label: string;
  /** The credential's lookup: a user name, a merchant number. */
  readonly lookup: string;
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
  /** Whether the answer must say that no real money moves. */
  readonly demo: boolean;
}

/** A caller who acts for one merchant: the only kind that a partner's protocol knows, and by that protocol. */
export type MerchantCaller = Omit<Caller, 'protocol' | 'label'> & { readonly merchantId: string };

export function actsForMerchant(caller: Caller): caller is Caller & MerchantCaller {
  return caller.merchantId !== null;
}
