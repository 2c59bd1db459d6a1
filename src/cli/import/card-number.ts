/** Card numbers have no place in the books: a column of the wrong export must not bring them in. */

const RUN = /[0-9](?:[ -]?[0-9]){12,}/g;

/** Whether a text contains what looks like a payment card's number: 13 to 19 digits (ISO/IEC 7812) that pass Luhn. */
export function hasCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  return (text.match(RUN) ?? []).some((run) => {
    const digits = run.replace(/[ -]/g, '');
    return digits.length <= 19 && passesLuhn(digits);
  });
}

/** ISO/IEC 7812-1, annex B: the sum of digits, every second one from the right doubled, ends in 0. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

/** The text without them, for files and logs. */
export function withoutCardNumbers(text: string): string {
  return hasCardNumber(text) ? text.replace(RUN, '[card number]') : text;
}
