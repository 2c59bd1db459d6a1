/**
 * How many wrong secrets an address may show, in one process and in memory: what is counted says nothing about money, and
 * each server more lets an address guess as often again, no oftener.
 */
import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { refusal, type Refusal } from '../core/errors.ts';

/** Wrong secrets that one address may show for one name in a minute; then the name is closed to that address. */
export const FAILURES_PER_NAME = 20;
/**
 * Wrong secrets that one address may show in ten minutes whatever the names, against a few likely passwords tried on many
 * names. People who share an address have typos, not a hundred in ten minutes; and one name counts for `FAILURES_PER_NAME`
 * of them at most, so that a colleague's script with an old password locks nobody else out.
 */
export const FAILURES_PER_ADDRESS = 100;
/** Sessions that one address may open in a minute without signing in: each is a row. */
const SESSIONS_PER_MINUTE = 120;
const MINUTE_MS = 60_000;
const ADDRESS_WINDOW_MS = 10 * MINUTE_MS;
/** Who opened from an address within a day is known there, and stays so when the address is closed to all others. */
const KNOWN_MS = 24 * 60 * MINUTE_MS;
/** Beyond it the oldest are forgotten: made-up names must not fill the memory. */
const MOST_ENTRIES = 10_000;

interface Counter {
  count: number;
  readonly until: number;
}

/** What was shown under one name: by the minute, and how much of it was counted for the address. */
interface NameCounter extends Counter {
  counted: number;
  countedUntil: number;
}

export class Attempts {
  readonly #clock: () => number;
  readonly #names = new Map<string, NameCounter>();
  readonly #addresses = new Map<string, Counter>();
  readonly #sessions = new Map<string, Counter>();
  readonly #known = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Why a name that could be guessed for is closed to an address, to the right secret too; `null` while it is open. */
  closed(protocol: string, name: string, address: string): Refusal | null {
    const key = keyOf(protocol, name, address);
    const byName = live(this.#names.get(key), this.#clock());
    if (byName !== null && byName.count >= FAILURES_PER_NAME)
      return this.#tooMany(FAILURES_PER_NAME, 'a minute', byName);
    if ((this.#known.get(key) ?? 0) > this.#clock()) return null;
    const byAddress = live(this.#addresses.get(networkOf(address)), this.#clock());
    if (byAddress === null || byAddress.count < FAILURES_PER_ADDRESS) return null;
    return this.#tooMany(FAILURES_PER_ADDRESS, 'ten minutes', byAddress);
  }

  /**
   * Counts a wrong secret; says why that was one too many. `closes`: whether its name can be guessed for; then it counts
   * for the address as well.
   */
  failed(protocol: string, name: string, address: string, closes: boolean): Refusal | null {
    const now = this.#clock();
    const key = keyOf(protocol, name, address);
    const before = this.#names.get(key);
    let counter = live(before, now);
    if (counter === null) {
      counter = {
        count: 0,
        until: now + MINUTE_MS,
        counted: before?.counted ?? 0,
        countedUntil: before?.countedUntil ?? 0,
      };
      remember(this.#names, key, counter);
    }
    counter.count += 1;
    if (closes) this.#countForAddress(counter, networkOf(address), now);
    return counter.count > FAILURES_PER_NAME ? this.#tooMany(FAILURES_PER_NAME, 'a minute', counter) : null;
  }

  /** Somebody showed the right secret: the name is known at this address from now on. */
  opened(protocol: string, name: string, address: string): void {
    const key = keyOf(protocol, name, address);
    const until = this.#clock() + KNOWN_MS;
    if (this.#known.has(key)) this.#known.set(key, until);
    else remember(this.#known, key, until);
  }

  /** Counts a session that somebody opens; says why it is one too many. */
  session(protocol: string, address: string): Refusal | null {
    const now = this.#clock();
    const key = `${protocol}\u0000${networkOf(address)}`;
    let counter = live(this.#sessions.get(key), now);
    if (counter === null) remember(this.#sessions, key, (counter = { count: 0, until: now + MINUTE_MS }));
    counter.count += 1;
    if (counter.count <= SESSIONS_PER_MINUTE) return null;
    return this.#refusal(`more than ${SESSIONS_PER_MINUTE} sessions in a minute`, counter);
  }

  /** How much is remembered. */
  get memory(): { readonly entries: number; readonly longestKey: number } {
    const maps: readonly ReadonlyMap<string, unknown>[] = [this.#names, this.#addresses, this.#sessions, this.#known];
    const keys = maps.flatMap((map) => [...map.keys()]);
    return { entries: keys.length, longestKey: keys.reduce((longest, { length }) => Math.max(longest, length), 0) };
  }

  #countForAddress(name: NameCounter, network: string, now: number): void {
    let address = live(this.#addresses.get(network), now);
    if (address === null) {
      remember(this.#addresses, network, (address = { count: 0, until: now + ADDRESS_WINDOW_MS }));
    }
    if (name.countedUntil !== address.until) {
      name.counted = 0;
      name.countedUntil = address.until;
    }
    if (name.counted >= FAILURES_PER_NAME) return;
    name.counted += 1;
    address.count += 1;
  }

  #tooMany(most: number, window: string, counter: Counter): Refusal {
    return this.#refusal(`more than ${most} wrong credentials in ${window}`, counter);
  }

  #refusal(fact: string, { until }: Counter): Refusal {
    const seconds = Math.max(1, Math.ceil((until - this.#clock()) / 1_000));
    return refusal('rate_limited', `${fact}; wait ${seconds} seconds`, { retry_after: seconds });
  }
}

/**
 * What counts as one address: an IPv4 address, also where it is written as IPv6, and of IPv6 the first 64 bits, which one
 * subscriber has to oneself (RFC 6177) and could run through.
 */
export function networkOf(address: string | undefined): string {
  // Who has hung up meanwhile is nowhere any more.
  if (address === undefined) return '';
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%', 1);
  if (!isIPv6(plain)) return address;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const words = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    // Four dotted numbers at the end stand for two words.
    const missing = 8 - words.length - rest.length - (tail.includes('.') ? 1 : 0);
    words.push(...Array.from({ length: missing }, () => '0'), ...rest);
  }
  return `${words
    .slice(0, 4)
    .map((word) => Number.parseInt(word, 16).toString(16))
    .join(':')}::/64`;
}

/** Beyond it a name is kept as its hash: a made-up one may be as long as a request. */
const LONGEST_NAME = 64;

/** A name that a caller sent, short enough to be kept ten thousand times. */
export function shortName(name: string): string {
  return name.length <= LONGEST_NAME ? name : hash('sha256', name, 'hex');
}

const keyOf = (protocol: string, name: string, address: string): string =>
  `${protocol}\u0000${shortName(name)}\u0000${networkOf(address)}`;

function live<C extends Counter>(counter: C | undefined, now: number): C | null {
  return counter !== undefined && counter.until > now ? counter : null;
}

/** At the end, where the youngest are; the oldest goes when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  if (map.size >= MOST_ENTRIES) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
