/**
 * Whatever is asked, in whatever order and in whatever batches: the engine answers what a second, naive reading of the
 * rules answers, and its books come to the same.
 *
 * More than the fixed histories: `MODEL_RUNS=200000 MODEL_SEED=7 node --test test/model/model.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../src/core/command.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { JOURNAL_KINDS } from '../../src/core/journal.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Policy } from '../../src/core/policy.ts';
import { Books } from '../kit/books.ts';
import { command, CoreBooks, idNumber, MERCHANT_ID, OTHER_MERCHANT_ID, SOME_TIME } from '../kit/core.ts';
import { connect } from '../kit/database.ts';
import { history, MOST_BACKWARDS_MS, policy, type Step } from '../kit/histories.ts';
import { present } from '../kit/rows.ts';
import { Agreement } from './agreement.ts';
import { stateOfDatabase, stateOfModel, stateOfRows } from './state.ts';

const seed = Number(process.env['MODEL_SEED'] ?? 1);
const runs = process.env['MODEL_RUNS'] === undefined ? null : Number(process.env['MODEL_RUNS']);

let now = SOME_TIME;
const bugs: unknown[] = [];
const books = await Books.open({ clock: () => now, observer: { bug: (_command, error) => bugs.push(error) } });
const client = await connect(books.database);

/** Whether a step is asked together with the one before it. */
const together = fc.array(fc.constantFrom(false, false, false, true), { minLength: 41, maxLength: 41 });

/** Ids of the model's own. */
function modelIds(): () => string {
  let last = 0x100000;
  return () => idNumber((last += 1));
}

const creation = (first: Policy): Command => command({ kind: 'create_merchant', name: 'Example Ltd', policy: first });

/** How often a command came to a result: `refund_payment refused below_minimum`. */
const reached = new Map<string, number>();

function batches(steps: readonly Step[], isTogether: readonly boolean[]): Step[][] {
  const all: Step[][] = [];
  for (const [index, step] of steps.entries()) {
    const last = all.at(-1);
    if (last !== undefined && isTogether[index] === true) last.push(step);
    else all.push([step]);
  }
  return all;
}

/** What comes seldom in the fixed histories comes about twenty times: by far fewer would be another mixture. */
const LEAST_TIMES = 10;

interface Run {
  readonly agreement: Agreement;
  /** Moves the clock and tells the moment. */
  readonly later: (ms: number) => number;
  readonly execute: (commands: readonly Command[]) => readonly Outcome[] | Promise<readonly Outcome[]>;
}

/** Asks the commands of each batch together, and holds every answer against the model's. */
async function agree({ agreement, later, execute }: Run, all: readonly (readonly Step[])[]): Promise<void> {
  for (const batch of all) {
    const at = later(batch.reduce((total, { laterMs }) => total + laterMs, 0));
    const asked = batch.map((step) => agreement.asked(step));
    const outcomes = await execute(asked.map(({ engine }) => engine));
    for (const [index, one] of asked.entries()) agreement.check(one, at, present(outcomes[index]));
  }
  for (const one of agreement.reached) reached.set(one, (reached.get(one) ?? 0) + 1);
}

/** Says the seed, and the shortest history after which the two differ. */
function report<Given>({ failed, seed: used, numRuns, errorInstance }: fc.RunDetails<Given>): void {
  if (!failed) return;
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  throw new Error(`MODEL_SEED=${used} MODEL_RUNS=${numRuns}: ${why}`);
}

test('the core answers every command as the model does', async () => {
  await fc.assert(
    fc.asyncProperty(policy, history, together, async (first, steps, isTogether) => {
      const core = new CoreBooks(first);
      const agreement = new Agreement([MERCHANT_ID, OTHER_MERCHANT_ID], modelIds());
      agreement.model.execute(creation(first), core.now);
      const later = (ms: number): number => (core.now += ms);
      await agree({ agreement, later, execute: (some) => core.execute(some) }, batches(steps, isTogether));
      agreement.same('books', stateOfRows(core.rows), stateOfModel(agreement.model.books));
    }),
    { numRuns: runs ?? 600, seed, reporter: report },
  );
});

test('the engine on PostgreSQL answers every command as the model does', async () => {
  await fc.assert(
    fc.asyncProperty(policy, history, together, async (first, steps, isTogether) => {
      // Past every moment that a history before it has left in a book.
      now += MOST_BACKWARDS_MS;
      const merchantId = books.engine.newMerchantId();
      const otherId = books.merchantIdBeside(merchantId);
      const { entry } = await books.engine.execute({ ...creation(first), merchantId });
      const agreement = new Agreement([merchantId, otherId], modelIds(), present(entry).seq - 1n);
      agreement.model.execute(creation(first), now);
      const later = (ms: number): number => (now += ms);
      const execute = (some: readonly Command[]): Promise<Outcome[]> =>
        Promise.all(some.map((one) => books.engine.execute(one)));
      await agree({ agreement, later, execute }, batches(steps, isTogether));
      const rows = await stateOfDatabase(client, [merchantId, otherId]);
      agreement.same('books', rows, stateOfModel(agreement.model.books));
    }),
    // To find a shorter history takes minutes here: the core alone finds it in a second.
    { numRuns: runs === null ? 15 : Math.ceil(runs / 100), seed, endOnFailure: true, reporter: report },
  );
  assert.deepEqual(bugs, []);
});

/** Refused before the rules are asked, or where no rule is to blame. */
const NOT_OF_RULES = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'overloaded',
  'outcome_unknown',
  'internal_error',
];

test('the histories come to every refusal and to every kind of entry, again and again', () => {
  const often = new Map<string, number>();
  for (const [what, times] of reached) {
    const result = what.replace(/^\w+ /, '');
    often.set(result, (often.get(result) ?? 0) + times);
  }
  const wanted = [
    ...ERRORS.flatMap(({ code }) => (NOT_OF_RULES.includes(code) ? [] : [`refused ${code}`])),
    ...JOURNAL_KINDS.filter((kind) => kind !== 'command_refused'),
    'replayed',
    'nothing_changed',
    'entitlements_revoked',
    'entitlements_kept',
    'entitlements_granted',
    'entitlements_held_otherwise',
    'coupons_refunded',
    'coupons_restored',
  ];
  const seldom = wanted.flatMap((result) => {
    const times = often.get(result) ?? 0;
    return times < LEAST_TIMES ? [`${result}: ${times} times`] : [];
  });
  assert.deepEqual(seldom, []);
});
