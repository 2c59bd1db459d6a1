/** Keys that Refundry made, where people put them by mistake: each begins with `rk_`, so that it can be known anywhere. */

/** As `src/dialects/issue.ts` makes them, or cut off by whoever pasted them. */
const KEY = /rk_[\w-]{16,}/g;

/** The text without them. */
export function maskKeys(text: string): string {
  return text.includes('rk_') ? text.replace(KEY, 'rk_[masked]') : text;
}
