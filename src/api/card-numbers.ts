/** Full card numbers must never enter the store: they are looked for wherever a caller can write free text. */

/** Digits in groups as people write card numbers: a blank or a dash between groups, or none. */
const DIGIT_RUNS = /\d(?:[ -]?\d)+/g;
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
/** Payment cards begin with 2 to 6 (ISO/IEC 7812); times in milliseconds, which also have 13 digits, begin with 1. */
const FIRST_DIGITS = /^[2-6]/;

/** Whether a text holds a full card number: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1, annex B). */
export function holdsCardNumber(text: string): boolean {
  // Most texts have too few digits to look any further.
  if (text.length < MIN_DIGITS) return false;
  for (const [run] of text.matchAll(DIGIT_RUNS)) {
    if (run.length < MIN_DIGITS) continue;
    const groups = run.split(/[ -]/);
    for (let first = 0; first < groups.length; first += 1) {
      let digits = '';
      for (let last = first; last < groups.length && digits.length < MAX_DIGITS; last += 1) {
        digits += groups[last] ?? '';
        if (isCardNumber(digits)) return true;
      }
    }
  }
  return false;
}

function isCardNumber(digits: string): boolean {
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS || !FIRST_DIGITS.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** The first field with a full card number in its text or in a member's name, as `a.b.c`; `null` if there is none. */
export function findCardNumber(value: unknown, path: string): string | null {
  if (typeof value === 'string') return holdsCardNumber(value) ? path : null;
  if (value === null || typeof value !== 'object') return null;
  for (const [name, member] of Object.entries(value)) {
    // Named by its parent: the answer must not repeat the number.
    if (holdsCardNumber(name)) return path;
    const found = findCardNumber(member, path === '' ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
