/** A merchant's policy as people write and read it: `window_days=90`, `approval_above.USD=500.00`. */
import { currencyExponent, decimalFault, isCurrency, parseMajor } from '../core/money.ts';
import { type AmountByCurrency, DEFAULT_APPROVAL_HOURS, type Policy } from '../core/policy.ts';
import { usage } from './failure.ts';
import { money } from './output.ts';

export const POLICY_HELP = `
Settings for --set (each may be given again and again; "none" takes a limit away):
  partial_refunds=yes|no          no: a refund takes all that is left
  refunds_per_payment=3           how many refunds one payment may have
  window_days=90                  days after capture in which a refund may be asked for
  minimum.USD=1.00                the least that one refund returns, per currency, unless it is all that is left
  balance_must_cover=yes|no       whether the merchant's unsettled balance must cover the refund
  reason_required=yes|no
  approval_above.USD=500.00       above this amount a second person must approve
  approval_hours=72               how long an approval may take
What applies is the strictest of this and of what the caller's protocol allows.`;

type Change = (policy: Policy, value: string, currency: string, name: string) => Policy;

const CHANGES: Readonly<Record<string, Change>> = {
  partial_refunds: (policy, value, _currency, name) => ({ ...policy, partialRefunds: yesOrNo(value, name) }),
  refunds_per_payment: (policy, value, _currency, name) => ({ ...policy, refundsPerPayment: count(value, name) }),
  window_days: (policy, value, _currency, name) => ({ ...policy, windowDays: count(value, name) }),
  balance_must_cover: (policy, value, _currency, name) => ({ ...policy, balanceMustCover: yesOrNo(value, name) }),
  reason_required: (policy, value, _currency, name) => ({ ...policy, reasonRequired: yesOrNo(value, name) }),
  approval_hours: (policy, value, _currency, name) => ({ ...policy, approvalHours: count(value, name) }),
  minimum: (policy, value, currency, name) => ({
    ...policy,
    minimumMinor: withAmount(policy.minimumMinor, value, currency, name),
  }),
  approval_above: (policy, value, currency, name) => ({
    ...policy,
    approvalAboveMinor: withAmount(policy.approvalAboveMinor, value, currency, name),
  }),
};

const PER_CURRENCY = new Set(['minimum', 'approval_above']);

/** The policy after these settings. Throws `Failure` (`usage`) naming the setting that does not fit. */
export function changePolicy(policy: Policy, settings: readonly string[]): Policy {
  return settings.reduce((changed, setting) => {
    const [, name = '', currency = '', value = ''] = /^([a-z_]+)(?:\.([A-Z]{3}))?=(.*)$/s.exec(setting) ?? [];
    const change = CHANGES[name];
    if (change === undefined) {
      throw usage(
        `--set ${JSON.stringify(setting)}: settings are ${Object.keys(CHANGES).join(', ')}, such as window_days=90`,
      );
    }
    if (PER_CURRENCY.has(name) !== (currency !== '')) {
      throw usage(`--set ${setting}: ${PER_CURRENCY.has(name) ? `write ${name}.USD=…` : `${name} has no currency`}`);
    }
    return change(changed, value, currency, name);
  }, policy);
}

function yesOrNo(value: string, name: string): boolean {
  if (value === 'yes' || value === 'true') return true;
  if (value === 'no' || value === 'false') return false;
  throw usage(`--set ${name}: must be yes or no, got ${JSON.stringify(value)}`);
}

function count(value: string, name: string): number | null {
  if (value === 'none') return null;
  if (/^[1-9][0-9]{0,5}$/.test(value)) return Number(value);
  throw usage(`--set ${name}: must be none or a whole number from 1 to 999999, got ${JSON.stringify(value)}`);
}

function withAmount(before: AmountByCurrency, value: string, currency: string, name: string): AmountByCurrency {
  const { [currency]: _replaced, ...others } = before;
  if (value === 'none') return others;
  if (!isCurrency(currency)) throw usage(`--set ${name}.${currency}: ${currency} is not an ISO 4217 code`);
  // Zero is of use here: every refund needs an approval.
  const isZero = /^0(?:\.0+)?$/.test(value);
  const fault = isZero ? null : decimalFault(value);
  const minor = fault === null ? parseMajor(value, currency) : null;
  if (minor === null) {
    const problem = fault ?? `${currency} has ${currencyExponent(currency)} decimals`;
    throw usage(`--set ${name}.${currency}: ${problem}, got ${JSON.stringify(value)}`);
  }
  return { ...others, [currency]: minor };
}

/** Label and sentence per rule. */
export function describePolicy(policy: Policy): [string, string][] {
  const limit = (value: number | null, unit: string): string => (value === null ? 'none' : `${value} ${unit}`);
  const amounts = (byCurrency: AmountByCurrency): string =>
    Object.entries(byCurrency)
      .map(([currency, minor]) => money(minor, currency))
      .join(', ') || 'none';
  return [
    ['partial_refunds', policy.partialRefunds ? 'yes' : 'no: a refund takes all that is left'],
    ['refunds_per_payment', policy.refundsPerPayment === null ? 'any number' : String(policy.refundsPerPayment)],
    ['window_days', limit(policy.windowDays, 'days after capture')],
    ['minimum', amounts(policy.minimumMinor)],
    ['balance_must_cover', policy.balanceMustCover ? 'yes' : 'no'],
    ['reason_required', policy.reasonRequired ? 'yes' : 'no'],
    ['approval_above', amounts(policy.approvalAboveMinor)],
    ['approval_hours', String(policy.approvalHours ?? `${DEFAULT_APPROVAL_HOURS} (default)`)],
  ];
}
