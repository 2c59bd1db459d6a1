/** The journal, newest first, for people; and the same entries as events, oldest first, for those who follow. */
import type { FastifyRequest } from 'fastify';
import { Refused } from '../core/errors.ts';
import { bucketOf } from '../core/ids.ts';
import type { JournalEntry, JournalKind } from '../core/journal.ts';
import { paymentNotFound } from '../core/select.ts';
import type { JournalPage, JournalPositions } from '../store/read-journal.ts';
import { operation, visibleMerchant } from './access.ts';
import { type ApiContext, type ApiScope, serializeExactly } from './api.ts';
import { answer, refusals } from './documented.ts';
import { EntryResource, EventPage, ListEvents, ListJournal } from './journal-schemas.ts';
import { entryView, eventView } from './journal-views.ts';
import { badCursor, type CursorKind, decodeCursor, encodeCursor, limitOf, type PageQuery } from './lists.ts';
import { pageOf } from './shapes.ts';

const TAGS = ['Journal'];

interface JournalParameters extends PageQuery {
  readonly merchant_id?: string;
  readonly kind?: JournalKind;
  readonly payment_id?: string;
}

export function addJournal(app: ApiScope, context: ApiContext): void {
  app.route({
    method: 'GET',
    url: '/journal',
    config: operation('read_journal', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'readJournal',
      summary: 'Read the journal',
      description: 'Every command that was accepted, or refused by the rules. Newest first.',
      tags: TAGS,
      querystring: ListJournal,
      response: {
        200: answer(pageOf(EntryResource), 'A page of entries.'),
        ...refusals('resource_not_found', 'payment_not_found'),
      },
    },
    handler: async (request) => {
      const page = await readPage(context, request, request.query, 'journal');
      return {
        data: page.entries.map(entryView),
        has_more: page.hasMore,
        next_cursor: page.hasMore ? writePositions('journal', page.next) : null,
      };
    },
  });

  app.route({
    method: 'GET',
    url: '/events',
    config: operation('follow_events', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'followEvents',
      summary: 'Follow the events',
      description:
        "The journal's entries, oldest first. Keep `next` and send it as `cursor` the next time: also at the end there is one, to wait for what comes. No event is left out, and none comes twice. Within a merchant events come in the order in which they happened.",
      tags: TAGS,
      querystring: ListEvents,
      response: {
        200: answer(EventPage, 'A page of events.'),
        ...refusals('resource_not_found', 'payment_not_found'),
      },
    },
    handler: async (request) => {
      const page = await readPage(context, request, request.query, 'event');
      return { data: page.entries.map(eventView), has_more: page.hasMore, next: writePositions('event', page.next) };
    },
  });
}

async function readPage(
  { refundry, journal }: ApiContext,
  request: FastifyRequest,
  query: JournalParameters,
  kind: 'journal' | 'event',
): Promise<JournalPage & { readonly entries: readonly JournalEntry[] }> {
  const merchantId = visibleMerchant(request, query.merchant_id);
  const { payment_id: paymentId = null, cursor } = query;
  const payment = paymentId === null ? null : await refundry.reader.payment(paymentId, merchantId);
  if (paymentId !== null && payment === null) throw new Refused(paymentNotFound({ id: paymentId }));
  // A payment and a merchant are in one book; only who sees everything, and asks for everything, reads them all.
  const home = paymentId ?? merchantId;
  const bucket = home === null ? null : bucketOf(home);
  const fromSeq = payment?.payment.createdSeq ?? 1n;
  const buckets = bucket === null ? Array.from({ length: refundry.engine.buckets }, (_, index) => index) : [bucket];
  const positions =
    cursor !== undefined
      ? readPositions(kind, cursor, buckets)
      : kind === 'event'
        ? new Map(buckets.map((each) => [each, fromSeq - 1n]))
        : new Map([...(await journal.heads(bucket))].map(([each, seq]) => [each, seq + 1n]));
  return journal.page({
    positions,
    order: kind === 'event' ? 'oldest first' : 'newest first',
    limit: limitOf(query),
    merchantId,
    kind: query.kind ?? null,
    paymentId,
    fromSeq,
  });
}

/** `<bucket>:<number>` of one book, or `*:` and the numbers of all, in base 36. */
export function writePositions(kind: CursorKind, positions: JournalPositions): string {
  const [only] = positions.keys();
  const numbers = [...positions.values()].map((seq) => seq.toString(36)).join('.');
  return encodeCursor(kind, `${positions.size === 1 ? only : '*'}:${numbers}`);
}

/** Throws `InvalidRequest` for a cursor of other books than are asked for now. */
export function readPositions(kind: CursorKind, cursor: string, buckets: readonly number[]): JournalPositions {
  const [scope, numbers = ''] = decodeCursor(
    kind,
    cursor,
    /^(?:\*|[0-9]{1,4}):[0-9a-z]{1,12}(?:\.[0-9a-z]{1,12})*$/,
  ).split(':');
  const seqs = numbers.split('.');
  if (scope !== (buckets.length === 1 ? String(buckets[0]) : '*') || seqs.length !== buckets.length) throw badCursor();
  return new Map(buckets.map((bucket, index) => [bucket, readNumber(seqs[index] ?? '0')]));
}

/** Base 36; at most 12 digits stay below 2^63. */
function readNumber(text: string): bigint {
  let number = 0n;
  for (const digit of text) number = number * 36n + BigInt(Number.parseInt(digit, 36));
  return number;
}
