/** What holds for every history of commands, however it is cut into batches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertBalanced, command, CoreBooks, idNumber, refundOf } from '../../test/kit/core.ts';
import type { Rows } from '../../test/kit/rows.ts';
import { history, keep, nothingMade, type Step } from '../../test/kit/histories.ts';
import type { Command } from './command.ts';
import { decide } from './decide.ts';
import { GENESIS_HASH, hashEntry } from './journal.ts';
import { namesOf } from './names.ts';
import type { Outcome } from './outcome.ts';
import { holdsReservation } from './refund.ts';

/** So that some refunds wait from the start. */
const FIRST_POLICY = { approvalAboveMinor: { USD: 50n } };

interface Timed {
  readonly at: number;
  readonly command: Command;
}

/** Runs a history one command at a time; returns the commands as they were given. */
function runSingly(steps: readonly Step[]): { books: CoreBooks; given: Timed[]; outcomes: Outcome[] } {
  const books = new CoreBooks(FIRST_POLICY);
  const made = nothingMade();
  const given: Timed[] = [];
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    books.now += step.laterMs;
    const asked = step.command(made);
    const [outcome] = books.execute([asked]);
    assert.ok(outcome !== undefined);
    keep(made, asked, outcome);
    given.push({ at: books.now, command: asked });
    outcomes.push(outcome);
    checkInvariants(books.rows);
  }
  return { books, given, outcomes };
}

/** Runs the same commands in batches that end where `cuts` says so. */
function runInBatches(given: readonly Timed[], cuts: readonly boolean[]): { rows: Rows; outcomes: Outcome[] } {
  const books = new CoreBooks(FIRST_POLICY);
  const outcomes: Outcome[] = [];
  let batch: Timed[] = [];
  const flush = (): void => {
    const book = books.rows.load(namesOf(batch.map((one) => one.command)));
    for (const one of batch) {
      books.now = one.at;
      outcomes.push(books.decideIn(book, one.command));
    }
    books.rows.save(book);
    batch = [];
  };
  for (const [index, one] of given.entries()) {
    batch.push(one);
    if (cuts[index] === true) flush();
  }
  if (batch.length > 0) flush();
  return { rows: books.rows, outcomes };
}

/** What a database would hold, in the order of its keys. */
function tables(rows: Rows): unknown {
  const sorted = (table: ReadonlyMap<string, unknown>): unknown[] => [...table].sort(([a], [b]) => (a < b ? -1 : 1));
  const { head, journal, merchants, balances, payments, refunds, entitlements, coupons, credentials, settlements } =
    rows;
  return {
    head,
    journal,
    tables: [merchants, balances, payments, refunds, entitlements, coupons, credentials, settlements].map(sorted),
  };
}

/**
 * What any door can say of an outcome. Of an attempt that was refused long ago the numbers are those of then; when the
 * payment and refund that it met had last changed is not kept.
 */
function said({ payment, refund, merchant, ...outcome }: Outcome): unknown {
  const isRefused = outcome.refusal !== null;
  return {
    ...outcome,
    payment: payment && {
      ...payment,
      refundCount: 0,
      entitled: false,
      ...(isRefused && { updatedAt: 0, lastSeq: 0n }),
    },
    refund: refund && { ...refund, ...(isRefused && { updatedAt: 0, lastSeq: 0n }) },
    merchant: merchant && { ...merchant, counters: {} },
  };
}

function checkInvariants(rows: Rows): void {
  assertBalanced(rows);
  const refunds = [...rows.refunds.values()];
  for (const payment of rows.payments.values()) {
    const own = refunds.filter(({ paymentId }) => paymentId === payment.id);
    const sum = (of: typeof own): bigint => of.reduce((total, { amountMinor }) => total + amountMinor, 0n);
    const succeeded = own.filter(({ status }) => status === 'succeeded');
    const waiting = own.filter(({ status }) => holdsReservation(status));
    assert.ok(payment.refundedMinor + payment.reservedMinor <= payment.capturedMinor);
    assert.equal(payment.refundedMinor, sum(succeeded));
    assert.equal(payment.reservedMinor, sum(waiting));
    assert.equal(payment.refundCount, succeeded.length + waiting.length);
  }
  for (const { merchantId, currency, minor } of rows.balances.values()) {
    const payments = [...rows.payments.values()].filter((p) => p.merchantId === merchantId && p.currency === currency);
    const reserved = payments.reduce((total, { reservedMinor }) => total + reservedMinor, 0n);
    const kept = payments.reduce(
      (total, { capturedMinor, refundedMinor }) => total + capturedMinor - refundedMinor,
      0n,
    );
    assert.equal(minor.refunds_payable, reserved);
    assert.equal(minor.processor_clearing, -kept);
    assert.ok(minor.merchant_settled >= 0n);
  }
}

