/**
 * Refunds that several rules refuse: the caller hears the first in the registry's order. What each rule refuses is said
 * here a second time, each by itself, so that the rules are held against it in every combination.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { command, DAY_MS, idNumber, MERCHANT_ID, SOME_TIME } from '../../test/kit/core.ts';
import { emptyBalance } from './account.ts';
import { Book } from './book.ts';
import type { RequestedAmount } from './command.ts';
import { decide } from './decide.ts';
import { type ErrorCode, ERRORS } from './errors.ts';
import { GENESIS_HASH } from './journal.ts';
import type { Payment, PaymentStatus } from './payment.ts';
import { OPEN_POLICY } from './policy.ts';

const CAPTURED = 10_000n;
const REFERENCE = { namespace: 'boost-aoc.spTransID', value: 'attempt-1' };

interface Scenario {
  readonly isKnown: boolean;
  readonly isReferenceTaken: boolean;
  readonly amount: RequestedAmount;
  readonly status: PaymentStatus;
  readonly disputed: boolean;
  readonly ageDays: number;
  readonly windowDays: number | null;
  readonly refundedMinor: bigint;
  readonly reservedMinor: bigint;
  readonly refundsPerPayment: number | null;
  readonly reasonRequired: boolean;
  readonly reason: string | null;
  readonly minimumMinor: bigint | null;
  readonly partialRefunds: boolean;
  readonly expectedMinor: bigint | null;
  readonly balanceMustCover: boolean;
  readonly unsettledMinor: bigint;
}

const major = (text: string): RequestedAmount => ({ kind: 'major', text });
const minor = (amount: bigint, currency: string | null = null): RequestedAmount => ({
  kind: 'minor',
  minor: amount,
  currency,
});

/** Mostly what is allowed, so that no rule hides all others. */
const scenario: fc.Arbitrary<Scenario> = fc.record({
  isKnown: fc.constantFrom(true, true, true, false),
  isReferenceTaken: fc.constantFrom(false, false, false, true),
  amount: fc.constantFrom<RequestedAmount>(
    { kind: 'all' },
    { kind: 'all', currency: 'JPY' },
    { kind: 'all', currency: 'USD' },
    minor(0n),
    minor(0n, 'JPY'),
    minor(1n),
    minor(50n, 'JPY'),
    minor(4_000n, 'USD'),
    minor(10_000n),
    minor(999_999n),
    minor(999_999n, 'JPY'),
    major('0.005'),
    major('40'),
    major('100.00'),
  ),
  status: fc.constantFrom<PaymentStatus>('captured', 'captured', 'captured', 'pending', 'voided', 'closed'),
  disputed: fc.boolean(),
  ageDays: fc.constantFrom(0, 40),
  windowDays: fc.constantFrom(null, 30),
  refundedMinor: fc.constantFrom(0n, 5_000n, 9_000n),
  reservedMinor: fc.constantFrom(0n, 1_000n),
  refundsPerPayment: fc.constantFrom(null, 1),
  reasonRequired: fc.boolean(),
  reason: fc.constantFrom(null, ' ', 'broken'),
  minimumMinor: fc.constantFrom(null, 4_500n, 1_000_000n),
  partialRefunds: fc.boolean(),
  expectedMinor: fc.constantFrom(null, 10_000n, 5_000n, 4_000n),
  balanceMustCover: fc.boolean(),
  unsettledMinor: fc.constantFrom(0n, 1_000_000n),
});

const captured = ({ status }: Scenario): bigint => (status === 'captured' ? CAPTURED : 0n);
const returned = (given: Scenario): bigint =>
  given.status === 'captured' ? given.refundedMinor + given.reservedMinor : 0n;
const refundable = (given: Scenario): bigint => captured(given) - returned(given);
const refunds = (given: Scenario): number =>
  [given.refundedMinor, given.reservedMinor].filter((one) => one > 0n).length;

function asked({ amount }: Scenario, left: bigint): bigint | null {
  switch (amount.kind) {
    case 'all':
      return left;
    case 'minor':
      return amount.minor > 0n ? amount.minor : null;
    case 'major':
      return amount.text === '0.005' ? null : BigInt(Math.round(Number(amount.text) * 100));
  }
}

/** What DESIGN says of each rule, without the others. */
const REFUSES: { readonly [Code in ErrorCode]?: (given: Scenario, left: bigint, amount: bigint) => boolean } = {
  duplicate_reference: ({ isReferenceTaken }) => isReferenceTaken,
  payment_not_found: ({ isKnown }) => !isKnown,
  currency_mismatch: ({ amount }) => amount.kind !== 'major' && amount.currency === 'JPY',
  payment_not_refundable: ({ status }) => status !== 'captured',
  payment_disputed: ({ disputed }) => disputed,
  refund_window_expired: ({ ageDays, windowDays }) => windowDays !== null && ageDays > windowDays,
  already_refunded: (_, left) => left === 0n,
  refund_count_exceeded: (given) =>
    given.refundsPerPayment !== null && given.status === 'captured' && refunds(given) >= given.refundsPerPayment,
  reason_required: ({ reasonRequired, reason }) => reasonRequired && reason !== 'broken',
  below_minimum: ({ minimumMinor }, left, amount) => minimumMinor !== null && amount < minimumMinor && amount !== left,
  partial_refund_not_allowed: ({ partialRefunds }, left, amount) => !partialRefunds && amount < left,
  amount_exceeds_refundable: (_, left, amount) => amount > left,
  expected_refundable_mismatch: ({ expectedMinor }, left) => expectedMinor !== null && expectedMinor !== left,
  insufficient_merchant_balance: ({ balanceMustCover, unsettledMinor }, _, amount) =>
    balanceMustCover && unsettledMinor < amount,
};

