/** A merchant's policy in plain language: each rule, the whole, and what a change would change. */
import type { Policy } from '../../api/types.ts';
import { compareAmounts, formatAmount } from '../../money/money.ts';

export type Rule = keyof Policy;

/** In the order in which a person thinks of them. */
export const RULES: readonly Rule[] = [
  'partial_refunds',
  'refunds_per_payment',
  'window_days',
  'minimum',
  'balance_must_cover',
  'reason_required',
  'approval_above',
  'approval_hours',
];

export const RULE_TITLES: Readonly<Record<Rule, string>> = {
  partial_refunds: 'Parts of a payment',
  refunds_per_payment: 'Refunds per payment',
  window_days: 'Time',
  minimum: 'Least amount',
  balance_must_cover: 'Unsettled balance',
  reason_required: 'Reason',
  approval_above: 'Second person',
  approval_hours: 'Time to decide',
};

/** What the server takes where a policy names none. */
const DEFAULT_APPROVAL_HOURS = 72;

/** `USD 1.00, JPY 100 or KWD 0.500`. */
function listed(amounts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(amounts)
    .map(([currency, minor]) => ({ currency, minor }))
    .sort(compareAmounts)
    .map(({ currency, minor }) => `${currency} ${formatAmount(minor, currency)}`);
  const last = texts.at(-1) ?? '';
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} or ${last}`;
}

const isEmpty = (amounts: object): boolean => Object.keys(amounts).length === 0;

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** `3 days` for 72. */
function hours(count: number): string {
  return count % 24 === 0 && count >= 48 ? counted(count / 24, 'day') : counted(count, 'hour');
}

const SENTENCES: { readonly [R in Rule]: (policy: Policy) => string } = {
  partial_refunds: ({ partial_refunds: parts }) =>
    parts
      ? 'A refund may return a part of a payment.'
      : 'A refund returns all that is left of a payment; anything less is refused.',
  refunds_per_payment: ({ refunds_per_payment: most }) =>
    most === null
      ? 'A payment may be refunded any number of times, until nothing is left.'
      : `A payment may have ${counted(most, 'refund')}; those that failed or came back do not count.`,
  window_days: ({ window_days: days }) =>
    days === null
      ? 'A refund may be asked for at any time.'
      : `A refund may be asked for within ${counted(days, 'day')} after the payment was captured.`,
  minimum: ({ minimum }) =>
    isEmpty(minimum)
      ? 'Any amount may be refunded, however little.'
      : `A refund returns at least ${listed(minimum)}, unless it returns all that is left.`,
  balance_must_cover: ({ balance_must_cover: must }) =>
    must
      ? 'A refund is refused where the merchant’s unsettled balance does not cover it.'
      : 'A refund may take the merchant’s unsettled balance below zero.',
  reason_required: ({ reason_required: must }) =>
    must ? 'Whoever asks for a refund must say why.' : 'A reason may be given, and need not be.',
  approval_above: ({ approval_above: amounts }) => approvalSentence(amounts),
  approval_hours: ({ approval_hours: limit }) =>
    `A refund that waits for approval is canceled by itself after ${hours(limit ?? DEFAULT_APPROVAL_HOURS)}.`,
};

function approvalSentence(amounts: Readonly<Record<string, number>>): string {
  if (isEmpty(amounts)) return 'No refund needs a second person, but for users with limits of their own.';
  const entries = Object.entries(amounts);
  const always = entries.filter(([, minor]) => minor === 0).map(([currency]) => currency);
  const above = Object.fromEntries(entries.filter(([, minor]) => minor > 0));
  return [
    ...(isEmpty(above) ? [] : [`A refund above ${listed(above)} waits until a second person approves it.`]),
    ...(always.length === 0 ? [] : [`Every refund in ${always.sort().join(' and ')} waits for a second person.`]),
  ].join(' ');
}

/** What a rule says, in one or two sentences. */
export function ruleSentence(policy: Policy, rule: Rule): string {
  return SENTENCES[rule](policy);
}

/** What the policy allows, as one would tell a colleague. */
export function wholePolicy(policy: Policy): string {
  const { partial_refunds: parts, refunds_per_payment: most, window_days: days } = policy;
  const what = parts ? 'All or a part of a payment may be refunded' : 'A payment may only be refunded as a whole';
  const often = most === null ? '' : parts && most > 1 ? `, in at most ${counted(most, 'refund')}` : ', once';
  const when = days === null ? ', at any time' : `, within ${counted(days, 'day')} of its capture`;
  const rest = (['minimum', 'balance_must_cover', 'reason_required', 'approval_above', 'approval_hours'] as const)
    .filter((rule) => isStrict(policy, rule))
    .map((rule) => ruleSentence(policy, rule));
  return [`${what}${often}${when}.`, ...rest].join(' ');
}

/** Whether a rule forbids anything, or holds anything up. */
function isStrict(policy: Policy, rule: Rule): boolean {
  switch (rule) {
    case 'partial_refunds':
      return !policy.partial_refunds;
    case 'refunds_per_payment':
    case 'window_days':
      return policy[rule] !== null;
    case 'minimum':
    case 'approval_above':
      return !isEmpty(policy[rule]);
    case 'balance_must_cover':
    case 'reason_required':
      return policy[rule];
    case 'approval_hours':
      return !isEmpty(policy.approval_above);
  }
}

/** A few words for lists: `Whole only · 90 days · second person above USD 500.00`. */
export function shortPolicy(policy: Policy): string {
  const { refunds_per_payment: most, window_days: days } = policy;
  const above = Object.entries(policy.approval_above).filter(([, minor]) => minor > 0);
  const always = Object.entries(policy.approval_above).filter(([, minor]) => minor === 0);
  const words = [
    policy.partial_refunds ? null : 'Whole only',
    most === null ? null : counted(most, 'refund'),
    days === null ? null : counted(days, 'day'),
    isEmpty(policy.minimum) ? null : `at least ${listed(policy.minimum)}`,
    policy.balance_must_cover ? 'balance must cover' : null,
    policy.reason_required ? 'reason needed' : null,
    above.length === 0 ? null : `second person above ${listed(Object.fromEntries(above))}`,
    always.length === 0 ? null : `second person for all ${always.map(([currency]) => currency).join(', ')}`,
  ].filter((each) => each !== null);
  const text = words.join(' · ');
  return text === '' ? 'No limits' : text.charAt(0).toUpperCase() + text.slice(1);
}

export interface RuleChange {
  readonly rule: Rule;
  readonly before: string;
  readonly after: string;
}

/** What would be otherwise, rule by rule. */
export function policyChanges(before: Policy, after: Policy): RuleChange[] {
  return RULES.filter((rule) => canonical(before[rule]) !== canonical(after[rule])).map((rule) => ({
    rule,
    before: ruleSentence(before, rule),
    after: ruleSentence(after, rule),
  }));
}

export function isSamePolicy(a: Policy, b: Policy): boolean {
  return policyChanges(a, b).length === 0;
}

/** Amounts by currency have no order. */
function canonical(value: Policy[Rule]): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
