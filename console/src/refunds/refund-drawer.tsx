/** Refunding a payment: how much and why, what it would bring about, and then what came of it. */
import { Drawer } from '@mantine/core';
import type { Entitlement, Payment } from '../api/types.ts';
import { paymentName } from '../parts/payment-words.tsx';
import { RefundForm } from './refund-form.tsx';

interface RefundDrawerProps {
  readonly payment: Payment;
  readonly entitlements: readonly Entitlement[];
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Shows a refund. */
  readonly onShow: (refundId: string) => void;
}

export function RefundDrawer({ payment, entitlements, opened, onClose, onShow }: RefundDrawerProps) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="md"
      title={`Refund ${paymentName(payment)}`}
      // What was typed ends with the drawer: the next one begins with the numbers as they are then.
      keepMounted={false}
    >
      <RefundForm payment={payment} entitlements={entitlements} onClose={onClose} onShow={onShow} />
    </Drawer>
  );
}
