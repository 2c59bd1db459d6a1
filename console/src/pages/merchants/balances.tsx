/** What is held for a merchant, by currency, and paying it out. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { post } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import { read, refreshAll } from '../../api/queries.ts';
import type { Balance, Merchant, Page, Settlement } from '../../api/types.ts';
import { useMay } from '../../app/session.tsx';
import { formatAmount } from '../../money/money.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { newIdempotencyKey } from '../../refunds/attempt.ts';

interface Balances {
  readonly data: readonly Balance[];
}

export function BalancesPanel({ merchant }: { readonly merchant: Merchant }) {
  const { data, error, refetch } = useQuery(read<Balances>(`/v1/merchants/${merchant.id}/balances`));
  const maySettle = useMay('write');
  const [settling, setSettling] = useState<Balance | null>(null);
  const amount = (
    id: 'merchant_unsettled' | 'refunds_payable' | 'merchant_settled',
    title: string,
    onlyWide = false,
  ): Column<Balance> => ({
    id,
    title,
    cell: (balance) => <AmountText minor={balance[id]} currency={balance.currency} bare />,
    isNumber: true,
    onlyWide,
  });
  const columns: Column<Balance>[] = [
    { id: 'currency', title: 'Currency', cell: ({ currency }) => currency },
    amount('merchant_unsettled', 'Unsettled'),
    amount('refunds_payable', 'Reserved', true),
    amount('merchant_settled', 'Paid out', true),
    ...(maySettle
      ? [
          {
            id: 'settle',
            title: 'Settlement',
            cell: (balance: Balance) =>
              balance.merchant_unsettled > 0 ? (
                <Button
                  variant="default"
                  size="compact-sm"
                  aria-label={`Settle ${balance.currency}`}
                  onClick={() => setSettling(balance)}
                >
                  Settle
                </Button>
              ) : (
                '–'
              ),
            isNumber: true,
          },
        ]
      : []),
  ];
  return (
    <Panel title="Balances" flush>
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the balances" />
      ) : data.data.length === 0 ? (
        <EmptyState title="Nothing was captured yet" />
      ) : (
        <DataTable label="Balances" columns={columns} rows={data.data} rowId={({ currency }) => currency} />
      )}
      <Modal
        opened={settling !== null}
        onClose={() => setSettling(null)}
        title={`Settle ${settling?.currency ?? ''}`}
        keepMounted={false}
      >
        {settling !== null && <Settle merchant={merchant} balance={settling} onClose={() => setSettling(null)} />}
      </Modal>
    </Panel>
  );
}

interface SettleProps {
  readonly merchant: Merchant;
  readonly balance: Balance;
  readonly onClose: () => void;
}

function Settle({ merchant, balance: { currency, merchant_unsettled: unsettled }, onClose }: SettleProps) {
  const client = useQueryClient();
  const key = useRef(newIdempotencyKey());
  const isSending = useRef(false);
  const settle = useMutation<Settlement, ApiError>({
    mutationFn: () =>
      post<Settlement>('/v1/settlements', { merchant_id: merchant.id, currency }, { idempotencyKey: key.current }),
    onSettled: (_settlement, error) => {
      isSending.current = false;
      // A refusal belongs to its key: whoever tries again wants to hear a new answer.
      if (error instanceof ApiError && !error.isUndecided) key.current = newIdempotencyKey();
      return refreshAll(client);
    },
  });
  if (settle.data !== undefined) {
    const { amount } = settle.data;
    return (
      <Stack gap="md">
        <Notice tone="good" title={`${currency} ${formatAmount(amount, currency)} settled`} live>
          <Text size="sm">It is paid out to {merchant.name} and no longer unsettled.</Text>
        </Notice>
        <Group justify="flex-end">
          <Button data-autofocus onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Stack gap="md">
      <Text size="sm">
        The whole unsettled balance of {merchant.name} in {currency} is paid out:{' '}
        <AmountText minor={unsettled} currency={currency} strong /> now, or whatever it is at the moment in which you
        confirm.
      </Text>
      <Text size="sm">
        Payments that were captured until then are settled: they can still be refunded, and no longer be voided. This
        cannot be taken back.
      </Text>
      {settle.error !== null && (
        <Notice tone={settle.error.isUndecided ? 'wait' : 'bad'} title={settle.error.title} live>
          <Text size="sm">
            {settle.error.detail}
            {settle.error.isUndecided ? ' Trying again is the same settlement, and never another one.' : ''}
          </Text>
        </Notice>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          data-autofocus
          loading={settle.isPending}
          onClick={() => {
            if (isSending.current) return;
            isSending.current = true;
            settle.mutate();
          }}
        >
          Settle {currency} {formatAmount(unsettled, currency)}
        </Button>
      </Group>
    </Stack>
  );
}

const SHOWN = 10;

const SETTLEMENTS: readonly Column<Settlement>[] = [
  {
    id: 'when',
    title: 'When',
    cell: ({ created_at }) => <TimeText at={created_at} />,
  },
  {
    id: 'amount',
    title: 'Paid out',
    cell: ({ amount, currency, cutoff_seq }) => (
      <>
        <AmountText minor={amount} currency={currency} strong />
        <OnlyNarrow>
          <Text size="xs" c="dimmed">
            up to entry {String(cutoff_seq)}
          </Text>
        </OnlyNarrow>
      </>
    ),
    isNumber: true,
  },
  {
    id: 'cutoff',
    title: 'Up to entry',
    cell: ({ cutoff_seq }) => String(cutoff_seq),
    isNumber: true,
    onlyWide: true,
  },
];

export function SettlementsPanel({ merchantId }: { readonly merchantId: string }) {
  const { data, error, refetch } = useQuery(
    read<Page<Settlement>>('/v1/settlements', { merchant_id: merchantId, limit: SHOWN }),
  );
  return (
    <Panel title="Settlements" aside={data?.has_more === true ? `The newest ${SHOWN}` : undefined} flush>
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the settlements" />
      ) : data.data.length === 0 ? (
        <EmptyState title="Nothing was paid out yet" />
      ) : (
        <DataTable label="Settlements" columns={SETTLEMENTS} rows={data.data} rowId={({ id }) => id} />
      )}
    </Panel>
  );
}
