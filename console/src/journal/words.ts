/** What a journal entry says, in words: what happened, who did it, through which door. */
import type { JournalEntry } from '../api/types.ts';
import { formatAmount, type Minor } from '../money/money.ts';
import type { Tone } from '../parts/status-badge.tsx';

const KINDS: Readonly<Record<JournalEntry['kind'], readonly [Tone, string]>> = {
  payment_registered: ['info', 'Payment registered'],
  payment_captured: ['info', 'Payment captured'],
  payment_closed: ['calm', 'Payment closed'],
  payment_voided: ['calm', 'Payment voided'],
  payment_disputed: ['bad', 'Dispute opened'],
  payment_dispute_cleared: ['calm', 'Dispute cleared'],
  refund_succeeded: ['good', 'Refunded'],
  refund_requested: ['wait', 'Refund awaits approval'],
  refund_approved: ['good', 'Refund approved'],
  refund_rejected: ['calm', 'Refund rejected'],
  refund_canceled: ['calm', 'Refund canceled'],
  refund_expired: ['calm', 'Refund expired'],
  refund_reversed: ['calm', 'Refund reversed'],
  balance_settled: ['info', 'Balance settled'],
  entitlement_granted: ['info', 'Enrolment granted'],
  merchant_created: ['info', 'Merchant created'],
  policy_changed: ['info', 'Policy changed'],
  credential_created: ['info', 'Credential created'],
  credential_revoked: ['calm', 'Credential revoked'],
  command_refused: ['bad', 'Refused'],
};

/** Every kind of entry, in the order of a payment's life. */
export const ENTRY_KINDS = Object.keys(KINDS) as readonly JournalEntry['kind'][];

/** What was asked for, for entries that say only that it was refused. */
const OPERATIONS: Readonly<Record<string, string>> = {
  refund_payment: 'Refund refused',
  void_payment: 'Void refused',
  approve_refund: 'Approval refused',
  reject_refund: 'Rejection refused',
  cancel_refund: 'Cancellation refused',
  reverse_refund: 'Reversal refused',
  register_payment: 'Registration refused',
  capture_payment: 'Capture refused',
  settle_balance: 'Settlement refused',
};

export function entryTone({ kind }: Pick<JournalEntry, 'kind'>): Tone {
  return KINDS[kind][0];
}

export function entryTitle({ kind, operation }: Pick<JournalEntry, 'kind' | 'operation'>): string {
  return kind === 'command_refused' ? (OPERATIONS[operation] ?? `${sentence(operation)} refused`) : KINDS[kind][1];
}

/** `user:ann` → `ann`; `key:<id>/chenry` → `chenry (API key …4e11)`; `cli:root` → `root (command line)`. */
export function actorWords(actor: string): string {
  const [, kind = '', name = ''] = /^(user|key|cli):(.*)$/s.exec(actor) ?? [];
  switch (kind) {
    case 'user':
      return name;
    case 'cli':
      return `${name} (command line)`;
    case 'key': {
      const slash = name.indexOf('/');
      const key = `API key …${(slash === -1 ? name : name.slice(0, slash)).slice(-4)}`;
      return slash === -1 ? key : `${name.slice(slash + 1)} (${key})`;
    }
    default:
      return actor === 'system' ? 'Refundry itself' : actor;
  }
}

/** What people call the doors that are not a partner's, and the partners themselves. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  native: 'API',
  console: 'Console',
  cli: 'Command line',
  'boost-aoc': 'Boost Connect',
  bbmsl: 'BBMSL',
  payengine: 'PayEngine',
  'payment-options': 'Payment Options',
  edubrite: 'EduBrite',
};

/** `payengine` → `PayEngine`; one that has no such name yet stays as it is. */
export function protocolWords(protocol: string): string {
  return PROTOCOLS[protocol] ?? protocol;
}

/** `amount_exceeds_refundable` → `Amount exceeds refundable`. */
export function sentence(code: string): string {
  return capitalized(code.replaceAll('_', ' '));
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Facts that are minor units, in the order in which they explain each other. */
const AMOUNTS: readonly (readonly [name: string, words: string])[] = [
  ['amount', 'Requested'],
  ['minimum', 'Minimum'],
  ['approved_amount', 'Approved'],
  ['expected_refundable', 'Expected refundable'],
  ['refundable', 'Refundable'],
  ['captured', 'Captured'],
  ['refunded', 'Refunded'],
  ['reserved', 'Reserved'],
  ['unsettled', 'Merchant’s unsettled balance'],
];

/** What is said elsewhere, or means nothing to a person. */
const UNSAID = new Set(['currency', 'payment_id', 'refund_id', 'resource', 'parameter', 'message']);

/** The facts of a refusal as names and texts: amounts with their currency, everything else as it is. */
export function factTexts(
  facts: Readonly<Record<string, unknown>>,
  currency: string | null,
): readonly (readonly [string, string])[] {
  const known = new Set(AMOUNTS.map(([name]) => name));
  const amounts = AMOUNTS.flatMap(([name, words]) => {
    const value = facts[name];
    if (typeof value !== 'number' && typeof value !== 'bigint') return [];
    return [[words, amountText(value, currency)] as const];
  });
  const others = Object.entries(facts)
    .filter(([name, value]) => !known.has(name) && !UNSAID.has(name) && isPlain(value))
    .map(([name, value]) => [sentence(name), String(value)] as const);
  return [...amounts, ...others];
}

function amountText(minor: Minor, currency: string | null): string {
  return currency === null ? `${minor} minor units` : `${currency} ${formatAmount(minor, currency)}`;
}

function isPlain(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
