/** Every account of every merchant and currency. Each line sums to zero, and so does each currency: for all to see. */
import { Anchor, Button, Stack, Table, Text } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { get } from '../../api/client.ts';
import { withFilter } from '../../lists/filters.ts';
import type { Minor } from '../../money/money.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantSelect } from '../../parts/merchant-select.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './books.module.css';

interface Accounts {
  readonly currency: string;
  readonly processor_clearing: Minor;
  readonly merchant_unsettled: Minor;
  readonly refunds_payable: Minor;
  readonly merchant_settled: Minor;
  readonly sum: Minor;
}

interface Line extends Accounts {
  readonly merchant_id: string;
  readonly merchant_name: string;
}

interface TrialBalanceAnswer {
  readonly as_of: string;
  readonly totals: readonly (Accounts & { readonly merchants: number })[];
  readonly data: readonly Line[];
  readonly next: string | null;
}

const COLUMNS = [
  [
    'processor_clearing',
    'Processor clearing',
    'Captured less refunded. Negative: it is what the processor holds for you.',
  ],
  ['merchant_unsettled', 'Merchant unsettled', 'Owed to the merchant and not paid out yet.'],
  ['refunds_payable', 'Refunds payable', 'Reserved for refunds that await approval.'],
  ['merchant_settled', 'Merchant settled', 'Paid out to the merchant by settlements.'],
] as const;

const pages = (merchantId: string) =>
  infiniteQueryOptions({
    queryKey: ['read', '/console/api/trial-balance', merchantId],
    queryFn: ({ pageParam, signal }) =>
      get<TrialBalanceAnswer>('/console/api/trial-balance', { merchant_id: merchantId, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

export function TrialBalance() {
  const [parameters, setParameters] = useSearchParams();
  const merchantId = parameters.get('merchant') ?? '';
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(pages(merchantId));
  if (data === undefined) {
    return (
      <Panel>
        {error === null ? (
          <Loading what="the trial balance" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )}
      </Panel>
    );
  }
  const [first] = data.pages;
  const lines = data.pages.flatMap((page) => page.data);
  const totals = first?.totals ?? [];
  return (
    <Stack gap="md">
      <div className={classes.bar}>
        <Text size="sm" c="dimmed">
          Credits less debits of each account
          {first !== undefined && (
            <>
              , as of <TimeText at={first.as_of} />
            </>
          )}
          . Every line must sum to zero.
        </Text>
        <MerchantSelect
          value={merchantId}
          onChange={(id) => setParameters((before) => withFilter(before, 'merchant', id), { replace: true })}
        />
      </div>
      {lines.length === 0 ? (
        <Panel>
          <EmptyState title="No account was ever used">The first captured payment opens them.</EmptyState>
        </Panel>
      ) : (
        <>
          <Panel title="By currency" flush>
            <AccountTable
              label="By currency"
              rows={totals.map((total) => ({ ...total, id: total.currency }))}
              first="Currency"
            >
              {({ currency, merchants }) => (
                <>
                  <strong>{currency}</strong>
                  <span className={classes.dim}>
                    {' '}
                    {merchants.toLocaleString('en')} {merchants === 1 ? 'merchant' : 'merchants'}
                  </span>
                </>
              )}
            </AccountTable>
          </Panel>
          <Panel title="By merchant and currency" flush>
            <AccountTable
              label="By merchant and currency"
              rows={lines.map((line) => ({ ...line, id: line.merchant_id + line.currency }))}
              first="Merchant"
            >
              {({ merchant_id: id, merchant_name: name, currency }) => (
                <>
                  <Anchor component={Link} to={`/merchants/${id}`} size="sm">
                    {name}
                  </Anchor>{' '}
                  <span className={classes.dim}>{currency}</span>
                </>
              )}
            </AccountTable>
            {hasNextPage && (
              <div className={classes.foot}>
                <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  Show more
                </Button>
              </div>
            )}
          </Panel>
          <Panel title="What the accounts hold">
            <Facts facts={COLUMNS.map(([, title, meaning]) => [title, meaning])} />
          </Panel>
        </>
      )}
    </Stack>
  );
}

interface AccountTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  /** Above the names. */
  readonly first: string;
  /** A row's name. */
  readonly children: (row: Row) => ReactNode;
}

function AccountTable<Row extends Accounts & { readonly id: string }>(props: AccountTableProps<Row>) {
  const { label, rows, first, children } = props;
  return (
    <Table aria-label={label} className={classes.accounts ?? ''}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{first}</Table.Th>
          {COLUMNS.map(([account, title]) => (
            <Table.Th key={account}>{title}</Table.Th>
          ))}
          <Table.Th>Sum</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            <Table.Td>{children(row)}</Table.Td>
            {COLUMNS.map(([account, title]) => (
              <Table.Td key={account} data-title={title}>
                <AmountText minor={row[account]} currency={row.currency} bare />
              </Table.Td>
            ))}
            <Table.Td data-title="Sum">
              <Sum row={row} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Zero, or an alarm. */
function Sum({ row }: { readonly row: Accounts }) {
  const isZero = BigInt(row.sum) === 0n;
  return (
    <span className={classes.sum}>
      <AmountText minor={row.sum} currency={row.currency} bare strong />
      <ToneBadge tone={isZero ? 'good' : 'bad'}>{isZero ? 'Balances' : 'Does not balance'}</ToneBadge>
    </span>
  );
}
