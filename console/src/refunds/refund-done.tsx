/** What came of a refund. */
import { Button, Group, Stack } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Refund } from '../api/types.ts';
import { formatAmount } from '../money/money.ts';
import { Notice } from '../parts/notice.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { RefundableBar } from './refundable-bar.tsx';

interface RefundDoneProps {
  readonly refund: Refund;
  readonly onClose: () => void;
  readonly onShow: (refundId: string) => void;
}

export function RefundDone({ refund, onClose, onShow }: RefundDoneProps) {
  const waits = refund.status === 'pending_approval';
  const amount = `${refund.currency} ${formatAmount(refund.amount, refund.currency)}`;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  return (
    <Stack gap="md">
      <Notice tone={waits ? 'wait' : 'good'} title={waits ? `${amount} awaits approval` : `${amount} refunded`} live>
        {waits && (
          <p style={{ margin: '2px 0 0' }}>
            Another person must approve it
            {refund.expires_at !== null && (
              <>
                {' '}
                until <TimeText at={refund.expires_at} />
              </>
            )}
            . The amount stays reserved meanwhile.
          </p>
        )}
      </Notice>
      {refund.payment !== undefined && <RefundableBar payment={refund.payment} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={() => onShow(refund.id)}>
          Show the refund
        </Button>
        <Button ref={close} onClick={onClose}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
