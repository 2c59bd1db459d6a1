/** Full card numbers must never enter the store: they are refused wherever a caller can write free text. */
import { holdsCardNumber } from '../core/card-number.ts';

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
