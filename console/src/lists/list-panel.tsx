/** A list's rows, or why there are none; how many are shown; and the next ones. */
import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { Loading } from '../parts/loading.tsx';
import { Panel } from '../parts/panel.tsx';
import classes from './list-panel.module.css';

interface ListPanelProps {
  /** `payments`: for sentences. */
  readonly what: string;
  readonly list: {
    readonly rows: readonly unknown[];
    readonly error: Error | null;
    readonly isPending: boolean;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly isPlaceholderData: boolean;
    readonly sort: string | null;
    readonly filters: object;
    fetchNextPage(): Promise<unknown>;
    refetch(): Promise<unknown>;
  };
  readonly children: ReactNode;
}

export function ListPanel({ what, list, children }: ListPanelProps) {
  const { rows, hasNextPage } = list;
  if (list.error !== null && rows.length === 0) {
    return (
      <Panel>
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      </Panel>
    );
  }
  if (list.isPending) {
    return (
      <Panel>
        <Loading what={what} />
      </Panel>
    );
  }
  if (rows.length === 0) {
    const isFiltered = Object.keys(list.filters).length > 0;
    return (
      <Panel>
        <EmptyState title={isFiltered ? `No ${what} match` : `There are no ${what} yet`}>
          {isFiltered ? 'Change or clear a filter.' : undefined}
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel flush>
      <div className={classes.rows} data-old={list.isPlaceholderData || undefined}>
        {children}
      </div>
      <div className={classes.foot}>
        <Text size="xs" c="dimmed" role="status">
          {hasNextPage
            ? `The newest ${rows.length} ${what}`
            : rows.length === 1
              ? `1 ${what.slice(0, -1)}`
              : `${rows.length} ${what}`}
          {hasNextPage && list.sort !== null ? ', sorted among themselves' : ''}
        </Text>
        {hasNextPage && (
          <Button
            variant="default"
            size="xs"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </div>
    </Panel>
  );
}
