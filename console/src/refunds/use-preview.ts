/** What a refund would bring about, asked for while it is written: of what was typed last, and of nothing else. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { post } from '../api/client.ts';
import type { ApiError } from '../api/error.ts';
import type { RefundPreview } from '../api/types.ts';
import type { RefundBody } from './attempt.ts';

const PAUSE_MS = 200;

export function usePreview(body: RefundBody | null) {
  const content = body === null ? null : JSON.stringify(body);
  const [settled] = useDebouncedValue(content, PAUSE_MS);
  // The first is asked for at once: what cannot be refunded is said before anyone tries.
  const asked = settled ?? content;
  const { data, error, isPlaceholderData, isFetching } = useQuery<RefundPreview, ApiError>({
    queryKey: ['read', '/v1/refunds/preview', body?.payment_id, asked],
    queryFn: ({ signal }) => post<RefundPreview>('/v1/refunds/preview', JSON.parse(asked ?? ''), { signal }),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const isCurrent = data !== undefined && !isPlaceholderData && content === asked && error === null;
  return { preview: data ?? null, error, isCurrent, isFetching };
}
