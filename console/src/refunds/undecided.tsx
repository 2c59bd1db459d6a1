/** An attempt whose answer never came: the only thing to do with it is to ask again, which cannot refund twice. */
import { Button, Group, Stack } from '@mantine/core';
import type { ApiError } from '../api/error.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { Facts } from '../parts/facts.tsx';
import { Notice } from '../parts/notice.tsx';
import type { Attempt } from './attempt.ts';

interface UndecidedProps {
  readonly attempt: Attempt;
  readonly error: ApiError | null;
  readonly onAgain: () => void;
  readonly onGiveUp: () => void;
}

export function Undecided({ attempt, error, onAgain, onGiveUp }: UndecidedProps) {
  const { amount, currency, reason } = attempt.body;
  const isCertain = error !== null && !error.isUndecided;
  return (
    <Stack gap="md">
      {isCertain ? (
        <Notice tone="bad" title="This refund was not made" live>
          <p style={{ margin: '2px 0 0' }}>{error.detail}</p>
        </Notice>
      ) : (
        <Notice tone="wait" title="We do not know whether this refund was made" live>
          <p style={{ margin: '2px 0 0' }}>
            {error === null ? 'It was sent, and its answer never came.' : error.detail} Ask again: it is the same
            request, and is never carried out twice.
          </p>
        </Notice>
      )}
      <Facts
        facts={[
          ['Amount', amount !== undefined && <AmountText minor={amount} currency={currency} strong />],
          ['Reason', reason],
          ['Key', <code key="key">{attempt.key}</code>],
        ]}
      />
      <Group justify="flex-end">
        {isCertain && (
          <Button variant="default" onClick={onGiveUp}>
            Change it
          </Button>
        )}
        <Button data-autofocus onClick={onAgain}>
          {isCertain ? 'Try again' : 'Ask again'}
        </Button>
      </Group>
    </Stack>
  );
}
