/**
 * What the long runs have in common: `npm run simulate|crash|fuzz|soak -- --seed N --minutes M`. Progress while they run,
 * at the end a report of what was done and of what was violated, and the command that does it again.
 */
import { parseArgs } from 'node:util';

export interface LongRun {
  /** From which everything random is drawn. */
  readonly seed: number;
  /** Whether there is time for more. */
  readonly hasTime: () => boolean;
  /** Says how far it is: in place on a terminal, else a line every ten seconds. */
  readonly progress: (text: string) => void;
}

/** What was done, by what is counted, in the order in which it is shown; and every violation in a sentence. */
export interface LongReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

const LINE_MS = 10_000;

/** Runs what `name` stands for and prints its report; the process ends with 1 where something was violated. */
export async function longRun(
  name: string,
  defaultMinutes: number,
  run: (run: LongRun) => Promise<LongReport>,
): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' } } });
  const seed = wholeNumber('--seed', values.seed, Date.now() % 2 ** 31);
  const minutes = positive('--minutes', values.minutes, defaultMinutes);
  const began = performance.now();
  const again = `npm run ${name} -- --seed ${seed} --minutes ${minutes}`;
  process.stdout.write(`${name}: seed ${seed}, ${minutes} min\n`);
  let said = 0;
  const progress = (text: string): void => {
    const now = performance.now();
    const line = `${Math.round((now - began) / 1000)} s of ${Math.round(minutes * 60)} s: ${text}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
    else if (now - said >= LINE_MS) {
      said = now;
      process.stderr.write(`${line}\n`);
    }
  };
  const hasTime = (): boolean => performance.now() - began < minutes * 60_000;
  try {
    const { counts, violations } = await run({ seed, hasTime, progress });
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    const seconds = (performance.now() - began) / 1000;
    const width = Math.max(...Object.keys(counts).map((what) => what.length), 'violations'.length);
    for (const [what, count] of Object.entries({ ...counts, violations: violations.length })) {
      process.stdout.write(`  ${what.padEnd(width)}  ${count.toLocaleString('en').padStart(13)}\n`);
    }
    process.stdout.write(`  in ${seconds.toFixed(0)} s\n`);
    for (const violation of violations.slice(0, 20)) process.stdout.write(`✖ ${violation}\n`);
    if (violations.length > 0) process.stdout.write(`Again: ${again}\n`);
    process.exitCode = violations.length > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(
      `\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nAgain: ${again}\n`,
    );
    process.exitCode = 1;
  }
}

function wholeNumber(option: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${option} must be a whole number, and is ${given}`);
  return value;
}

function positive(option: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!(value > 0 && value <= 24 * 60)) throw new Error(`${option} must be above 0 and at most 1440, and is ${given}`);
  return value;
}
