import { useMutation, useQueryClient } from '@tanstack/react-query';
import { post } from '../../api/client.ts';
import type { ApiError } from '../../api/error.ts';
import { refreshAll } from '../../api/queries.ts';
import type { Credential } from '../../api/types.ts';

/** Revokes a credential by its id: for good, and twice is the same as once. */
export function useRevoke() {
  const client = useQueryClient();
  return useMutation<Credential, ApiError, string>({
    mutationFn: (id) => post<Credential>(`/v1/credentials/${id}/revoke`),
    onSettled: () => refreshAll(client),
  });
}
