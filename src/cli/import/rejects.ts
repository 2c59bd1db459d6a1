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

export class Rejects {
  count = 0;
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

  /** `line 12: duplicate_reference: …`, of the first few that were known: what the books say of a line comes later. */
  get shown(): string[] {
    return this.#shown.sort((a, b) => a.line - b.line).map(({ line, because }) => `line ${line}: ${because}`);
  }

  /** `header` is the file's own, to leave out what an earlier file of rejects added. */
  add({ line, fields }: CsvLine, refused: Refusal, header: readonly string[]): void {
    this.count += 1;
    const because = `${refused.code}: ${refused.message}`;
    if (this.#shown.length < SHOWN) this.#shown.push({ line, because });
    if (this.#file === null) return;
    const masked = fields.map(maskCardNumbers);
    // Cut or padded to the header's width, a line that does not fit it could pass for a good one with another amount.
    const fits = fields.length === header.length;
    const own = header.flatMap((name, index) => (isRejectColumn(name) ? [] : [fits ? (masked[index] ?? '') : '']));
    const kept = masked[header.findIndex((name) => name.trim() === 'rejected_text')] ?? '';
    const text = fits ? kept : this.#joined(masked);
    this.#file.write(this.#row([...own, String(line), because, text]));
  }

  /** Waits until the disk has caught up. Throws `Failure` when it cannot. */
  async flushed(): Promise<void> {
    if (this.#failure !== null) throw usage(`--rejects: ${this.#failure.message}`);
    if (this.#file?.writableNeedDrain === true)
      await Promise.race([once(this.#file, 'drain'), once(this.#file, 'close')]);
  }

  async close(): Promise<void> {
    if (this.#file === null || this.#failure !== null) return;
    this.#file.end();
    await finished(this.#file);
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
