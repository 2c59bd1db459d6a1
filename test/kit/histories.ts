/** Random histories of a merchant: commands of every kind, about few payments, so that they meet each other. */
import fc from 'fast-check';
import type { Action, Command, RequestedEntitlement } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { command, DAY_MS, HOUR_MS, idNumber, refundOf, registration } from './core.ts';

/** What has been made so far, for the commands that come later. */
export interface Made {
  readonly paymentIds: string[];
  readonly refundIds: string[];
  readonly credentialIds: string[];
  readonly commands: Command[];
}

export const nothingMade = (): Made => ({ paymentIds: [], refundIds: [], credentialIds: [], commands: [] });

/** Keeps what a command made. */
export function keep(made: Made, given: Command, { payment, refund, credential }: Outcome): void {
  made.commands.push(given);
  if (payment !== null && !made.paymentIds.includes(payment.id)) made.paymentIds.push(payment.id);
  if (refund !== null && !made.refundIds.includes(refund.id)) made.refundIds.push(refund.id);
  if (credential !== null && !made.credentialIds.includes(credential.id)) made.credentialIds.push(credential.id);
}

export interface Step {
  /** How much later than the step before it, in milliseconds. */
  readonly laterMs: number;
  /** The command, once what it is about has an id. */
  readonly command: (made: Made) => Command;
}

/** One of the last made; an id of nothing where there is none. */
const pick = (ids: readonly string[], index: number): string =>
  ids.at(-1 - (index % Math.max(1, ids.length))) ?? idNumber(0xfffff);
const index = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);

const entitlement: fc.Arbitrary<RequestedEntitlement> = fc.record(
  {
    learner: fc.constantFrom('ada', 'bob'),
    kind: fc.constant('program' as const),
    target: fc.constantFrom('p-1', 'p-2'),
    viaCoupon: fc.boolean(),
  },
  { noNullPrototype: true },
);

const policy: fc.Arbitrary<Policy> = fc.record(
  {
    partialRefunds: fc.constantFrom(true, true, false),
    refundsPerPayment: fc.constantFrom(null, null, 2),
    windowDays: fc.constantFrom(null, null, 2),
    minimumMinor: fc.constantFrom<Policy['minimumMinor']>({}, { USD: 20n }),
    balanceMustCover: fc.boolean(),
    reasonRequired: fc.constantFrom(false, false, true),
    approvalAboveMinor: fc.constantFrom<Policy['approvalAboveMinor']>({}, { USD: 50n }, { USD: 0n, JPY: 0n }),
    approvalHours: fc.constantFrom(null, 1),
  },
  { noNullPrototype: true },
);

type Making = (made: Made) => Action;

const registering: fc.Arbitrary<Making> = fc
  .record({
    amountMinor: fc.constantFrom(100n, 7n),
    currency: fc.constantFrom('USD', 'USD', 'JPY'),
    status: fc.constantFrom('captured' as const, 'captured' as const, 'pending' as const),
    references: fc
      .uniqueArray(fc.constantFrom('native.reference', 'payengine.id', 'bbmsl.orderId'), { maxLength: 2 })
      .chain((namespaces) =>
        fc.tuple(
          ...namespaces.map((namespace) => {
            const numbered = namespace === 'bbmsl.orderId';
            const value = numbered ? fc.constantFrom(null, '3') : fc.constantFrom('a', 'b');
            return value.map((text) => ({ namespace, value: text, numbered }));
          }),
        ),
      ),
    details: fc.constantFrom({}, { description: 'Ünïcode "quoted" \\ text', metadata: { b: 1.5, a: [null, true] } }),
    entitlements: fc.array(entitlement, { maxLength: 2 }),
    couponCode: fc.constantFrom(null, 'C', 'C'),
    ifSame: fc.constantFrom('refuse' as const, 'return_existing' as const),
  })
  .map((given) => () => registration(given));

const refunding: fc.Arbitrary<Making> = fc
  .record({
    index,
    amount: fc.constantFrom<bigint | 'all'>('all', 1n, 30n, 60n, 101n),
    major: fc.constantFrom(null, null, '0.30', '0.005', '60'),
    byReference: fc.boolean(),
    reference: fc.constantFrom(null, null, 'r-1', 'r-2'),
    details: fc.constantFrom({}, { reason: 'broken', notes: '{"a",NULL}' }),
    expected: fc.constantFrom(null, null, null, 100n),
  })
  .map(
    (given) => (made) =>
      refundOf({ id: pick(made.paymentIds, given.index) }, given.amount, {
        ...(given.major === null ? {} : { amount: { kind: 'major', text: given.major } }),
        ...(given.byReference ? { payment: { references: [{ namespace: 'native.reference', value: 'a' }] } } : {}),
        reference: given.reference === null ? null : { namespace: 'boost-aoc.spTransID', value: given.reference },
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
      'set_dispute',
      'clear_dispute',
      'clear_dispute',
    ),
    index,
  )
  .map(([kind, at]) => (made) => ({ kind, payment: { id: pick(made.paymentIds, at) } }));

const onRefund: fc.Arbitrary<Making> = fc
  .tuple(
    fc.constantFrom(
      'approve_refund',
      'approve_refund',
      'reject_refund',
      'cancel_refund',
      'expire_refund',
      'reverse_refund',
    ),
    index,
  )
  .map(([kind, at]) => (made) => {
    const refundId = pick(made.refundIds, at);
    return kind === 'approve_refund' ? { kind, refundId, amountMinor: null } : { kind, refundId };
  });

const others: fc.Arbitrary<Making> = fc.oneof(
  fc.constantFrom('USD', 'JPY').map((currency): Making => () => ({ kind: 'settle_balance', currency })),
  fc.tuple(entitlement, index).map(([requested, at]): Making => (made) => ({
    kind: 'grant_entitlement',
    payment: { id: pick(made.paymentIds, at) },
    entitlement: requested,
  })),
  policy.map((one): Making => () => ({ kind: 'set_policy', policy: one })),
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

const commanding: fc.Arbitrary<Step['command']> = fc
  .record({
    make: fc.oneof(
      { arbitrary: registering, weight: 3 },
      { arbitrary: refunding, weight: 6 },
      { arbitrary: onPayment, weight: 2 },
      { arbitrary: onRefund, weight: 5 },
      { arbitrary: others, weight: 2 },
    ),
    actor: fc.constantFrom('key:first', 'key:second'),
    idempotencyKey: fc.constantFrom(null, null, 'k-1', 'k-2', 'k-3', 'k-4', 'k-5', 'k-6', 'k-7'),
    protocolPolicy: fc.constantFrom(null, null, { ...OPEN_POLICY, refundsPerPayment: 3 }),
  })
  .map(
    ({ make, ...more }) =>
      (made) =>
        command(make(made), more),
  );

/** Something that was asked before, asked again. */
const repeating: fc.Arbitrary<Step['command']> = fc
  .nat(20)
  .map((at) => (made) => made.commands[at % Math.max(1, made.commands.length)] ?? command(registration()));

export const history: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    laterMs: fc.constantFrom(0, 0, 0, 1, 1, 1, HOUR_MS, 3 * DAY_MS),
    command: fc.oneof({ arbitrary: commanding, weight: 5 }, { arbitrary: repeating, weight: 1 }),
  }),
  { minLength: 10, maxLength: 40 },
);
