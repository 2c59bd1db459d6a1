/** `refundry import`: payments from a CSV file, exactly once, however often it is run. */
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { Command } from 'commander';
import { type Refusal, refusal } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { EXIT, Failure, usage } from './failure.ts';
import { merchantFor } from './identity.ts';
import { interruption } from './interruption.ts';
import { type CsvLine, readCsv } from './import/csv.ts';
import { Feed } from './import/feed.ts';
import { type LineReader, lineReader } from './import/line.ts';
import { Rejects } from './import/rejects.ts';
import { existing } from './merchant.ts';
import { note, print, printJson } from './output.ts';
import { type Progress, startProgress } from './progress.ts';
import { type CommonOptions, onBooks, type Session, withSession } from './session.ts';

interface ImportOptions extends CommonOptions {
  readonly merchant?: string;
  readonly rejects?: string;
  readonly delimiter: string;
}

/** Larger batches than a server's: nobody waits for a single line's answer. */
const BATCH = 1_000;
/** Per bucket: the next batch is there when one has committed, and memory holds no more than that of any file. */
const WINDOW = 2 * BATCH;
/** A line may wait long in a busy database: it is asked for again only when something went wrong. */
const DEADLINE_MS = 60_000;
const CHUNK_BYTES = 256 * 1024;

export function importCommand(): Command {
  return onBooks(
    new Command('import')
      .argument('<file>', 'CSV in UTF-8, or - for standard input')
      .description('register payments from a CSV file; run again, it registers nothing twice')
      .option('--merchant <id>', 'whose payments these are; or a column "merchant"')
      .option('--rejects <file>', 'write the lines that were not taken in to this file, to correct and import')
      .option('--delimiter <sign>', 'what separates the columns', ',')
      .addHelpText(
        'after',
        '\nColumns: amount, currency, and at least one reference such as native.reference or bbmsl.orderId; more are in' +
          '\ndocs/start/import.md. A line is taken in whole or not at all. Exit codes: 0 all taken in, 1 some lines rejected.',
      ),
  ).action(importFile);
}

interface Tally {
  lines: number;
  registered: number;
  alreadyThere: number;
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  if (!/^[^"\r\n]$/.test(options.delimiter)) throw usage('--delimiter must be one sign, such as ";"');
  if (options.rejects !== undefined && isSameFile(file, options.rejects)) {
    throw usage('--rejects would overwrite the file that is imported: name another');
  }
  const source = openSource(file);
  const needs = { permission: 'operate', lanes: 2, maxBatch: BATCH, deadlineMs: DEADLINE_MS } as const;
  await withSession(options, needs, async (session) => {
    const merchant = merchantFor(session.identity, options.merchant);
    if (merchant !== null) await existing(session, merchant);
    const progress = startProgress('Importing');
    const run = new Import(session, merchant, options, source.size, progress);
    const started = performance.now();
    let failure: Failure | null = null;
    try {
      await run.read(source.stream);
    } catch (error) {
      // Once the header was good, lines may have been registered: then the failure is a part of the answer.
      if (!(error instanceof Failure) || run.rejects === null) throw error;
      failure = error;
    } finally {
      await run.finish();
      progress.stop();
    }
    report(run, (performance.now() - started) / 1000, failure, file, options);
  });
}

/** Throws `Failure` (`usage`) when the file cannot be read. */
function openSource(file: string): { readonly stream: AsyncIterable<Buffer>; readonly size: number } {
  if (file === '-') return { stream: chunksOfInput(interruption()), size: 0 };
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw usage(`${file} is a folder`);
    return { stream: chunksOf(file), size: stats.isFile() ? stats.size : 0 };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usage(`${file}: ${(error as Error).message}`);
  }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw usage(`${file}: ${(error as Error).message}`);
  }
}

/** Standard input that ends when the user wants to stop, however long it would have gone on. */
async function* chunksOfInput(signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, process.stdin) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    // One of them is not there.
    return false;
  }
}

class Import {
  readonly tally: Tally = { lines: 0, registered: 0, alreadyThere: 0 };
  readonly feed: Feed;
  rejects: Rejects | null = null;
  /** Whether the file was read to its end, and every line has its answer. */
  isComplete = false;
  readonly #merchant: string | null;
  readonly #options: ImportOptions;
  readonly #bytes: number;
  readonly #progress: Progress;
  #header: readonly string[] | null = null;
  #read: LineReader | null = null;

