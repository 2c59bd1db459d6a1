/** Deciding on a refund: choose, read what it brings about, confirm. The key is kept until the server has decided. */
import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { post } from '../api/client.ts';
import { ApiError } from '../api/error.ts';
import { refreshAll } from '../api/queries.ts';
import type { Refund } from '../api/types.ts';
import { useSession } from '../app/session.tsx';
import { Notice } from '../parts/notice.tsx';
import { ApprovalEffects } from './approval-effects.tsx';
import { newIdempotencyKey } from './attempt.ts';
import { type Decision, decisionsOn } from './decisions.ts';
import { RefusalNotice } from './refusal-notice.tsx';

/** What the API takes. */
const MAX_REASON = 500;

export function Decide({ refund }: { readonly refund: Refund }) {
  const client = useQueryClient();
  const { user } = useSession();
  const [chosen, setChosen] = useState<Decision | null>(null);
  const [reason, setReason] = useState('');
  const key = useRef<string | null>(null);
  const isSending = useRef(false);
  const decide = useMutation<Refund, ApiError, Decision>({
    mutationFn: ({ name }) => {
      key.current ??= newIdempotencyKey();
      // What one approves is the amount that one has seen.
      const body = {
        ...(name === 'approve' ? { amount: refund.amount } : {}),
        ...(reason.trim() === '' || name === 'reverse' ? {} : { reason: reason.trim() }),
      };
      return post<Refund>(`/v1/refunds/${refund.id}/${name}`, body, { idempotencyKey: key.current });
    },
    onSuccess: () => {
      setChosen(null);
      setReason('');
    },
    onSettled: (_refund, error) => {
      isSending.current = false;
      if (error === null || !(error instanceof ApiError) || !error.isUndecided) key.current = null;
      return refreshAll(client);
    },
  });
  const { decisions, why } = decisionsOn(refund, user);
  const choose = (decision: Decision | null) => {
    key.current = null;
    decide.reset();
    setChosen(decision);
  };
  const error = decide.error;
  // Another reason would be another request, and this one may have been carried out.
  const isUndecided = error instanceof ApiError && error.isUndecided;
  return (
    <Stack gap="sm">
      {error instanceof ApiError && (
        <RefusalNotice
          refusal={{ ...error.facts, title: error.title, detail: error.detail }}
          currency={refund.currency}
        />
      )}
      {chosen === null ? (
        <>
          {refund.status === 'pending_approval' && <ApprovalEffects refund={refund} />}
          {why !== null && (
            <Text size="sm" c="dimmed">
              {why}
            </Text>
          )}
          {decisions.length > 0 && (
            <Group gap="xs">
              {decisions.map((decision) => (
                <Button
                  key={decision.name}
                  variant={decision.name === 'approve' ? 'filled' : 'default'}
                  onClick={() => choose(decision)}
                >
                  {decision.title}
                </Button>
              ))}
            </Group>
          )}
        </>
      ) : (
        <Notice tone={chosen.isDangerous ? 'wait' : 'info'} title={`${chosen.title}?`}>
          <p style={{ margin: '2px 0 10px' }}>{chosen.effect}</p>
          {chosen.name !== 'reverse' && (
            <Textarea
              label="Why (optional)"
              autosize
              minRows={2}
              maxRows={5}
              mb="sm"
              maxLength={MAX_REASON}
              value={reason}
              disabled={decide.isPending || isUndecided}
              onChange={({ currentTarget }) => setReason(currentTarget.value)}
            />
          )}
          <Group gap="xs">
            <Button
              data-autofocus
              loading={decide.isPending}
              onClick={() => {
                if (isSending.current) return;
                isSending.current = true;
                decide.mutate(chosen);
              }}
            >
              {chosen.name === 'cancel' ? 'Cancel the refund' : chosen.title}
            </Button>
            <Button variant="default" disabled={decide.isPending} onClick={() => choose(null)}>
              Back
            </Button>
          </Group>
        </Notice>
      )}
    </Stack>
  );
}
