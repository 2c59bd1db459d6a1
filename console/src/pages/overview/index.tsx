/** What happened lately, at a glance. */
import { Stack } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { withQuery } from '../../api/client.ts';
import { withFilter } from '../../lists/filters.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantSelect } from '../../parts/merchant-select.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { Daily } from './daily.tsx';
import { Feed } from './feed.tsx';
import classes from './overview.module.css';
import { amountsByCurrency, daysUntil, minutesAhead, type Overview } from './overview-data.ts';
import { Amounts, Balances, Refusals, Waiting } from './side.tsx';
import { Tiles } from './tiles.tsx';
import { DAYS, useOverview } from './use-overview.ts';

export default function OverviewPage() {
  const [parameters, setParameters] = useSearchParams();
  const merchantId = parameters.get('merchant') ?? '';
  const { data, error, refetch, isPlaceholderData } = useOverview(merchantId);
  return (
    <>
      <PageTitle
        title="Overview"
        lead={
          data === undefined ? undefined : data.complete ? (
            <>
              As of <TimeText at={data.as_of} />
            </>
          ) : (
            'Still counting: there are more refunds than these numbers say.'
          )
        }
      >
        <MerchantSelect
          value={merchantId}
          onChange={(id) => setParameters((before) => withFilter(before, 'merchant', id), { replace: true })}
        />
      </PageTitle>
      {data !== undefined ? (
        <div data-old={isPlaceholderData || undefined} className={classes.page}>
          <Numbers overview={data} merchantId={merchantId} />
        </div>
      ) : (
        <Panel>
          {error === null ? (
            <Loading what="the overview" />
          ) : (
            <ErrorState error={error} onRetry={() => void refetch()} />
          )}
        </Panel>
      )}
    </>
  );
}

function Numbers({ overview, merchantId }: { readonly overview: Overview; readonly merchantId: string }) {
  const days = daysUntil(overview.today.from, minutesAhead(new Date()), DAYS);
  const today = days.at(-1) ?? '';
  return (
    <>
      <Tiles
        overview={overview}
        today={overview.refunds.filter(({ day }) => day === today)}
        listLink={(status) => withQuery('/refunds', { status, from: today, merchant: merchantId })}
      />
      <div className={classes.columns}>
        <Stack gap="md" miw={0}>
          <Daily refunds={overview.refunds} days={days} />
          <div className={classes.halves}>
            <Amounts amounts={amountsByCurrency(overview, days)} />
            <Refusals refusals={overview.refusals} />
          </div>
          <Balances unsettled={overview.unsettled} />
        </Stack>
        <Stack gap="md" miw={0}>
          <Waiting merchantId={merchantId} />
          <Feed merchantId={merchantId} />
        </Stack>
      </div>
    </>
  );
}
