/** What happened to a payment, newest first: who did what, through which door, and the numbers after it. */
import { Button, Collapse, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronRight } from '@tabler/icons-react';
import { useId } from 'react';
import { Link } from 'react-router';
import type { JournalEntry } from '../api/types.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { EntryFacts } from './entry-facts.tsx';
import classes from './timeline.module.css';
import { actorWords, entryTitle, entryTone, factTexts, protocolWords, sentence } from './words.ts';

interface TimelineProps {
  readonly entries: readonly JournalEntry[];
  /** Where an entry's refund can be seen. */
  readonly refundLink: (refundId: string) => string;
  readonly onMore?: (() => void) | undefined;
}

export function Timeline({ entries, refundLink, onMore }: TimelineProps) {
  return (
    <>
      <ol className={classes.timeline}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} refundLink={refundLink} />
        ))}
      </ol>
      {onMore !== undefined && (
        <Button variant="default" size="xs" mt="sm" onClick={onMore}>
          Show earlier
        </Button>
      )}
    </>
  );
}

function Entry({ entry, refundLink }: { readonly entry: JournalEntry } & Pick<TimelineProps, 'refundLink'>) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  const { amount, currency, refusal_code: code } = entry;
  const facts = code === null ? [] : factTexts((entry.facts ?? {}) as Readonly<Record<string, unknown>>, currency);
  return (
    <li className={classes.entry} data-tone={entryTone(entry)}>
      <div className={classes.head}>
        <span className={classes.title}>{entryTitle(entry)}</span>
        {amount !== null && currency !== null && <AmountText minor={amount} currency={currency} strong />}
        <span className={classes.time}>
          <TimeText at={entry.created_at} />
        </span>
      </div>
      <div className={classes.who}>
        {actorWords(entry.actor)} · {protocolWords(entry.protocol)}
      </div>
      {code !== null && (
        <div className={classes.refusal}>
          {sentence(code)}
          {facts.length > 0 && `: ${facts.map(([name, value]) => `${name.toLowerCase()} ${value}`).join(', ')}`}
        </div>
      )}
      <div className={classes.links}>
        {entry.refund_id !== null && <Link to={refundLink(entry.refund_id)}>Refund</Link>}
        <UnstyledButton className={classes.more ?? ''} aria-expanded={isOpen} aria-controls={id} onClick={toggle}>
          <IconChevronRight size={13} aria-hidden className={classes.chevron} data-open={isOpen || undefined} />
          Entry {String(entry.seq)}
        </UnstyledButton>
      </div>
      <Collapse expanded={isOpen} id={id}>
        <div className={classes.details}>
          <EntryFacts entry={entry} />
        </div>
      </Collapse>
    </li>
  );
}
