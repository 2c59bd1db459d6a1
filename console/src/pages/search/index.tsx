/** What the search found, best first, and why: which reference, id, email, amount or last four digits matched. */
import { Anchor } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import { read } from '../../api/queries.ts';
import type { SearchAnswer, SearchResult } from '../../api/types.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PaymentBadges, PaymentName } from '../../parts/payment-words.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './search.module.css';

const KINDS: Readonly<Record<SearchResult['matched']['kind'], string>> = {
  reference: 'Reference',
  refund: 'Refund',
  last4: 'Last four digits',
  email: 'Email',
  amount: 'Amount',
  id: 'Id',
  token: 'Token',
};

const COLUMNS: readonly Column<SearchResult>[] = [
  { id: 'payment', title: 'Payment', cell: ({ payment }) => <PaymentName payment={payment} /> },
  {
    id: 'matched',
    title: 'Found by',
    cell: ({ matched }) => (
      <span className={classes.matched}>
        <span className={classes.kind}>{matched.namespace ?? KINDS[matched.kind]}</span>
        <mark className={classes.value}>{matched.value}</mark>
      </span>
    ),
    onlyWide: true,
  },
  {
    id: 'merchant',
    title: 'Merchant',
    cell: ({ payment }) => <MerchantName id={payment.merchant_id} />,
    onlyWide: true,
    onOneLine: true,
  },
  {
    id: 'status',
    title: 'Status',
    cell: ({ payment }) => <PaymentBadges payment={payment} settled={payment.settled} />,
    onlyWide: true,
  },
  {
    id: 'amount',
    title: 'Amount',
    cell: ({ payment }) => (
      <>
        <AmountText minor={payment.amount} currency={payment.currency} strong />
        <OnlyNarrow>
          <PaymentBadges payment={payment} settled={payment.settled} />
        </OnlyNarrow>
      </>
    ),
    isNumber: true,
  },
  {
    id: 'created',
    title: 'Created',
    cell: ({ payment }) => <TimeText at={payment.created_at} />,
    isNumber: true,
    onlyWide: true,
  },
];

const rowId = ({ payment, matched }: SearchResult): string => `${payment.id} ${matched.kind} ${matched.value}`;
const rowLink = ({ payment }: SearchResult): string => `/payments/${payment.id}`;

export default function SearchPage() {
  const [parameters] = useSearchParams();
  const sought = parameters.get('q')?.trim() ?? '';
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...read<SearchAnswer>('/console/api/search', { q: sought, limit: 50 }),
    enabled: sought !== '',
    placeholderData: keepPreviousData,
  });
  const results = useRef<HTMLDivElement>(null);
  const isFresh = data !== undefined && !isPlaceholderData;
  // Enter searched; Enter again opens the best result.
  useEffect(() => {
    if (isFresh) results.current?.querySelector<HTMLElement>('[data-row-link]')?.focus();
  }, [isFresh, sought]);
  return (
    <>
      <PageTitle
        title={sought === '' ? 'Search' : `Search: ${sought}`}
        lead={data === undefined || sought === '' || data.results.length === 0 ? undefined : count(data)}
      />
      <Panel flush>
        <div ref={results}>
          {sought === '' ? (
            <EmptyState title="What are you looking for?">
              A reference of any partner, a payment’s or refund’s id, an email, the last four digits of a card, a token,
              or an amount such as <code>USD 49.99</code>.
            </EmptyState>
          ) : error !== null ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : data === undefined ? (
            <Loading what="results" />
          ) : data.results.length === 0 ? (
            <EmptyState title={`Nothing is known as “${sought}”`}>
              Search finds what is typed whole: a reference with its prefix, such as <code>order-1001</code>, an id, an
              email address, a token, the last four digits of a card, or an amount such as <code>USD 49.99</code>.
              Otherwise narrow down{' '}
              <Anchor component={Link} to="/payments" size="sm" underline="always">
                all payments
              </Anchor>{' '}
              by merchant, amount and day.
            </EmptyState>
          ) : (
            <DataTable label="Results" columns={COLUMNS} rows={data.results} rowId={rowId} rowLink={rowLink} />
          )}
        </div>
      </Panel>
    </>
  );
}

function count({ results, complete }: SearchAnswer): string {
  const payments = results.length === 1 ? '1 payment' : `${results.length} payments`;
  return complete ? payments : `The first ${payments}: there are more`;
}
