/** The command line: `refundry <command>`. Exit codes: 0 done, 1 refused by a rule, 2 wrong usage or cannot run. */
import { existsSync, readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { Refused } from '../core/errors.ts';
import { EmbeddedDatabaseError } from '../embedded/errors.ts';
import { databaseFailure } from './database-failure.ts';
import { EXIT, Failure, usage } from './failure.ts';
import { interruptedExitCode } from './interruption.ts';
import { note, printJson } from './output.ts';

/** Each command is loaded only when it is called: a server's parts cost a quarter of a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).startCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  migrate: async () => (await import('./migrate.ts')).migrateCommand(),
  merchant: async () => (await import('./merchant.ts')).merchantCommand(),
  credential: async () => (await import('./credential.ts')).credentialCommand(),
  user: async () => (await import('./user.ts')).userCommand(),
  payment: async () => (await import('./payment.ts')).paymentCommand(),
  refund: async () => (await import('./refund.ts')).refundCommand(),
  settle: async () => (await import('./settle.ts')).settleCommand(),
  import: async () => (await import('./import.ts')).importCommand(),
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  restore: async () => (await import('./restore.ts')).restoreCommand(),
  move: async () => (await import('./move.ts')).moveCommand(),
  sign: async () => (await import('./sign.ts')).signCommand(),
};

const GUIDE = `
A first walk:
  refundry start                                     a server with demo data; all commands below work beside it
  refundry merchant create "Example Ltd"             makes a merchant and says its id
  refundry import payments.csv --merchant <id>       the payments that may be refunded
  refundry refund <payment> --amount 10.00           never a cent more than was captured
  refundry verify                                    proves that the books balance

A <payment> or <refund> is an id, a payment also one of its references: bbmsl.orderId:4922.
Commands use the PostgreSQL in DATABASE_URL if it is set, else the embedded one in REFUNDRY_HOME (./.refundry).
Exit codes: 0 done, 1 refused by a rule or not found, 2 wrong usage or cannot run, 130 interrupted.
`;

async function main(words: readonly string[]): Promise<number> {
  const program = new Command('refundry')
    .description('Refunds exactly once, never a cent more than was captured, with books that balance.')
    .version(readVersion())
    .addHelpText('after', GUIDE);
  const load = COMMANDS[words[0] ?? ''];
  const wanted = load === undefined ? Object.values(COMMANDS) : [load];
  for (const command of await Promise.all(wanted.map((one) => one()))) program.addCommand(command);
  throwInsteadOfExiting(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCodeSoFar();
  } catch (error) {
    return report(error, words.includes('--json'));
  }
}

/** Commands may set `process.exitCode` themselves: rejected lines, findings. */
function exitCodeSoFar(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
}

function throwInsteadOfExiting(command: Command): void {
  // `report` says it, in the form of all errors.
  command.exitOverride().configureOutput({ outputError: () => undefined });
  command.commands.forEach(throwInsteadOfExiting);
}

function report(error: unknown, asJson: boolean): number {
  // Asking for help, or for the version, is no mistake: commander has printed it.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const failure = failureOf(error);
  if (failure === null) {
    note(`internal_error: Refundry made a mistake, please report it: ${(error as Error).stack ?? String(error)}`);
    return EXIT.cannotRun;
  }
  // Called without a command, commander has printed what there is.
  if (!isHelp(error)) note(`${failure.code}: ${failure.message}`);
  if (asJson) printJson({ error: { code: failure.code, message: failure.message, facts: failure.facts } });
  return failure.exitCode;
}

function failureOf(error: unknown): Failure | null {
  if (error instanceof Failure) return error;
  if (isHelp(error)) return usage('a command is missing; --help lists them');
  if (error instanceof CommanderError) return usage(sentenceOf(error));
  if (error instanceof Refused) return Failure.from(error.refusal);
  if (error instanceof ConfigError) return new Failure('configuration', error.message);
  if (error instanceof EmbeddedDatabaseError) return new Failure('database_unavailable', error.message);
  return databaseFailure(error) ?? null;
}

function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help';
}

/** Commander writes `error: …`, and what was perhaps meant on a line of its own. */
function sentenceOf({ message }: CommanderError): string {
  return `${message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')} (--help says more)`;
}

/** Of the package that this file is in: as sources it is two folders up, as compiled files three. */
function readVersion(): string {
  const found = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find(existsSync);
  if (found === undefined) throw new Error('the package.json of Refundry is missing');
  return (JSON.parse(readFileSync(found, 'utf8')) as { version: string }).version;
}

// `refundry … | head` closes our output early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodeSoFar());
  throw error;
});
const exitCode = await main(process.argv.slice(2));
process.exitCode = interruptedExitCode() ?? exitCode;
