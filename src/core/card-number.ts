/**
 * Full card numbers have no place in the books, in logs or in answers. They come in anyway, in whatever text a caller may
 * write freely: so every command passes through here before it is fingerprinted, and keeps of them what receipts show.
 */
import type { Command } from './command.ts';

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/** What people put between groups of digits: blanks, dashes, dots, underscores and slashes of every kind, some unseen. */
const SEPARATOR =
  '[\\t\\p{Zs}\\u00ad\\u200b-\\u200d\\u2060\\ufeff\\p{Pd}\\u2212.\\u00b7\\u2022\\u2027\\u2219\\u3002\\p{Pc}/\\\\\\u2044\\u2215]';

/**
 * Digits as people write card numbers: all together, or in groups of a few with a separator or three between. They stand by
 * themselves: digits inside a longer word are part of a hash, and those of a UUID come in groups of 8 and 12.
 */
const DIGIT_RUNS = new RegExp(
  `(?<![0-9A-Za-z])(?:[0-9]{13,19}|[0-9]{1,7}(?:${SEPARATOR}{1,3}[0-9]{1,7})+)(?![0-9A-Za-z])`,
  'gu',
);

/** Payment cards begin with 2 to 6 (ISO/IEC 7812); times in milliseconds, which also have 13 digits, begin with 1. */
const FIRST_DIGITS = /^[2-6]/;
/** Of those with a 2 there are only 22 to 27 (Mastercard): what begins with 20 is a year. */
const NO_YEAR = /^(?:2[2-7]|[3-6])/;
/** Dates, times and thousands have groups of 1 to 3 digits; cards have 4 and more, but in their last group. */
const LEAST_GROUP = 4;

/** What may be kept of a card number (PCI DSS 3.4.1): the first six digits and the last four. */
const KEPT_FIRST = 6;
const KEPT_LAST = 4;

/** Whether a text holds a full card number: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1, annex B). */
export function holdsCardNumber(text: string): boolean {
  return maskCardNumbers(text) !== text;
}

/** The text with every card number in it masked: `4111 1111 1111 1111` becomes `411111******1111`. */
export function maskCardNumbers(text: string): string {
  // Most texts are too short, or have too few digits, to look any further.
  if (text.length < MIN_DIGITS) return text;
  const plain = withPlainDigits(text);
  if (plain.search(DIGIT_RUNS) === -1) return text;
  let masked = '';
  let done = 0;
  for (const { 0: run, index } of plain.matchAll(DIGIT_RUNS)) {
    if (run.length < MIN_DIGITS) continue;
    for (const { start, end, digits } of cardNumbersIn(run)) {
      const hidden = '*'.repeat(digits.length - KEPT_FIRST - KEPT_LAST);
      masked += text.slice(done, index + start) + digits.slice(0, KEPT_FIRST) + hidden + digits.slice(-KEPT_LAST);
      done = index + end;
      if (plain[done] === FILLER) done += 1;
    }
  }
  // What is kept of one may make up another with the digits that follow.
  return done === 0 ? text : maskCardNumbers(masked + text.slice(done));
}

const NOT_ASCII = /[^\0-\x7f]/gu;
/** Fills up where a digit of two code units became one: a separator that is not seen. */
const FILLER = '\u2060';

/** The text with digits of every width and style as 0 to 9 (Unicode NFKC), each at its place. */
function withPlainDigits(text: string): string {
  return text.replace(NOT_ASCII, (given) => {
    const plain = given.normalize('NFKC');
    return plain.length === 1 && plain !== ' ' ? plain.padEnd(given.length, FILLER) : given;
  });
}

interface Group {
  readonly digits: string;
  readonly start: number;
  readonly end: number;
  /** What stands before it. */
  readonly separator: string;
}

/** The card numbers in a run of digits, with their places in it: they begin and end where a group does. */
function cardNumbersIn(run: string): Omit<Group, 'separator'>[] {
  const groups: Group[] = [];
  for (const { 0: digits, index } of run.matchAll(/[0-9]+/g)) {
    const separator = run.slice(groups.at(-1)?.end ?? 0, index);
    groups.push({ digits, start: index, end: index + digits.length, separator });
  }
  const found: Omit<Group, 'separator'>[] = [];
  for (let first = 0; first < groups.length; first += 1) {
    const longest = cardNumberFrom(groups, first);
    if (longest === null) continue;
    found.push({ digits: longest.digits, start: groups[first]?.start ?? 0, end: groups[longest.last]?.end ?? 0 });
    first = longest.last;
  }
  return found;
}

/** The longest card number that begins with the group at `first`, and its last group; `null` if none does. */
function cardNumberFrom(groups: readonly Group[], first: number): { digits: string; last: number } | null {
  let longest: { digits: string; last: number } | null = null;
  let digits = '';
  for (let last = first; last < groups.length; last += 1) {
    digits += groups[last]?.digits ?? '';
    if (digits.length > MAX_DIGITS) break;
    if (isCardNumber(digits) && isGroupedLikeOne(groups.slice(first, last + 1), digits)) longest = { digits, last };
  }
  return longest;
}

/**
 * Whether digits that pass for a card number are also grouped like one. With one blank or dash between them, any groups are
 * taken for it; other separators stand in dates, amounts and versions far more often than in card numbers.
 */
function isGroupedLikeOne(groups: readonly Group[], digits: string): boolean {
  const [, ...later] = groups;
  if (later.every(({ separator }) => separator === ' ' || separator === '-')) return true;
  if (!NO_YEAR.test(digits)) return false;
  return (
    groups.every((group) => group.digits.length === 1) ||
    groups.slice(0, -1).every((group) => group.digits.length >= LEAST_GROUP)
  );
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
    case 'approve_refund':
    case 'reject_refund':
    case 'cancel_refund': {
      const { reason } = action;
      const masked = reason === undefined ? undefined : maskCardNumbers(reason);
      return masked === undefined || masked === reason
        ? command
        : { ...command, action: { ...action, reason: masked } };
    }
    case 'create_merchant': {
      const name = maskCardNumbers(action.name);
      return name === action.name ? command : { ...command, action: { ...action, name } };
    }
    case 'create_credential': {
      const { credential } = action;
      const label = maskCardNumbers(credential.label);
      return label === credential.label
        ? command
        : { ...command, action: { ...action, credential: { ...credential, label } } };
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
