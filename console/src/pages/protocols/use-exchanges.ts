/** Sends requests in order, until one of them is turned down, and keeps what came back. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { refreshAll } from '../../api/queries.ts';
import type { Operation } from './protocol-view.ts';
import { signedQuery } from './use-signed.ts';
import { type Draft, readHeaders, send, type WireAnswer, type WireRequest } from './wire.ts';

export interface Step {
  readonly operation: Operation;
  readonly draft: Draft;
}

export interface Exchange {
  readonly operation: Operation;
  readonly answer: WireAnswer;
}

/** A draft as it is sent, but for its signature. Throws what is wrong with its headers. */
export function requestOf({ operation, draft }: Step): WireRequest {
  const read = readHeaders(draft.headers);
  if ('problem' in read) throw new Error(read.problem);
  const { method, path, example } = operation;
  const target = example.query === '' ? path : `${path}?${example.query}`;
  return { method, target, headers: read.headers, body: draft.body };
}

export function useExchanges(withCookies: boolean) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (steps: readonly Step[]): Promise<readonly Exchange[]> => {
      const exchanges: Exchange[] = [];
      for (const step of steps) {
        const request = requestOf(step);
        const body = step.operation.signed ? await client.fetchQuery(signedQuery(request.body)) : request.body;
        const answer = await send({ ...request, body }, withCookies);
        exchanges.push({ operation: step.operation, answer });
        if (answer.status >= 400) break;
      }
      return exchanges;
    },
    // Whatever it was, payments and refunds may be others now.
    onSettled: () => refreshAll(client),
  });
}