/** All rules that refuse, in the registry's order. */
function refusing(given: Scenario): ErrorCode[] {
  const left = refundable(given);
  const amount = asked(given, left);
  return ERRORS.flatMap(({ code }): ErrorCode[] => {
    // What a currency can hold is known once the payment is.
    if (code === 'invalid_request') return amount === null && given.isKnown ? [code] : [];
    const refuses = REFUSES[code];
    if (refuses === undefined) return [];
    if (!given.isKnown && code !== 'duplicate_reference' && code !== 'payment_not_found') return [];
    return refuses(given, left, amount ?? 0n) ? [code] : [];
  });
}

function refund(given: Scenario): ErrorCode | null {
  const at = SOME_TIME - given.ageDays * DAY_MS;
  const book = new Book(0, { seq: 9n, hash: GENESIS_HASH, at });
  book.addMerchant({
    id: MERCHANT_ID,
    name: 'Example Ltd',
    policy: {
      ...OPEN_POLICY,
      partialRefunds: given.partialRefunds,
      refundsPerPayment: given.refundsPerPayment,
      windowDays: given.windowDays,
      minimumMinor: given.minimumMinor === null ? {} : { USD: given.minimumMinor },
      balanceMustCover: given.balanceMustCover,
      reasonRequired: given.reasonRequired,
    },
    counters: {},
    createdAt: at,
    createdSeq: 1n,
    policySeq: 1n,
  });
  const empty = emptyBalance(MERCHANT_ID, 'USD');
  book.addBalance({ ...empty, minor: { ...empty.minor, merchant_unsettled: given.unsettledMinor } });
  const isCaptured = given.status === 'captured';
  const payment: Payment = {
    id: idNumber(1),
    merchantId: MERCHANT_ID,
    currency: 'USD',
    amountMinor: CAPTURED,
    capturedMinor: captured(given),
    refundedMinor: isCaptured ? given.refundedMinor : 0n,
    reservedMinor: isCaptured ? given.reservedMinor : 0n,
    status: given.status,
    disputed: given.disputed,
    refundCount: isCaptured ? refunds(given) : 0,
    entitled: false,
    references: [],
    details: {},
    detailsSalt: '',
    createdAt: at,
    capturedAt: isCaptured ? at : null,
    updatedAt: at,
    createdSeq: 2n,
    capturedSeq: isCaptured ? 2n : null,
    lastSeq: 2n,
  };
  if (given.isKnown) book.addPayment(payment);
  if (given.isReferenceTaken) {
    book.addRefund({
      id: idNumber(2),
      merchantId: MERCHANT_ID,
      paymentId: payment.id,
      amountMinor: 1n,
      currency: 'USD',
      status: 'refused',
      refusalCode: 'payment_disputed',
      cancelReason: null,
      reference: REFERENCE,
      requestedBy: null,
      expiresAt: null,
      details: {},
      detailsSalt: '',
      decisionReason: null,
      decisionSalt: '',
      protocol: 'boost-aoc',
      createdAt: at,
      updatedAt: at,
      createdSeq: 3n,
      lastSeq: 3n,
    });
  }
  const { reason } = given;
  const action = {
    kind: 'refund_payment',
    payment: { id: payment.id },
    amount: given.amount,
    reference: REFERENCE,
    details: reason === null ? {} : { reason },
    expectedRefundableMinor: given.expectedMinor,
  } as const;
  let ids = 10;
  const env = { now: SOME_TIME, newId: () => idNumber((ids += 1)), newSalt: () => 'salt' };
  return decide(book, command(action), env).outcome.refusal?.code ?? null;
}

/** Pairs that no refund can violate together: it asks for too much or too little; what is not captured has no refunds. */
const IMPOSSIBLE: readonly string[] = [
  'invalid_request, amount_exceeds_refundable',
  'invalid_request, insufficient_merchant_balance',
  'payment_not_refundable, refund_count_exceeded',
  'payment_not_refundable, partial_refund_not_allowed',
  'already_refunded, partial_refund_not_allowed',
  'partial_refund_not_allowed, amount_exceeds_refundable',
];

test('of all rules that refuse a refund, the first in the order of the registry is what the caller hears', () => {
  const pairs = new Set<string>();
  const alone = new Set<string>();
  fc.assert(
    fc.property(scenario, (given) => {
      const codes = refusing(given);
      const [first = null] = codes;
      assert.equal(refund(given), first, `of ${codes.join(', ')}`);
      for (const code of codes.slice(1)) pairs.add(`${first} before ${code}`);
      if (codes.length < 2) alone.add(first ?? 'accepted');
    }),
    // A fixed seed, so that the pairs below are met in every run.
    { numRuns: 20_000, seed: 1 },
  );
  const codes = ['invalid_request', ...Object.keys(REFUSES)];
  const order = ERRORS.map(({ code }) => code as string);
  codes.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const unmet = codes.flatMap((first, index) =>
    codes.slice(index + 1).flatMap((second) => (pairs.has(`${first} before ${second}`) ? [] : [`${first}, ${second}`])),
  );
  // Of a payment that is not there, nothing but its reference can be said.
  const possible = unmet.filter((pair) => !/payment_not_found/.test(pair));
  assert.deepEqual(possible, IMPOSSIBLE);
  assert.ok(pairs.has('duplicate_reference before payment_not_found'));
  // Where nothing was captured, nothing is left either.
  const always = codes.filter((code) => code !== 'payment_not_refundable');
  assert.deepEqual([...alone].sort(), ['accepted', ...always].sort());
});
