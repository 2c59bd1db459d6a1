/** From a request to the engine and back: the same way for every operation that changes something. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Action, Command } from '../core/command.ts';
import { readIdempotencyKey } from '../core/idempotency-key.ts';
import type { Outcome } from '../core/outcome.ts';
import { actorOf, limitPolicy } from '../core/user.ts';
import type { Refundry } from '../engine/refundry.ts';
import { callerOf } from './access.ts';
import { Declined, InvalidRequest } from './problems.ts';

/** A request's command. `merchantId` is `null` for credentials that are bound to no merchant. */
export function commandOf(
  request: FastifyRequest,
  merchantId: string | null,
  action: Action,
  idempotencyKey: string | null,
): Command {
  const caller = callerOf(request);
  return {
    merchantId,
    actor: actorOf(caller),
    protocol: caller.protocol,
    requestId: request.id,
    idempotencyKey,
    protocolPolicy: limitPolicy(caller),
    action,
  };
}

/** The request's `Idempotency-Key`; `null` without one. Throws `Refused` (`invalid_request`). */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | null {
  const header = headers['idempotency-key'];
  return readIdempotencyKey(Array.isArray(header) ? header.join(',') : header);
}

/**
 * Where a new thing is made for which no key can be kept, a key is refused: whoever sends one counts on it. (A merchant
 * that is not there yet has no book to keep it in, and a secret cannot be shown twice.)
 */
export function refuseIdempotencyKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return;
  throw new InvalidRequest([{ parameter: 'Idempotency-Key', problem: 'this operation takes none' }]);
}

/** Executes a command; its outcome was accepted. Throws `Declined` with a refused one. */
export async function perform(
  refundry: Refundry,
  request: FastifyRequest,
  reply: FastifyReply,
  merchantId: string | null,
  action: Action,
  idempotencyKey: string | null = idempotencyKeyOf(request),
): Promise<Outcome> {
  const outcome = await refundry.execute(commandOf(request, merchantId, action, idempotencyKey));
  if (outcome.replayed) reply.header('idempotent-replayed', 'true');
  if (outcome.refusal !== null) throw new Declined(outcome, outcome.refusal);
  return outcome;
}

/** What an accepted command of that kind always has. */
export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('an accepted outcome lacks what its command made');
  return value;
}
