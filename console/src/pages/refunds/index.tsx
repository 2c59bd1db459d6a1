/** All refunds, filtered and sorted as the URL says; one of them may be open over the list. */
import { useMemo } from 'react';
import type { Refund } from '../../api/types.ts';
import { useSession } from '../../app/session.tsx';
import { ExportLink } from '../../lists/export-link.tsx';
import { FilterBar } from '../../lists/filter-bar.tsx';
import { ListPanel } from '../../lists/list-panel.tsx';
import { useList } from '../../lists/use-list.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { REFUND_STATUSES, refundColumns } from '../../refunds/refund-table.tsx';
import { RefundViewDrawer } from '../../refunds/refund-view-drawer.tsx';
import { useShownRefund } from '../../refunds/use-shown-refund.ts';

const rowId = ({ id }: Refund): string => id;

export default function RefundsPage() {
  const list = useList<Refund>('/v1/refunds');
  const { refundId, linkTo, close } = useShownRefund();
  const seesAll = useSession().user.merchant_id === null;
  const columns = useMemo(() => refundColumns({ withMerchant: seesAll }), [seesAll]);
  return (
    <>
      <PageTitle title="Refunds">
        <ExportLink what="refunds" query={list.query} />
      </PageTitle>
      <FilterBar filters={list.filters} problems={list.problems} set={list.set} statuses={REFUND_STATUSES} />
      <ListPanel what="refunds" list={list}>
        <DataTable
          label="Refunds"
          columns={columns}
          rows={list.rows}
          rowId={rowId}
          rowLink={({ id }) => linkTo(id)}
          sort={list.sort}
          onSort={list.setSort}
        />
      </ListPanel>
      <RefundViewDrawer refundId={refundId} onClose={close} />
    </>
  );
}
