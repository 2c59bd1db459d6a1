import type { Refund } from '../api/types.ts';
import { StatusBadge } from './status-badge.tsx';

/** How a refund stands; of a canceled one, how it was canceled. */
export function RefundBadge({ refund }: { readonly refund: Pick<Refund, 'status' | 'cancel_reason'> }) {
  const { status, cancel_reason: how } = refund;
  return <StatusBadge status={status === 'canceled' ? (how ?? status) : status} />;
}
