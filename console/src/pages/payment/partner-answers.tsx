/** What each partner's protocol would answer about this payment, as it stands on the wire. */
import { Button, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { read } from '../../api/queries.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Panel } from '../../parts/panel.tsx';
import classes from './payment.module.css';

interface PartnerAnswer {
  readonly protocol: string;
  readonly title: string;
  /** Which question it answers: `refund`, `query`. */
  readonly operation: string;
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}

export function PartnerAnswers({ paymentId }: { readonly paymentId: string }) {
  const [isShown, setShown] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error, refetch } = useQuery({
    ...read<readonly PartnerAnswer[]>(`/console/api/protocols/payment/${paymentId}`),
    enabled: isShown,
  });
  const answer = data?.find(({ protocol }) => protocol === chosen) ?? data?.[0];
  return (
    <Panel title="Partners’ answers">
      {!isShown ? (
        <Stack gap="xs" align="flex-start">
          <Text size="sm" c="dimmed">
            How each partner’s protocol tells of this payment, byte for byte.
          </Text>
          <Button variant="default" size="xs" onClick={() => setShown(true)}>
            Show
          </Button>
        </Stack>
      ) : error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the answers" />
      ) : answer === undefined ? (
        <Text size="sm" c="dimmed">
          No partner knows this payment: it has no reference of theirs.
        </Text>
      ) : (
        <Stack gap="xs">
          <NativeSelect
            aria-label="Protocol"
            value={answer.protocol}
            data={data.map(({ protocol, title }) => ({ value: protocol, label: title }))}
            onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          />
          <Text size="xs" c="dimmed">
            Answer to {answer.operation}: {answer.status}, {answer.content_type}
          </Text>
          <pre className={classes.raw} tabIndex={0} aria-label={`Answer of ${answer.title}`}>
            {answer.body}
          </pre>
        </Stack>
      )}
    </Panel>
  );
}
