/** A list of the API, page after page, filtered as the URL says. */
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { get, type Query, withQuery } from '../api/client.ts';
import type { Page } from '../api/types.ts';
import { listRequest, readFilters, withFilter } from './filters.ts';

const PAGE_SIZE = 50;

const pages = <T>(path: string, query: Query) =>
  infiniteQueryOptions({
    queryKey: ['read', path, 'pages', withQuery('', query)],
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...query, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export function useList<T>(path: string) {
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo(() => readFilters(parameters), [parameters]);
  const { query, problems } = useMemo(() => listRequest(filters), [filters]);
  const { data, ...list } = useInfiniteQuery({ ...pages<T>(path, query), placeholderData: (before) => before });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const set = useCallback(
    (name: string, value: string | null) => {
      setParameters((before) => withFilter(before, name, value), { replace: true });
    },
    [setParameters],
  );
  const setSort = useCallback((sort: string | null) => set('sort', sort), [set]);
  return { ...list, rows, filters, problems, query, set, sort: parameters.get('sort'), setSort };
}
