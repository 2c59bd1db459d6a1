/**
 * Refunds summed up in slots of time, kept in memory and read again only where they may have changed: a day of a million
 * refunds must not be counted anew for everyone who looks at the overview.
 */
import type { OverviewReader, RefundGroup } from '../store/read-overview.ts';
import { SLOT_MS } from '../store/read-overview.ts';
import { SCAN_ROWS } from '../store/page.ts';

/** What is shown is at most this old, and a read's length. */
const FRESH_MS = 3_000;
/** A refund's id says when it was decided; until it is committed and seen, this may pass. */
const SETTLING_MS = 60_000;
/** Succeeded refunds that are reversed later change a slot that was done with: it is looked at again after this … */
const REVERSAL_MS = 10 * 60_000;
/** … but no more than a day of such slots in one look. */
const REVERSAL_SLOTS = 288;
/** Longer ago than anybody may ask for. */
const KEPT_MS = 33 * 24 * 60 * 60_000;
/** How long one look may read before it answers with what it has. The first one has everything to read. */
const BUDGET_MS = { first: 1_500, later: 500 } as const;

interface Slot {
  readonly groups: readonly RefundGroup[];
  readonly readAt: number;
  /** Refunds of it that waited for a second person then. */
  readonly waiting: number;
}

export class RefundSlots {
  readonly #reader: OverviewReader;
  readonly #merchantId: string | null;
  readonly #slots = new Map<number, Slot>();
  #reading: Promise<void> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #readFrom = Number.POSITIVE_INFINITY;
  #complete = false;
  waiting: readonly string[] = [];

  constructor(reader: OverviewReader, merchantId: string | null) {
    this.#reader = reader;
    this.#merchantId = merchantId;
  }

  /** When the numbers were read, milliseconds since 1970. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Whether all that there is was counted; if not, the next look goes on. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Brings the slots from `from` on up to date. */
  async refresh(from: number, now: number): Promise<void> {
    const first = Math.floor(from / SLOT_MS);
    while (this.#readFrom > first || now - this.#readAt > FRESH_MS) {
      // Whoever comes meanwhile waits for the same look.
      this.#reading ??= this.#read(first, now).finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
  }

  /** The groups of slots from one to before another. */
  *groups(from: number, before: number): Generator<RefundGroup & { readonly slot: number }> {
    for (let slot = Math.floor(from / SLOT_MS); slot * SLOT_MS < before; slot += 1) {
      for (const group of this.#slots.get(slot)?.groups ?? []) yield { ...group, slot };
    }
  }

  async #read(first: number, now: number): Promise<void> {
    const budget = this.#slots.size === 0 ? BUDGET_MS.first : BUDGET_MS.later;
    const ends = performance.now() + budget;
    const last = Math.floor(now / SLOT_MS);
    for (const slot of this.#slots.keys()) if (slot * SLOT_MS < now - KEPT_MS) this.#slots.delete(slot);
    this.waiting = await this.#reader.waiting(this.#merchantId);
    const { changed, old } = this.#stale(first, last, now);
    this.#complete = await this.#readRanges(changed, now, ends);
    if (this.#complete) await this.#readRanges(old, now, ends);
    this.#readFrom = first;
    this.#readAt = now;
  }

  /** Slots that were not read or may have changed since; and those that are only to be looked at again some time. */
  #stale(first: number, last: number, now: number): { changed: number[]; old: number[] } {
    const waiting = new Map<number, number>();
    for (const id of this.waiting) {
      const slot = Math.floor(timeOf(id) / SLOT_MS);
      waiting.set(slot, (waiting.get(slot) ?? 0) + 1);
    }
    const allWaiting = this.waiting.length < SCAN_ROWS;
    const changed: number[] = [];
    const old: number[] = [];
    for (let number = last; number >= first; number -= 1) {
      const slot = this.#slots.get(number);
      const isOver = slot !== undefined && slot.readAt >= (number + 1) * SLOT_MS + SETTLING_MS;
      if (!isOver || (allWaiting && slot.waiting !== (waiting.get(number) ?? 0))) changed.push(number);
      else if (now - slot.readAt >= REVERSAL_MS && old.length < REVERSAL_SLOTS) old.push(number);
    }
    return { changed, old };
  }

  /** Reads slots, given from the newest down; `false` when the time was over before. */
  async #readRanges(slots: readonly number[], now: number, ends: number): Promise<boolean> {
    const ranges: [begin: number, end: number][] = [];
    for (const slot of slots) {
      const range = ranges.at(-1);
      if (range !== undefined && range[0] === slot + 1) range[0] = slot;
      else ranges.push([slot, slot]);
    }
    for (const [begin, end] of ranges) {
      if (performance.now() >= ends || !(await this.#readSlots(begin, end, now, ends))) return false;
    }
    return true;
  }

  /** Reads a range of slots, both ends included; `false` when its time was over before, with the slots that were done. */
  async #readSlots(begin: number, end: number, now: number, ends: number): Promise<boolean> {
    const read = new Map<number, RefundGroup[]>();
    let done = begin;
    const keep = (before: number): void => {
      for (; done < before; done += 1) {
        const groups = read.get(done) ?? [];
        const waiting = groups.reduce((sum, { status, count }) => sum + (status === 'pending_approval' ? count : 0), 0);
        this.#slots.set(done, { groups, readAt: now, waiting });
        read.delete(done);
      }
    };
    const range = { from: begin * SLOT_MS, before: (end + 1) * SLOT_MS };
    for (let after: string | null = null; ;) {
      const page = await this.#reader.refunds({ ...range, after }, this.#merchantId);
      for (const { slot, ...group } of page.groups) {
        const groups = read.get(slot) ?? [];
        groups.push(group);
        read.set(slot, groups);
      }
      if (page.next === null) break;
      after = page.next;
      // Its last slot may go on in the next page.
      keep(Math.max(done, ...page.groups.map(({ slot }) => slot)));
      if (performance.now() >= ends) return false;
    }
    keep(end + 1);
    return true;
  }
}

/** When an id was made: the first 48 bits of a UUIDv7. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
