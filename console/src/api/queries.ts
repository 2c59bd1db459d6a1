/** Reading from the server: one cache key per path and query, so that everything about a payment can be read afresh. */
import { MutationCache, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { get, type Query, withQuery } from './client.ts';
import { ApiError } from './error.ts';
import type { Merchant, Page, Session } from './types.ts';

export const SESSION_KEY = ['session'] as const;

/** Only what is certain to be the network's or a busy server's fault is worth another try. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503);
}

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => noticeEnd(error) }),
    mutationCache: new MutationCache({ onError: (error) => noticeEnd(error) }),
    defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 5_000 } },
  });
  // Whoever finds that the session has ended tells everybody: the shell then asks to sign in again.
  const noticeEnd = (error: unknown): void => {
    const hasEnded = error instanceof ApiError && error.status === 401;
    if (hasEnded && client.getQueryData(SESSION_KEY) !== null) client.setQueryData(SESSION_KEY, null);
  };
  return client;
}

/** What `GET path?query` answers. */
export function read<T>(path: string, query: Query = {}) {
  return queryOptions({
    queryKey: ['read', path, withQuery('', query)],
    queryFn: ({ signal }) => get<T>(path, query, signal),
  });
}

/** The session; `null` when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await get<Session>('/console/api/session', undefined, signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

const NAMES_STALE_MS = 5 * 60_000;

/** One request for the names of most; whoever has more merchants reads the others one by one. */
export const merchantsQuery = queryOptions({
  ...read<Page<Merchant>>('/v1/merchants', { limit: 100 }),
  staleTime: NAMES_STALE_MS,
});

export const merchantQuery = (id: string) =>
  queryOptions({ ...read<Merchant>(`/v1/merchants/${id}`), staleTime: NAMES_STALE_MS });

/**
 * Marks everything that was read as old, after something changed: what is on screen is read again. What is being read for
 * the first time, too, once it is there: it may have been read before the change, and the library would take it for new.
 */
export async function refreshAll(client: QueryClient): Promise<void> {
  const filter = { queryKey: ['read'] };
  const onTheirWay = new Set(
    client
      .getQueryCache()
      .findAll({ ...filter, fetchStatus: 'fetching', predicate: ({ state }) => state.data === undefined }),
  );
  await client.invalidateQueries(filter);
  if (onTheirWay.size > 0) await client.invalidateQueries({ ...filter, predicate: (query) => onTheirWay.has(query) });
}

/** What the feed tells within this time is read together. */
const PAUSE_MS = 250;
const waiting = new WeakSet<QueryClient>();

/** The same in a moment, once for all that happens meanwhile: a file of refunds is thousands of entries. */
export function refreshSoon(client: QueryClient): void {
  if (waiting.has(client)) return;
  waiting.add(client);
  setTimeout(() => {
    waiting.delete(client);
    void refreshAll(client);
  }, PAUSE_MS);
}
