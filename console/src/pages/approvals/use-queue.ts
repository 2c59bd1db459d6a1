/** Refunds that wait for a second person, the most urgent first; kept true by what happens meanwhile. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { get } from '../../api/client.ts';
import { followFeed } from '../../api/feed.ts';
import { refreshSoon } from '../../api/queries.ts';
import type { Page, Refund } from '../../api/types.ts';

/** Nobody reads more at once, and what is decided makes room. */
const MOST = 500;
const PAGE_SIZE = 100;

export interface Queue {
  readonly refunds: readonly Refund[];
  /** Whether there are more than are here. */
  readonly hasMore: boolean;
}

export const queueQuery = queryOptions({
  queryKey: ['read', '/v1/refunds', 'waiting'],
  queryFn: async ({ signal }): Promise<Queue> => {
    const refunds: Refund[] = [];
    let cursor: string | null = null;
    do {
      const query = { status: 'pending_approval', limit: PAGE_SIZE, cursor };
      const page: Page<Refund> = await get<Page<Refund>>('/v1/refunds', query, signal);
      refunds.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null && refunds.length < MOST);
    refunds.sort((a, b) => (a.expires_at ?? '').localeCompare(b.expires_at ?? ''));
    return { refunds, hasMore: cursor !== null };
  },
});

const CHANGES: ReadonlySet<string> = new Set([
  'refund_requested',
  'refund_approved',
  'refund_rejected',
  'refund_canceled',
  'refund_expired',
]);

export function useQueue() {
  const client = useQueryClient();
  useEffect(
    () =>
      followFeed(({ kind }) => {
        if (CHANGES.has(kind)) refreshSoon(client);
      }),
    [client],
  );
  return useQuery(queueQuery);
}
