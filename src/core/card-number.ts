/**
 * Full card numbers have no place in the books, in logs or in answers. They come in anyway, in whatever text a caller may
 * write freely: so every command passes through here before it is fingerprinted, and keeps of them what receipts show.
 */
import type { Command } from './command.ts';

/**
 * Digits as people write card numbers: all together, or in groups of a few with a blank or a dash between. They stand by
 * themselves: digits inside a longer word are part of a hash, and those of a UUID come in groups of 8 and 12.
 */
const DIGIT_RUNS = /(?<![0-9A-Za-z])(?:\d{13,19}|\d{1,7}(?:[ -]\d{1,7})+)(?![0-9A-Za-z])/g;
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
/** Payment cards begin with 2 to 6 (ISO/IEC 7812); times in milliseconds, which also have 13 digits, begin with 1. */
const FIRST_DIGITS = /^[2-6]/;

/** What may be kept of a card number (PCI DSS 3.4.1): the first six digits and the last four. */
const KEPT_FIRST = 6;
const KEPT_LAST = 4;

/** Whether a text holds a full card number: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1, annex B). */
export function holdsCardNumber(text: string): boolean {
  return maskCardNumbers(text) !== text;
}

/** The text with every card number in it masked: `4111 1111 1111 1111` becomes `411111******1111`. */
export function maskCardNumbers(text: string): string {
  // Most texts have too few digits to look any further.
  if (text.length < MIN_DIGITS) return text;
  return text.replace(DIGIT_RUNS, (run) => (run.length < MIN_DIGITS ? run : maskRun(run)));
}

/** Looks for card numbers in a run of digits: they begin and end where a group does. */
function maskRun(run: string): string {
  const parts = run.split(/([ -])/);
  let masked = '';
  for (let first = 0; first < parts.length; first += 2) {
    const last = endOfCardNumber(parts, first);
    if (last === null) {
      masked += (parts[first] ?? '') + (parts[first + 1] ?? '');
      continue;
    }
    const digits = groups(parts, first, last);
    const hidden = '*'.repeat(digits.length - KEPT_FIRST - KEPT_LAST);
    masked += digits.slice(0, KEPT_FIRST) + hidden + digits.slice(-KEPT_LAST) + (parts[last + 1] ?? '');
    first = last;
  }
  return masked;
}

/** The last group of the longest card number that begins with the group at `first`; `null` if none does. */
function endOfCardNumber(parts: readonly string[], first: number): number | null {
  let end: number | null = null;
  for (let last = first; last < parts.length; last += 2) {
    const digits = groups(parts, first, last);
    if (digits.length > MAX_DIGITS) break;
    if (isCardNumber(digits)) end = last;
  }
  return end;
}

/** The digits from one group to another; every second part is what stands between two groups. */
function groups(parts: readonly string[], first: number, last: number): string {
  return parts
    .slice(first, last + 1)
    .filter((_part, index) => index % 2 === 0)
    .join('');
}

function isCardNumber(digits: string): boolean {
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS || !FIRST_DIGITS.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

/** The command without card numbers in its details. References and keys are names: they stay as they were given. */
export function withoutCardNumbers(command: Command): Command {
  const { action } = command;
  switch (action.kind) {
    case 'refund_payment': {
      const details = maskDeep(action.details);
      return details === action.details ? command : { ...command, action: { ...action, details } };
    }
    case 'register_payment': {
      const masked = maskDeep(action.details);
      if (masked === action.details) return command;
      // A telephone number has up to 15 digits, and may pass for a card's by chance: it is what it is called.
      const phone = action.details.customer?.phone;
      const details = phone === undefined ? masked : { ...masked, customer: { ...masked.customer, phone } };
      return { ...command, action: { ...action, details } };
    }
    default:
      return command;
  }
}

/** Plain data with all its texts masked, names of members and whole numbers included; the same object if there is nothing to mask. */
function maskDeep<T>(value: T): T {
  if (typeof value === 'string') return maskCardNumbers(value) as T;
  if (typeof value === 'number') return holdsCardNumber(String(value)) ? (maskCardNumbers(String(value)) as T) : value;
  if (value === null || typeof value !== 'object') return value;
  let changed = false;
  const masked = Object.entries(value).map(([name, member]: [string, unknown]): [string, unknown] => {
    const pair: [string, unknown] = [maskCardNumbers(name), maskDeep(member)];
    changed ||= pair[0] !== name || pair[1] !== member;
    return pair;
  });
  if (!changed) return value;
  return (Array.isArray(value) ? masked.map(([, member]) => member) : Object.fromEntries(masked)) as T;
}
