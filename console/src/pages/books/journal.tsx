/** Every entry of the books, newest first, filtered as the URL says; one of them opened beside it. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { get, type Query, withQuery } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import type { JournalEntry, Page } from '../../api/types.ts';
import { actorWords, ENTRY_KINDS, entryTitle, entryTone, protocolWords } from '../../journal/words.ts';
import { withFilter } from '../../lists/filters.ts';
import { ListPanel } from '../../lists/list-panel.tsx';
import { AmountText } from '../../parts/amount-text.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { MerchantSelect } from '../../parts/merchant-select.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './books.module.css';
import { EntryDrawer } from './entry-drawer.tsx';

const PAGE_SIZE = 50;
const PAUSE_MS = 300;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const FILTERS = ['merchant', 'kind', 'payment'] as const;

const pages = (query: Query) =>
  infiniteQueryOptions({
    queryKey: ['read', '/v1/journal', 'browse', withQuery('', query)],
    queryFn: ({ pageParam, signal }) =>
      get<Page<JournalEntry>>('/v1/journal', { ...query, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

const COLUMNS: readonly Column<JournalEntry>[] = [
  {
    id: 'what',
    title: 'What happened',
    cell: (entry) => (
      <>
        <ToneBadge tone={entryTone(entry)}>{entryTitle(entry)}</ToneBadge>
        <OnlyNarrow>
          <span className={classes.dim}>
            <TimeText at={entry.created_at} />
          </span>
        </OnlyNarrow>
      </>
    ),
  },
  {
    id: 'amount',
    title: 'Amount',
    cell: ({ amount, currency }) =>
      amount === null || currency === null ? '–' : <AmountText minor={amount} currency={currency} />,
    isNumber: true,
  },
  { id: 'actor', title: 'By', cell: ({ actor }) => actorWords(actor), onlyWide: true },
  { id: 'protocol', title: 'Through', cell: ({ protocol }) => protocolWords(protocol), onlyWide: true },
  {
    id: 'at',
    title: 'When',
    cell: ({ created_at }) => <TimeText at={created_at} />,
    isNumber: true,
    onlyWide: true,
  },
  {
    id: 'seq',
    title: 'Entry',
    cell: ({ bucket, seq }) => `${bucket}/${String(seq)}`,
    isNumber: true,
    onlyWide: true,
  },
];

export function Journal() {
  const [parameters, setParameters] = useSearchParams();
  const [merchant, kind, payment] = FILTERS.map((name) => parameters.get(name) ?? '') as [string, string, string];
  const isId = payment === '' || ID.test(payment);
  const query: Query = { merchant_id: merchant, kind, ...(isId ? { payment_id: payment } : {}) };
  const { data, ...list } = useInfiniteQuery({
    ...pages(query),
    placeholderData: (before) => before,
    // A payment that is not there is nothing that another try would find.
    retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
  });
  const rows = data?.pages.flatMap((page) => page.data) ?? [];
  const opened = rows.find(({ id }) => id === parameters.get('entry'));
  const set = (name: string, value: string | null) =>
    setParameters((before) => withFilter(before, name, value), { replace: true });
  const entryLink = ({ id }: JournalEntry) => `/books?${withFilter(parameters, 'entry', id).toString()}`;
  const filters = Object.fromEntries(FILTERS.flatMap((name) => (parameters.get(name) === null ? [] : [[name, 1]])));
  return (
    <>
      <div className={classes.filters} role="group" aria-label="Filters">
        <NativeSelect
          size="xs"
          aria-label="What happened"
          value={kind}
          data={[
            { value: '', label: 'Whatever happened' },
            ...ENTRY_KINDS.map((each) => ({
              value: each,
              label: each === 'command_refused' ? 'Refused' : entryTitle({ kind: each, operation: '' }),
            })),
          ]}
          onChange={({ currentTarget }) => set('kind', currentTarget.value)}
        />
        <MerchantSelect value={merchant} onChange={(id) => set('merchant', id)} />
        <PaymentField
          value={payment}
          error={isId ? undefined : 'Is no payment’s id'}
          onChange={(id) => set('payment', id)}
        />
        {Object.keys(filters).length > 0 && (
          <Button
            variant="subtle"
            size="xs"
            onClick={() =>
              setParameters((before) => FILTERS.reduce((left, name) => withFilter(left, name, null), before), {
                replace: true,
              })
            }
          >
            Clear
          </Button>
        )}
      </div>
      <ListPanel what="entries" list={{ ...list, rows, sort: null, filters }}>
        <DataTable label="Journal" columns={COLUMNS} rows={rows} rowId={({ id }) => id} rowLink={entryLink} />
      </ListPanel>
      <EntryDrawer entry={opened ?? null} onClose={() => set('entry', null)} />
    </>
  );
}

interface PaymentFieldProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (id: string) => void;
}

function PaymentField({ value, error, onChange }: PaymentFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const publish = useDebouncedCallback(onChange, PAUSE_MS);
  return (
    <TextInput
      size="xs"
      className={classes.payment ?? ''}
      aria-label="Payment id"
      placeholder="Payment id"
      autoComplete="off"
      spellCheck={false}
      value={text}
      error={error}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        publish(currentTarget.value.trim());
      }}
    />
  );
}
