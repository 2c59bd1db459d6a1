/**
 * One exchange in a partner's protocol, from the request's bytes to the answer's: the same way for all dialects. Who
 * authenticates, executes and looks things up stands behind `Backstage`, so that this stays free of databases and sockets.
 */
import type { Command, PaymentSelector } from '../core/command.ts';
import { readIdempotencyKey } from '../core/idempotency-key.ts';
import { type Refusal, refusal, Refused } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Payment, Reference } from '../core/payment.ts';
import type { Refund } from '../core/refund.ts';
import type { Caller, Claim, Dialect, Intent, Operation, Reading, Result, WireAnswer, WireRequest } from './dialect.ts';

export interface Backstage {
  /** The caller whom the claim proves, or `null`. Throws `Refused` (`rate_limited`). */
  authenticate(protocol: string, claim: Exclude<Claim, { kind: 'anyone' }>): Promise<Caller | null>;
  execute(command: Command): Promise<Outcome>;
  findPayment(
    merchantId: string,
    selector: PaymentSelector,
  ): Promise<{ payment: Payment; refunds: readonly Refund[]; settled: boolean } | null>;
  /** The refund as it is now, with the refusal it met if it met one. */
  findRefund(merchantId: string, reference: Reference): Promise<Outcome | null>;
  openSession(protocol: string): Promise<string>;
  /** The second token, or `null` when the lookup, the secret or the first token is wrong. */
  signIn(protocol: string, firstToken: string, lookup: string, secret: string): Promise<string | null>;
  signOut(protocol: string, tokens: readonly [string, string]): Promise<void>;
}

/** What an exchange was about, for logs and metrics. */
export interface Conversed {
  readonly answer: WireAnswer;
  readonly caller: Caller | null;
  readonly outcome: Outcome | null;
  readonly refusal: Refusal | null;
}

/**
 * Answers one request. Never throws: what goes wrong is answered in the partner's own shape, and handed to `onBug` if it
 * is ours.
 */
export async function converse(
  dialect: Dialect,
  operation: Operation,
  request: WireRequest,
  requestId: string,
  backstage: Backstage,
  onBug: (error: unknown) => void,
): Promise<Conversed> {
  let reading: Reading | null = null;
  let caller: Caller | null = null;
  let result: Result;
  try {
    reading = operation.read(request);
    caller = await callerOf(dialect, reading.claim, backstage);
    if (operation.writes) refuseReader(caller);
    const intent = reading.intent(caller);
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
    result = await act(dialect, intent, caller, reading.claim, requestId, idempotencyKey, backstage);
  } catch (error) {
    result = { kind: 'refused', refusal: refusalFor(error, onBug) };
  }
  const answer = write(dialect, reading, result, caller, onBug);
  const outcome = result.kind === 'outcome' ? result.outcome : null;
  return { answer, caller, outcome, refusal: result.kind === 'refused' ? result.refusal : (outcome?.refusal ?? null) };
}

export function refusalFor(error: unknown, onBug: (error: unknown) => void): Refusal {
  if (error instanceof Refused) return error.refusal;
  onBug(error);
  return refusal('internal_error', 'Refundry made a mistake; nothing can be said of what was asked');
}

function write(
  dialect: Dialect,
  reading: Reading | null,
  result: Result,
  caller: Caller | null,
  onBug: (error: unknown) => void,
): WireAnswer {
  if (reading !== null) {
    try {
      return reading.write(result, caller);
    } catch (error) {
      return dialect.refuse(refusalFor(error, onBug));
    }
  }
  if (result.kind !== 'refused') throw new Error('only a refusal has no reading');
  return dialect.refuse(result.refusal);
}

async function callerOf(dialect: Dialect, claim: Claim, backstage: Backstage): Promise<Caller | null> {
  if (claim.kind === 'anyone') return null;
  const caller = await backstage.authenticate(dialect.name, claim);
  if (caller === null) throw new Refused(refusal('unauthenticated', 'the credentials are missing or wrong'));
  return caller;
}

/** Throws `Refused` (`forbidden`) for a credential that may only read. */
function refuseReader(caller: Caller | null): void {
  if (caller?.role === 'read') throw new Refused(refusal('forbidden', 'this credential may only read'));
}

async function act(
  dialect: Dialect,
  intent: Intent,
  caller: Caller | null,
  claim: Claim,
  requestId: string,
  idempotencyKey: string | null,
  backstage: Backstage,
): Promise<Result> {
  switch (intent.kind) {
    case 'open_session':
      return { kind: 'session', tokens: [await backstage.openSession(dialect.name), null] };
    case 'sign_in': {
      const second = await backstage.signIn(dialect.name, intent.firstToken, intent.lookup, intent.secret);
      if (second === null) throw new Refused(refusal('unauthenticated', 'the credentials are missing or wrong'));
      return { kind: 'session', tokens: [intent.firstToken, second] };
    }
    case 'sign_out':
      if (claim.kind === 'session') await backstage.signOut(dialect.name, claim.tokens);
      return { kind: 'signed_out' };
    case 'command': {
      refuseReader(caller);
      const { merchantId, credentialId } = known(caller);
      const outcome = await backstage.execute({
        merchantId,
        actor: `key:${credentialId}${intent.onBehalfOf === undefined ? '' : `/${intent.onBehalfOf}`}`,
        protocol: dialect.name,
        requestId,
        idempotencyKey,
        protocolPolicy: dialect.policy,
        action: intent.action,
      });
      return { kind: 'outcome', outcome, caller: known(caller) };
    }
    case 'find_payment': {
      const found = await backstage.findPayment(known(caller).merchantId, intent.payment);
      if (found === null) throw new Refused(refusal('payment_not_found', 'there is no such payment'));
      return { kind: 'payment', ...found, caller: known(caller) };
    }
    case 'find_refund': {
      const outcome = await backstage.findRefund(known(caller).merchantId, intent.reference);
      if (outcome === null) throw new Refused(refusal('refund_not_found', 'there is no such refund'));
      return { kind: 'outcome', outcome, caller: known(caller) };
    }
  }
}

function known(caller: Caller | null): Caller {
  if (caller === null) throw new Refused(refusal('unauthenticated', 'the credentials are missing or wrong'));
  return caller;
}
