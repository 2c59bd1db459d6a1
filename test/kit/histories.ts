/** Random histories of merchants: commands of every kind, about few payments, so that they meet each other. */
import fc from 'fast-check';
import type { Action, Command } from '../../src/core/command.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { command, DAY_MS, HOUR_MS, OTHER_MERCHANT_ID, registration } from './core.ts';
import {
  type Made,
  onPayment,
  onRefund,
  others,
  PROTOCOL_POLICIES,
  refunding,
  registering,
  registeringPlainly,
  settling,
} from './history-actions.ts';

export { keep, nothingMade, policy } from './history-actions.ts';

export interface Step {
  /** How much later than the step before it, in milliseconds; clocks are set back, too. */
  readonly laterMs: number;
  /** The command, once what it is about has an id. */
  readonly command: (made: Made) => Command;
}

/** The most that the clock of a history can be behind its latest moment. */
export const MOST_BACKWARDS_MS = DAY_MS;

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
