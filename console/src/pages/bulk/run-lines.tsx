/** The lines of a file, with what became of each, or what is expected to. */
import { Button, Text } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { get } from '../../api/client.ts';
import { sentence } from '../../journal/words.ts';
import { withFilter } from '../../lists/filters.ts';
import { readAmount } from '../../money/money.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { ChoicePills } from '../../parts/choice-pills.tsx';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import classes from './bulk.module.css';
import {
  type BulkLine,
  type BulkLines,
  type BulkRun,
  EXPECTED_WORDS,
  lineChoices,
  lineQuery,
  OUTCOME_WORDS,
} from './run-view.ts';

const PAGE_SIZE = 100;
/** While a run goes on, pages are read again; somebody who opened many of them waits for its end. */
const LOOK_AGAIN_MS = 2_000;
const PAGES_READ_AGAIN = 3;

const pages = (id: string, choice: string) =>
  infiniteQueryOptions({
    queryKey: ['read', `/console/api/bulk/${id}/lines`, 'pages', choice],
    queryFn: ({ pageParam, signal }) =>
      get<BulkLines>(
        `/console/api/bulk/${id}/lines`,
        { ...lineQuery(choice), limit: PAGE_SIZE, after: pageParam },
        signal,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next_after,
  });

interface RunLinesProps {
  readonly run: BulkRun;
  readonly refundLink: (refundId: string) => string;
}

const rowId = ({ line }: BulkLine): string => String(line);

export function RunLines({ run, refundLink }: RunLinesProps) {
  const [parameters, setParameters] = useSearchParams();
  const choice = parameters.get('lines') ?? '';
  const list = useInfiniteQuery({
    ...pages(run.id, choice),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) =>
      run.status === 'running' && (state.data?.pages.length ?? 0) <= PAGES_READ_AGAIN ? LOOK_AGAIN_MS : false,
  });
  const lines = useMemo(() => list.data?.pages.flatMap(({ data }) => data) ?? [], [list.data]);
  const choices = lineChoices(run);
  const isExpected = run.status === 'ready';
  const columns = useMemo(() => columnsOf(isExpected), [isExpected]);
  // What was chosen may have become none meanwhile; it stays on screen, so that it can be left.
  const isListed = choices.some(({ value }) => value === choice);
  return (
    <Panel title="Lines" flush>
      <div className={classes.choices}>
        <ChoicePills
          label="Show lines"
          choices={isListed ? choices : [...choices, { value: choice, words: sentence(choice), count: 0 }]}
          value={choice}
          onChange={(value) => setParameters((before) => withFilter(before, 'lines', value), { replace: true })}
        />
      </div>
      {list.error !== null && lines.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading what="lines" />
      ) : lines.length === 0 ? (
        <EmptyState title="No such lines" />
      ) : (
        <div className={classes.rows} data-old={list.isPlaceholderData || undefined}>
          <DataTable
            label="Lines"
            columns={columns}
            rows={lines}
            rowId={rowId}
            rowLink={({ refund_id: refund, payment_id: payment }) =>
              refund !== null ? refundLink(refund) : payment !== null ? `/payments/${payment}` : undefined
            }
          />
        </div>
      )}
      {list.hasNextPage && (
        <div className={classes.foot}>
          <Text size="xs" c="dimmed" role="status">
            The first {lines.length.toLocaleString('en')} lines
          </Text>
          <Button
            variant="default"
            size="xs"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** `isExpected`: what a dry run expects is shown; once a run has begun, only what became of lines is. */
const columnsOf = (isExpected: boolean): readonly Column<BulkLine>[] => [
  {
    id: 'payment',
    title: 'Payment',
    cell: ({ payment, reference, namespace, line }) => (
      <span className={classes.written}>
        <span className={classes.value}>{(reference === '' ? payment : reference) || '–'}</span>
        <span className={classes.below}>
          Line {line}
          {(reference === '' || namespace !== '') && (
            <span className={classes.namespace}>
              {' · '}
              {reference === '' ? 'id' : namespace}
            </span>
          )}
        </span>
      </span>
    ),
  },
  { id: 'reason', title: 'Reason', cell: ({ reason }) => reason, onlyWide: true },
  {
    id: 'outcome',
    title: 'Outcome',
    cell: (line) => (
      <>
        <OutcomeBadge line={line} isExpected={isExpected} />
        {(isExpected || line.outcome !== null) && <Why line={line} />}
        <OnlyNarrow>
          <Asked line={line} />
        </OnlyNarrow>
      </>
    ),
  },
  {
    id: 'amount',
    title: 'Amount',
    cell: (line) => <Asked line={line} />,
    isNumber: true,
    onlyWide: true,
    onOneLine: true,
  },
];

function OutcomeBadge({
  line: { outcome, expected },
  isExpected,
}: {
  readonly line: BulkLine;
  readonly isExpected: boolean;
}) {
  if (outcome !== null) return <ToneBadge tone={OUTCOME_WORDS[outcome][0]}>{OUTCOME_WORDS[outcome][1]}</ToneBadge>;
  if (!isExpected) return <ToneBadge tone="calm">Not done yet</ToneBadge>;
  if (expected === null) return <ToneBadge tone="calm">Not looked at</ToneBadge>;
  return <ToneBadge tone={EXPECTED_WORDS[expected][0]}>{EXPECTED_WORDS[expected][1]}</ToneBadge>;
}

function Why({ line: { code, detail } }: { readonly line: BulkLine }) {
  if (code === null && detail === null) return null;
  return (
    <div className={classes.why}>
      {code !== null && code !== 'invalid_request' && <>{sentence(code)}: </>}
      {detail}
    </div>
  );
}

/** What it refunds, where that is known; else what was written. */
function Asked({ line }: { readonly line: BulkLine }) {
  const { refund_amount: minor, refund_currency: refunded, amount, currency } = line;
  if (minor !== null && refunded !== null) return <AmountText minor={minor} currency={refunded} />;
  const read = currency === '' ? null : readAmount(amount, currency);
  if (read !== null && read.minor !== null) return <AmountText minor={read.minor} currency={currency} />;
  const written = [currency, amount].filter((cell) => cell !== '').join(' ');
  return written === '' ? 'All that is left' : amount === '' ? `All, in ${written}` : written;
}
