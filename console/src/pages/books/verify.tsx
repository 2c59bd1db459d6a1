/** Proving the books, now: every entry's hash and every row recomputed, while everything goes on. */
import { Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { IconDownload, IconPrinter } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { post } from '../../api/client.ts';
import type { ApiError } from '../../api/error.ts';
import { read } from '../../api/queries.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { utcTime } from '../../time/time.ts';
import classes from './books.module.css';
import { percentDone, secondsBetween, type VerifyAnswer } from './verify-answer.ts';

const PATH = '/console/api/verify';
const POLL_MS = 500;

const runQuery = read<VerifyAnswer>(PATH);

export function Verify() {
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    ...runQuery,
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? POLL_MS : false),
  });
  const start = useMutation<VerifyAnswer, ApiError>({
    mutationFn: () => post<VerifyAnswer>(PATH),
    onSuccess: (run) => client.setQueryData(runQuery.queryKey, run),
  });
  if (data === undefined) {
    return (
      <Panel>
        {error === null ? (
          <Loading what="the last verification" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )}
      </Panel>
    );
  }
  const isRunning = data.status === 'running';
  return (
    <Stack gap="md">
      <Panel>
        <Stack gap="sm" align="flex-start">
          <Text size="sm">
            Recomputes every hash, number and balance from the first entry on, and names each row that somebody changed,
            deleted or inserted by hand. Nothing is locked meanwhile, and nothing is changed.
          </Text>
          <Button data-no-print loading={start.isPending} disabled={isRunning} onClick={() => start.mutate()}>
            {data.status === 'idle' ? 'Verify now' : 'Verify again'}
          </Button>
          {start.error !== null && (
            <Notice tone="bad" title={start.error.title} live>
              <Text size="sm">{start.error.detail}</Text>
            </Notice>
          )}
        </Stack>
      </Panel>
      {isRunning && <Running run={data} />}
      {data.status === 'failed' && (
        <Notice tone="bad" title="The books could not be read to the end" live>
          <Text size="sm">That proves nothing, in either way. The server’s log says why; try again.</Text>
        </Notice>
      )}
      {data.status === 'done' && <Result run={data} />}
    </Stack>
  );
}

function Running({ run }: { readonly run: VerifyAnswer }) {
  const percent = percentDone(run);
  return (
    <Panel title="Verifying">
      <Progress.Root size="lg">
        <Progress.Section value={percent} aria-label="Rows looked at" />
      </Progress.Root>
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {`${run.entries.toLocaleString('en')} of about ${run.total.toLocaleString('en')} rows`}
      </Text>
    </Panel>
  );
}

function Result({ run }: { readonly run: VerifyAnswer }) {
  const { problems, problem_count: count, heads, started_at: startedAt, finished_at: finishedAt } = run;
  const isWhole = count === 0;
  return (
    <Panel
      title="Result"
      aside={
        <Group gap="xs" data-no-print>
          <Button
            component="a"
            href={`${PATH}/result.json`}
            download
            variant="default"
            size="xs"
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            Download
          </Button>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPrinter size={14} aria-hidden />}
            onClick={() => window.print()}
          >
            Print
          </Button>
        </Group>
      }
    >
      <Stack gap="md">
        <Notice
          tone={isWhole ? 'good' : 'bad'}
          title={
            isWhole
              ? 'The books are whole and balance'
              : `${count.toLocaleString('en')} ${count === 1 ? 'row does' : 'rows do'} not fit the journal`
          }
          live
        >
          <Text size="sm">
            {isWhole
              ? 'Every entry follows from the one before it, and every row from the entries that made it.'
              : 'Somebody or something other than Refundry changed the database. The journal is right unless it is named itself.'}
          </Text>
        </Notice>
        <div className={classes.record}>
          <Facts
            facts={[
              ['Rows looked at', run.entries.toLocaleString('en')],
              ['Ended', finishedAt === null ? null : <TimeText key="end" at={finishedAt} />],
              ['In UTC', finishedAt === null ? null : utcTime(finishedAt)],
              ['Took', startedAt === null || finishedAt === null ? null : secondsBetween(startedAt, finishedAt)],
              ['Database', run.installation === undefined ? null : <code key="database">{run.installation}</code>],
              ['Refundry', run.version],
            ]}
          />
        </div>
        {problems.length > 0 && (
          <div className={classes.scroll}>
            <Table aria-label="Findings">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Row</Table.Th>
                  <Table.Th>What is wrong</Table.Th>
                  <Table.Th>Entry</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {problems.map(({ table, row, problem, bucket, seq }) => (
                  <Table.Tr key={table + row + problem}>
                    <Table.Td>
                      {table} <code>{row}</code>
                    </Table.Td>
                    <Table.Td>{problem}</Table.Td>
                    <Table.Td>{seq === null ? '–' : `${bucket}/${String(seq)}`}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        {problems.length < count && <Text size="sm">The first {problems.length} are listed.</Text>}
        <div>
          <Text size="sm" mb={6}>
            Where each book ended. Keep this where the database’s administrators cannot write: a later run of{' '}
            <code>refundry verify --against</code> proves that these entries are still there.
          </Text>
          <Table aria-label="Heads" className={classes.heads ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Entry</Table.Th>
                <Table.Th>SHA-256</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {heads.map(({ bucket, seq, hash }) => (
                <Table.Tr key={bucket}>
                  <Table.Td>{`${bucket}/${String(seq)}`}</Table.Td>
                  <Table.Td>
                    <code>{hash}</code>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Stack>
    </Panel>
  );
}
