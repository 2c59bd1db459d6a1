/**
 * Who may do what. Keys and sessions are proven before anything of a request is read; whoever is bound to a merchant sees
 * that merchant's data and no other's: another merchant's id is as unknown to them as one that never was.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Role, ROLES } from '../core/account.ts';
import type { Caller } from '../core/caller.ts';
import { invalidParameter, type Refusal, refusal, Refused } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import { paymentNotFound, refundNotFound } from '../core/select.ts';
import type { Refundry } from '../engine/refundry.ts';
import { refuseCrossSite, sessionToken } from './session-cookie.ts';

/** For whom an operation is. `everything`: those who are bound to no merchant. */
export type Access = 'read' | 'everything' | 'refund' | 'approve' | 'write' | 'admin';

interface Allowed {
  readonly roles: readonly Role[];
  /** The same for people: in the OpenAPI document, and in what a refused caller is told. */
  readonly inWords: string;
}

export const ACCESS: Readonly<Record<Access, Allowed>> = {
  read: { roles: ROLES, inWords: 'any key and any user' },
  everything: { roles: ROLES, inWords: 'keys and users that are bound to no merchant' },
  refund: {
    roles: ['admin', 'merchant', 'operator'],
    inWords: 'keys of role admin or merchant, and users of role admin or operator',
  },
  approve: {
    roles: ['admin', 'merchant', 'approver'],
    inWords: 'keys of role admin or merchant, and users of role admin or approver',
  },
  write: { roles: ['admin', 'merchant'], inWords: 'keys of role admin or merchant, and users of role admin' },
  admin: { roles: ['admin'], inWords: 'keys and users of role admin' },
};

/** What the server's metrics and a scope's hooks know of a route. `anyone`: also whom nobody knows, to sign in. */
export interface OperationConfig {
  readonly protocol: 'native' | 'console';
  readonly operation: string;
  readonly access: Access | 'anyone';
}

/** A route of the native API. */
export const operation = (name: string, access: Access): OperationConfig => ({
  protocol: 'native',
  operation: name,
  access,
});

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, on routes of the native API and of the console. */
    caller: Caller | null;
    /** When the caller's session ends unless it is used, milliseconds since 1970; `null` with a key. */
    sessionExpiresAt: number | null;
  }
}

/** Sent by pages that ask by themselves while nobody is at them: that keeps nobody signed in. */
const UNATTENDED_HEADER = 'x-refundry-unattended';

/** `Authorization: Bearer rk_…` (RFC 6750). */
const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** Lets nobody in without a key or a session, and nobody where their role may not go. */
export function requireKeys(app: FastifyInstance, refundry: Refundry): void {
  requireCallers(app, async (request, reply) => {
    const key = keyOf(request);
    // Whoever shows a key means it: no browser sends one by itself.
    if (key === null && sessionToken(request) !== null) return requireSession(request, reply, refundry);
    return callerByKey(key, request, refundry);
  });
}

/** The same for people only. */
export function requireSessions(app: FastifyInstance, refundry: Refundry): void {
  requireCallers(app, (request, reply) => requireSession(request, reply, refundry));
}

function requireCallers(
  app: FastifyInstance,
  authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>,
): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('sessionExpiresAt', null);
  // A route that forgot to say for whom it is would be for everybody.
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config === undefined || !('access' in config))
      throw new Error(`${String(method)} ${url} says not for whom it is`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config as Partial<OperationConfig>;
    // Unknown paths have no operation: they are answered as such.
    if (access === undefined || access === 'anyone') return;
    const caller = await authenticate(request, reply);
    if (!mayUse(access, caller.role, caller.merchantId !== null)) {
      throw new Refused(forbidden(access, caller));
    }
    request.caller = caller;
  });
}

function forbidden(access: Access, { role, merchantId }: Caller): Refusal {
  const yours = `yours is of role ${role}${access === 'everything' && merchantId !== null ? ' and bound to one' : ''}`;
  return refusal('forbidden', `this is for ${ACCESS[access].inWords}; ${yours}`);
}

/** The user whose session the cookie names. Throws `Refused` (`unauthenticated`, `forbidden`). */
async function requireSession(request: FastifyRequest, reply: FastifyReply, refundry: Refundry): Promise<Caller> {
  const token = sessionToken(request);
  const isUse = request.headers[UNATTENDED_HEADER] === undefined && !isEventStream(request);
  const signedIn = token === null ? null : await refundry.authenticator.signedIn(token, isUse);
  if (signedIn === null) {
    const message = token === null ? 'sign in first' : 'the session ended; sign in again';
    throw new Refused(refusal('unauthenticated', message));
  }
  refuseCrossSite(request);
  // A shared browser must not show the last user's data to the next one.
  reply.header('cache-control', 'no-store');
  request.sessionExpiresAt = signedIn.expiresAt;
  return signedIn.caller;
}

/** A browser reconnects an event stream by itself, for as long as the page is open, and lets it send no header of ours. */
const isEventStream = ({ headers: { accept = '' } }: FastifyRequest): boolean => accept.includes('text/event-stream');

function keyOf({ headers: { authorization } }: FastifyRequest): string | null {
  return authorization === undefined ? null : (BEARER.exec(authorization)?.[1] ?? null);
}

async function callerByKey(key: string | null, request: FastifyRequest, refundry: Refundry): Promise<Caller> {
  const caller =
    key === null
      ? null
      : await refundry.authenticator.authenticate(
          'native',
          { kind: 'secrets', lookup: null, secrets: [key] },
          request.ip,
        );
  if (caller !== null) return caller;
  const message =
    key === null ? 'send your key as Authorization: Bearer rk_…' : 'this key is unknown, or it was revoked';
  throw new Refused(refusal('unauthenticated', message));
}

function mayUse(access: Access, role: Role, isBound: boolean): boolean {
  return ACCESS[access].roles.includes(role) && !(access === 'everything' && isBound);
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
