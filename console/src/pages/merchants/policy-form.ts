/** A policy as somebody writes it: texts until they are read, each with what is wrong with it. */
import type { Policy } from '../../api/types.ts';
import { plainAmount, readAmount } from '../../money/money.ts';

export interface AmountLine {
  readonly currency: string;
  readonly text: string;
}

export interface PolicyForm {
  readonly partial_refunds: boolean;
  readonly balance_must_cover: boolean;
  readonly reason_required: boolean;
  readonly refunds_per_payment: string;
  readonly window_days: string;
  readonly approval_hours: string;
  readonly minimum: readonly AmountLine[];
  readonly approval_above: readonly AmountLine[];
}

/** The API's own bounds. */
const MOST = { refunds_per_payment: 1_000_000, window_days: 36_500, approval_hours: 8_760 } as const;
export type NumberRule = keyof typeof MOST;
export type AmountRule = 'minimum' | 'approval_above';

const linesOf = (amounts: Readonly<Record<string, number>>): AmountLine[] =>
  Object.entries(amounts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, minor]) => ({ currency, text: plainAmount(minor, currency) }));

export function formOf(policy: Policy): PolicyForm {
  const number = (value: number | null): string => (value === null ? '' : String(value));
  return {
    partial_refunds: policy.partial_refunds,
    balance_must_cover: policy.balance_must_cover,
    reason_required: policy.reason_required,
    refunds_per_payment: number(policy.refunds_per_payment),
    window_days: number(policy.window_days),
    approval_hours: number(policy.approval_hours),
    minimum: linesOf(policy.minimum),
    approval_above: linesOf(policy.approval_above),
  };
}

export interface ReadPolicy {
  /** `null` while something is wrong. */
  readonly policy: Policy | null;
  readonly problems: Readonly<Partial<Record<NumberRule, string>>>;
  /** By line. */
  readonly amountProblems: Readonly<Record<AmountRule, readonly (string | null)[]>>;
}

export function readForm(form: PolicyForm): ReadPolicy {
  const problems: Partial<Record<NumberRule, string>> = {};
  const number = (rule: NumberRule): number | null => {
    const text = form[rule].trim();
    if (text === '') return null;
    const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= MOST[rule]) return value;
    problems[rule] = `A whole number from 1 to ${MOST[rule].toLocaleString('en')}, or nothing`;
    return null;
  };
  const minimum = readLines(form.minimum, false);
  const approval = readLines(form.approval_above, true);
  const policy: Policy = {
    partial_refunds: form.partial_refunds,
    refunds_per_payment: number('refunds_per_payment'),
    window_days: number('window_days'),
    minimum: minimum.amounts,
    balance_must_cover: form.balance_must_cover,
    reason_required: form.reason_required,
    approval_above: approval.amounts,
    approval_hours: number('approval_hours'),
  };
  const amountProblems = { minimum: minimum.problems, approval_above: approval.problems };
  const isFine =
    Object.keys(problems).length === 0 &&
    [...minimum.problems, ...approval.problems].every((problem) => problem === null);
  return { policy: isFine ? policy : null, problems, amountProblems };
}

const ZERO = /^0(?:\.0*)?$/;

/** `mayBeZero`: above nothing, every refund waits. */
function readLines(
  lines: readonly AmountLine[],
  mayBeZero: boolean,
): { readonly amounts: Record<string, number>; readonly problems: readonly (string | null)[] } {
  const amounts: Record<string, number> = {};
  const problems = lines.map(({ currency, text }) => {
    if (currency === '') return 'Choose the currency';
    if (amounts[currency] !== undefined) return `${currency} is there already`;
    const isZero = mayBeZero && ZERO.test(text.trim());
    const { minor, problem } = isZero ? { minor: 0n, problem: null } : readAmount(text, currency);
    if (minor === null) return problem;
    amounts[currency] = Number(minor);
    return null;
  });
  return { amounts, problems };
}
