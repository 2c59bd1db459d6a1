/** What approving a refund would bring about, as the server decides it now; for whom it decides nothing, why not. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { post } from '../api/client.ts';
import type { ApiError } from '../api/error.ts';
import { read } from '../api/queries.ts';
import type { Entitlement, Page, Refund, RefundPreview } from '../api/types.ts';
import { useSession } from '../app/session.tsx';
import { Effects } from './effects.tsx';
import { RefusalNotice } from './refusal-notice.tsx';

export function ApprovalEffects({ refund }: { readonly refund: Refund }) {
  const { user } = useSession();
  const entitlements = useQuery(read<Page<Entitlement>>(`/v1/payments/${refund.payment_id}/entitlements`));
  const { data: preview } = useQuery<RefundPreview, ApiError>({
    queryKey: ['read', '/v1/refunds/approve/preview', refund.id],
    queryFn: ({ signal }) =>
      post<RefundPreview>(`/v1/refunds/${refund.id}/approve/preview`, { amount: refund.amount }, { signal }),
  });
  if (preview === undefined) return null;
  if (preview.refusal !== null) {
    // That they asked for it themselves is said where the buttons would be.
    const isOwn = refund.requested_by === `user:${user.name}`;
    return isOwn ? null : <RefusalNotice refusal={preview.refusal} currency={refund.currency} />;
  }
  return (
    <section aria-label="If it is approved">
      <Text size="xs" c="dimmed" mb={4}>
        If it is approved
      </Text>
      <Effects preview={preview} entitlements={entitlements.data?.data ?? []} />
    </section>
  );
}
