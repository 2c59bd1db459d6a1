/**
 * What happens, while it happens: one stream of journal entries for the whole page, opened by the first who listens and
 * closed with the last. The browser reconnects by itself and resumes where it was (Last-Event-ID).
 */
import { parseExactly } from './json.ts';
import type { JournalEntry } from './types.ts';

type Listener = (entry: JournalEntry) => void;

const listeners = new Set<Listener>();
let source: EventSource | null = null;

/** Calls `listener` with each new entry; returns what ends that. */
export function followFeed(listener: Listener): () => void {
  listeners.add(listener);
  source ??= open();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    source?.close();
    source = null;
  };
}

function open(): EventSource {
  const opened = new EventSource('/console/api/feed');
  opened.addEventListener('entry', ({ data }: MessageEvent<string>) => {
    const entry = parseExactly(data) as JournalEntry;
    for (const listener of listeners) listener(entry);
  });
  return opened;
}
