/**
 * Preloaded into a process whose wall clock is to be wrong: `Date` is as many milliseconds ahead as a file says, which may
 * change while the process runs. The monotonic clock stays as it is, as when somebody sets a machine's clock.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 20;
const file = process.env['SHIFTED_CLOCK'] ?? '';
const RealDate = Date;
let aheadMs = 0;

function look(): void {
  const said = Number(readFileSync(file, 'utf8'));
  if (Number.isFinite(said)) aheadMs = said;
}

look();
setInterval(look, LOOK_MS).unref();

class ShiftedDate extends RealDate {
  constructor(...given: readonly [] | readonly [number]) {
    super(...(given.length === 0 ? ([RealDate.now() + aheadMs] as const) : given));
  }

  static override now(): number {
    return RealDate.now() + aheadMs;
  }
}

globalThis.Date = ShiftedDate as unknown as DateConstructor;
