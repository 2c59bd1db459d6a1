/** One refund, over the page that it was opened from: how it stands, who asked, and what can be done with it. */
import { Anchor, Drawer, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { read } from '../api/queries.ts';
import type { Entitlement, Page, Payment, Refund } from '../api/types.ts';
import { actorWords, protocolWords, sentence } from '../journal/words.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { CopyText } from '../parts/copy-text.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { Facts } from '../parts/facts.tsx';
import { Loading } from '../parts/loading.tsx';
import { MerchantName } from '../parts/merchant-name.tsx';
import { paymentName } from '../parts/payment-words.tsx';
import { RefundBadge } from '../parts/refund-badge.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { Decide } from './decide.tsx';
import { changesInWords } from './effects.tsx';
import { RefundableBar } from './refundable-bar.tsx';

interface RefundViewDrawerProps {
  /** `null`: closed. */
  readonly refundId: string | null;
  readonly onClose: () => void;
}

export function RefundViewDrawer({ refundId, onClose }: RefundViewDrawerProps) {
  return (
    <Drawer opened={refundId !== null} onClose={onClose} position="right" size="md" title="Refund">
      {refundId !== null && <RefundView key={refundId} refundId={refundId} />}
    </Drawer>
  );
}

export function RefundView({ refundId }: { readonly refundId: string }) {
  const { data: refund, error, refetch } = useQuery(read<Refund>(`/v1/refunds/${refundId}`));
  const paymentId = refund?.payment_id ?? '';
  const payment = useQuery({ ...read<Payment>(`/v1/payments/${paymentId}`), enabled: paymentId !== '' });
  const entitlements = useQuery({
    ...read<Page<Entitlement>>(`/v1/payments/${paymentId}/entitlements`),
    enabled: paymentId !== '',
  });
  if (refund === undefined) {
    return error === null ? <Loading what="the refund" /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  const { status, currency, amount } = refund;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center">
        <Text fz={22} fw={650}>
          <AmountText minor={amount} currency={currency} />
        </Text>
        <RefundBadge refund={refund} />
      </Group>
      <Decide refund={refund} />
      <Facts
        facts={[
          [
            'Payment',
            <Anchor key="payment" component={Link} to={`/payments/${refund.payment_id}`} size="sm">
              {payment.data === undefined ? refund.payment_id : paymentName(payment.data)}
            </Anchor>,
          ],
          ['Merchant', <MerchantName key="merchant" id={refund.merchant_id} />],
          ['Refused because', refund.refusal_code === null ? null : sentence(refund.refusal_code)],
          ['Reason', refund.reason],
          ['Decided because', refund.decision_reason],
          ['Notes', refund.notes],
          ['Requested by', refund.requested_by === null ? null : actorWords(refund.requested_by)],
          ['Through', protocolWords(refund.protocol)],
          ['Requested', <TimeText key="created" at={refund.created_at} />],
          [
            'Expires',
            refund.expires_at === null || status !== 'pending_approval' ? null : (
              <TimeText key="expires" at={refund.expires_at} />
            ),
          ],
          ['Last change', <TimeText key="updated" at={refund.updated_at} />],
          [
            refund.reference?.namespace ?? 'Reference',
            refund.reference === null ? null : <CopyText key="r" text={refund.reference.value} what="reference" />,
          ],
          ['Internal transaction', refund.internal_transaction_id],
          ...Object.entries(refund.metadata).map(([name, value]) => [name, textOf(value)] as const),
          ['Refund id', <CopyText key="id" text={refund.id} what="refund id" />],
        ]}
      />
      {changesInWords(refund.entitlement_changes, entitlements.data?.data ?? []).map((words) => (
        <Text key={words} size="sm">
          {words}
        </Text>
      ))}
      {refund.payment !== undefined && (
        <section aria-label="The payment now">
          <Text size="xs" c="dimmed" mb={6}>
            The payment now
          </Text>
          <RefundableBar payment={refund.payment} />
        </section>
      )}
    </Stack>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
