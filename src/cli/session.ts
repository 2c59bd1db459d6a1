/** A command's time with the books: opened, used in somebody's name, and closed whatever happens. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command as CliCommand } from 'commander';
import { type Config, readConfig } from '../config.ts';
import type { Action, Command } from '../core/command.ts';
import { readIdempotencyKey } from '../core/idempotency-key.ts';
import type { Outcome } from '../core/outcome.ts';
import { NATIVE_PROTOCOL } from '../dialects/issue.ts';
import { Refundry, type RefundryOptions } from '../engine/refundry.ts';
import { isNameTakenMeanwhile } from '../engine/users.ts';
import { forOperator } from './database-failure.ts';
import { type Database, openMigrated } from './database.ts';
import { Failure } from './failure.ts';
import { identify, type Identity, type Permission } from './identity.ts';
import { interruption } from './interruption.ts';

/** Options that every command on the books has. */
export interface CommonOptions {
  readonly json?: true;
  readonly key?: string;
}

/** Adds `--json` and `--key`. */
export function onBooks(command: CliCommand): CliCommand {
  return command
    .option('--json', 'print JSON, for programs: amounts in minor units, times in ISO 8601')
    .option(
      '--key <rk_…>',
      'act as this native key, within its limits (or set REFUNDRY_KEY, which `ps` does not show)',
    );
}

export interface Session {
  readonly refundry: Refundry;
  readonly identity: Identity;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Executes an action of this identity; `tried again` until it is known what became of it. */
  execute(merchantId: string | null, action: Action, idempotencyKey?: string): Promise<Outcome>;
  /** What it would bring about now. */
  preview(merchantId: string, action: Action): Promise<Outcome>;
}

/** The environment without the key, which is the command line's own. */
export function readCliConfig(): { config: Config; environmentKey: string | null } {
  const { REFUNDRY_KEY: environmentKey, ...environment } = process.env;
  return { config: readConfig(environment), environmentKey: environmentKey ?? null };
}

export interface SessionNeeds {
  readonly permission: Permission;
  /** Connections that commit: one is enough for one command. */
  readonly lanes?: number;
  readonly maxBatch?: number;
  readonly deadlineMs?: number;
}

/** Opens the books, works, and closes them again. */
export async function withSession<T>(
  options: CommonOptions,
  needs: SessionNeeds,
  work: (session: Session, config: Config) => Promise<T>,
): Promise<T> {
  const { config, environmentKey } = readCliConfig();
  const signal = interruption();
  const database = await openMigrated(config);
  try {
    const refundry = await openRefundry(database, {
      lanes: needs.lanes ?? 1,
      deadlineMs: needs.deadlineMs ?? config.deadlineMs,
      // A command line waits for itself only.
      maxWaitMs: needs.deadlineMs ?? config.deadlineMs,
      ...(needs.maxBatch === undefined ? {} : { maxBatch: needs.maxBatch }),
    });
    try {
      const identity = await identify(refundry, options.key ?? environmentKey, needs.permission);
      return await work(sessionOf(refundry, identity, signal), config);
    } finally {
      await refundry.close();
    }
  } finally {
    await database.close();
  }
}

async function openRefundry(database: Database, options: RefundryOptions): Promise<Refundry> {
  try {
    return await Refundry.open(database.settings, {
      ...options,
      // `start` serves demo data on the embedded database, `serve` never does on one of the operator's own.
      demo: database.isEmbedded,
      observer: { bug: reportBug },
    });
  } catch (error) {
    throw forOperator(error);
  }
}

function reportBug(command: Command, error: unknown): void {
  // Whoever asked for it says so.
  if (isNameTakenMeanwhile(command, error)) return;
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`A mistake of Refundry's in ${command.action.kind}, please report it: ${what}\n`);
}

/** Between attempts, while the database is busy or away; about 20 seconds in all. */
const RETRY_MS = [100, 200, 500, 1000, 2000, 3000, 3000, 5000, 5000] as const;

function sessionOf(refundry: Refundry, identity: Identity, signal: AbortSignal): Session {
  const commandOf = (merchantId: string | null, action: Action, idempotencyKey: string | null): Command => ({
    merchantId,
    actor: identity.actor,
    protocol: NATIVE_PROTOCOL,
    requestId: randomUUID(),
    idempotencyKey,
    protocolPolicy: null,
    action,
  });
  return {
    refundry,
    identity,
    signal,
    async execute(merchantId, action, given) {
      // Always under a key, so that asking again can never do it twice. Administrators' credentials know none.
      const key = given === undefined ? randomUUID() : (readIdempotencyKey(given) ?? '');
      const command = commandOf(merchantId, action, merchantId === null ? null : key);
      for (const delay of RETRY_MS) {
        const outcome = await refundry.execute(command);
        const code = outcome.refusal?.code;
        const mayAsk = code === 'overloaded' || (code === 'outcome_unknown' && merchantId !== null);
        if (!mayAsk || signal.aborted) return toldHowToAsk(outcome, key);
        await sleep(delay, undefined, { signal }).catch(() => undefined);
      }
      return toldHowToAsk(await refundry.execute(command), key);
    },
    preview: (merchantId, action) => refundry.preview(commandOf(merchantId, action, null)),
  };
}

/** The key was made here: whoever is to ask again must know it. */
function toldHowToAsk(outcome: Outcome, key: string): Outcome {
  if (outcome.refusal?.code !== 'outcome_unknown') return outcome;
  const message = `${outcome.refusal.message} (--idempotency-key ${key})`;
  return { ...outcome, refusal: { ...outcome.refusal, message } };
}

/** The outcome of a command that was accepted. Throws `Failure` with the refusal otherwise. */
export function accepted(outcome: Outcome): Outcome {
  if (outcome.refusal !== null) throw Failure.from(outcome.refusal);
  return outcome;
}
