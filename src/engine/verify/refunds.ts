/** From the rows to the journal: each refund is what the entries that made it and last changed it say that it is. */
import { decisionDigest, refundDigest } from '../../core/digest.ts';
import { bucketOf } from '../../core/ids.ts';
import type { JournalKind } from '../../core/journal.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import type { CancelReason, RefundStatus } from '../../core/refund.ts';
import { pagesOf, type Reader, readLook } from '../../store/audit.ts';
import type { RefundAudit } from '../../store/audit-rows.ts';
import { AUDITS, LOOKS } from '../../store/audit-statements.ts';
import { toRefund } from '../../store/rows.ts';
import type { Findings, RowChecks } from './findings.ts';

interface After {
  readonly status: RefundStatus;
  readonly cancelReason: CancelReason | null;
}

/** What a refund is after an entry that made it. */
const MADE: Partial<Readonly<Record<JournalKind, After>>> = {
  refund_succeeded: { status: 'succeeded', cancelReason: null },
  refund_requested: { status: 'pending_approval', cancelReason: null },
  command_refused: { status: 'refused', cancelReason: null },
};
/** What a refund is after an entry that changed it. */
const CHANGED: Partial<Readonly<Record<JournalKind, After>>> = {
  refund_approved: { status: 'succeeded', cancelReason: null },
  refund_rejected: { status: 'canceled', cancelReason: 'rejected' },
  refund_canceled: { status: 'canceled', cancelReason: 'canceled' },
  refund_expired: { status: 'canceled', cancelReason: 'expired' },
  refund_reversed: { status: 'reversed', cancelReason: null },
};

/** Returns how many there are. */
export async function verifyRefunds(
  reader: Reader,
  findings: Findings,
  onRows: (rows: number) => void,
): Promise<bigint> {
  let count = 0n;
  for await (const page of pagesOf(reader, AUDITS.refund)) {
    count += BigInt(page.length);
    checkRefunds(findings, page);
    onRows(page.length);
  }
  return count;
}

/** Looks at single refunds; ids that are no refund's are passed over. */
export async function lookAtRefunds(reader: Reader, findings: Findings, ids: readonly string[]): Promise<void> {
  checkRefunds(findings, await readLook(reader, LOOKS.refunds, [ids]));
}

function checkRefunds(findings: Findings, rows: readonly RefundAudit[]): void {
  for (const row of rows) {
    if (row.is_doubtful === null) continue;
    const about = findings.about('refund', row.id, row.bucket);
    checkCreation(about, row);
    checkLast(about, row);
  }
}

function checkCreation(about: RowChecks, row: RefundAudit): void {
  const { created_seq: seq } = row;
  if (bucketOf(row.id) !== row.bucket) about.wrong(`bucket is ${row.bucket}, its id carries ${bucketOf(row.id)}`);
  const isMade = row.created_kind !== null && row.created_kind in MADE && row.created_operation === 'refund_payment';
  if (!isMade || row.created_refund_id !== row.id) {
    about.wrong(`created_seq is ${seq}, and entry ${row.bucket}/${seq} did not make it`, seq);
    return;
  }
  about.equal('merchant_id', row.merchant_id, row.created_merchant_id, seq);
  about.equal('payment_id', row.payment_id, row.created_payment_id, seq);
  about.equal('amount_minor', row.amount_minor, row.created_amount_minor, seq);
  about.equal('currency', row.currency, row.created_currency, seq);
  about.equal('refusal_code', row.refusal_code, row.created_refusal_code, seq);
  about.equal('protocol', row.protocol, row.created_protocol, seq);
  about.equal('created_at', row.created_at, row.created_at_entry, seq);
  // What the digest passes over, as there is nothing to salt or to name, must not be there at all.
  const hasUncovered =
    (row.details_salt === '' && canonicalJson(row.details as Json) !== '{}') ||
    (row.reference === null) !== (row.reference_namespace === null);
  if (hasUncovered || refundDigest(toRefund(row)) !== row.created_digest) {
    const fields = 'reference, reference_namespace, requested_by, expires_at, details or details_salt';
    about.wrong(`${fields} is not what entry ${row.bucket}/${seq} made: their SHA-256 differs`, seq);
  }
}

function checkLast(about: RowChecks, row: RefundAudit): void {
  const { last_seq: seq } = row;
  const { states, kind, refundId, at } =
    seq === row.created_seq
      ? { states: MADE, kind: row.created_kind, refundId: row.created_refund_id, at: row.created_at_entry }
      : { states: CHANGED, kind: row.last_kind, refundId: row.last_refund_id, at: row.last_at };
  const after = kind === null || refundId !== row.id ? undefined : states[kind];
  if (after === undefined) {
    about.wrong(`last_seq is ${seq}, and entry ${row.bucket}/${seq} did not change it`, seq);
    return;
  }
  about.equal('status', row.status, after.status, seq);
  about.equal('cancel_reason', row.cancel_reason, after.cancelReason, seq);
  about.equal('updated_at', row.updated_at, at, seq);
  // Whoever asks for a refund decides nothing; each later entry covers what was said when it was decided.
  const stated = seq === row.created_seq ? null : row.last_digest;
  const hasUncovered = row.decision_salt === '' && row.decision_reason !== null;
  if (hasUncovered || decisionDigest(toRefund(row)) !== stated) {
    about.wrong(
      `decision_reason or decision_salt is not what entry ${row.bucket}/${seq} says: their SHA-256 differs`,
      seq,
    );
  }
}
