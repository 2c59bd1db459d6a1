/** Refunds as rows: attempts that were refused are among them. */
import type { Refund } from '../api/types.ts';
import { protocolWords, sentence } from '../journal/words.ts';
import { compareAmounts } from '../money/money.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { type Column, OnlyNarrow } from '../parts/data-table.tsx';
import { MerchantName } from '../parts/merchant-name.tsx';
import { RefundBadge } from '../parts/refund-badge.tsx';
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
    onOneLine: true,
  };
  return [
    {
      id: 'created',
      title: 'Requested',
      cell: ({ created_at }) => <TimeText at={created_at} />,
      compare: (a, b) => byText(a.created_at, b.created_at),
    },
    ...(withMerchant ? [merchant] : []),
    {
      id: 'status',
      title: 'Status',
      cell: (refund) => <RefundBadge refund={refund} />,
      compare: (a, b) => byText(a.status, b.status),
      onlyWide: true,
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
      cell: ({ protocol }) => protocolWords(protocol),
      onOneLine: true,
      compare: (a, b) => byText(a.protocol, b.protocol),
      onlyWide: true,
    },
    {
      id: 'amount',
      title: 'Amount',
      cell: (refund) => (
        <>
          <AmountText minor={refund.amount} currency={refund.currency} strong />
          <OnlyNarrow>
            <RefundBadge refund={refund} />
          </OnlyNarrow>
        </>
      ),
      compare: (a, b) => compareAmounts({ ...a, minor: a.amount }, { ...b, minor: b.amount }),
      isNumber: true,
    },
  ];
}
