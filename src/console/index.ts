/**
 * The web console: its pages under `/console`, and under `/console/api` what the native API has not. Whatever the API has,
 * the pages ask of `/v1`, with the session's cookie.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { requireSessions } from '../api/access.ts';
import { prepareScope } from '../api/index.ts';
import type { ConsoleContext } from './scope.ts';
import { addBulk } from './bulk.ts';
import { addExports } from './export.ts';
import { addFeed } from './feed.ts';
import { addOverview } from './overview.ts';
import { addProtocols } from './protocols.ts';
import { addSearch } from './search.ts';
import { addSignIn } from './sign-in.ts';
import { servePages } from './static.ts';
import { addTrialBalance } from './trial-balance.ts';
import { addVerify } from './verify.ts';

export interface ConsoleParts extends ConsoleContext {
  /** Where the built pages are. */
  readonly pages: string;
}

/** Adds the console to a scope of its own. Every route below `/console/api` needs a session, unless it says `anyone`. */
export async function registerConsole(app: FastifyInstance, { pages, ...context }: ConsoleParts): Promise<void> {
  await app.register(
    async (scope) => {
      prepareScope(scope, context.refundry);
      requireSessions(scope, context.refundry);
      const routes = scope.withTypeProvider<TypeBoxTypeProvider>();
      addSignIn(routes, context);
      // What the console reads.
      addOverview(routes, context);
      addSearch(routes, context);
      addFeed(routes, context);
      addExports(routes, context);
      addTrialBalance(routes, context);
      // What it does: bulk refunds, verification.
      addBulk(routes, context);
      addVerify(routes, context);
      // The partners' protocols.
      addProtocols(routes, context);
    },
    { prefix: '/console/api' },
  );
  await app.register(async (scope) => servePages(scope, pages));
}
