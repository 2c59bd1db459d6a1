/** One merchant: what it allows, what is held for it, and who may act for it. */
import { Anchor, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { read } from '../../api/queries.ts';
import type { Merchant } from '../../api/types.ts';
import { CopyText } from '../../parts/copy-text.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { BalancesPanel, SettlementsPanel } from './balances.tsx';
import { CredentialsPanel } from './credentials.tsx';
import classes from './merchants.module.css';
import { PolicyPanel } from './policy.tsx';

export default function MerchantPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(read<Merchant>(`/v1/merchants/${encodeURIComponent(id)}`));
  if (data !== undefined) return <Shown key={data.id} merchant={data} />;
  if (error === null) return <Loading what="the merchant" />;
  return (
    <>
      <PageTitle title="Merchant" />
      <Panel>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </Panel>
    </>
  );
}

function Shown({ merchant }: { readonly merchant: Merchant }) {
  const { id, name, created_at: createdAt } = merchant;
  const link = (to: string, words: string) => (
    <Anchor component={Link} to={to} size="sm">
      {words}
    </Anchor>
  );
  return (
    <>
      <PageTitle
        title={name}
        lead={
          <>
            <CopyText text={id} what="merchant id" /> · since <TimeText at={createdAt} />
          </>
        }
      >
        {link(`/payments?merchant=${id}`, 'Payments')}
        {link(`/refunds?merchant=${id}`, 'Refunds')}
        {link(`/books?view=journal&merchant=${id}`, 'Journal')}
      </PageTitle>
      <Stack gap="md">
        <div className={classes.columns}>
          <PolicyPanel merchant={merchant} />
          <Stack gap="md" miw={0}>
            <BalancesPanel merchant={merchant} />
            <SettlementsPanel merchantId={id} />
          </Stack>
        </div>
        <CredentialsPanel merchant={merchant} />
      </Stack>
    </>
  );
}
