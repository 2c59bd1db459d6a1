import { Anchor, Drawer, Group, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { JournalEntry } from '../../api/types.ts';
import { EntryFacts } from '../../journal/entry-facts.tsx';
import { actorWords, entryTitle, entryTone, protocolWords, sentence } from '../../journal/words.ts';
import { AmountText } from '../../parts/amount-text.tsx';
import { Facts } from '../../parts/facts.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './books.module.css';

interface EntryDrawerProps {
  /** `null`: closed. */
  readonly entry: JournalEntry | null;
  readonly onClose: () => void;
}

export function EntryDrawer({ entry, onClose }: EntryDrawerProps) {
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={entry === null ? 'Entry' : `Entry ${entry.bucket}/${String(entry.seq)}`}
    >
      {entry !== null && <Content entry={entry} />}
    </Drawer>
  );
}

function Content({ entry }: { readonly entry: JournalEntry }) {
  const { amount, currency, merchant_id: merchantId, payment_id: paymentId, refund_id: refundId, facts } = entry;
  const link = (to: string, words: string) => (
    <Anchor component={Link} to={to} size="sm">
      {words}
    </Anchor>
  );
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center">
        <Text fz={20} fw={650}>
          {amount === null || currency === null ? entryTitle(entry) : <AmountText minor={amount} currency={currency} />}
        </Text>
        {amount !== null && <ToneBadge tone={entryTone(entry)}>{entryTitle(entry)}</ToneBadge>}
      </Group>
      <Facts
        facts={[
          ['When', <TimeText key="at" at={entry.created_at} />],
          ['By', actorWords(entry.actor)],
          ['Through', protocolWords(entry.protocol)],
          ['Refused because', entry.refusal_code === null ? null : sentence(entry.refusal_code)],
          ['Merchant', merchantId === null ? null : <MerchantName key="merchant" id={merchantId} />],
          ['Payment', paymentId === null ? null : link(`/payments/${paymentId}`, 'Open the payment')],
          ['Refund', refundId === null ? null : link(`/refunds/${refundId}`, 'Open the refund')],
        ]}
      />
      <EntryFacts entry={entry} />
      {facts !== null && typeof facts === 'object' && (
        <pre className={classes.facts} tabIndex={0} aria-label="What the entry says further">
          {JSON.stringify(facts, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)}
        </pre>
      )}
    </Stack>
  );
}
