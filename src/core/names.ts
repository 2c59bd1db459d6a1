/** The rows that commands name: what a batch must load before it can be decided. */
import type { Command, PaymentSelector, RequestedEntitlement } from './command.ts';
import type { Reference } from './payment.ts';

export interface NamedReference extends Reference {
  readonly merchantId: string;
}

/** An enrolment that a command grants: others who hold it must be known before one of them is refunded. */
export interface NamedEnrolment {
  readonly merchantId: string;
  readonly learner: string;
  readonly kind: 'program' | 'course_session';
  readonly target: string;
}

export interface Names {
  readonly merchantIds: Set<string>;
  readonly paymentIds: Set<string>;
  readonly references: NamedReference[];
  readonly enrolments: NamedEnrolment[];
  readonly refundIds: Set<string>;
  readonly refundReferences: NamedReference[];
  readonly keys: { readonly merchantId: string; readonly idempotencyKey: string }[];
  readonly credentialIds: Set<string>;
}

export function namesOf(commands: readonly Command[]): Names {
  const names: Names = {
    merchantIds: new Set(),
    paymentIds: new Set(),
    references: [],
    enrolments: [],
    refundIds: new Set(),
    refundReferences: [],
    keys: [],
    credentialIds: new Set(),
  };
  for (const { merchantId, idempotencyKey, action } of commands) {
    if (merchantId === null) {
      if (action.kind === 'revoke_credential') names.credentialIds.add(action.credentialId);
      continue;
    }
    names.merchantIds.add(merchantId);
    if (idempotencyKey !== null) names.keys.push({ merchantId, idempotencyKey });
    switch (action.kind) {
      case 'refund_payment':
        addSelector(names, merchantId, action.payment);
        if (action.reference !== null) names.refundReferences.push({ merchantId, ...action.reference });
        break;
      case 'capture_payment':
      case 'close_payment':
      case 'void_payment':
      case 'set_dispute':
      case 'clear_dispute':
        addSelector(names, merchantId, action.payment);
        break;
      case 'grant_entitlement':
        addSelector(names, merchantId, action.payment);
        addEnrolment(names, merchantId, action.entitlement);
        break;
      case 'approve_refund':
      case 'reject_refund':
      case 'cancel_refund':
      case 'expire_refund':
      case 'reverse_refund':
        names.refundIds.add(action.refundId);
        break;
      case 'register_payment':
        for (const { namespace, value } of action.references) {
          if (value !== null) names.references.push({ merchantId, namespace, value });
        }
        for (const entitlement of action.entitlements) addEnrolment(names, merchantId, entitlement);
        break;
      case 'revoke_credential':
        names.credentialIds.add(action.credentialId);
        break;
      case 'settle_balance':
      case 'create_merchant':
      case 'set_policy':
      case 'create_credential':
        break;
    }
  }
  return names;
}

function addSelector(names: Names, merchantId: string, selector: PaymentSelector): void {
  if ('id' in selector) names.paymentIds.add(selector.id);
  else for (const reference of selector.references) names.references.push({ merchantId, ...reference });
}

function addEnrolment(names: Names, merchantId: string, { learner, kind, target }: RequestedEntitlement): void {
  names.enrolments.push({ merchantId, learner, kind, target });
}
