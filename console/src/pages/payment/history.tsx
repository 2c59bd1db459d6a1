import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { get } from '../../api/client.ts';
import type { JournalEntry, Page } from '../../api/types.ts';
import { Timeline } from '../../journal/timeline.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Panel } from '../../parts/panel.tsx';

interface HistoryProps {
  readonly paymentId: string;
  readonly refundLink: (refundId: string) => string;
}

const journal = (paymentId: string) =>
  infiniteQueryOptions({
    queryKey: ['read', '/v1/journal', 'pages', paymentId],
    queryFn: ({ pageParam, signal }) =>
      get<Page<JournalEntry>>('/v1/journal', { payment_id: paymentId, limit: 20, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export function History({ paymentId, refundLink }: HistoryProps) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(journal(paymentId));
  return (
    <Panel title="Journal">
      {error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the journal" />
      ) : (
        <Timeline
          entries={data.pages.flatMap((page) => page.data)}
          refundLink={refundLink}
          onMore={hasNextPage ? () => void fetchNextPage() : undefined}
        />
      )}
    </Panel>
  );
}
