/** Who asked for a refund, who decided on it and who took it back: what its entries in the journal say. */
import { bucketOf } from '../core/ids.ts';
import type { JournalEntry, JournalKind } from '../core/journal.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Refund } from '../core/refund.ts';
import { JournalReader } from '../store/read-journal.ts';
import { time } from './output.ts';
import type { Session } from './session.ts';

/** What was done to a refund after it was asked for. */
const DONE: { readonly [Kind in JournalKind]?: string } = {
  refund_approved: 'approved',
  refund_rejected: 'rejected',
  refund_canceled: 'canceled',
  refund_expired: 'expired',
  refund_reversed: 'reversed',
};

/** Who asked, as far as the outcome tells. */
export function askedBy({ refund, entry }: Outcome): string | null {
  return refund?.requestedBy ?? (entry !== null && entry.seq === refund?.createdSeq ? entry.actor : null);
}

/** The entries after the one that it was asked in, oldest first. */
export async function laterEntries({ refundry }: Session, refund: Refund): Promise<JournalEntry[]> {
  if (refund.lastSeq === refund.createdSeq) return [];
  const bucket = bucketOf(refund.id);
  const last = await refundry.reader.entry(bucket, refund.lastSeq);
  if (last === null) return [];
  // Only a refund that waited has two: it was approved before it was reversed.
  const hadTwo = last.kind === 'refund_reversed' && refund.requestedBy !== null;
  const approval = hadTwo ? await approvalOf(new JournalReader(refundry.readers), refund, bucket) : null;
  return approval === null ? [last] : [approval, last];
}

async function approvalOf(journal: JournalReader, refund: Refund, bucket: number): Promise<JournalEntry | null> {
  let positions: ReadonlyMap<number, bigint> = new Map([[bucket, refund.createdSeq]]);
  for (;;) {
    const page = await journal.page({
      positions,
      order: 'oldest first',
      limit: 100,
      merchantId: null,
      kind: 'refund_approved',
      paymentId: refund.paymentId,
      fromSeq: refund.createdSeq,
    });
    const approval = page.entries.find(({ refundId }) => refundId === refund.id);
    if (approval !== undefined) return approval;
    if (!page.hasMore) return null;
    positions = page.next;
  }
}

/** Label and value per line: `approved by   key:…, 2026-01-31T12:00:00.000Z`. */
export function describeEntries(entries: readonly JournalEntry[]): [string, string][] {
  return entries.flatMap(({ kind, actor, at }): [string, string][] => {
    const done = DONE[kind];
    return done === undefined ? [] : [[`${done} by`, `${actor}, ${time(at)}`]];
  });
}

export function entriesView(entries: readonly JournalEntry[]): object[] {
  return entries.map(({ kind, actor, at }) => ({ kind, actor, at: time(at) }));
}
