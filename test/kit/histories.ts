/** Random histories of merchants: commands of every kind, about few payments, so that they meet each other. */
import fc from 'fast-check';
import type { Action, Command, RequestedAmount, RequestedEntitlement } from '../../src/core/command.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { command, DAY_MS, HOUR_MS, idNumber, OTHER_MERCHANT_ID, refundOf, registration, SOME_TIME } from './core.ts';

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

export interface Step {
  /** How much later than the step before it, in milliseconds; clocks are set back, too. */
  readonly laterMs: number;
  /** The command, once what it is about has an id. */
  readonly command: (made: Made) => Command;
}

/** The most that the clock of a history can be behind its latest moment. */
export const MOST_BACKWARDS_MS = DAY_MS;

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

const PROTOCOL_POLICIES: readonly (Policy | null)[] = [
  null,
  null,
  null,
  null,
  { ...OPEN_POLICY, refundsPerPayment: 3 },
  { ...OPEN_POLICY, refundsPerPayment: 1, balanceMustCover: true },
  { ...OPEN_POLICY, partialRefunds: false, minimumMinor: { USD: 31n } },
  { ...OPEN_POLICY, approvalAboveMinor: { USD: 60n, KWD: 0n }, approvalHours: 2, windowDays: 1 },
];

type Making = (made: Made) => Action;

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

const registering: fc.Arbitrary<Making> = fc
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
const registeringPlainly: fc.Arbitrary<Making> = fc
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

const refunding: fc.Arbitrary<Making> = fc
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

const onPayment: fc.Arbitrary<Making> = fc
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

const onRefund: fc.Arbitrary<Making> = fc
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

const settling: fc.Arbitrary<Making> = fc
  .constantFrom('USD', 'USD', 'USD', 'USD', 'JPY', 'KWD')
  .map((currency) => () => ({ kind: 'settle_balance', currency }));

const others: fc.Arbitrary<Making> = fc.oneof(
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

const OTHERS = { merchantId: OTHER_MERCHANT_ID };

const commanding: fc.Arbitrary<Step['command']> = fc
  .record({
    make: fc.oneof(
      { arbitrary: registering, weight: 3 },
      { arbitrary: registeringPlainly, weight: 2 },
      { arbitrary: refunding, weight: 10 },
      { arbitrary: onPayment, weight: 3 },
      { arbitrary: onRefund, weight: 6 },
      { arbitrary: settling, weight: 1 },
      { arbitrary: others, weight: 3 },
    ),
    actor: fc.constantFrom('key:first', 'key:first', 'key:second', 'user:ada', 'key:first/ada'),
    protocol: fc.constantFrom('native', 'native', 'native', 'payengine'),
    idempotencyKey: fc.oneof(
      fc.constant(null),
      fc.nat(30).map((number) => `k-${number}`),
    ),
    protocolPolicy: fc.constantFrom(...PROTOCOL_POLICIES),
    /** Now and then of another merchant, who knows nothing of the first one's. */
    merchant: fc.constantFrom(...Array<object>(25).fill({}), OTHERS),
  })
  .map(
    ({ make, merchant, ...more }) =>
      (made) =>
        command(make(made), { ...more, ...merchant }),
  );

/** Something that was asked before, asked again: by whoever, spelt another way, or a little different. */
const repeating: fc.Arbitrary<Step['command']> = fc
  .record({
    at: fc.nat(20),
    more: fc.constantFrom<Partial<Command>>(
      {},
      {},
      { actor: 'key:second', requestId: 'again' },
      { idempotencyKey: null },
      { idempotencyKey: null },
      { protocol: 'bbmsl' },
      OTHERS,
    ),
    change: fc.constantFrom((action: Action) => action, respelt, altered),
  })
  .map(({ at, more, change }) => (made) => {
    const earlier = made.commands[at % Math.max(1, made.commands.length)] ?? command(registration());
    if (earlier.action.kind === 'create_merchant') return earlier;
    return { ...earlier, ...more, action: change(earlier.action) };
  });

/** The same with a zero more after the amount, and with the references the other way round. */
function respelt(action: Action): Action {
  if (action.kind === 'register_payment') return { ...action, references: action.references.toReversed() };
  if (action.kind !== 'refund_payment') return action;
  const { amount: given, payment } = action;
  return {
    ...action,
    amount: given.kind === 'major' && given.text.includes('.') ? { ...given, text: `${given.text}0` } : given,
    payment: 'id' in payment ? payment : { references: payment.references.toReversed() },
  };
}

/** Another amount, or a reference more or less. */
function altered(action: Action): Action {
  if (action.kind === 'refund_payment') return { ...action, amount: { kind: 'minor', minor: 2n, currency: null } };
  if (action.kind !== 'register_payment') return action;
  const { references: given } = action;
  const number = { namespace: 'bbmsl.orderId', value: null, numbered: true };
  const isNumbered = given.some(({ namespace }) => namespace === number.namespace);
  return { ...action, references: isNumbered ? given.slice(1) : [...given, number] };
}

const creatingOther: Step['command'] = () =>
  command({ kind: 'create_merchant', name: 'Other Ltd', policy: OPEN_POLICY }, OTHERS);

const step = (command: fc.Arbitrary<Step['command']>): fc.Arbitrary<Step> =>
  fc.record({
    laterMs: fc.constantFrom(...Array<number>(9).fill(0), 1, HOUR_MS, HOUR_MS, 2 * DAY_MS, -HOUR_MS / 2),
    command,
  });

const steps = fc
  .array(
    fc.option(
      step(
        fc.oneof(
          { arbitrary: commanding, weight: 30 },
          { arbitrary: repeating, weight: 7 },
          { arbitrary: fc.constant(creatingOther), weight: 1 },
        ),
      ),
      { freq: 30 },
    ),
    { minLength: 20, maxLength: 40 },
  )
  .map((some) => some.filter((one) => one !== null));

/**
 * Long enough to come to every rule; where one fails, steps can be left out one by one. Without fast-check's bias to the
 * first and last of what is listed: how often something is listed here is how often it comes.
 */
export const history: fc.Arbitrary<readonly Step[]> = fc.noBias(
  fc
    .tuple(step(registeringPlainly.map((make) => (made: Made) => command(make(made)))), steps)
    .map(([first, others]) => [first, ...others]),
);
