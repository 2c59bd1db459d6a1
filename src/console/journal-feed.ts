/**
 * What happens, told to all who listen: one look at the books for all of them, twice a second, and none while nobody
 * listens. Whoever comes back is told what they missed, unless that is too much to be of use.
 */
import type { JournalEntry } from '../core/journal.ts';
import type { JournalPositions, JournalReader } from '../store/read-journal.ts';

const LOOK_MS = 500;
/** After a look that failed: the database may be away. */
const RETRY_MS = 2_000;
const PAGE_ENTRIES = 500;
/** More than anybody reads, and the most that one look, or one who comes back, costs: what is older is left out. */
const MOST_ENTRIES = 2_000n;
const MOST_PAGES = 8;

/** One who listens. */
export interface Listener {
  /** Whose entries; `null` for everybody's. */
  readonly merchantId: string | null;
  /** Entries in their order, and where the listener is after them. */
  hear(entries: readonly JournalEntry[], at: JournalPositions): void;
  /** So many entries, of whomever, were left out. */
  miss(entries: bigint): void;
}

interface Place {
  readonly listener: Listener;
  /** How far they have heard, in each book that concerns them. */
  positions: Map<number, bigint>;
}

export class JournalFeed {
  readonly #journal: JournalReader;
  readonly #onTrouble: (error: unknown) => void;
  readonly #places = new Set<Place>();
  /** How far all have been told. */
  #told = new Map<number, bigint>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(journal: JournalReader, onTrouble: (error: unknown) => void) {
    this.#journal = journal;
    this.#onTrouble = onTrouble;
  }

  get listeners(): number {
    return this.#places.size;
  }

  /**
   * Tells a listener what happens from now on, or after `after`: where they were. Returns what ends that. Throws the
   * database's error when it cannot be read.
   */
  async listen(listener: Listener, bucket: number | null, after: JournalPositions | null): Promise<() => void> {
    const heads = await this.#journal.heads(bucket);
    const place: Place = { listener, positions: this.#resume(listener, heads, after) };
    if (this.#places.size === 0) this.#told = new Map(await this.#journal.heads(null));
    // What the others were told meanwhile is read, too; under a load that is faster than that, it is left out.
    for (let page = 0; page < MOST_PAGES && this.#isBehind(place); page += 1) await this.#read(place);
    if (this.#isBehind(place)) {
      const missed = [...place.positions].reduce(
        (sum, [at, seq]) => sum + most(0n, (this.#told.get(at) ?? seq) - seq),
        0n,
      );
      this.#advance(place);
      listener.miss(missed);
    }
    this.#places.add(place);
    listener.hear([], place.positions);
    this.#schedule(LOOK_MS);
    return () => {
      this.#places.delete(place);
      if (this.#places.size > 0 || this.#timer === null) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  /** Stops looking. Resolves when a look that is under way has ended. */
  async close(): Promise<void> {
    this.#places.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  #isBehind({ positions }: Place): boolean {
    return [...positions].some(([bucket, seq]) => seq < (this.#told.get(bucket) ?? 0n));
  }

  /** Where one who comes back goes on: where they were, or at the heads when too much has happened since. */
  #resume(listener: Listener, heads: JournalPositions, after: JournalPositions | null): Map<number, bigint> {
    const positions = new Map(heads);
    let missed = 0n;
    for (const [bucket, head] of heads) {
      const seq = after?.get(bucket) ?? head;
      // Beyond the head: a place in a database that was begun afresh since.
      if (seq >= head) continue;
      positions.set(bucket, seq);
      missed += head - seq;
    }
    if (missed <= MOST_ENTRIES) return positions;
    listener.miss(missed);
    return new Map(heads);
  }

  /** Reads a page for one listener. */
  async #read(place: Place): Promise<void> {
    const page = await this.#journal.page({
      positions: place.positions,
      order: 'oldest first',
      limit: PAGE_ENTRIES,
      merchantId: place.listener.merchantId,
      kind: null,
      paymentId: null,
      fromSeq: 1n,
    });
    place.positions = new Map(page.next);
    if (page.entries.length > 0) place.listener.hear(page.entries, place.positions);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null || this.#looking !== null || this.#places.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      let wait = LOOK_MS;
      this.#looking = this.#look()
        .catch((error: unknown) => {
          wait = RETRY_MS;
          this.#onTrouble(error);
        })
        .finally(() => {
          this.#looking = null;
          this.#schedule(wait);
        });
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const heads = await this.#journal.heads(null);
    let behind = 0n;
    for (const [bucket, head] of heads) behind += head - (this.#told.get(bucket) ?? head);
    if (behind > MOST_ENTRIES) {
      this.#told = new Map(heads);
      for (const place of this.#places) {
        this.#advance(place);
        place.listener.miss(behind);
      }
      return;
    }
    for (let hasMore = behind > 0n; hasMore;) {
      const page = await this.#journal.page({
        positions: this.#told,
        order: 'oldest first',
        limit: PAGE_ENTRIES,
        merchantId: null,
        kind: null,
        paymentId: null,
        fromSeq: 1n,
      });
      this.#told = new Map(page.next);
      for (const place of this.#places) this.#tell(place, page.entries);
      hasMore = page.hasMore && page.entries.length > 0;
    }
  }

  #tell(place: Place, entries: readonly JournalEntry[]): void {
    const { listener, positions } = place;
    const news = entries.filter(
      ({ bucket, seq, merchantId }) =>
        seq > (positions.get(bucket) ?? seq) && (listener.merchantId === null || merchantId === listener.merchantId),
    );
    this.#advance(place);
    if (news.length > 0) listener.hear(news, place.positions);
  }

  #advance(place: Place): void {
    place.positions = new Map(
      [...place.positions].map(([bucket, seq]) => [bucket, most(seq, this.#told.get(bucket) ?? seq)]),
    );
  }
}

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
