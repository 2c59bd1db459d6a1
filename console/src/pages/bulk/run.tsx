/** One file of refunds: what it would do, doing it, and what became of each line. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useLocation, useParams } from 'react-router';
import { read, refreshAll } from '../../api/queries.ts';
import { useMay } from '../../app/session.tsx';
import { actorWords } from '../../journal/words.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { Notice } from '../../parts/notice.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { RefundViewDrawer } from '../../refunds/refund-view-drawer.tsx';
import { useShownRefund } from '../../refunds/use-shown-refund.ts';
import { Progress } from './progress.tsx';
import { RunLines } from './run-lines.tsx';
import { type BulkRun, linesInWords, RUN_WORDS } from './run-view.ts';
import { StartRun } from './start-run.tsx';
import type { CameFrom } from './use-upload.ts';
import classes from './bulk.module.css';

/** Often enough to watch it go. */
const LOOK_AGAIN_MS = 1_000;

export default function BulkRunPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery({
    ...read<BulkRun>(`/console/api/bulk/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? LOOK_AGAIN_MS : false),
  });
  if (data !== undefined) return <Shown key={data.id} run={data} error={error} />;
  if (error === null) return <Loading what="the file" />;
  return (
    <>
      <PageTitle title="Bulk refund" />
      <Panel>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </Panel>
    </>
  );
}

interface ShownProps {
  readonly run: BulkRun;
  /** Why it could not be read again just now. */
  readonly error: Error | null;
}

function Shown({ run, error }: ShownProps) {
  const mayRefund = useMay('refund');
  const shown = useShownRefund();
  const state = useLocation().state as CameFrom | null;
  const [tone, words] = RUN_WORDS[run.status];
  useRefreshAtTheEnd(run);
  return (
    <>
      <PageTitle
        title={run.name}
        lead={
          <>
            <MerchantName id={run.merchant_id} /> · {linesInWords(run.lines)} · uploaded{' '}
            <TimeText at={run.created_at} /> by {actorWords(run.created_by)}
          </>
        }
      >
        {run.started_at !== null && (
          <Button
            component="a"
            href={`/console/api/bulk/${run.id}/result.csv`}
            download
            variant="default"
            leftSection={<IconDownload size={15} aria-hidden />}
          >
            Download result
          </Button>
        )}
      </PageTitle>
      <Stack gap="md">
        {state?.isKnown === true && (
          <Notice tone="info" title="This file was uploaded before" live>
            <p className={classes.said}>
              By {actorWords(run.created_by)}, <TimeText at={run.created_at} />. The same file is the same run: nothing
              of it is refunded twice.
            </p>
          </Notice>
        )}
        <Panel>
          <Stack gap="sm">
            <Group justify="space-between" gap="xs">
              <ToneBadge tone={tone}>{words}</ToneBadge>
              <Text size="xs" c="dimmed">
                <When run={run} />
              </Text>
            </Group>
            <Progress run={run} />
            {error !== null && (
              <Notice tone="wait" title="The server does not answer" live>
                <p className={classes.said}>
                  Shown is what was known last; this page keeps asking. What is done stays done.
                </p>
              </Notice>
            )}
            {run.status === 'interrupted' && (
              <Notice tone="wait" title="The run was interrupted">
                <p className={classes.said}>
                  The server that ran it stopped. What is done stays done, and is not done again; the other{' '}
                  {linesInWords(run.counts.undecided)} wait until somebody goes on.
                </p>
              </Notice>
            )}
            {mayRefund && <StartRun run={run} />}
          </Stack>
        </Panel>
        <RunLines run={run} refundLink={shown.linkTo} />
      </Stack>
      <RefundViewDrawer refundId={shown.refundId} onClose={shown.close} />
    </>
  );
}

function When({ run }: { readonly run: BulkRun }) {
  const { started_by: by, started_at: started, finished_at: finished, dry_run_at: looked } = run;
  if (started === null || by === null) {
    return looked === null ? null : (
      <>
        Dry run <TimeText at={looked} />
      </>
    );
  }
  return (
    <>
      Started by {actorWords(by)}, <TimeText at={started} />
      {finished !== null && (
        <>
          {' · '}ended <TimeText at={finished} />
        </>
      )}
    </>
  );
}

/** When it ends, payments, refunds and balances are others than before. */
function useRefreshAtTheEnd({ status }: BulkRun): void {
  const client = useQueryClient();
  const before = useRef(status);
  useEffect(() => {
    if (before.current === 'running' && status !== 'running') void refreshAll(client);
    before.current = status;
  }, [client, status]);
}
