/** Refunds as rows: attempts that were refused are among them. */
import type { Refund } from '../api/types.ts';
import { sentence } from '../journal/words.ts';
import { compareAmounts } from '../money/money.ts';
import { AmountText } from '../parts/amount-text.tsx';
import type { Column } from '../parts/data-table.tsx';
import { MerchantName } from '../parts/merchant-name.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { TimeText } from '../parts/time-text.tsx';

export const REFUND_STATUSES = [
  'pending_approval',
  'succeeded',
  'refused',
  'canceled',
  'reversed',
  'pending',
  'unknown',
  'failed',
];

const byText = (a: string, b: string): number => a.localeCompare(b);

export function refundColumns({ withMerchant }: { readonly withMerchant: boolean }): Column<Refund>[] {
  const merchant: Column<Refund> = {
    id: 'merchant',
    title: 'Merchant',
    cell: ({ merchant_id }) => <MerchantName id={merchant_id} />,
    onlyWide: true,
  };
  return [
    {
      id: 'created',
      title: 'Asked',
      cell: ({ created_at }) => <TimeText at={created_at} />,
      compare: (a, b) => byText(a.created_at, b.created_at),
    },
    ...(withMerchant ? [merchant] : []),
    {
      id: 'status',
      title: 'Status',
      cell: ({ status, cancel_reason }) => (
        <StatusBadge status={status === 'canceled' ? (cancel_reason ?? status) : status} />
      ),
      compare: (a, b) => byText(a.status, b.status),
    },
    {
      id: 'why',
      title: 'Reason',
      cell: ({ reason, refusal_code }) => (refusal_code === null ? (reason ?? '–') : sentence(refusal_code)),
      onlyWide: true,
    },
    {
      id: 'protocol',
      title: 'Through',
      cell: ({ protocol }) => protocol,
      compare: (a, b) => byText(a.protocol, b.protocol),
      onlyWide: true,
    },
    {
      id: 'amount',
      title: 'Amount',
      cell: ({ amount, currency }) => <AmountText minor={amount} currency={currency} strong />,
      compare: (a, b) => compareAmounts({ ...a, minor: a.amount }, { ...b, minor: b.amount }),
      isNumber: true,
    },
  ];
}
