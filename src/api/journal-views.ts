/** Journal entries, and the numbers behind refusals, as plain JSON. */
import type { RefusalFacts } from '../core/errors.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Json } from '../core/json.ts';
import { policyFromStored, type StoredPolicy } from '../core/policy.ts';
import { policyView } from './account-views.ts';
import { amountView, exact, timeView } from './exact-json.ts';
import type { EntryView, EventView } from './journal-schemas.ts';

/** The facts that are minor units: decimal text in the core, integers in JSON. */
const AMOUNT_FACTS: ReadonlySet<string> = new Set([
  'amount',
  'captured',
  'refunded',
  'reserved',
  'refundable',
  'minimum',
  'expected_refundable',
  'unsettled',
  'approved_amount',
]);

/** A refusal's facts with amounts as integers. */
export function factsView(facts: RefusalFacts): Record<string, string | number | bigint | boolean | null> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      AMOUNT_FACTS.has(name) && typeof value === 'string' ? exact(BigInt(value)) : value,
    ]),
  );
}

function entryFacts({ facts, kind }: JournalEntry): unknown {
  if (facts === null || typeof facts !== 'object' || Array.isArray(facts)) return facts;
  if (kind === 'command_refused') return factsView(facts as RefusalFacts);
  const { policy, ...others } = facts as { readonly [name: string]: Json };
  return policy === undefined
    ? others
    : { ...others, policy: policyView(policyFromStored(policy as unknown as StoredPolicy)) };
}

export function entryView(entry: JournalEntry): EntryView {
  const { payment } = entry;
  return {
    id: `${entry.seq}.${entry.bucket}`,
    bucket: entry.bucket,
    seq: exact(entry.seq),
    created_at: timeView(entry.at),
    kind: entry.kind,
    operation: entry.operation,
    merchant_id: entry.merchantId,
    actor: entry.actor,
    protocol: entry.protocol,
    request_id: entry.requestId,
    idempotency_key: entry.idempotencyKey,
    payment_id: entry.paymentId,
    refund_id: entry.refundId,
    amount: entry.amountMinor === null ? null : exact(entry.amountMinor),
    currency: entry.currency,
    debit: entry.debit,
    credit: entry.credit,
    payment:
      payment === null
        ? null
        : {
            status: payment.status,
            disputed: payment.disputed,
            captured: amountView(payment.capturedMinor),
            refunded: amountView(payment.refundedMinor),
            reserved: amountView(payment.reservedMinor),
          },
    unsettled: entry.unsettledMinor === null ? null : exact(entry.unsettledMinor),
    refusal_code: entry.refusalCode,
    facts: entryFacts(entry),
    hash: entry.hash,
  };
}

export function eventView(entry: JournalEntry): EventView {
  const data = entryView(entry);
  return { id: data.id, type: entry.kind, created_at: data.created_at, merchant_id: entry.merchantId, data };
}
