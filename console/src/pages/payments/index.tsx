/** All payments, filtered and sorted as the URL says. */
import { useMemo } from 'react';
import type { Payment } from '../../api/types.ts';
import { useSession } from '../../app/session.tsx';
import { ExportLink } from '../../lists/export-link.tsx';
import { FilterBar } from '../../lists/filter-bar.tsx';
import { ListPanel } from '../../lists/list-panel.tsx';
import { useList } from '../../lists/use-list.ts';
import { compareAmounts } from '../../money/money.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { methodWords, PaymentBadges, PaymentName } from '../../parts/payment-words.tsx';
import { TimeText } from '../../parts/time-text.tsx';

const STATUSES = ['captured', 'pending', 'voided', 'closed'];

const byText = (a: string, b: string): number => a.localeCompare(b);

function columns(withMerchant: boolean): Column<Payment>[] {
  const merchant: Column<Payment> = {
    id: 'merchant',
    title: 'Merchant',
    cell: ({ merchant_id }) => <MerchantName id={merchant_id} />,
    onlyWide: true,
    onOneLine: true,
  };
  return [
    { id: 'payment', title: 'Payment', cell: (payment) => <PaymentName payment={payment} /> },
    ...(withMerchant ? [merchant] : []),
    {
      id: 'method',
      title: 'Method',
      cell: ({ method }) => methodWords(method) ?? '–',
      onOneLine: true,
      compare: (a, b) => byText(methodWords(a.method) ?? '', methodWords(b.method) ?? ''),
      onlyWide: true,
    },
    {
      id: 'status',
      title: 'Status',
      cell: (payment) => <PaymentBadges payment={payment} settled={payment.settled} />,
      onlyWide: true,
      compare: (a, b) => byText(a.status + a.refund_status, b.status + b.refund_status),
    },
    {
      id: 'amount',
      title: 'Amount',
      cell: (payment) => (
        <>
          <AmountText minor={payment.amount} currency={payment.currency} strong />
          <OnlyNarrow>
            <PaymentBadges payment={payment} settled={payment.settled} />
          </OnlyNarrow>
        </>
      ),
      compare: (a, b) => compareAmounts({ ...a, minor: a.amount }, { ...b, minor: b.amount }),
      isNumber: true,
    },
    {
      id: 'refundable',
      title: 'Refundable',
      cell: ({ refundable, currency }) => <AmountText minor={refundable} currency={currency} />,
      compare: (a, b) => compareAmounts({ ...a, minor: a.refundable }, { ...b, minor: b.refundable }),
      isNumber: true,
      onlyWide: true,
    },
    {
      id: 'created',
      title: 'Created',
      cell: ({ created_at }) => <TimeText at={created_at} />,
      compare: (a, b) => byText(a.created_at, b.created_at),
      isNumber: true,
      onlyWide: true,
    },
  ];
}

const rowId = ({ id }: Payment): string => id;
const rowLink = ({ id }: Payment): string => `/payments/${id}`;

export default function PaymentsPage() {
  const list = useList<Payment>('/v1/payments');
  const seesAll = useSession().user.merchant_id === null;
  const shown = useMemo(() => columns(seesAll), [seesAll]);
  return (
    <>
      <PageTitle title="Payments">
        <ExportLink what="payments" query={list.query} />
      </PageTitle>
      <FilterBar filters={list.filters} problems={list.problems} set={list.set} statuses={STATUSES} withDisputed />
      <ListPanel what="payments" list={list}>
        <DataTable
          label="Payments"
          columns={shown}
          rows={list.rows}
          rowId={rowId}
          rowLink={rowLink}
          sort={list.sort}
          onSort={list.setSort}
        />
      </ListPanel>
    </>
  );
}