/** Gapless, chained, in time, and what its postings add up to is what the balances say. */
function checkJournal({ journal, balances, head }: Rows): void {
  let hash = GENESIS_HASH;
  let at = 0;
  const sums = new Map<string, bigint>();
  for (const [index, entry] of journal.entries()) {
    const { hash: sealed, ...unsealed } = entry;
    assert.equal(entry.seq, BigInt(index + 1));
    assert.equal(sealed, hashEntry(hash, unsealed));
    assert.ok(entry.at >= at);
    hash = sealed;
    at = entry.at;
    for (const [account, sign] of [
      [entry.debit, -1n],
      [entry.credit, 1n],
    ] as const) {
      if (account === null || entry.amountMinor === null) continue;
      const key = `${entry.merchantId} ${entry.currency} ${account}`;
      sums.set(key, (sums.get(key) ?? 0n) + sign * entry.amountMinor);
    }
    const unsettled = sums.get(`${entry.merchantId} ${entry.currency} merchant_unsettled`) ?? 0n;
    if (entry.debit !== null) assert.equal(entry.unsettledMinor, unsettled);
  }
  assert.deepEqual(head, { seq: BigInt(journal.length), hash, at });
  for (const { merchantId, currency, minor } of balances.values()) {
    for (const [account, amount] of Object.entries(minor)) {
      assert.equal(amount, sums.get(`${merchantId} ${currency} ${account}`) ?? 0n);
    }
  }
}

/** Where batches end: every second step or so, seldom, or never. */
const cuttings = fc.oneof(
  fc.array(fc.boolean(), { minLength: 41, maxLength: 41 }),
  fc.array(fc.constantFrom(...Array<boolean>(7).fill(false), true), { minLength: 41, maxLength: 41 }),
  fc.constant([]),
);

test('a history comes out the same however it is cut into batches, and keeps the books whole', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(history, cuttings, (steps, cuts) => {
      const singly = runSingly(steps);
      checkJournal(singly.books.rows);
      const inBatches = runInBatches(singly.given, cuts);
      assert.deepEqual(inBatches.outcomes.map(said), singly.outcomes.map(said));
      assert.deepEqual(tables(inBatches.rows), tables(singly.books.rows));
      for (const entry of singly.books.rows.journal) kinds.add(entry.refusalCode ?? entry.kind);
      for (const { replayed } of singly.outcomes) if (replayed) kinds.add('replayed');
    }),
    { numRuns: 400, seed: 7 },
  );
  // Histories that never come to a rule say nothing about it.
  assert.deepEqual(
    EXPECTED_KINDS.filter((kind) => !kinds.has(kind)),
    [],
  );
});

const EXPECTED_KINDS = [
  'payment_registered',
  'payment_captured',
  'payment_closed',
  'payment_voided',
  'payment_disputed',
  'payment_dispute_cleared',
  'refund_succeeded',
  'refund_requested',
  'refund_approved',
  'refund_rejected',
  'refund_canceled',
  'refund_expired',
  'refund_reversed',
  'balance_settled',
  'entitlement_granted',
  'policy_changed',
  'credential_created',
  'credential_revoked',
  'duplicate_reference',
  'already_refunded',
  'amount_exceeds_refundable',
  'insufficient_merchant_balance',
  'not_voidable',
  'not_cancelable',
  'not_reversible',
  'nothing_to_settle',
  'approval_not_allowed',
  'replayed',
];

test('an exception inside the rules leaves the book as it was', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const good = command(refundOf(payment, 1n));
  const bad = command(refundOf(payment, 1n, { amount: { kind: 'major', text: 'no number' } }));
  const book = books.rows.load(namesOf([good, bad]));
  books.decideIn(book, good);
  const { head } = book;
  const before = structuredClone({ changes: book.changes, payment: book.payment(payment.id) });
  assert.throws(() => books.decideIn(book, bad), SyntaxError);
  assert.equal(book.head, head);
  assert.deepEqual({ changes: book.changes, payment: book.payment(payment.id) }, before);
  assert.equal(books.decideIn(book, good).refusal, null);
});

test('an entry that does not continue the book is never taken in', () => {
  const books = new CoreBooks();
  const payment = books.payment();
  const refund = command(refundOf(payment, 1n));
  const book = books.rows.load(namesOf([refund]));
  const env = { now: book.head.at, newId: () => idNumber(900), newSalt: () => 'salt' };
  const decision = decide(book, refund, env);
  const early = decide(book, refund, { ...env, now: book.head.at - 1 });
  assert.throws(() => book.record(early), /does not continue/);
  book.record(decision);
  const { head } = book;
  assert.throws(() => book.record(decision), /does not continue/);
  assert.equal(book.head, head);
  assert.equal(book.changes.entries.length, 1);
});
