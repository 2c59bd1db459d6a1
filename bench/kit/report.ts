/** What a benchmark prints, and keeps as JSON: the machine, the versions, medians, and each ratio beside its target. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const RESULTS = new URL('../results/', import.meta.url);

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly postgres: string;
  /** What made the load and the baseline. */
  readonly tools: readonly string[];
}

export interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Of every round. */
  readonly rounds: readonly number[];
  /** What the value is compared with, and the comparison. */
  readonly ratio?: number;
  readonly target?: string;
  readonly stretch?: string;
  /** Whether the target is met; absent where there is none. */
  readonly met?: boolean;
}

export interface Report {
  readonly name: string;
  readonly at: string;
  readonly machine: Machine;
  readonly lines: readonly Line[];
}

export function machine(postgres: string, tools: readonly string[]): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres,
    tools,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] = sorted.slice(sorted.length % 2 === 0 ? middle - 1 : middle);
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}

/** A line whose value is the median of its rounds, and whose ratio, or value, must be at least or at most its target. */
export function line(
  what: string,
  unit: string,
  rounds: readonly number[],
  against?: {
    /** The ratio to show; without it, the value itself is judged. */
    readonly ratio?: number;
    readonly atLeast?: number;
    readonly atMost?: number;
    readonly stretch?: number;
  },
): Line {
  const value = median(rounds);
  const common = { what, value, unit, rounds };
  if (against === undefined) return common;
  const { ratio, atLeast, atMost, stretch } = against;
  const judged = ratio ?? value;
  const sign = atMost === undefined ? '≥' : '≤';
  const bound = atMost ?? atLeast;
  return {
    ...common,
    ...(ratio === undefined ? {} : { ratio }),
    ...(bound === undefined
      ? {}
      : { target: `${sign} ${bound}`, met: atMost === undefined ? judged >= bound : judged <= bound }),
    ...(stretch === undefined ? {} : { stretch: `${sign} ${stretch}` }),
  };
}

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2);

/** Prints the report as a table, and writes it to `bench/results/NAME.json`. */
export async function publish(report: Report): Promise<void> {
  const { machine: on } = report;
  console.log(`\n${report.name}: ${on.cores} cores of ${on.cpu}, ${on.memoryGigabytes} GiB, Node ${on.node},`);
  console.log(`PostgreSQL ${on.postgres}, ${on.tools.join(', ')}; medians of their rounds\n`);
  const rows = report.lines.map(({ what, value, unit, ratio, target = '', stretch = '', met }) => [
    what,
    `${digits(value)} ${unit}`,
    ratio === undefined ? '' : ratio.toFixed(2),
    target,
    stretch,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  const header = ['what', 'median', 'ratio', 'target', 'stretch', ''];
  const widths = header.map((name, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0), name.length),
  );
  for (const row of [header, ...rows]) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
  }
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${report.name}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nwritten to ${fileURLToPath(file)}`);
}

export async function readReport(name: string): Promise<Report | null> {
  try {
    return JSON.parse(await readFile(new URL(`${name}.json`, RESULTS), 'utf8')) as Report;
  } catch {
    return null;
  }
}

/** Says on the terminal what is going on: some of this takes minutes. */
export function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
}
