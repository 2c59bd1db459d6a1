/** What random histories ask for: actions of every kind, about what has been made so far. */
import fc from 'fast-check';
import type { Action, Command, RequestedAmount, RequestedEntitlement } from '../../src/core/command.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { DAY_MS, HOUR_MS, idNumber, refundOf, registration, SOME_TIME } from './core.ts';

/** What has been made so far, for the commands that come later. */
export interface Made {
  readonly paymentIds: string[];
  readonly refundIds: string[];
  /** Of refunds that waited once, and of those that succeeded. */
  readonly waitingIds: string[];
  readonly succeededIds: string[];
  readonly credentialIds: string[];
  readonly commands: Command[];
}

export const nothingMade = (): Made => ({
  paymentIds: [],
  refundIds: [],
  waitingIds: [],
  succeededIds: [],
  credentialIds: [],
  commands: [],
});

/** What a command came to, as far as the commands after it need it. */
interface Came {
  readonly payment: { readonly id: string } | null;
  readonly refund: { readonly id: string; readonly status: string } | null;
  readonly credential: { readonly id: string } | null;
}

/** Keeps what a command made. */
export function keep(made: Made, given: Command, { payment, refund, credential }: Came): void {
  made.commands.push(given);
  keepId(made.paymentIds, payment);
  keepId(made.refundIds, refund);
  if (refund?.status === 'pending_approval') keepId(made.waitingIds, refund);
  if (refund?.status === 'succeeded') keepId(made.succeededIds, refund);
  keepId(made.credentialIds, credential);
}

function keepId(ids: string[], row: { readonly id: string } | null): void {
  if (row !== null && !ids.includes(row.id)) ids.push(row.id);
}

/** One of the last made; an id of nothing where there is none. */
const pick = (ids: readonly string[], index: number): string =>
  ids.at(-1 - (index % Math.max(1, ids.length))) ?? idNumber(0xfffff);
const index = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);

/** Something once in `times`, else `null`. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | null> =>
  fc.oneof({ arbitrary: fc.constant(null), weight: times - 1 }, { arbitrary, weight: 1 });

const entitlement: fc.Arbitrary<RequestedEntitlement> = fc.record(
  {
    learner: fc.constantFrom('ada', 'bob'),
    kind: fc.constantFrom('program' as const, 'program' as const, 'course_session' as const),
    target: fc.constantFrom('p-1', 'p-1', 'p-2'),
    viaCoupon: fc.constantFrom(false, false, true),
  },
  { noNullPrototype: true },
);

/** Mostly what allows everything, so that no rule hides all others; limits are amounts that are asked for, too. */
export const policy: fc.Arbitrary<Policy> = fc.record(
  {
    partialRefunds: fc.constantFrom(true, true, true, false),
    refundsPerPayment: fc.constantFrom(null, null, 1, 2),
    windowDays: fc.constantFrom(null, null, 1, 2),
    minimumMinor: fc.constantFrom<Policy['minimumMinor']>({}, { USD: 30n }, { USD: 60n, JPY: 3n }),
    balanceMustCover: fc.constantFrom(false, false, true),
    reasonRequired: fc.constantFrom(false, false, false, true),
    approvalAboveMinor: fc.constantFrom<Policy['approvalAboveMinor']>({}, { USD: 30n }, { USD: 0n, JPY: 0n }),
    approvalHours: fc.constantFrom(null, 1, 2),
  },
  { noNullPrototype: true },
);

export const PROTOCOL_POLICIES: readonly (Policy | null)[] = [
  null,
  null,
  null,
  null,
  { ...OPEN_POLICY, refundsPerPayment: 3 },
  { ...OPEN_POLICY, refundsPerPayment: 1, balanceMustCover: true },
  { ...OPEN_POLICY, partialRefunds: false, minimumMinor: { USD: 31n } },
  { ...OPEN_POLICY, approvalAboveMinor: { USD: 60n, KWD: 0n }, approvalHours: 2, windowDays: 1 },
];

/** An action, once what it is about has an id. */
export type Making = (made: Made) => Action;

const namespaces = fc.uniqueArray(fc.constantFrom('native.reference', 'payengine.id', 'bbmsl.orderId'), {
  maxLength: 2,
});
const requestedReferences = namespaces.chain((chosen) =>
  fc.tuple(
    ...chosen.map((namespace) => {
      const numbered = namespace === 'bbmsl.orderId';
      const value = numbered ? fc.constantFrom(null, null, '3', '2', '03') : fc.constantFrom('a', 'b');
      return value.map((text) => ({ namespace, value: text, numbered }));
    }),
  ),
);
const references = fc.constantFrom(
  [{ namespace: 'native.reference', value: 'a' }],
  [{ namespace: 'native.reference', value: 'b' }],
  [{ namespace: 'bbmsl.orderId', value: '1' }],
  [
    { namespace: 'payengine.id', value: 'a' },
    { namespace: 'native.reference', value: 'a' },
  ],
  [],
);

export const registering: fc.Arbitrary<Making> = fc
  .record({
    amountMinor: fc.constantFrom(...Array<bigint>(10).fill(100n), 7n, 999_999_999_999n, 0n),
    currency: fc.constantFrom('USD', 'USD', 'USD', 'JPY', 'KWD'),
    status: fc.constantFrom('captured' as const, 'captured' as const, 'pending' as const),
    references: requestedReferences,
    details: fc.constantFrom(
      {},
      {},
      { description: 'Ünïcode "quoted" \\ text', metadata: { b: 1.5, a: [null, true] } },
    ),
    entitlements: fc.array(entitlement, { maxLength: 2 }),
    couponCode: fc.constantFrom(null, 'C', 'C'),
    createdAt: seldom(fc.constantFrom(SOME_TIME - DAY_MS, SOME_TIME - DAY_MS, SOME_TIME + 10_000 * DAY_MS), 8),
    capturedAt: seldom(fc.constantFrom(SOME_TIME - HOUR_MS, SOME_TIME - HOUR_MS, SOME_TIME - 2 * DAY_MS), 8),
    ifSame: fc.constantFrom('refuse' as const, 'return_existing' as const),
  })
  .map((given) => () => registration(given));

