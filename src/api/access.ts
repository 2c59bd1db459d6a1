/**
 * Who may do what. Keys are proven before anything of a request is read; a key that is bound to a merchant sees that
 * merchant's data and no other's: another merchant's id is as unknown to it as one that never was.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Role } from '../core/account.ts';
import type { Caller } from '../core/caller.ts';
import { invalidParameter, type Refusal, refusal, Refused } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import { paymentNotFound, refundNotFound } from '../core/select.ts';
import type { Refundry } from '../engine/refundry.ts';

/** Which keys an operation is for. `everything`: those that are bound to no merchant. */
export type Access = 'read' | 'everything' | 'write' | 'admin';

export const ACCESS_ROLES: Readonly<Record<Access, string>> = {
  read: 'any key',
  everything: 'keys that are bound to no merchant',
  write: 'keys of role admin or merchant',
  admin: 'keys of role admin',
};

/** What the server's metrics and this scope's hooks know of a route. */
export interface OperationConfig {
  readonly protocol: 'native';
  readonly operation: string;
  readonly access: Access;
}

export const operation = (name: string, access: Access): OperationConfig => ({
  protocol: 'native',
  operation: name,
  access,
});

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, on routes of the native API. */
    caller: Caller | null;
  }
}

/** `Authorization: Bearer rk_…` (RFC 6750). */
const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

export function requireKeys(app: FastifyInstance, refundry: Refundry): void {
  app.decorateRequest('caller', null);
  // A route that forgot to say for whom it is would be for everybody.
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config === undefined || !('access' in config))
      throw new Error(`${String(method)} ${url} says not for whom it is`);
  });
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config as Partial<OperationConfig>;
    // Unknown paths have no operation: they are answered as such.
    if (access === undefined) return;
    const caller = await authenticate(request, refundry);
    if (!mayUse(access, caller.role, caller.merchantId !== null)) {
      throw new Refused(forbidden(access, caller));
    }
    request.caller = caller;
  });
}

function forbidden(access: Access, { role, merchantId }: Caller): Refusal {
  const yours = `yours is of role ${role}${access === 'everything' && merchantId !== null ? ' and bound to one' : ''}`;
  return refusal('forbidden', `this is for ${ACCESS_ROLES[access]}; ${yours}`);
}

async function authenticate(request: FastifyRequest, refundry: Refundry): Promise<Caller> {
  const { authorization } = request.headers;
  const key = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  const caller =
    key === undefined
      ? null
      : await refundry.authenticator.authenticate(
          'native',
          { kind: 'secrets', lookup: null, secrets: [key] },
          request.ip,
        );
  if (caller !== null) return caller;
  const message =
    key === undefined ? 'send your key as Authorization: Bearer rk_…' : 'this key is unknown, or it was revoked';
  throw new Refused(refusal('unauthenticated', message));
}

function mayUse(access: Access, role: Role, isBound: boolean): boolean {
  switch (access) {
    case 'read':
      return true;
    case 'everything':
      return !isBound;
    case 'write':
      return role !== 'read';
    case 'admin':
      return role === 'admin';
  }
}

export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error('a route of the API has no access');
  return caller;
}

export function merchantNotFound(merchantId: string): Refusal {
  return refusal('resource_not_found', `there is no merchant ${merchantId}`, { resource: 'merchant' });
}

export function resourceNotFound(resource: string, id: string): Refused {
  return new Refused(refusal('resource_not_found', `there is no ${resource} ${id}`, { resource }));
}

/** For reading: the merchant whose data may be seen, `null` for all. Throws `Refused` (`resource_not_found`). */
export function visibleMerchant(request: FastifyRequest, asked: string | undefined): string | null {
  const { merchantId } = callerOf(request);
  if (merchantId !== null && asked !== undefined && asked !== merchantId) throw new Refused(merchantNotFound(asked));
  return merchantId ?? asked ?? null;
}

/** What may say whose book a command is for. */
export interface Whose {
  readonly merchant_id?: string | undefined;
  readonly payment_id?: string | undefined;
  readonly refund_id?: string | undefined;
}

/**
 * The merchant for whom a request acts: the key's own, the one that is named, or the one whose payment or refund is.
 * Throws `Refused` (`resource_not_found`, `payment_not_found`, `refund_not_found`, `invalid_request`).
 */
export async function actingMerchant(request: FastifyRequest, refundry: Refundry, whose: Whose): Promise<string> {
  const visible = visibleMerchant(request, whose.merchant_id);
  const { payment_id: paymentId, refund_id: refundId } = whose;
  // The write path takes ids for ids: what is none names nothing.
  if (paymentId !== undefined && !isId(paymentId)) throw new Refused(paymentNotFound({ id: paymentId }));
  if (refundId !== undefined && !isId(refundId)) throw new Refused(refundNotFound(refundId));
  if (visible !== null) return visible;
  if (paymentId !== undefined) {
    const found = await refundry.reader.merchantIdOf('payment', paymentId);
    if (found === null) throw new Refused(paymentNotFound({ id: paymentId }));
    return found;
  }
  if (refundId !== undefined) {
    const found = await refundry.reader.merchantIdOf('refund', refundId);
    if (found === null) throw new Refused(refundNotFound(refundId));
    return found;
  }
  throw new Refused(invalidParameter('merchant_id', 'is required with a key that is bound to no merchant'));
}
