/** `refundry verify`: proves the books, row by row against the journal, or names what does not fit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { Command } from 'commander';
import { exact, exactJson } from '../api/views.ts';
import { type Head, verifyBooks, type VerifyReport } from '../engine/verify.ts';
import { EXIT, Failure, usage } from './failure.ts';
import { note, print, printJson } from './output.ts';
import { startProgress } from './progress.ts';
import { type CommonOptions, onBooks, withSession } from './session.ts';

interface VerifyOptions extends CommonOptions {
  readonly against?: string;
  readonly heads?: string;
}

export function verifyCommand(): Command {
  return onBooks(
    new Command('verify')
      .description('prove that the books balance and that nobody changed them by hand')
      .option('--heads <file>', 'write where each book ends now to this file: keep it where the database is not')
      .option('--against <file>', 'heads that were written earlier must still be in the books')
      .addHelpText(
        'after',
        '\nServers may go on working meanwhile. Exit codes: 0 nothing found, 1 findings, 2 could not look.' +
          '\nWithout --against, whoever can write the whole database could also have removed the newest entries.',
      ),
  ).action(verify);
}

async function verify(options: VerifyOptions): Promise<void> {
  // Whoever refunds on this machine goes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const earlier = options.against === undefined ? null : readHeads(options.against);
  const report = await look(options, earlier).catch((error: unknown) => {
    // Here 1 means findings: whoever may not look has found nothing.
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.code, error.message, EXIT.cannotRun, error.facts);
  });
  const heads = headsOf(report);
  // Heads of books with findings prove nothing later on.
  if (options.heads !== undefined && report.findingCount === 0) writeHeads(options.heads, heads);
  if (options.json === true) printJson({ ...heads, ...numbersOf(report) });
  else printReport(report, options, earlier?.heads.length ?? 0);
  if (report.findingCount > 0) process.exitCode = EXIT.refused;
}

function look(options: VerifyOptions, earlier: EarlierHeads | null): Promise<VerifyReport> {
  return withSession(options, { permission: 'administer' }, async ({ refundry, signal }) => {
    const progress = startProgress('Verifying');
    try {
      return await verifyBooks(refundry.readers, {
        signal,
        onProgress: (done, total) => progress.update(Number(done), Number(total), `${done} of about ${total} rows`),
        ...(earlier === null ? {} : { against: earlier.heads, installation: earlier.installation }),
      });
    } catch (error) {
      if (signal.aborted) throw new Failure('interrupted', 'the books were not looked through to the end');
      throw error;
    } finally {
      progress.stop();
    }
  });
}

function headsOf(report: VerifyReport): object {
  return {
    installation: report.installation,
    at: new Date().toISOString(),
    heads: report.heads.map(({ bucket, seq, hash }) => ({ bucket, seq: exact(seq), hash })),
  };
}

function numbersOf(report: VerifyReport): object {
  return {
    entries: report.entries,
    payments: report.payments,
    refunds: report.refunds,
    balances: report.balances,
    finding_count: report.findingCount,
    findings: report.findings.map(({ table, row, problem, bucket, seq }) => ({
      table,
      row,
      problem,
      bucket,
      seq: seq ?? null,
    })),
  };
}

function printReport(report: VerifyReport, options: VerifyOptions, compared: number): void {
  for (const { table, row, problem, bucket, seq } of report.findings) {
    print(`${table} ${row}: ${problem}${seq === undefined ? '' : ` [entry ${bucket}/${seq}]`}`);
  }
  if (report.findingCount > report.findings.length) {
    print(`… and ${report.findingCount - report.findings.length} more findings`);
  }
  const { entries, payments, refunds, balances } = report;
  const looked = `${entries} journal entries, ${payments} payments, ${refunds} refunds, ${balances} balances`;
  if (report.findingCount > 0) {
    print(`\n${report.findingCount} finding(s) in ${looked}.`);
    if (options.against !== undefined) print(`Compared with the ${compared} heads in ${options.against}.`);
    if (options.heads !== undefined) note('The heads were not written: books with findings prove nothing later on.');
    return;
  }
  print(`The books are whole and balance: ${looked}.`);
  if (options.against !== undefined) print(`All ${compared} heads in ${options.against} are still in the books.`);
  if (options.heads !== undefined) print(`The heads were written to ${options.heads}.`);
  print(`Database ${report.installation}; its heads (bucket/entry and hash):`);
  for (const { bucket, seq, hash } of report.heads) print(`  ${bucket}/${seq} ${hash}`);
}

function writeHeads(file: string, heads: object): void {
  try {
    writeFileSync(file, `${exactJson(heads, 2)}\n`);
  } catch (error) {
    throw usage(`--heads: ${(error as Error).message}`);
  }
}

const HASH = /^[0-9a-f]{64}$/;

interface EarlierHeads {
  readonly installation: string;
  readonly heads: readonly Head[];
}

/** Reads what `--heads` wrote, or what `--json` printed. */
function readHeads(file: string): EarlierHeads {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usage(`--against ${file}: ${(error as Error).message}`);
  }
  const { installation, heads } = (parsed ?? {}) as { installation?: unknown; heads?: unknown };
  if (typeof installation !== 'string' || !Array.isArray(heads)) {
    throw usage(`--against ${file}: is no file that \`refundry verify --heads\` wrote`);
  }
  return {
    installation,
    heads: heads.map((head: { bucket?: unknown; seq?: unknown; hash?: unknown } | null) => {
      const { bucket, seq, hash } = head ?? {};
      const isHead =
        Number.isSafeInteger(bucket) && Number.isSafeInteger(seq) && typeof hash === 'string' && HASH.test(hash);
      if (!isHead) throw usage(`--against ${file}: has a head that is none`);
      return { bucket: Number(bucket), seq: BigInt(Number(seq)), hash };
    }),
  };
}
