import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Refund, User } from '../../api/types.ts';
import { actorWords } from '../../journal/words.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './approvals.module.css';

interface QueueTableProps {
  readonly label: string;
  readonly refunds: readonly Refund[];
  readonly user: User;
  readonly rowLink: (refund: Refund) => string;
}

/** Then somebody should look at it before anything else. */
const SOON_MS = 6 * 3_600_000;

const rowId = ({ id }: Refund): string => id;

/** Who asked; the person who looks is told so. */
export function Asker({ refund, user }: { readonly refund: Refund; readonly user: Pick<User, 'name'> }) {
  if (refund.requested_by === null) return '–';
  return refund.requested_by === `user:${user.name}` ? 'You' : actorWords(refund.requested_by);
}

export function Until({ at }: { readonly at: string }) {
  const isSoon = Date.parse(at) - Date.now() < SOON_MS;
  return (
    <span className={classes.until}>
      <TimeText at={at} relative />
      {isSoon && <ToneBadge tone="bad">Soon</ToneBadge>}
    </span>
  );
}

export function QueueTable({ label, refunds, user, rowLink }: QueueTableProps) {
  const columns = useMemo((): Column<Refund>[] => {
    const merchant: Column<Refund> = {
      id: 'merchant',
      title: 'Merchant',
      cell: ({ merchant_id }) => <MerchantName id={merchant_id} />,
      onlyWide: true,
    };
    return [
      {
        id: 'amount',
        title: 'Refund of',
        cell: ({ amount, currency }) => <AmountText minor={amount} currency={currency} strong />,
      },
      ...(user.merchant_id === null ? [merchant] : []),
      {
        id: 'why',
        title: 'Reason',
        cell: (refund) => (
          <>
            {refund.reason ?? <span className={classes.none}>No reason given</span>}
            <OnlyNarrow>
              <Text size="xs" c="dimmed">
                <Asker refund={refund} user={user} />
              </Text>
            </OnlyNarrow>
          </>
        ),
      },
      { id: 'asker', title: 'Requested by', cell: (refund) => <Asker refund={refund} user={user} />, onlyWide: true },
      {
        id: 'asked',
        title: 'Requested',
        cell: ({ created_at }) => <TimeText at={created_at} relative />,
        onlyWide: true,
      },
      {
        id: 'until',
        title: 'Expires',
        cell: ({ expires_at }) => (expires_at === null ? '–' : <Until at={expires_at} />),
        isNumber: true,
      },
    ];
  }, [user]);
  return <DataTable label={label} columns={columns} rows={refunds} rowId={rowId} rowLink={rowLink} />;
}
