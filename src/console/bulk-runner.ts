/**
 * Runs files of refunds, line by line through the engine. Each line has an idempotency key of its own, so that a line that
 * was done before a crash, or by another server at the same time, is not done again: its outcome is read from the books.
 * A run that was interrupted goes on when somebody asks for it, and not by itself: who asks answers for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../core/caller.ts';
import type { Command } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';
import { actorOf, CONSOLE_PROTOCOL, limitPolicy } from '../core/user.ts';
import type { Refundry } from '../engine/refundry.ts';
import type { BulkLine, BulkOutcome, BulkResult, BulkRun } from '../store/bulk-rows.ts';
import { readAction } from './bulk-file.ts';

/** Lines that are asked for at once: enough to share commits, few enough that others' refunds come in between. */
const LINES_AT_ONCE = 100;
const BEAT_MS = 1_000;
/** How long a line is tried again while the engine is busy or the database away; then the run is interrupted. */
const PATIENCE_MS = 30_000;
const RETRY_MS = [50, 100, 200, 500, 1_000] as const;

/** Who runs it, for the journal and for the limits that apply. */
export type Operator = Pick<Caller, 'protocol' | 'credentialId' | 'lookup' | 'role' | 'settings'>;

/** One run in this process. */
interface Work {
  readonly run: BulkRun;
  readonly operator: Operator;
  readonly requestId: string;
  /** Whether the operator may still do it: a role is the credential's for good, so whoever loses it has none that is live. */
  isAllowed: boolean;
}

export class BulkRunner {
  readonly #refundry: Refundry;
  readonly #onTrouble: (error: unknown) => void;
  readonly #running = new Map<string, Promise<void>>();
  #stopping = false;

  constructor(refundry: Refundry, onTrouble: (error: unknown) => void) {
    this.#refundry = refundry;
    this.#onTrouble = onTrouble;
  }

  /** Starts a run, or goes on with one that was interrupted; whoever runs it already goes on running it. */
  async start(run: BulkRun, operator: Operator, requestId: string): Promise<void> {
    if (this.#stopping || this.#running.has(run.id)) return;
    if (!(await this.#refundry.bulk.take(run, actorOf(operator)))) return;
    const work = this.#work({ run, operator, requestId, isAllowed: true });
    this.#running.set(
      run.id,
      work.finally(() => this.#running.delete(run.id)),
    );
  }

  /** What each line that is not decided would become now, one after the other. */
  async preview(run: BulkRun, operator: Operator, requestId: string): Promise<void> {
    const { bulk } = this.#refundry;
    const lines = await bulk.lines(run, 0, 'undecided', run.lines);
    const outcomes = await this.#refundry.previewAll(lines.map((line) => commandOf(run, line, operator, requestId)));
    const expected = new Map<number, BulkResult>();
    for (const [index, outcome] of outcomes.entries()) {
      const line = lines[index];
      if (line !== undefined) expected.set(line.line, resultOf(outcome, false));
    }
    await bulk.expect(run, expected);
  }

  /** Finishes the lines that are being asked for, and leaves the rest. */
  async close(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.values());
  }

  async #work(work: Work): Promise<void> {
    const { bulk } = this.#refundry;
    const { run } = work;
    const beating = setInterval(() => {
      bulk
        .beat(run)
        .then(() => bulk.count(run))
        .then(() => this.#lookAgain(work))
        // A beat that is missed is the next one's matter; the lines themselves say when the database is away.
        .catch(() => undefined);
    }, BEAT_MS);
    try {
      const isDone = await this.#lines(work);
      await bulk.count(run);
      await bulk.finish(run, isDone ? 'done' : 'interrupted');
    } catch (error) {
      // Nothing is lost: what was done is in the books, and whoever starts the run again finds it there.
      this.#onTrouble(error);
      await bulk.finish(run, 'interrupted').catch(() => undefined);
    } finally {
      clearInterval(beating);
    }
  }

  /** Whoever was disabled meanwhile, or has another password, refunds nothing more. */
  async #lookAgain(work: Work): Promise<void> {
    const credential = await this.#refundry.accounts.credential(work.operator.credentialId);
    work.isAllowed &&= credential !== null && credential.revokedAt === null;
  }

  /** Whether it came to the end. */
  async #lines(work: Work): Promise<boolean> {
    const { bulk } = this.#refundry;
    const { run } = work;
    for (let after = 0; !this.#stopping;) {
      await this.#lookAgain(work);
      if (!work.isAllowed) return false;
      const lines = await bulk.lines(run, after, 'undecided', LINES_AT_ONCE);
      const last = lines.at(-1);
      if (last === undefined) return true;
      const patience = performance.now() + PATIENCE_MS;
      const outcomes = await Promise.all(
        lines.map((line) => this.#execute(work, commandOf(run, line, work.operator, work.requestId), patience)),
      );
      const results = new Map<number, BulkResult>();
      for (const [index, { line }] of lines.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined && outcome !== null) results.set(line, resultOf(outcome, true));
      }
      await bulk.decide(run, results);
      if (results.size < lines.length) return false;
      after = last.line;
    }
    return false;
  }

  /** The outcome of a line; `null` when it is not known in time. */
  async #execute(work: Work, command: Command, patience: number): Promise<Outcome | null> {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#refundry.execute(command);
      const code = outcome.refusal?.code;
      if (code !== 'overloaded' && code !== 'outcome_unknown') return outcome;
      if (this.#stopping || !work.isAllowed || performance.now() > patience) return null;
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }
}

/** The same line of the same run is the same command with the same key, whoever runs it. */
function commandOf(run: BulkRun, { line, cells }: BulkLine, operator: Operator, requestId: string): Command {
  const action = readAction(cells);
  if (typeof action === 'string') throw new Error(`line ${line} of ${run.id} was read before, and now: ${action}`);
  return {
    merchantId: run.merchantId,
    actor: actorOf(operator),
    protocol: CONSOLE_PROTOCOL,
    requestId,
    idempotencyKey: `bulk:${run.id}:${line}`,
    protocolPolicy: limitPolicy(operator),
    action,
  };
}

/** `isReal`: of what was done; of what was only previewed there is no refund. */
function resultOf({ refusal, refund, payment }: Outcome, isReal: boolean): BulkResult {
  const outcome: BulkOutcome =
    refusal === null
      ? refund?.status === 'pending_approval'
        ? 'pending_approval'
        : 'succeeded'
      : refusal.code === 'internal_error'
        ? 'failed'
        : refusal.code === 'invalid_request'
          ? 'invalid'
          : 'refused';
  return {
    outcome,
    code: refusal?.code ?? null,
    detail: refusal?.message ?? null,
    refundId: isReal ? (refund?.id ?? null) : null,
    paymentId: payment?.id ?? null,
    amountMinor: refund?.amountMinor ?? null,
    currency: refund?.currency ?? null,
  };
}
