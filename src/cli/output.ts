/** What people and programs read: aligned text, or JSON in which every amount is exact. */
import { exactJson } from '../api/views.ts';
import { describeAmount } from '../core/money.ts';

/** JSON with every digit of every integer. */
export function printJson(value: unknown): void {
  print(exactJson(value, 2));
}

/** One line, or several, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is not the answer: notes and errors. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Control characters in stored text must not reach a terminal. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

const clean = (text: string): string => text.replace(CONTROL, '\ufffd');

/** `label   value` lines with the values under each other. */
export function fields(rows: readonly (readonly [label: string, value: string])[], indent = ''): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${indent}${label.padEnd(width)}   ${clean(value)}`.trimEnd()).join('\n');
}

/** A table with a heading; columns named in `right` are aligned to the right. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
  indent = '',
): string {
  const lines = [heading.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(clean))];
  const widths = heading.map((_name, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) => {
      const cells = line.map((cell, column) =>
        right.includes(heading[column] ?? '') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      );
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

/** `60.00 USD`. */
export const money = describeAmount;

/** ISO 8601 in UTC, to the millisecond. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}
