/** What is refundable is no longer what was on screen: what it was, what it is, and what happened in between. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { read } from '../api/queries.ts';
import type { JournalEntry, Page } from '../api/types.ts';
import { actorWords, entryTitle, protocolWords } from '../journal/words.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { Notice } from '../parts/notice.tsx';
import { TimeText } from '../parts/time-text.tsx';
import classes from './changed-notice.module.css';

interface ChangedNoticeProps {
  readonly paymentId: string;
  readonly currency: string;
  readonly expected: number;
  readonly refundable: number;
  /** When the numbers were read that were on screen, ISO 8601: what the payment said of its last change. */
  readonly since: string;
  readonly onAccept: () => void;
}

export function ChangedNotice(props: ChangedNoticeProps) {
  const { paymentId, currency, expected, refundable, since, onAccept } = props;
  const { data } = useQuery(read<Page<JournalEntry>>('/v1/journal', { payment_id: paymentId, limit: 20 }));
  const news = (data?.data ?? []).filter(
    ({ created_at, kind }) => Date.parse(created_at) > Date.parse(since) && kind !== 'command_refused',
  );
  return (
    <Notice tone="wait" title="This payment changed while you had it open" live>
      <p className={classes.numbers}>
        Refundable was <AmountText minor={expected} currency={currency} />, and is now{' '}
        <AmountText minor={refundable} currency={currency} strong />.
      </p>
      {news.length > 0 && (
        <ul className={classes.news}>
          {news.map((entry) => (
            <li key={entry.id}>
              {entryTitle(entry)}
              {entry.amount !== null && entry.currency !== null && (
                <>
                  {' '}
                  <AmountText minor={entry.amount} currency={entry.currency} strong />
                </>
              )}{' '}
              by {actorWords(entry.actor)} through {protocolWords(entry.protocol)},{' '}
              <TimeText at={entry.created_at} relative />
            </li>
          ))}
        </ul>
      )}
      {refundable > 0 && (
        <Button variant="default" size="xs" onClick={onAccept}>
          Go on with the new numbers
        </Button>
      )}
    </Notice>
  );
}
