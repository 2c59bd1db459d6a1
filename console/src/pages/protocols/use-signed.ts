/** The demo's signature over a request as it stands, made anew after each edit. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { post } from '../../api/client.ts';

interface Envelope {
  readonly request: string;
  readonly signature: string;
}

/** Long enough to finish a word. */
const PAUSE_MS = 250;

/** The signed body, ready to be sent. The same text always has the same signature. */
export const signedQuery = (text: string) =>
  queryOptions({
    queryKey: ['signed', text],
    queryFn: async ({ signal }) => {
      const { request, signature } = await post<Envelope>(
        '/console/api/protocols/bbmsl/sign',
        { request: text },
        { signal },
      );
      return JSON.stringify({ request, signature });
    },
    staleTime: Infinity,
    retry: false,
  });

export function useSigned(text: string, isAsked: boolean) {
  const [settled] = useDebouncedValue(text, PAUSE_MS);
  const { data, error, isPlaceholderData } = useQuery({
    ...signedQuery(settled),
    enabled: isAsked,
    placeholderData: keepPreviousData,
  });
  return { envelope: data ?? null, error, isFresh: data !== undefined && !isPlaceholderData && settled === text };
}
