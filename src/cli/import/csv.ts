/** CSV (RFC 4180) in batches of lines with their numbers: as many as a chunk of the file has, so memory stays bounded. */
import { type CsvError, type Info, Parser } from 'csv-parse';
import { EXIT, Failure } from '../failure.ts';

export interface CsvLine {
  /** Where it begins in the file, counted from 1, as an editor shows it. */
  readonly line: number;
  readonly fields: readonly string[];
  /** Why it is no line of CSV; then it has no fields. */
  readonly fault: string | null;
}

export interface CsvBatch {
  readonly lines: readonly CsvLine[];
  /** Bytes of the file that were read so far. */
  readonly bytes: number;
}

/** One line of a payment is a few hundred bytes. Past this, a quote was opened and never closed. */
const MAX_LINE_BYTES = 1 << 20;

/**
 * Reads lines, without blank ones. UTF-8, with or without byte order mark; lines end in LF or CRLF, also inside quotes.
 * Throws `Failure` (`not_csv`) where the rest of the file cannot be told apart into lines.
 */
export async function* readCsv(source: AsyncIterable<Buffer>, delimiter: string): AsyncGenerator<CsvBatch> {
  const newlines = new Newlines();
  let lines: CsvLine[] = [];
  let faultLine = 0;
  // Called while a chunk is being parsed, in the order of the file.
  const onRecord = (fields: string[], { bytes }: Info): null => {
    const last = newlines.before(bytes);
    const line = last - newlinesIn(fields) + (newlines.isBehindOne(bytes) ? 0 : 1);
    // A blank line has one empty field.
    if (fields.length > 1 || fields[0] !== '') lines.push({ line, fields, fault: null });
    return null;
  };
  const onSkip = (error: CsvError | undefined): undefined => {
    if (error === undefined) return;
    const line = newlines.before(Number(error['bytes'] ?? 0)) + 1;
    if (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE') {
      const sentence = `line ${line}: a quote is opened and never closed; nothing after it was read`;
      throw new Failure('not_csv', sentence, EXIT.cannotRun, { line });
    }
    // A line with several wrong quotes is one wrong line.
    if (line !== faultLine) {
      lines.push({
        line,
        fields: [],
        fault: 'a quote is in the wrong place: quote the field, and double the quotes in it',
      });
    }
    faultLine = line;
  };
  const parser = new Parser({
    bom: true,
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
    skip_records_with_error: true,
    on_record: onRecord,
    on_skip: onSkip,
  });
  parser.resume();
  // It also rejects the write in flight, which is where it is dealt with.
  parser.on('error', () => undefined);

  const take = (): CsvBatch => {
    const batch = { lines, bytes: newlines.length };
    lines = [];
    return batch;
  };
  for await (const chunk of source) {
    if (newlines.length === 0) refuseUtf16(chunk);
    newlines.add(chunk);
    await done((callback) => parser.write(chunk, callback));
    yield take();
  }
  await done((callback) => parser.end(callback));
  yield take();
}

function done(start: (callback: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function refuseUtf16(chunk: Buffer): void {
  const mark = chunk.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') throw new Failure('not_csv', 'the file is UTF-16: save it as UTF-8');
}

function newlinesIn(fields: readonly string[]): number {
  let count = 0;
  for (const field of fields) {
    for (let at = field.indexOf('\n'); at !== -1; at = field.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

/**
 * Counts lines by the file's own bytes: the parser's count takes a CRLF inside quotes for two, and does not know where a
 * line began. Positions only ever grow, so each byte is looked at once.
 */
class Newlines {
  #chunks: { readonly start: number; readonly bytes: Buffer }[] = [];
  #position = 0;
  #count = 0;
  #lastNewline = -1;
  /** Bytes added so far. */
  length = 0;

  add(bytes: Buffer): void {
    this.#chunks.push({ start: this.length, bytes });
    this.length += bytes.length;
  }

  /** How many there are before `position`. */
  before(position: number): number {
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.#position < position; chunk = this.#chunks[0]) {
      const { start, bytes } = chunk;
      const found = bytes.indexOf(0x0a, this.#position - start);
      if (found !== -1 && start + found < position) {
        this.#lastNewline = start + found;
        this.#position = this.#lastNewline + 1;
        this.#count += 1;
      } else if (start + bytes.length <= position) {
        this.#position = start + bytes.length;
        this.#chunks.shift();
      } else {
        this.#position = position;
      }
      if (this.#position === start + bytes.length && this.#chunks[0] === chunk) this.#chunks.shift();
    }
    return this.#count;
  }

  /** Whether the byte before `position` is one; `position` is the last that `before` was asked for. */
  isBehindOne(position: number): boolean {
    return this.#lastNewline === position - 1;
  }
}
