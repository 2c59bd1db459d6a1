import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { followFeed } from '../../api/feed.ts';
import { read } from '../../api/queries.ts';
import type { JournalEntry, Page } from '../../api/types.ts';
import { actorWords, entryTitle, entryTone, protocolWords, sentence } from '../../journal/words.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './overview.module.css';

const SHOWN = 12;
/** `2 minutes ago` must not stand there for an hour. */
const TICK_MS = 20_000;

const newest = (merchantId: string) =>
  read<Page<JournalEntry>>('/v1/journal', { limit: SHOWN, merchant_id: merchantId });

/** What happens, while it happens. */
export function Feed({ merchantId }: { readonly merchantId: string }) {
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(newest(merchantId));
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(
    () =>
      followFeed((entry) => {
        if (merchantId !== '' && entry.merchant_id !== merchantId) return;
        client.setQueryData<Page<JournalEntry>>(newest(merchantId).queryKey, (page) => {
          if (page === undefined || page.data.some(({ id }) => id === entry.id)) return page;
          return { ...page, data: [entry, ...page.data].slice(0, SHOWN) };
        });
      }),
    [client, merchantId],
  );
  return (
    <Panel title="Live" aside={<span className={classes.pulse} aria-hidden />} flush>
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the journal" />
      ) : data.data.length === 0 ? (
        <EmptyState title="Nothing happened yet">What happens appears here by itself.</EmptyState>
      ) : (
        <ol className={classes.feed} aria-label="What happened last">
          {data.data.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Entry({ entry }: { readonly entry: JournalEntry }) {
  const { amount, currency, payment_id: paymentId, refusal_code: code } = entry;
  const title = entryTitle(entry);
  return (
    <li data-tone={entryTone(entry)}>
      <div className={classes.what}>
        {paymentId === null ? <span>{title}</span> : <Link to={`/payments/${paymentId}`}>{title}</Link>}
        {amount !== null && currency !== null && <AmountText minor={amount} currency={currency} strong />}
      </div>
      <div className={classes.who}>
        <span>
          {code !== null && <span className={classes.refusal}>{sentence(code)} · </span>}
          {actorWords(entry.actor)} · {protocolWords(entry.protocol)}
        </span>
        <TimeText at={entry.created_at} relative />
      </div>
    </li>
  );
}
