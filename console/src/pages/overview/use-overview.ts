/** The overview's numbers, read again soon after something happened: at most every few seconds, however much happens. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { followFeed } from '../../api/feed.ts';
import { read } from '../../api/queries.ts';
import { queueQuery } from '../approvals/use-queue.ts';
import { minutesAhead, type Overview } from './overview-data.ts';

export const DAYS = 8;
/** The server itself looks no more often. */
const PAUSE_MS = 3_000;
const RECOUNT_MS = 1_000;
/** Days end, too, when nothing happens. */
const AT_LEAST_MS = 60_000;

export function useOverview(merchantId: string) {
  const client = useQueryClient();
  const query = read<Overview>('/console/api/overview', {
    merchant_id: merchantId,
    days: DAYS,
    tz: minutesAhead(new Date()),
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const leave = followFeed(() => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ queryKey: ['read', '/console/api/overview'] });
        void client.invalidateQueries({ queryKey: queueQuery.queryKey });
      }, PAUSE_MS);
    });
    return () => {
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
  return useQuery({
    ...query,
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (state.data?.complete === false ? RECOUNT_MS : AT_LEAST_MS),
  });
}
