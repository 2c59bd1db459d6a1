/** Lines that were not taken in: the first few for the person at the screen, all of them in a file to correct. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { maskCardNumbers } from '../../core/card-number.ts';
import type { Refusal } from '../../core/errors.ts';
import { usage } from '../failure.ts';
import { isRejectColumn, REJECT_COLUMNS } from './columns.ts';
import type { CsvLine } from './csv.ts';

/** More than that nobody reads on a screen. */
const SHOWN = 20;

interface Reject {
  readonly line: number;
  readonly because: string;
  /** For the file. */
  readonly row: string;
}

export class Rejects {
  count = 0;
  /** Lines whose answer is not known yet, in the order of the file. */
  readonly #open = new Set<number>();
  /** Rejected, but not written yet: what is said of an earlier line may come later. */
  #waiting: Reject[] = [];
  readonly #shown: { readonly line: number; readonly because: string }[] = [];
  readonly #header: readonly string[];
  readonly #delimiter: string;
  readonly #file: WriteStream | null;
  #failure: Error | null = null;

  private constructor(header: readonly string[], delimiter: string, file: WriteStream | null) {
    this.#header = header.filter((name) => !isRejectColumn(name));
    this.#delimiter = delimiter;
    this.#file = file;
    file?.on('error', (error) => (this.#failure = error));
    file?.write(this.#row([...this.#header, ...REJECT_COLUMNS]));
  }

  /** `path`: the file for all of them, made anew; `null` for none. */
  static async open(header: readonly string[], delimiter: string, path: string | null): Promise<Rejects> {
    if (path === null) return new Rejects(header, delimiter, null);
    const file = createWriteStream(path);
    try {
      await once(file, 'open');
    } catch (error) {
      throw usage(`--rejects: ${(error as Error).message}`);
    }
    return new Rejects(header, delimiter, file);
  }

  /** `line 12: duplicate_reference: …`, of the first few. */
  get shown(): string[] {
    return this.#shown.map(({ line, because }) => `line ${line}: ${because}`);
  }

  /** A line is on its way; it ends with `settle` or `add`. Lines come in the order of the file. */
  expect({ line }: CsvLine): void {
    this.#open.add(line);
  }

  /** It was taken in. */
  settle({ line }: CsvLine): void {
    this.#open.delete(line);
  }

  /** `header` is the file's own, to leave out what an earlier file of rejects added. */
  add({ line, fields }: CsvLine, refused: Refusal, header: readonly string[]): void {
    this.#open.delete(line);
    this.count += 1;
    const because = `${refused.code}: ${refused.message}`;
    const masked = fields.map(maskCardNumbers);
    // Cut or padded to the header's width, a line that does not fit it could pass for a good one with another amount.
    const fits = fields.length === header.length;
    const own = header.flatMap((name, index) => (isRejectColumn(name) ? [] : [fits ? (masked[index] ?? '') : '']));
    const kept = masked[header.findIndex((name) => name.trim() === 'rejected_text')] ?? '';
    const text = fits ? kept : this.#joined(masked);
    this.#waiting.push({ line, because, row: this.#row([...own, String(line), because, text]) });
  }

  /** Writes what is before every line that is still on its way, and waits for the disk. Throws `Failure` when it cannot. */
  async flushed(): Promise<void> {
    const [first = Infinity] = this.#open;
    this.#write(first);
    if (this.#failure !== null) throw usage(`--rejects: ${this.#failure.message}`);
    if (this.#file?.writableNeedDrain === true)
      await Promise.race([once(this.#file, 'drain'), once(this.#file, 'close')]);
  }

  /** Writes the rest. */
  async close(): Promise<void> {
    this.#write(Infinity);
    if (this.#file === null || this.#failure !== null) return;
    this.#file.end();
    await finished(this.#file);
  }

  /** Lines before `end`, in the order of the file. */
  #write(end: number): void {
    const ready = this.#waiting.filter(({ line }) => line < end).sort((a, b) => a.line - b.line);
    this.#waiting = this.#waiting.filter(({ line }) => line >= end);
    for (const { line, because, row } of ready) {
      if (this.#shown.length < SHOWN) this.#shown.push({ line, because });
      this.#file?.write(row);
    }
  }

  #row(cells: readonly string[]): string {
    return `${this.#joined(cells)}\n`;
  }

  #joined(cells: readonly string[]): string {
    return cells.map((cell) => this.#quoted(cell)).join(this.#delimiter);
  }

  #quoted(cell: string): string {
    const needsQuotes = cell.includes(this.#delimiter) || /["\r\n]/.test(cell);
    return needsQuotes ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
}
