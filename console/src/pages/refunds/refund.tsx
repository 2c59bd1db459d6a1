/** A refund by its id: it is shown with its payment, where it belongs. */
import { useQuery } from '@tanstack/react-query';
import { Navigate, useParams } from 'react-router';
import { read } from '../../api/queries.ts';
import type { Refund } from '../../api/types.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';

export default function RefundPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(read<Refund>(`/v1/refunds/${encodeURIComponent(id)}`));
  if (data !== undefined) return <Navigate to={`/payments/${data.payment_id}?refund=${data.id}`} replace />;
  if (error === null) return <Loading what="the refund" />;
  return (
    <>
      <PageTitle title="Refund" />
      <Panel>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </Panel>
    </>
  );
}
