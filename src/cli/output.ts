/** What people and programs read: aligned text, or JSON in which every amount is exact. */
import { formatMajor } from '../core/money.ts';

/** Values that can be written as JSON; a `bigint` becomes a number with all its digits. */
export type Printable =
  string | number | bigint | boolean | null | readonly Printable[] | { readonly [key: string]: Printable | undefined };

/** TypeScript's library does not know it yet (ECMAScript 2026, JSON.parse source text access). */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

export function toJson(value: Printable): string {
  return JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? rawJSON(member.toString()) : member),
    2,
  );
}

export function printJson(value: Printable): void {
  print(toJson(value));
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
// oxlint-disable-next-line no-control-regex
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
export function money(minor: bigint, currency: string): string {
  return `${formatMajor(minor, currency)} ${currency}`;
}

/** ISO 8601 in UTC, to the millisecond. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
