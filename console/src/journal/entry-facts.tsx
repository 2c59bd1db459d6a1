/** What an entry of the journal moved, and the numbers after it. */
import type { JournalEntry } from '../api/types.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { CopyText } from '../parts/copy-text.tsx';
import { type Fact, Facts } from '../parts/facts.tsx';
import { sentence } from './words.ts';

export function EntryFacts({ entry }: { readonly entry: JournalEntry }) {
  return <Facts facts={entryFacts(entry)} />;
}

function entryFacts(entry: JournalEntry): Fact[] {
  const { currency, payment, debit, credit } = entry;
  const money = (minor: number | bigint) =>
    currency === null ? String(minor) : <AmountText minor={minor} currency={currency} />;
  return [
    ['Posting', debit === null || credit === null ? null : `${sentence(debit)} → ${sentence(credit)}`],
    ['Captured after', payment === null ? null : money(payment.captured)],
    ['Refunded after', payment === null ? null : money(payment.refunded)],
    ['Reserved after', payment === null ? null : money(payment.reserved)],
    ['Unsettled after', entry.unsettled === null ? null : money(entry.unsettled)],
    ['Idempotency key', entry.idempotency_key === null ? null : <CopyText text={entry.idempotency_key} what="key" />],
    ['Request', <CopyText key="request" text={entry.request_id} what="request id" />],
    ['Hash', <CopyText key="hash" text={entry.hash} shown={`${entry.hash.slice(0, 16)}…`} what="hash" />],
    ['Book', String(entry.bucket)],
  ];
}
