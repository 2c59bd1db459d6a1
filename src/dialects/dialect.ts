/**
 * What a partner's protocol is to Refundry: a pure translation, without database or socket. A request is read into a
 * claim (who calls) and an intent (what they want); the result is written as the partner's page shows it.
 *
 *     wire request → read → claim, intent → [authentication, engine] → result → write → wire answer
 */
import type { Claim, MerchantCaller as Caller } from '../core/caller.ts';
import type { PaymentSelector, RefundPayment } from '../core/command.ts';
import type { Refusal } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Payment, Reference } from '../core/payment.ts';
import type { Policy } from '../core/policy.ts';
import type { Refund } from '../core/refund.ts';

export type { Claim, MerchantCaller as Caller } from '../core/caller.ts';

export interface WireRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** The query string without `?`, as sent. */
  readonly query: string;
  /** Header names in lower case; a repeated header has its first value. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body's bytes as received: signatures are checked over them. */
  readonly body: Uint8Array;
}

export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly cookies?: readonly SetCookie[];
}

export interface SetCookie {
  readonly name: string;
  readonly value: string;
}

/** What the caller wants done. */
export type Intent =
  | {
      readonly kind: 'command';
      readonly action: RefundPayment | { readonly kind: 'void_payment'; readonly payment: PaymentSelector };
      /** The person on whose behalf the credential acts, for the journal's actor. */
      readonly onBehalfOf?: string;
    }
  /** Answered by a `payment` result, or refused with `payment_not_found`. */
  | { readonly kind: 'find_payment'; readonly payment: PaymentSelector }
  /** Answered by an `outcome` result: the refund as it is now, or its refusal; else refused with `refund_not_found`. */
  | { readonly kind: 'find_refund'; readonly reference: Reference }
  /** Answered by a `session` result whose first token is new. */
  | { readonly kind: 'open_session' }
  /** Answered by a `session` result with both tokens, or refused with `unauthenticated`. */
  | { readonly kind: 'sign_in'; readonly firstToken: string; readonly lookup: string; readonly secret: string }
  /** Answered by a `signed_out` result. */
  | { readonly kind: 'sign_out' };

export type Result =
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly caller: Caller }
  | {
      readonly kind: 'payment';
      readonly payment: Payment;
      readonly refunds: readonly Refund[];
      readonly settled: boolean;
      readonly caller: Caller;
    }
  | { readonly kind: 'session'; readonly tokens: readonly [string, string | null] }
  | { readonly kind: 'signed_out' }
  /** Refused before any rule was asked: unreadable, unauthenticated, unknown, overloaded, … */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One request, taken apart. Its answer may repeat what was asked, so it is written by the same reading. */
export interface Reading {
  readonly claim: Claim;
  /** Reads the rest, once the caller is known. Throws `Refused`. */
  intent(caller: Caller | null): Intent;
  /** `caller`: as far as they are known, refused or not. */
  write(result: Result, caller: Caller | null): WireAnswer;
}

export interface Operation {
  /** For logs and metrics: `refund`, `query`. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly paths: readonly string[];
  /** Whether it changes money: then it is forbidden to credentials that may only read, whatever else is wrong with it. */
  readonly writes: boolean;
  /** Takes the request apart as far as its credentials. Throws `Refused` (`invalid_request`, `unauthenticated`). */
  read(request: WireRequest): Reading;
}

/** A namespace in which payments of this protocol are known. */
export interface ReferenceNamespace {
  /** `<protocol>.<the partner's field>`, such as `bbmsl.orderId`. */
  readonly name: string;
  /** What a value looks like. */
  readonly pattern: RegExp;
  readonly description: string;
  /** Numbers that Refundry gives out when a payment has a reference in `numberedWith` and none here. */
  readonly numberedWith?: string;
}

/** What a merchant's credential for this protocol is made of. */
export interface CredentialShape {
  /** What the caller sends as its name, if anything: `username`, `merchantId`. */
  readonly lookup: { readonly label: string; readonly pattern: RegExp } | null;
  /** Names of the secrets that Refundry makes, in the order of `Claim.secrets`; none where requests are signed. */
  readonly secrets: readonly string[];
  readonly publicKey: boolean;
  /** Further settings, by name, with what they mean; the name of a list ends in `[]`. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Dialect {
  /** The protocol's name everywhere: in the journal, the metrics, the API, and of its folder. */
  readonly name: string;
  /** The partner's, for people. */
  readonly title: string;
  /** What the partner's page allows; the merchant's own policy is applied beside it. */
  readonly policy: Policy;
  readonly references: readonly ReferenceNamespace[];
  readonly credential: CredentialShape;
  readonly operations: readonly Operation[];
  /** Answers for a request that could not be read at all, or that matches none of the operations below `prefix`. */
  refuse(refusal: Refusal): WireAnswer;
  /** Where unknown paths still get this protocol's own answer. */
  readonly prefix: string;
}
