/** What a merchant, or a partner's protocol, allows. What applies to a refund is the strictest of the two. */

/** Minor units per ISO 4217 code; a currency that is not listed has no such limit. */
export type AmountByCurrency = Readonly<Record<string, bigint>>;

export interface Policy {
  /** `false`: a refund takes all that is left, or is refused. */
  readonly partialRefunds: boolean;
  /** Succeeded and reserved refunds that one payment may have; `null` for any number. */
  readonly refundsPerPayment: number | null;
  /** Days after capture in which a refund may be asked for; `null` for ever. */
  readonly windowDays: number | null;
  /** The least that one refund may return, unless it returns all that is left. */
  readonly minimumMinor: AmountByCurrency;
  /** Whether the merchant's unsettled balance must cover the refund. */
  readonly balanceMustCover: boolean;
  readonly reasonRequired: boolean;
  /** Above this amount a second person must approve. */
  readonly approvalAboveMinor: AmountByCurrency;
  /** How long an approval may take before the refund is canceled by itself; `null` for `DEFAULT_APPROVAL_HOURS`. */
  readonly approvalHours: number | null;
}

/** Three days: over a weekend, and not so long that reserved funds are forgotten. */
export const DEFAULT_APPROVAL_HOURS = 72;

/** A policy that refuses nothing: what a merchant has until another is set. */
export const OPEN_POLICY: Policy = Object.freeze({
  partialRefunds: true,
  refundsPerPayment: null,
  windowDays: null,
  minimumMinor: {},
  balanceMustCover: false,
  reasonRequired: false,
  approvalAboveMinor: {},
  approvalHours: null,
});

const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));

function merge(a: AmountByCurrency, b: AmountByCurrency, pick: (x: bigint, y: bigint) => bigint): AmountByCurrency {
  const merged: Record<string, bigint> = { ...a };
  for (const [currency, amount] of Object.entries(b)) {
    const other = merged[currency];
    merged[currency] = other === undefined ? amount : pick(other, amount);
  }
  return merged;
}

/** The stricter of two policies, rule by rule. */
export function strictest(a: Policy, b: Policy): Policy {
  return {
    partialRefunds: a.partialRefunds && b.partialRefunds,
    refundsPerPayment: least(a.refundsPerPayment, b.refundsPerPayment),
    windowDays: least(a.windowDays, b.windowDays),
    minimumMinor: merge(a.minimumMinor, b.minimumMinor, (x, y) => (x > y ? x : y)),
    balanceMustCover: a.balanceMustCover || b.balanceMustCover,
    reasonRequired: a.reasonRequired || b.reasonRequired,
    approvalAboveMinor: merge(a.approvalAboveMinor, b.approvalAboveMinor, (x, y) => (x < y ? x : y)),
    approvalHours: least(a.approvalHours, b.approvalHours),
  };
}

/** What applies to a command: the merchant's policy and, if it came through a partner's protocol, that one's too. */
export function policyFor(merchant: Policy, protocol: Policy | null): Policy {
  return protocol === null ? merchant : strictest(merchant, protocol);
}

/** A policy as it is stored and journaled: amounts as decimal text. */
export interface StoredPolicy {
  readonly partialRefunds: boolean;
  readonly refundsPerPayment: number | null;
  readonly windowDays: number | null;
  readonly minimumMinor: Readonly<Record<string, string>>;
  readonly balanceMustCover: boolean;
  readonly reasonRequired: boolean;
  readonly approvalAboveMinor: Readonly<Record<string, string>>;
  readonly approvalHours: number | null;
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

export function policyToStored(policy: Policy): StoredPolicy {
  return {
    ...policy,
    minimumMinor: mapValues(policy.minimumMinor, String),
    approvalAboveMinor: mapValues(policy.approvalAboveMinor, String),
  };
}

export function policyFromStored(stored: StoredPolicy): Policy {
  return {
    ...stored,
    minimumMinor: mapValues(stored.minimumMinor, BigInt),
    approvalAboveMinor: mapValues(stored.approvalAboveMinor, BigInt),
  };
}
