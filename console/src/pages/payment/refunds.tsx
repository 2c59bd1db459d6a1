import { useQuery } from '@tanstack/react-query';
import { read } from '../../api/queries.ts';
import type { Page, Refund } from '../../api/types.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Panel } from '../../parts/panel.tsx';
import { refundColumns } from '../../refunds/refund-table.tsx';

interface RefundsProps {
  readonly paymentId: string;
  readonly refundLink: (refundId: string) => string;
}

const COLUMNS = refundColumns({ withMerchant: false });
const rowId = ({ id }: Refund): string => id;
/** A payment rarely has more than a handful. */
const MOST = 100;

export function Refunds({ paymentId, refundLink }: RefundsProps) {
  const { data, error, refetch } = useQuery(read<Page<Refund>>('/v1/refunds', { payment_id: paymentId, limit: MOST }));
  return (
    <Panel title="Refunds" flush aside={data?.has_more === true ? `The newest ${MOST}` : undefined}>
      {error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="its refunds" />
      ) : data.data.length === 0 ? (
        <EmptyState title="Nothing was refunded" />
      ) : (
        <DataTable
          label="Refunds of this payment"
          columns={COLUMNS}
          rows={data.data}
          rowId={rowId}
          rowLink={({ id }) => refundLink(id)}
        />
      )}
    </Panel>
  );
}
