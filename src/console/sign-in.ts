/** Signing in and out. The same answer for an unknown name and a wrong password. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { callerOf } from '../api/access.ts';
import { timeView } from '../api/exact-json.ts';
import { refuseCrossSite, sessionCookie, sessionToken } from '../api/session-cookie.ts';
import { NoBody, NoQuery, strict } from '../api/shapes.ts';
import type { Caller } from '../core/caller.ts';
import { invalidParameter, refusal, Refused } from '../core/errors.ts';
import { CONSOLE_PROTOCOL, limitsOf, MAX_PASSWORD_LENGTH, USER_ROLES } from '../core/user.ts';
import { consoleOperation, type ConsoleContext, type ConsoleScope } from './scope.ts';

const Credentials = strict({
  name: Type.String({ minLength: 1, maxLength: 64 }),
  password: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_PASSWORD_LENGTH })),
  demo: Type.Optional(Type.Literal(true)),
});

interface SessionView {
  readonly user: {
    readonly name: string;
    readonly label: string;
    readonly role: string;
    readonly merchant_id: string | null;
    /** Minor units by currency; empty: as the merchant's policy has it. */
    readonly limits: Readonly<Record<string, number>>;
  };
  readonly demo: boolean;
  readonly expires_at: string;
}

export function addSignIn(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const { authenticator, sessions } = refundry;

  const view = (caller: Caller, expiresAt: number): SessionView => ({
    user: {
      name: caller.lookup,
      label: caller.label,
      role: caller.role,
      merchant_id: caller.merchantId,
      limits: Object.fromEntries(
        Object.entries(limitsOf(caller)).map(([currency, minor]) => [currency, Number(minor)]),
      ),
    },
    demo: authenticator.demo,
    expires_at: timeView(expiresAt),
  });

  const prove = ({ name, password, demo }: Static<typeof Credentials>, address: string): Promise<Caller | null> => {
    if (demo === true) {
      if (!authenticator.demo) throw new Refused(refusal('forbidden', 'this is no demo: sign in with your password'));
      return authenticator.demoUser(name);
    }
    if (password === undefined) throw new Refused(invalidParameter('password', 'is missing'));
    return authenticator.user(name, password, address);
  };

  const leave = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.header('set-cookie', sessionCookie(request, null)).code(204).send();

  app.route({
    method: 'GET',
    url: '/sign-in',
    config: consoleOperation('read_sign_in', 'anyone'),
    schema: { querystring: NoQuery },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const users = authenticator.demo ? await refundry.accounts.credentialsOf(CONSOLE_PROTOCOL) : [];
      const live = users.filter(({ demo, revokedAt }) => demo && revokedAt === null);
      const demoUsers = USER_ROLES.flatMap((role) => live.filter((user) => user.role === role));
      return { demo: authenticator.demo, demo_users: demoUsers.map(({ lookup, role }) => ({ name: lookup, role })) };
    },
  });

  app.route({
    method: 'POST',
    url: '/sign-in',
    config: consoleOperation('sign_in', 'anyone'),
    schema: { querystring: NoQuery, body: Credentials },
    // Another site must not sign its visitor in as somebody else either.
    onRequest: async (request) => refuseCrossSite(request),
    handler: async (request, reply) => {
      const caller = await prove(request.body, request.ip);
      if (caller === null) {
        throw new Refused(refusal('unauthenticated', 'the name or the password is wrong, or the user was disabled'));
      }
      const before = sessionToken(request);
      if (before !== null) await sessions.signOutUser(before);
      const { token, expiresAt } = await sessions.openUser(caller.credentialId);
      reply.header('cache-control', 'no-store').header('set-cookie', sessionCookie(request, token));
      return view(caller, expiresAt);
    },
  });

  app.route({
    method: 'GET',
    url: '/session',
    config: consoleOperation('read_session', 'read'),
    schema: { querystring: NoQuery },
    handler: (request) => view(callerOf(request), request.sessionExpiresAt ?? 0),
  });

  app.route({
    method: 'POST',
    url: '/sign-out',
    config: consoleOperation('sign_out', 'read'),
    schema: { querystring: NoQuery, body: NoBody },
    handler: async (request, reply) => {
      const token = sessionToken(request);
      if (token !== null) await sessions.signOutUser(token);
      return leave(request, reply);
    },
  });

  app.route({
    method: 'POST',
    url: '/sign-out-everywhere',
    config: consoleOperation('sign_out_everywhere', 'read'),
    schema: { querystring: NoQuery, body: NoBody },
    handler: async (request, reply) => {
      await sessions.signOutEverywhere(callerOf(request).credentialId);
      return leave(request, reply);
    },
  });
}
