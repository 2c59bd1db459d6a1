/** Random histories through the engine and a real database: one command at a time, and in batches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../src/core/command.ts';
import { canonicalJson, type Json } from '../../src/core/json.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { verifyBooks } from '../../src/engine/verify.ts';
import { openReaders } from '../../src/store/connection.ts';
import { Books } from '../kit/books.ts';
import { DAY_MS, MERCHANT_ID, OTHER_MERCHANT_ID, SOME_TIME } from '../kit/core.ts';
import { createDatabase } from '../kit/database.ts';
import { history, keep, MOST_BACKWARDS_MS, nothingMade, type Step } from '../kit/histories.ts';

const bugs: unknown[] = [];
/** Longer after the times that histories give than any window: what they are relative to now never matters. */
let now = SOME_TIME + 10 * DAY_MS;
const database = await createDatabase();
const books = await Books.open(
  { clock: () => now, observer: { bug: (_command, error) => bugs.push(error) } },
  database,
);

/** Runs a history in groups of `size` steps, whose commands know what earlier groups made. */
async function run(steps: readonly Step[], size: number, together: boolean): Promise<string> {
  // Past every moment that a history before it has left in a book.
  now += MOST_BACKWARDS_MS;
  const merchantId = books.engine.newMerchantId();
  const merchants = new Map([
    [MERCHANT_ID, merchantId],
    [OTHER_MERCHANT_ID, books.merchantIdBeside(merchantId)],
  ]);
  const created = await books.command(merchantId, {
    kind: 'create_merchant',
    name: 'Example Ltd',
    policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 50n } },
  });
  const start = { seq: created.entry?.seq ?? 0n, at: now };
  const made = nothingMade();
  const outcomes: Outcome[] = [];
  for (let at = 0; at < steps.length; at += size) {
    const group = steps.slice(at, at + size);
    for (const { laterMs } of group) now += laterMs;
    const commands = group.map((step): Command => {
      const asked = step.command(made);
      return { ...asked, merchantId: merchants.get(asked.merchantId ?? '') ?? asked.merchantId };
    });
    const answered = together
      ? await Promise.all(commands.map((one) => books.engine.execute(one)))
      : await oneByOne(commands);
    for (const [index, outcome] of answered.entries()) {
      const asked = commands[index];
      if (asked !== undefined) keep(made, asked, outcome);
    }
    outcomes.push(...answered);
  }
  return comparable(outcomes, start);
}

async function oneByOne(commands: readonly Command[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of commands) outcomes.push(await books.engine.execute(one));
  return outcomes;
}

const HIDDEN = new Set([
  'hash',
  'digest',
  'fingerprint',
  'detailsSalt',
  'decisionSalt',
  'bucket',
  'refundCount',
  'entitled',
  'counters',
]);
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g;

/** A time by its distance from the start, unless a command gave it. */
const distance = (at: number, start: number): number => (at < SOME_TIME ? at : at - start);

/** What two runs must have in common: ids by the order in which they were met, entries and times by their distance. */
function comparable(outcomes: readonly Outcome[], start: { readonly seq: bigint; readonly at: number }): string {
  const ids = new Map<string, number>();
  const rendered = outcomes.map((outcome) => {
    const isRefused = outcome.refusal !== null;
    const text = JSON.stringify(outcome, (key, value: unknown) => {
      if (HIDDEN.has(key)) return undefined;
      // When what a refused attempt met had last changed is not kept.
      if (isRefused && (key === 'updatedAt' || key === 'lastSeq')) return undefined;
      if (typeof value === 'bigint') return String(/seq$/i.test(key) ? value - start.seq : value);
      return typeof value === 'number' && /at$/i.test(key) ? distance(value, start.at) : value;
    });
    // jsonb has an order of its own.
    return canonicalJson(JSON.parse(text) as Json);
  });
  return rendered
    .join('\n')
    .replace(TIME, (time) => `time ${distance(Date.parse(time), start.at)}`)
    .replace(ID, (id) => {
      if (!ids.has(id)) ids.set(id, ids.size);
      return `id ${ids.get(id)}`;
    });
}

test('a history comes out of the database the same one by one and in batches, and all books hold', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.constantFrom(3, 7, 40), async (steps, size) => {
      assert.equal(await run(steps, size, true), await run(steps, size, false));
    }),
    { numRuns: 20, seed: 3 },
  );
  assert.deepEqual(bugs, []);
  const readers = openReaders(database);
  try {
    const { findings, entries } = await verifyBooks(readers);
    assert.deepEqual(findings, []);
    assert.ok(entries > 300n);
  } finally {
    await readers.end();
  }
});
