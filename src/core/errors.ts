/**
 * Every way in which Refundry says no, in order of precedence: when several rules refuse a command, the first of this
 * list is what the caller hears, whichever door was used. Dialects map each code to their partner's spelling, and
 * `docs/reference/errors.md` lists the same codes: a test holds the two together.
 */

interface ErrorDefinition {
  readonly code: string;
  /** HTTP status of the native API's problem details (RFC 9457). Dialects have their own. */
  readonly status: number;
  /** RFC 9457 `title`: the same for every occurrence. */
  readonly title: string;
  /** Whether the rules decided this: then it is kept in the journal and binds the caller's idempotency key. */
  readonly decided: boolean;
}

export const ERRORS = [
  { code: 'unauthenticated', status: 401, decided: false, title: 'The credentials are missing or wrong' },
  { code: 'forbidden', status: 403, decided: false, title: 'This credential may not do that' },
  { code: 'rate_limited', status: 429, decided: false, title: 'Too many failed attempts' },
  { code: 'invalid_request', status: 400, decided: false, title: 'The request cannot be read' },
  { code: 'idempotency_key_reused', status: 422, decided: false, title: 'The key belongs to another request' },
  { code: 'duplicate_reference', status: 409, decided: true, title: 'The reference is already in use' },
  { code: 'resource_not_found', status: 404, decided: false, title: 'There is no such resource' },
  { code: 'payment_not_found', status: 404, decided: false, title: 'There is no such payment' },
  { code: 'refund_not_found', status: 404, decided: false, title: 'There is no such refund' },
  { code: 'currency_mismatch', status: 409, decided: true, title: 'The payment is in another currency' },
  { code: 'payment_not_refundable', status: 409, decided: true, title: 'The payment is not in a refundable state' },
  { code: 'payment_disputed', status: 409, decided: true, title: 'The payment is disputed' },
  { code: 'refund_window_expired', status: 409, decided: true, title: 'The time to refund has passed' },
  { code: 'already_refunded', status: 409, decided: true, title: 'Nothing is left to refund' },
  { code: 'refund_count_exceeded', status: 409, decided: true, title: 'The payment has had all its refunds' },
  { code: 'reason_required', status: 409, decided: true, title: 'A reason is required' },
  { code: 'below_minimum', status: 409, decided: true, title: 'The amount is below the minimum' },
  { code: 'partial_refund_not_allowed', status: 409, decided: true, title: 'Only the whole rest can be refunded' },
  { code: 'amount_exceeds_refundable', status: 409, decided: true, title: 'The amount exceeds what is refundable' },
  { code: 'expected_refundable_mismatch', status: 409, decided: true, title: 'What is refundable has changed' },
  { code: 'insufficient_merchant_balance', status: 409, decided: true, title: "The merchant's balance is too low" },
  { code: 'not_capturable', status: 409, decided: true, title: 'The payment cannot be captured or closed' },
  { code: 'not_voidable', status: 409, decided: true, title: 'The payment cannot be voided' },
  { code: 'not_cancelable', status: 409, decided: true, title: 'The refund cannot be canceled' },
  { code: 'not_reversible', status: 409, decided: true, title: 'The refund cannot be reversed' },
  { code: 'nothing_to_settle', status: 409, decided: true, title: 'There is no positive balance to settle' },
  { code: 'approval_not_allowed', status: 409, decided: true, title: 'This approval is not allowed' },
  { code: 'overloaded', status: 503, decided: false, title: 'Too busy: nothing happened, try again' },
  { code: 'outcome_unknown', status: 503, decided: false, title: 'Not known yet: ask again with the same key' },
  { code: 'internal_error', status: 500, decided: false, title: 'Refundry made a mistake' },
] as const satisfies readonly ErrorDefinition[];

export type ErrorCode = (typeof ERRORS)[number]['code'];

const DEFINITIONS = new Map<string, ErrorDefinition>(ERRORS.map((definition) => [definition.code, definition]));

export function errorDefinition(code: ErrorCode): ErrorDefinition {
  const definition = DEFINITIONS.get(code);
  if (definition === undefined) throw new Error(`not in the error registry: ${code}`);
  return definition;
}

export function isErrorCode(text: string): text is ErrorCode {
  return DEFINITIONS.has(text);
}

/** Numbers and names behind a refusal. Amounts are minor units as decimal text, so that no reader meets a float. */
export type RefusalFacts = Readonly<Record<string, string | number | boolean | null>>;

/** One refusal: the violated fact in a sentence for a person, and the same in fields for a program. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: RefusalFacts;
}

export function refusal(code: ErrorCode, message: string, facts: RefusalFacts = {}): Refusal {
  return { code, message, facts };
}

/** `invalid_request` naming the offending parameter, as every protocol's own "invalid parameter" answer needs it. */
export function invalidParameter(parameter: string, problem: string): Refusal {
  return refusal('invalid_request', `${parameter}: ${problem}`, { parameter });
}

/** Thrown where a request is read; everything after the door returns its refusals instead. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refused: Refusal) {
    super(refused.message);
    this.name = 'Refused';
    this.refusal = refused;
  }
}
