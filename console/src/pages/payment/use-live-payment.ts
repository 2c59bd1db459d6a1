import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { followFeed } from '../../api/feed.ts';
import { refreshSoon } from '../../api/queries.ts';

/** Keeps what is on screen true: what happens to the payment elsewhere is read again as it happens. */
export function useLivePayment(paymentId: string): void {
  const client = useQueryClient();
  useEffect(
    () =>
      followFeed((entry) => {
        if (entry.payment_id === paymentId) refreshSoon(client);
      }),
    [client, paymentId],
  );
}
