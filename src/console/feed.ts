/** The journal as it is written, as server-sent events (HTML Living Standard, 9.2): `entry`, and `skipped` for gaps. */
import { PassThrough } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { callerOf, visibleMerchant } from '../api/access.ts';
import { exact, exactJson } from '../api/exact-json.ts';
import { readPositions, writePositions } from '../api/journal.ts';
import { entryView } from '../api/journal-views.ts';
import { InvalidRequest } from '../api/problems.ts';
import { sessionToken } from '../api/session-cookie.ts';
import { merchantQuery, strict } from '../api/shapes.ts';
import { refusal, Refused } from '../core/errors.ts';
import { bucketOf } from '../core/ids.ts';
import type { JournalEntry } from '../core/journal.ts';
import { type JournalPositions, JournalReader } from '../store/read-journal.ts';
import { JournalFeed } from './journal-feed.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

/** Proxies close what is silent for a minute or less; and whoever signed out is told no more after this. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it comes back. */
const RETRY_MS = 2_000;
const MOST_LISTENERS = 200;
const MOST_PER_USER = 8;
/** What may wait for one who does not read: then they are cut off, and come back by themselves. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

const Feed = strict({ merchant_id: merchantQuery() });

export function addFeed(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const journal = new JournalReader(refundry.readers);
  const feed = new JournalFeed(journal, (error) => app.log.warn({ err: error }, 'the feed cannot be read'));
  const streams = new Map<PassThrough, string>();
  // All who listen are told the same entries: each is written out once.
  const events = new WeakMap<JournalEntry, string>();
  const eventOf = (entry: JournalEntry): string => {
    const event = events.get(entry) ?? `event: entry\ndata: ${exactJson(entryView(entry))}\n\n`;
    events.set(entry, event);
    return event;
  };

  app.addHook('preClose', async () => {
    for (const stream of streams.keys()) stream.end();
    await feed.close();
  });

  app.route({
    method: 'GET',
    url: '/feed',
    config: consoleOperation('feed', 'read'),
    // Fastify would answer HEAD by running all of it and throwing the text away.
    exposeHeadRoute: false,
    schema: { querystring: Feed },
    handler: async (request, reply) => {
      const merchantId = visibleMerchant(request, request.query.merchant_id);
      const { credentialId } = callerOf(request);
      const own = [...streams.values()].filter((id) => id === credentialId).length;
      if (streams.size >= MOST_LISTENERS || own >= MOST_PER_USER) {
        const fact =
          own >= MOST_PER_USER ? `you follow the feed ${own} times already` : `${streams.size} follow it already`;
        throw new Refused(refusal('overloaded', `${fact}; close a page, or come back later`));
      }
      const bucket = merchantId === null ? null : bucketOf(merchantId);
      const buckets = bucket === null ? Array.from({ length: refundry.engine.buckets }, (_, index) => index) : [bucket];
      const stream = new PassThrough();
      streams.set(stream, credentialId);
      let at: JournalPositions | null = null;
      const send = (text: string): void => {
        if (stream.writableLength > MOST_WAITING_BYTES) stream.destroy();
        else if (!stream.writableEnded && !stream.destroyed) stream.write(text);
      };
      const listening = feed.listen(
        {
          merchantId,
          hear: (entries, positions) => {
            at = positions;
            send(`${entries.map(eventOf).join('')}id: ${writePositions('event', positions)}\n\n`);
          },
          miss: (entries) => send(`event: skipped\ndata: ${exactJson({ entries: exact(entries) })}\n\n`),
        },
        bucket,
        lastPlace(request, buckets),
      );
      const heartbeat = setInterval(() => {
        void stillSignedIn(request).then((isSignedIn) => {
          if (!isSignedIn) stream.end();
          else send(`: alive\n${at === null ? '' : `id: ${writePositions('event', at)}\n`}\n`);
        });
      }, HEARTBEAT_MS);
      heartbeat.unref();
      stream.on('close', () => {
        clearInterval(heartbeat);
        streams.delete(stream);
        listening.then((leave) => leave()).catch(() => undefined);
      });
      stream.write(`retry: ${RETRY_MS}\n\n`);
      listening.catch((error: unknown) => {
        request.log.warn({ err: error }, 'the feed cannot be read');
        stream.end();
      });
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      return reply.type('text/event-stream').send(stream);
    },
  });

  async function stillSignedIn(request: FastifyRequest): Promise<boolean> {
    const token = sessionToken(request);
    if (token === null) return false;
    // A database that is away for a moment signs nobody out.
    return (await refundry.authenticator.signedIn(token, false).catch(() => undefined)) !== null;
  }
}

/** Where a browser that comes back was; `null` for who comes first, or was last at other books. */
function lastPlace({ headers }: FastifyRequest, buckets: readonly number[]): JournalPositions | null {
  const id = headers['last-event-id'];
  if (typeof id !== 'string' || id === '') return null;
  try {
    return readPositions('event', id, buckets);
  } catch (error) {
    if (error instanceof InvalidRequest) return null;
    throw error;
  }
}
