/** The dry run, and the run: what somebody confirms is what was true a moment before. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconEye, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { post } from '../../api/client.ts';
import { read, refreshAll } from '../../api/queries.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import classes from './bulk.module.css';
import { type BulkRun, linesInWords, type Outcome, sumsOf } from './run-view.ts';
import { Sums } from './sums.tsx';

/** Asks for something to be done with a run, and shows the run as it is then. */
function useAsk(run: BulkRun, what: 'dry-run' | 'run') {
  const client = useQueryClient();
  const path = `/console/api/bulk/${run.id}`;
  return useMutation({
    mutationFn: () => post<BulkRun>(`${path}/${what}`),
    onSuccess: (now) => client.setQueryData(read<BulkRun>(path).queryKey, now),
    // Also where no answer came: it may have begun.
    onSettled: () => refreshAll(client),
  });
}

export function StartRun({ run }: { readonly run: BulkRun }) {
  const look = useAsk(run, 'dry-run');
  const start = useAsk(run, 'run');
  const [isOpen, { open, close }] = useDisclosure(false);
  useFirstLook(run, look.mutate);

  const confirm = () => {
    open();
    look.mutate();
  };
  if (run.status === 'running') return null;
  if (run.status === 'done' && run.counts.failed === 0) return null;
  if (run.status !== 'ready') {
    return (
      <Group gap="xs">
        <Button
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          loading={start.isPending}
          onClick={() => start.mutate()}
        >
          {run.status === 'done' ? `Try the ${linesInWords(run.counts.failed)} that failed again` : 'Go on'}
        </Button>
        {start.error !== null && <ErrorState error={start.error} />}
      </Group>
    );
  }
  if (run.counts.undecided === 0) {
    return (
      <Text size="sm" c="dimmed">
        No line can be read. Mend the file and upload it again: another file is another run.
      </Text>
    );
  }
  return (
    <>
      {look.isPending && !isOpen ? (
        <Text size="sm" c="dimmed" role="status">
          Looking at {linesInWords(run.counts.undecided)} …
        </Text>
      ) : (
        look.error !== null && !isOpen && <ErrorState error={look.error} />
      )}
      <Group gap="xs">
        <Button
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          disabled={run.expected === null}
          onClick={confirm}
        >
          Refund …
        </Button>
        <Button
          variant="default"
          leftSection={<IconEye size={15} aria-hidden />}
          loading={look.isPending && !isOpen}
          onClick={() => look.mutate()}
        >
          {run.expected === null ? 'Dry run' : 'Dry run again'}
        </Button>
        <Text size="xs" c="dimmed">
          Nothing was refunded yet.
        </Text>
      </Group>
      <Modal opened={isOpen} onClose={close} title={`Refund from ${run.name}`} size="md">
        {look.isPending ? (
          <Loading what="what this would do now" />
        ) : look.error !== null ? (
          <ErrorState error={look.error} onRetry={() => look.mutate()} />
        ) : (
          <Confirm
            run={run}
            error={start.error}
            isStarting={start.isPending}
            onClose={close}
            onConfirm={() => start.mutate(undefined, { onSuccess: close })}
          />
        )}
      </Modal>
    </>
  );
}

/** A file that nobody looked at yet is looked at as soon as somebody who may refund opens it: that changes nothing. */
function useFirstLook(run: BulkRun, look: () => void): void {
  const isNew = run.status === 'ready' && run.dry_run_at === null && run.counts.undecided > 0;
  const hasLooked = useRef(false);
  useEffect(() => {
    if (!isNew || hasLooked.current) return;
    hasLooked.current = true;
    look();
  }, [isNew, look]);
}

interface ConfirmProps {
  readonly run: BulkRun;
  readonly error: Error | null;
  readonly isStarting: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

function Confirm({ run, error, isStarting, onClose, onConfirm }: ConfirmProps) {
  const { expected, counts } = run;
  const lines = (outcome: Outcome): number => expected?.[outcome] ?? 0;
  const row = (outcome: Outcome) =>
    lines(outcome) > 0 && (
      <>
        {linesInWords(lines(outcome))}
        {(outcome === 'succeeded' || outcome === 'pending_approval') && (
          <div className={classes.below}>
            <Sums sums={sumsOf(run, outcome, 'expected')} />
          </div>
        )}
      </>
    );
  const does = lines('succeeded') + lines('pending_approval');
  return (
    <Stack gap="md">
      <Facts
        facts={[
          ['Merchant', <MerchantName key="merchant" id={run.merchant_id} />],
          ['Refunded now', row('succeeded')],
          ['Awaiting approval', row('pending_approval')],
          ['Refused', row('refused')],
          ['Cannot be read', counts.invalid > 0 && linesInWords(counts.invalid)],
        ]}
      />
      <Text size="sm">
        {does === 0
          ? 'No line would refund anything: mend the file and upload it again.'
          : 'Each line is refunded once, also if the server stops in between. A run cannot be taken back.'}
      </Text>
      {error !== null && <ErrorState error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button data-autofocus disabled={does === 0} loading={isStarting} onClick={onConfirm}>
          Refund {linesInWords(does)}
        </Button>
      </Group>
    </Stack>
  );
}
