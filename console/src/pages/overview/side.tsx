/** The smaller parts: amounts by currency, why refunds were refused, what merchants hold, and what waits. */
import { Anchor, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { sentence } from '../../journal/words.ts';
import { permille } from '../../money/money.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { queueQuery } from '../approvals/use-queue.ts';
import classes from './overview.module.css';
import type { CurrencyAmounts, Overview } from './overview-data.ts';

export function Amounts({ amounts }: { readonly amounts: readonly CurrencyAmounts[] }) {
  return (
    <Panel title="Amounts refunded" flush>
      {amounts.length === 0 ? (
        <EmptyState title="Nothing was refunded lately" />
      ) : (
        <Table className={classes.table ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Today</Table.Th>
              <Table.Th className={classes.number ?? ''}>Last week by now</Table.Th>
              <Table.Th className={classes.number ?? ''}>8 days</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {amounts.map(({ currency, today, weekAgo, daily }) => (
              <Table.Tr key={currency}>
                <Table.Td>
                  <AmountText minor={today} currency={currency} strong />
                </Table.Td>
                <Table.Td className={classes.number ?? ''}>
                  <AmountText minor={weekAgo} currency={currency} bare />
                </Table.Td>
                <Table.Td className={classes.trend ?? ''}>
                  <Trend amounts={daily} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

const BAR = { width: 7, gap: 2, height: 22 } as const;

/** How an amount went day by day, today last: for the eye only. */
function Trend({ amounts }: { readonly amounts: readonly bigint[] }) {
  const most = amounts.reduce((a, b) => (a > b ? a : b), 0n);
  const step = BAR.width + BAR.gap;
  return (
    <svg width={amounts.length * step} height={BAR.height} className={classes.bars8} aria-hidden>
      {amounts.map((amount, index) => {
        const height = amount === 0n ? 1 : Math.max(2, (permille(amount, most) * BAR.height) / 1_000);
        return <rect key={index} x={index * step} y={BAR.height - height} width={BAR.width} height={height} rx={1} />;
      })}
    </svg>
  );
}

export function Refusals({ refusals }: { readonly refusals: Overview['refusals'] }) {
  const most = refusals[0]?.count ?? 0;
  return (
    <Panel title="Why refunds were refused today">
      {refusals.length === 0 ? (
        <EmptyState title="None was refused today" />
      ) : (
        <ul className={classes.bars}>
          {refusals.map(({ code, count }) => (
            <li key={code}>
              <span>{sentence(code)}</span>
              <span className={classes.number}>{count.toLocaleString('en')}</span>
              <span className={classes.bar} style={{ width: `${Math.max(2, (count * 100) / most)}%` }} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Enough to see where the money is; the books have them all. */
const SHOWN_BALANCES = 8;

export function Balances({ unsettled }: { readonly unsettled: Overview['unsettled'] }) {
  return (
    <Panel
      title="Unsettled balances"
      aside={
        <Anchor component={Link} to="/books" size="sm">
          All
        </Anchor>
      }
      flush
    >
      {unsettled.length === 0 ? (
        <EmptyState title="Everything is settled" />
      ) : (
        <Table className={classes.table ?? ''} aria-label="Unsettled balances">
          <Table.Tbody>
            {unsettled.slice(0, SHOWN_BALANCES).map(({ merchant_id: id, merchant_name: name, currency, amount }) => (
              <Table.Tr key={id + currency}>
                <Table.Td>
                  <Anchor component={Link} to={`/merchants/${id}`} size="sm">
                    {name}
                  </Anchor>
                </Table.Td>
                <Table.Td className={classes.number ?? ''}>
                  <AmountText minor={amount} currency={currency} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

const SHOWN_WAITING = 5;

/** The most urgent of what waits for a second person. */
export function Waiting({ merchantId }: { readonly merchantId: string }) {
  const { data, error, refetch } = useQuery(queueQuery);
  const refunds = (data?.refunds ?? []).filter(({ merchant_id: id }) => merchantId === '' || id === merchantId);
  return (
    <Panel
      title="Awaiting approval"
      aside={
        refunds.length > SHOWN_WAITING ? (
          <Anchor component={Link} to="/approvals" size="sm">
            All {refunds.length}
          </Anchor>
        ) : undefined
      }
      flush
    >
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="what waits" />
      ) : refunds.length === 0 ? (
        <EmptyState title="Nothing awaits approval" />
      ) : (
        <ul className={classes.waiting}>
          {refunds.slice(0, SHOWN_WAITING).map((refund) => (
            <li key={refund.id}>
              <Link to={`/approvals?refund=${refund.id}`}>
                <AmountText minor={refund.amount} currency={refund.currency} strong />
                <span className={classes.why}>{refund.reason ?? 'No reason given'}</span>
                <span className={classes.when}>
                  <MerchantName id={refund.merchant_id} />
                  {refund.expires_at !== null && (
                    <>
                      {' · expires '}
                      <TimeText at={refund.expires_at} relative />
                    </>
                  )}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