/** A payment of which nothing but its references can be amiss, for the commands after it. */
export const registeringPlainly: fc.Arbitrary<Making> = fc
  .record({
    currency: fc.constantFrom('USD', 'USD', 'USD', 'JPY'),
    status: fc.constantFrom(...Array<'captured'>(7).fill('captured'), 'pending' as const),
    references: fc.constantFrom([], [], [], [{ namespace: 'native.reference', value: 'a', numbered: false }]),
    entitlements: fc.array(
      entitlement.map((one) => ({ ...one, viaCoupon: false })),
      { maxLength: 2 },
    ),
    couponCode: fc.constantFrom(null, null, 'C'),
  })
  .map((given) => () => registration({ amountMinor: 100n, ...given }));

const amount: fc.Arbitrary<RequestedAmount> = fc.constantFrom<RequestedAmount>(
  { kind: 'all' },
  { kind: 'all' },
  { kind: 'all' },
  { kind: 'all' },
  { kind: 'all', currency: 'USD' },
  ...[1n, 30n, 30n, 60n, 60n, 100n, 101n, 0n].map((minor) => ({ kind: 'minor', minor, currency: null }) as const),
  { kind: 'minor', minor: 30n, currency: 'USD' },
  { kind: 'minor', minor: 30n, currency: 'JPY' },
  ...['0.30', '0.3', '0.600', '0.005', '60', '1.0', '999999999999'].map((text) => ({ kind: 'major', text }) as const),
);

export const refunding: fc.Arbitrary<Making> = fc
  .record({
    index,
    amount,
    references: seldom(references, 5),
    reference: fc.constantFrom(null, null, null, null, 'r-1', 'r-2', 'r-3'),
    namespace: fc.constantFrom('boost-aoc.spTransID', 'boost-aoc.spTransID', 'native.refund'),
    details: fc.constantFrom({}, { reason: ' \t' }, { reason: 'broken' }, { reason: 'broken', notes: '{"a",NULL}' }),
    expected: fc.constantFrom(null, null, null, null, 100n, 70n),
  })
  .map(
    (given) => (made) =>
      refundOf({ id: pick(made.paymentIds, given.index) }, 'all', {
        amount: given.amount,
        ...(given.references !== null && { payment: { references: given.references } }),
        reference: given.reference === null ? null : { namespace: given.namespace, value: given.reference },
        details: given.details,
        expectedRefundableMinor: given.expected,
      }),
  );

export const onPayment: fc.Arbitrary<Making> = fc
  .tuple(
    fc.constantFrom(
      'capture_payment',
      'close_payment',
      'void_payment',
      'void_payment',
      'set_dispute',
      'clear_dispute',
      'clear_dispute',
    ),
    index,
    seldom(references, 6),
  )
  .map(([kind, at, named]) => (made) => ({
    kind,
    payment: named === null ? { id: pick(made.paymentIds, at) } : { references: named },
  }));

export const onRefund: fc.Arbitrary<Making> = fc
  .tuple(
    fc.constantFrom(
      'approve_refund',
      'approve_refund',
      'reject_refund',
      'cancel_refund',
      'expire_refund',
      'reverse_refund',
      'reverse_refund',
    ),
    index,
    fc.constantFrom(null, null, null, null, 60n, 100n),
    fc.constantFrom({}, {}, { reason: 'Seen' }),
    fc.constantFrom(true, true, false),
  )
  .map(([kind, at, amountMinor, reason, isFitting]) => (made) => {
    const fitting = kind === 'reverse_refund' ? made.succeededIds : made.waitingIds;
    const refundId = pick(isFitting ? fitting : made.refundIds, at);
    if (kind === 'approve_refund') return { kind, refundId, amountMinor, ...reason };
    return kind === 'expire_refund' || kind === 'reverse_refund' ? { kind, refundId } : { kind, refundId, ...reason };
  });

export const settling: fc.Arbitrary<Making> = fc
  .constantFrom('USD', 'USD', 'USD', 'USD', 'JPY', 'KWD')
  .map((currency) => () => ({ kind: 'settle_balance', currency }));

export const others: fc.Arbitrary<Making> = fc.oneof(
  fc.tuple(entitlement, index).map(([requested, at]): Making => (made) => ({
    kind: 'grant_entitlement',
    payment: { id: pick(made.paymentIds, at) },
    entitlement: requested,
  })),
  policy.map((one): Making => () => ({ kind: 'set_policy', policy: one })),
  fc.constant<Making>(() => ({ kind: 'set_policy', policy: OPEN_POLICY })),
  fc.constantFrom([], ['a"b\\', 'NULL', '{}', '']).map((secretHashes): Making => () => ({
    kind: 'create_credential',
    credential: {
      protocol: 'native',
      role: 'merchant',
      label: 'a "label"',
      lookup: 'lookup',
      secretHashes,
      publicKey: null,
      settings: { names: ['a', 'b'] },
      demo: true,
    },
  })),
  index.map((at): Making => (made) => ({ kind: 'revoke_credential', credentialId: pick(made.credentialIds, at) })),
);