  constructor(session: Session, merchant: string | null, options: ImportOptions, bytes: number, progress: Progress) {
    this.#merchant = merchant;
    this.#options = options;
    this.#bytes = bytes;
    this.#progress = progress;
    const { refundry, identity, signal } = session;
    this.feed = new Feed({ refundry, actor: identity.actor, window: WINDOW, signal });
  }

  /** Sends every line on its way, as far as there is room. */
  async read(stream: AsyncIterable<Buffer>): Promise<void> {
    for await (const { lines, bytes } of readCsv(stream, this.#options.delimiter)) {
      for (const line of lines) {
        if (!this.feed.isOpen) return;
        await this.#take(line);
      }
      await this.rejects?.flushed();
      const { registered, alreadyThere } = this.tally;
      const words = `${registered} registered, ${alreadyThere} there already, ${this.rejects?.count ?? 0} rejected`;
      this.#progress.update(bytes, this.#bytes === 0 ? bytes : this.#bytes, words);
    }
    if (this.#header === null)
      throw new Failure('bad_header', 'the file is empty: its first line must name the columns');
    this.isComplete = true;
  }

  /** Waits for what is in flight. */
  async finish(): Promise<void> {
    await this.feed.drain();
    await this.rejects?.close();
    this.isComplete &&= this.feed.unknown === 0;
  }

  async #take(line: CsvLine): Promise<void> {
    if (this.#read === null) {
      await this.#takeHeader(line);
      return;
    }
    this.tally.lines += 1;
    this.rejects?.expect(line);
    if (line.fault !== null) {
      this.#reject(line, refusal('invalid_request', line.fault));
      return;
    }
    const read = this.#read(line.fields);
    if ('code' in read) this.#reject(line, read);
    else await this.feed.send(line.line, read.merchantId, read.action, (outcome) => this.#count(line, outcome));
  }

  async #takeHeader({ fields, fault, line }: CsvLine): Promise<void> {
    if (fault !== null) throw new Failure('bad_header', `line ${line}: ${fault}`);
    this.#read = lineReader(fields, this.#merchant);
    this.#header = fields;
    this.rejects = await Rejects.open(fields, this.#options.delimiter, this.#options.rejects ?? null);
  }

  #count(line: CsvLine, outcome: Outcome): void {
    if (outcome.refusal !== null) {
      this.#reject(line, outcome.refusal);
      return;
    }
    this.rejects?.settle(line);
    if (outcome.entry === null) this.tally.alreadyThere += 1;
    else this.tally.registered += 1;
  }

  #reject(line: CsvLine, refused: Refusal): void {
    this.rejects?.add(line, refused, this.#header ?? []);
  }
}

function report(run: Import, seconds: number, failure: Failure | null, file: string, options: ImportOptions): void {
  const { lines, registered, alreadyThere } = run.tally;
  const rejected = run.rejects?.count ?? 0;
  const shown = run.rejects?.shown ?? [];
  for (const line of shown) note(line);
  const unshown = rejected - shown.length;
  if (unshown > 0) {
    const where = options.rejects === undefined ? 'list them with --rejects <file>' : `all are in ${options.rejects}`;
    note(`… and ${unshown} more rejected lines: ${where}`);
  }
  if (options.json === true) {
    printJson({
      file,
      complete: run.isComplete,
      lines,
      registered,
      already_there: alreadyThere,
      rejected,
      unknown: run.feed.unknown,
      seconds: Math.round(seconds * 1000) / 1000,
      error: failure === null ? null : { code: failure.code, message: failure.message },
    });
  } else {
    const rate = seconds > 1 ? ` (${Math.round((registered + alreadyThere) / seconds)} per second)` : '';
    print(
      `${registered} registered, ${alreadyThere} there already, ${rejected} rejected, in ${seconds.toFixed(1)} s${rate}.`,
    );
  }
  if (failure !== null) note(`${failure.code}: ${failure.message}`);
  if (!run.isComplete) {
    const line = failure?.facts['line'];
    const first = line === undefined ? 'Run' : `Correct line ${line} first, then run`;
    note(
      `The file was not imported to its end. ${first} the same command again: it goes on, and registers nothing twice.`,
    );
  }
  if (failure !== null || run.feed.unknown > 0) process.exitCode = EXIT.cannotRun;
  else if (rejected > 0) process.exitCode = EXIT.refused;
}
