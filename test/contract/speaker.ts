/**
 * What the contract suite must know of a partner's protocol to hold a conversation in it: how a refund is asked for, and
 * what the answers mean. Written from the partner's page, not from the dialect's code.
 */
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { HttpAnswer, HttpRequest, IssuedTo, TestServer } from '../kit/server.ts';

/** A request's fields by the partner's names, each as JSON text, so that it can be anything at all. */
export type Fields = Readonly<Record<string, string>>;

/** What a partner's client made of an answer. */
export interface Heard {
  readonly outcome: 'succeeded' | 'waiting' | 'refused';
  /** HTTP status and the partner's own code: `409 ERR0019`. */
  readonly sign: string;
  /** What the partner is told in words; empty when all went well. */
  readonly sentence: string;
  /** The field that is named as the offending one. */
  readonly parameter: string | null;
  /** How much went back, in major units; `null` where it is not said. */
  readonly amount: string | null;
}

/** Codes that every protocol meets, whatever it can express. */
export type SharedRefusal = Extract<
  ErrorCode,
  | 'unauthenticated'
  | 'forbidden'
  | 'rate_limited'
  | 'invalid_request'
  | 'idempotency_key_reused'
  | 'resource_not_found'
  | 'payment_not_found'
  | 'payment_not_refundable'
  | 'payment_disputed'
  | 'refund_window_expired'
  | 'already_refunded'
  | 'refund_count_exceeded'
  | 'reason_required'
  | 'below_minimum'
  | 'partial_refund_not_allowed'
  | 'amount_exceeds_refundable'
  | 'insufficient_merchant_balance'
  | 'overloaded'
>;

export interface Speaker {
  /** The dialect's. */
  readonly name: string;
  /** Where its payments are known by. */
  readonly namespace: string;
  /** `false`: a refund has no amount, it is always of all that is left. */
  readonly amounts: boolean;
  /** The most decimals that an amount can have on the wire; `null`: as many as the currency has. */
  readonly decimals: 2 | null;
  /** Refunds that a payment may have by the partner's page. */
  readonly refundsPerPayment: 1 | null;
  /** Whether the page says that the merchant's balance must cover a refund. */
  readonly balanceMustCover: boolean;
  /** The field that a merchant's rule "a reason is required" is met by; `null` without one. */
  readonly reasonField: string | null;
  /** Whether a field's type can be wrong: forms know texts only. */
  readonly typed: boolean;
  readonly mandatory: readonly string[];
  readonly amountField: string;
  /** A path below the protocol's prefix that nothing is at. */
  readonly unknownPath: string;
  /** Status and code of each refusal, from the protocol's documentation. */
  readonly signs: Readonly<Record<SharedRefusal, string>>;
  /** A payment's name as this partner gives them, never given before. */
  newPaymentName(): string;
  /** An amount as the partner's clients write it. */
  amount(major: string): string;
  /** Makes a credential, or one more for somebody who has some, and signs in with it where that is needed. */
  voice(server: TestServer, merchantId: string, role?: 'merchant' | 'read'): Promise<Voice>;
  /** Takes an answer apart; throws unless it has the partner's own shape. */
  hear(answer: HttpAnswer): Heard;
}

/** Somebody with a credential. */
export interface Voice {
  readonly credential: IssuedTo;
  /** The fields of a refund, credentials included where they are fields. */
  fields(payment: string, amount: string): Fields;
  request(fields: Fields): HttpRequest;
  /** A body that is no such fields at all, with right credentials wherever they are not in the body. */
  raw(body: Uint8Array): HttpRequest;
  /** The same request with credentials that are wrong in one way each; each is answered like a wrong secret. */
  impostors(fields: Fields): readonly { readonly what: string; readonly request: HttpRequest }[];
  /** A wrong secret for a right name (where there are names), as in a first attempt to get in. */
  guess(fields: Fields): HttpRequest;
}

let counter = 0;

/** A number that was never given out in this process. */
export function nextNumber(): number {
  counter += 1;
  return 1_000 + counter;
}

/** Text as a field. */
export const text = (value: string): string => JSON.stringify(value);

/** Fields as a JSON object, each just as it stands. */
export function jsonObject(fields: Fields): string {
  const members = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return `{${members.join(',')}}`;
}

/** Fields as a URL-encoded form. */
export function form(fields: Fields): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(JSON.parse(value))]),
  ).toString();
}

/** An amount as a JSON number where it can be one, else as a text. */
export function numberOrText(major: string): string {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(major) ? major : text(major);
}

/** The field that a sentence begins with: `amount: must be …`. */
export function namedIn(sentence: string): string | null {
  return /^([\w-]+): /.exec(sentence)?.[1] ?? null;
}

/** An answer's JSON, whose content type must be as given. */
export function jsonIn(answer: HttpAnswer, contentType: string): unknown {
  assert.equal(answer.headers.get('content-type'), contentType);
  return JSON.parse(answer.body);
}

/** Fails unless an object has just these members; those that end in `?` may be absent. */
export function assertMembers(value: unknown, members: readonly string[], what: string): void {
  assert.ok(typeof value === 'object' && value !== null, `${what} is no object`);
  const names = Object.keys(value);
  const known = members.map((member) => member.replace('?', ''));
  const missing = members.filter((member) => !member.endsWith('?') && !names.includes(member));
  assert.deepEqual(missing, [], `${what} lacks members`);
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
    `${what} has members of nobody's`,
  );
}
