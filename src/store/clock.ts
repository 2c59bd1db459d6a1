/** The process's clock against PostgreSQL's. A book's time never goes back: one clock that is far ahead moves it for all. */
import type pg from 'pg';

/** Further ahead, entries would carry times that have not come, and windows and approvals end too early. */
const MOST_AHEAD_MS = 60_000;
/** Machines that keep their time by NTP differ by milliseconds: beyond this, one of them does not. */
const WORTH_A_WARNING_MS = 5_000;

/**
 * What to warn of; `null` if nothing. Throws an `Error` with a sentence for the operator when this process's clock is more
 * than a minute ahead.
 */
export async function assertClock(client: pg.ClientBase): Promise<string | null> {
  const before = Date.now();
  const { rows } = await client.query<{ at: number }>('SELECT clock_timestamp() AS at');
  const after = Date.now();
  const at = rows[0]?.at ?? before;
  // At least so much, however long the answer took.
  const aheadMs = before - at;
  const behindMs = at - after;
  if (aheadMs > MOST_AHEAD_MS) {
    throw new Error(
      `This machine's clock is ${seconds(aheadMs)} ahead of PostgreSQL's: refunds would be dated in the future, and a book's ` +
        `time never goes back. Refundry does not run more than ${seconds(MOST_AHEAD_MS)} ahead. Set both clocks right.`,
    );
  }
  if (aheadMs <= WORTH_A_WARNING_MS && behindMs <= WORTH_A_WARNING_MS) return null;
  return aheadMs > 0
    ? `this machine's clock is ${seconds(aheadMs)} ahead of PostgreSQL's: set both right`
    : `this machine's clock is ${seconds(behindMs)} behind PostgreSQL's: set both right`;
}

const seconds = (ms: number): string => `${Math.floor(ms / 1000)} s`;
