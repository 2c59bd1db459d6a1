/** Everything that can be asked of the books. Commands are plain data; `decide` turns each into entries and rows. */
import type { Credential } from './account.ts';
import { type Canonical, canonicalJson } from './json.ts';
import type { PaymentDetails, Reference } from './payment.ts';
import type { Policy } from './policy.ts';
import type { RefundDetails } from './refund.ts';
import { hash } from 'node:crypto';

/** A payment by Refundry's id, or by references that must all name the same payment. */
export type PaymentSelector = { readonly id: string } | { readonly references: readonly Reference[] };

/** How much: minor units, major units as the caller wrote them, or all that is left. */
export type RequestedAmount =
  | { readonly kind: 'minor'; readonly minor: bigint; readonly currency: string | null }
  | { readonly kind: 'major'; readonly text: string }
  | { readonly kind: 'all'; readonly currency?: string };

/** A reference to register; `value: null` asks for the next number of a numbered namespace. */
export interface RequestedReference {
  readonly namespace: string;
  readonly value: string | null;
  /** Values in this namespace are numbers that Refundry may give out. */
  readonly numbered: boolean;
}

export interface RequestedEntitlement {
  readonly learner: string;
  readonly kind: 'program' | 'course_session';
  readonly target: string;
  readonly viaCoupon: boolean;
}

export interface RegisterPayment {
  readonly kind: 'register_payment';
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly status: 'pending' | 'captured';
  readonly references: readonly RequestedReference[];
  readonly details: PaymentDetails;
  readonly entitlements: readonly RequestedEntitlement[];
  /** The code of the coupon that a group purchase resulted in. */
  readonly couponCode: string | null;
  /** When the original was made and captured; `null` for now. Milliseconds since 1970, never in the future. */
  readonly createdAt: number | null;
  readonly capturedAt: number | null;
  /** What to do when the references name a payment of the same content: refuse, or answer with that payment. */
  readonly ifSame: 'refuse' | 'return_existing';
}

export interface RefundPayment {
  readonly kind: 'refund_payment';
  readonly payment: PaymentSelector;
  readonly amount: RequestedAmount;
  readonly reference: Reference | null;
  readonly details: RefundDetails;
  readonly expectedRefundableMinor: bigint | null;
}

export type Action =
  | RegisterPayment
  | RefundPayment
  | { readonly kind: 'capture_payment' | 'close_payment' | 'void_payment'; readonly payment: PaymentSelector }
  | { readonly kind: 'set_dispute' | 'clear_dispute'; readonly payment: PaymentSelector }
  | {
      readonly kind: 'approve_refund';
      readonly refundId: string;
      /** What the approver believes to approve: it must be this refund's. */
      readonly amountMinor: bigint | null;
      /** Why, for people. */
      readonly reason?: string;
    }
  | { readonly kind: 'reject_refund' | 'cancel_refund'; readonly refundId: string; readonly reason?: string }
  | { readonly kind: 'reverse_refund' | 'expire_refund'; readonly refundId: string }
  | { readonly kind: 'settle_balance'; readonly currency: string }
  | {
      readonly kind: 'grant_entitlement';
      readonly payment: PaymentSelector;
      readonly entitlement: RequestedEntitlement;
    }
  | { readonly kind: 'create_merchant'; readonly name: string; readonly policy: Policy }
  | { readonly kind: 'set_policy'; readonly policy: Policy }
  | { readonly kind: 'create_credential'; readonly credential: NewCredential }
  | { readonly kind: 'revoke_credential'; readonly credentialId: string };

export type ActionKind = Action['kind'];

export type NewCredential = Omit<
  Credential,
  'id' | 'merchantId' | 'createdAt' | 'createdSeq' | 'revokedAt' | 'revokedSeq'
>;

/** Who asks, through what, and how to recognise that they ask again. */
export interface Command {
  /** Whose book; `null` only for credentials of administrators. */
  readonly merchantId: string | null;
  readonly actor: string;
  readonly protocol: string;
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  /** What the caller's protocol allows, beside the merchant's own policy; not part of the fingerprint. */
  readonly protocolPolicy: Policy | null;
  readonly action: Action;
}

/**
 * The fingerprint of a command: SHA-256, hex, of protocol, operation and canonical command. Equal for two requests that
 * ask for the same thing, however they spell it.
 */
export function fingerprint(command: Command): string {
  const action = canonicalAction(command.action) as unknown as Canonical;
  return hash('sha256', canonicalJson([command.protocol, command.action.kind, action]), 'hex');
}

/** Amounts without zeros at the end, and references in one order: JSON objects, which they come from, have none. */
function canonicalAction(action: Action): Action {
  switch (action.kind) {
    case 'register_payment':
      return { ...action, references: inOneOrder(action.references) };
    case 'refund_payment': {
      const { amount } = action;
      return {
        ...action,
        payment: canonicalSelector(action.payment),
        amount: amount.kind === 'major' ? { kind: 'major', text: canonicalDecimal(amount.text) } : amount,
      };
    }
    case 'capture_payment':
    case 'close_payment':
    case 'void_payment':
    case 'set_dispute':
    case 'clear_dispute':
      return { ...action, payment: canonicalSelector(action.payment) };
    case 'grant_entitlement':
      return { ...action, payment: canonicalSelector(action.payment) };
    default:
      return action;
  }
}

function canonicalSelector(selector: PaymentSelector): PaymentSelector {
  return 'id' in selector ? selector : { references: inOneOrder(selector.references) };
}

function inOneOrder<T extends { readonly namespace: string }>(references: readonly T[]): readonly T[] {
  return references.toSorted((a, b) => (a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : 0));
}

/** `10`, `10.0` and `10.00` ask for the same. */
function canonicalDecimal(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}
