/** One payment: what of it is refundable and why, everything that happened to it, and refunding it. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { read } from '../../api/queries.ts';
import type { Coupon, Entitlement, Page, Payment } from '../../api/types.ts';
import { useMay } from '../../app/session.tsx';
import { AmountText } from '../../parts/amount-text.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { methodWords, PaymentBadges, paymentName } from '../../parts/payment-words.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { RefundDrawer } from '../../refunds/refund-drawer.tsx';
import { RefundViewDrawer } from '../../refunds/refund-view-drawer.tsx';
import { RefundableBar } from '../../refunds/refundable-bar.tsx';
import { useShownRefund } from '../../refunds/use-shown-refund.ts';
import { Coupons, Details, Enrolments, References } from './details.tsx';
import { History } from './history.tsx';
import { PartnerAnswers } from './partner-answers.tsx';
import classes from './payment.module.css';
import { Refunds } from './refunds.tsx';
import { useLivePayment } from './use-live-payment.ts';

export default function PaymentPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(read<Payment>(`/v1/payments/${encodeURIComponent(id)}`));
  if (data !== undefined) return <Shown key={data.id} payment={data} />;
  if (error === null) return <Loading what="the payment" />;
  return (
    <>
      <PageTitle title="Payment" />
      <Panel>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </Panel>
    </>
  );
}

function Shown({ payment }: { readonly payment: Payment }) {
  const { id, currency, amount } = payment;
  const method = methodWords(payment.method);
  const mayRefund = useMay('refund');
  const shown = useShownRefund();
  const [isRefunding, { open, close }] = useDisclosure(false);
  const entitlements = useQuery(read<Page<Entitlement>>(`/v1/payments/${id}/entitlements`)).data?.data ?? [];
  const coupons = useQuery(read<Page<Coupon>>(`/v1/payments/${id}/coupons`)).data?.data ?? [];
  useHotkeys(mayRefund ? [['r', open]] : []);
  useLivePayment(id);
  return (
    <>
      <PageTitle
        title={paymentName(payment)}
        lead={
          <>
            <MerchantName id={payment.merchant_id} />
            {method !== null && ` · ${method}`} · <TimeText at={payment.created_at} />
          </>
        }
      >
        {mayRefund && (
          <Button leftSection={<IconArrowBackUp size={17} aria-hidden />} onClick={open}>
            Refund
          </Button>
        )}
      </PageTitle>
      <Panel>
        <Group justify="space-between" align="center" mb="sm">
          <Text fz={22} fw={650}>
            <AmountText minor={amount} currency={currency} />
          </Text>
          <PaymentBadges payment={payment} settled={payment.settled} />
        </Group>
        <RefundableBar payment={payment} />
      </Panel>
      <div className={classes.columns}>
        <Stack gap="md" miw={0}>
          <Refunds paymentId={id} refundLink={shown.linkTo} />
          <History paymentId={id} refundLink={shown.linkTo} />
        </Stack>
        <Stack gap="md" miw={0}>
          <References payment={payment} />
          <Details payment={payment} />
          <Enrolments entitlements={entitlements} />
          <Coupons coupons={coupons} />
          <PartnerAnswers paymentId={id} />
        </Stack>
      </div>
      <RefundDrawer
        payment={payment}
        entitlements={entitlements}
        opened={isRefunding}
        onClose={close}
        onShow={(refundId) => {
          close();
          shown.show(refundId);
        }}
      />
      <RefundViewDrawer refundId={shown.refundId} onClose={shown.close} />
    </>
  );
}
