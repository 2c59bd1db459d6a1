/** CSV (RFC 4180) as spreadsheets take it, without taking a cell of it for a formula. */
import type { FastifyReply } from 'fastify';

/**
 * Where spreadsheets see a formula begin (OWASP, "CSV Injection"); where a semicolon or a tab separates cells, or quotes are
 * not understood, a cell of ours may become several.
 */
const FORMULA = /^(?=[=+\-@＝＋－＠\t\r\n])|(?<=[;\t\r\n])(?=[=+\-@＝＋－＠])/g;
/** What `csvLine` put there. */
const GUARD = /^'(?=[=+\-@＝＋－＠\t\r\n])|(?<=[;\t\r\n])'(?=[=+\-@＝＋－＠])/g;
const NEEDS_QUOTES = /[",\r\n]/;

export type Cell = string | number | bigint | boolean | null;

export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** Only text can be a formula: numbers are what they are, also below zero. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = cell.replace(FORMULA, "'");
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A cell's text as it was before `csvLine` made it harmless. */
export function plainCell(cell: string): string {
  return cell.replace(GUARD, '');
}

/** What says to a browser that the answer is a file. `name` has no quotes. */
export function asFile(reply: FastifyReply, name: string, type = 'text/csv; charset=utf-8; header=present'): void {
  void reply.header('content-disposition', `attachment; filename="${name}"`).type(type);
}
