/** From the rows to the journal: each payment is what the entries that it names, and its refunds, say that it is. */
import { paymentFieldsDigest, readPaymentDigest } from '../../core/digest.ts';
import { bucketOf } from '../../core/ids.ts';
import { holdsReservation, type RefundStatus } from '../../core/refund.ts';
import { pagesOf, type Reader, readLook, readReferenceRows } from '../../store/audit.ts';
import type { PaymentAudit } from '../../store/audit-rows.ts';
import { AUDITS, LOOKS } from '../../store/audit-statements.ts';
import { toPayment } from '../../store/rows.ts';
import type { Findings, RowChecks } from './findings.ts';

const EVERY_STATUS: Readonly<Record<RefundStatus, true>> = {
  pending_approval: true,
  pending: true,
  unknown: true,
  succeeded: true,
  failed: true,
  canceled: true,
  reversed: true,
  refused: true,
};
const RESERVING = (Object.keys(EVERY_STATUS) as RefundStatus[]).filter(holdsReservation);

/** Returns how many there are. */
export async function verifyPayments(
  reader: Reader,
  findings: Findings,
  onRows: (rows: number) => void,
): Promise<bigint> {
  let count = 0n;
  for await (const page of pagesOf(reader, AUDITS.payment, [RESERVING])) {
    count += BigInt(page.length);
    await checkPayments(reader, findings, page);
    onRows(page.length);
  }
  return count;
}

/** Looks at single payments; ids that are no payment's are passed over. */
export async function lookAtPayments(reader: Reader, findings: Findings, ids: readonly string[]): Promise<void> {
  await checkPayments(reader, findings, await readLook(reader, LOOKS.payments, [ids, RESERVING]));
}

async function checkPayments(reader: Reader, findings: Findings, rows: readonly PaymentAudit[]): Promise<void> {
  for (const row of rows) {
    const about = findings.about('payment', row.id, row.bucket);
    if (row.is_doubtful === null) {
      if (row.created_digest !== null) checkDigest(about, row, row.created_digest);
      continue;
    }
    if (!Array.isArray(row.references) || !row.references.every((reference) => reference instanceof Object)) {
      about.wrong('references is not a list of references', row.created_seq);
      continue;
    }
    checkCreation(about, row);
    checkCapture(about, row);
    checkLast(about, row);
    checkSums(about, row);
    checkGrants(findings, about, row);
    if (row.reference_rows !== BigInt(row.references.length)) await nameMissingReferences(reader, findings, row);
  }
}

function checkCreation(about: RowChecks, row: PaymentAudit): void {
  const { created_seq: seq } = row;
  if (bucketOf(row.id) !== row.bucket) about.wrong(`bucket is ${row.bucket}, its id carries ${bucketOf(row.id)}`);
  if (row.created_kind !== 'payment_registered' || row.created_payment_id !== row.id || row.created_digest === null) {
    about.wrong(`created_seq is ${seq}, and entry ${row.bucket}/${seq} did not register it`, seq);
    return;
  }
  about.equal('merchant_id', row.merchant_id, row.created_merchant_id, seq);
  checkDigest(about, row, row.created_digest);
}

function checkDigest(about: RowChecks, row: PaymentAudit, digest: string): void {
  const { created_seq: seq } = row;
  const parts = readPaymentDigest(digest);
  if (paymentFieldsDigest(toPayment(row)) !== parts.payment) {
    const fields = 'merchant_id, amount_minor, currency, created_at, captured_at, references, details or details_salt';
    about.wrong(`${fields} is not what entry ${row.bucket}/${seq} registered: their SHA-256 differs`, seq);
  }
}

/** What was registered with it is all there. The ids of rows that are gone are not known: they were the digests' salts. */
function checkGrants(findings: Findings, about: RowChecks, row: PaymentAudit): void {
  const { id, bucket, created_seq: seq } = row;
  const digest = row.created_digest ?? '';
  const { entitlements, coupons } = readPaymentDigest(digest);
  const check = (table: string, there: bigint | null, registered: number): void => {
    if ((there ?? 0n) >= BigInt(registered)) return;
    findings
      .about(table, `of payment ${id}`, bucket)
      .wrong(`entry ${bucket}/${seq} made ${registered} with the payment, ${there ?? 0n} are there`, seq);
  };
  check('entitlement', row.entitlements_registered, entitlements.length);
  check('coupon', row.coupons, coupons.length);
  about.equal('entitled', row.entitled, (row.entitlements ?? 0n) + (row.coupons ?? 0n) > 0n, null);
}

function checkCapture(about: RowChecks, row: PaymentAudit): void {
  const { captured_seq: seq } = row;
  const hasCapture = row.status === 'captured' || row.status === 'voided';
  if ((seq !== null) !== hasCapture || (row.captured_at !== null) !== hasCapture) {
    const when = `captured_seq ${seq ?? 'nothing'} and captured_at ${row.captured_at === null ? 'nothing' : 'set'}`;
    about.wrong(`status is ${row.status} with ${when}`, seq);
    return;
  }
  if (seq === null) return;
  // Captured before it was registered: then the time is in the registration's digest.
  if (seq === row.created_seq && row.created_kind === 'payment_registered' && row.created_debit !== null) return;
  if (row.capture_kind !== 'payment_captured' || row.capture_payment_id !== row.id) {
    about.wrong(`captured_seq is ${seq}, and entry ${row.bucket}/${seq} did not capture it`, seq);
  } else {
    about.equal('captured_at', row.captured_at, row.capture_at, seq);
  }
}

function checkLast(about: RowChecks, row: PaymentAudit): void {
  const { last_seq: seq } = row;
  if (row.last_payment_id !== row.id || row.last_kind === 'command_refused') {
    about.wrong(`last_seq is ${seq}, and entry ${row.bucket}/${seq} did not change it`, seq);
    return;
  }
  about.equal('captured_minor', row.captured_minor, row.last_captured_minor, seq);
  about.equal('refunded_minor', row.refunded_minor, row.last_refunded_minor, seq);
  about.equal('reserved_minor', row.reserved_minor, row.last_reserved_minor, seq);
  about.equal('status', row.status, row.last_payment_status, seq);
  about.equal('disputed', row.disputed, row.last_payment_disputed, seq);
  about.equal('updated_at', row.updated_at, seq === row.created_seq ? row.created_at : row.last_at, seq);
}

function checkSums(about: RowChecks, row: PaymentAudit): void {
  const { captured_minor: captured, refunded_minor: refunded, reserved_minor: reserved } = row;
  const succeeded = BigInt(row.succeeded_minor);
  const reserving = BigInt(row.reserving_minor);
  if (refunded !== succeeded) about.wrong(`refunded_minor is ${refunded}, its succeeded refunds sum to ${succeeded}`);
  if (reserved !== reserving) about.wrong(`reserved_minor is ${reserved}, its waiting refunds sum to ${reserving}`);
  if (BigInt(row.refund_count) !== row.counting_refunds) {
    about.wrong(`refund_count is ${row.refund_count}, its succeeded and waiting refunds are ${row.counting_refunds}`);
  }
  if (refunded + reserved > captured || captured > row.amount_minor) {
    const numbers = `amount_minor ${row.amount_minor}, captured ${captured}, refunded ${refunded}, reserved ${reserved}`;
    about.wrong(`more was refunded and reserved than captured, or more captured than asked: ${numbers}`);
  }
}

async function nameMissingReferences(reader: Reader, findings: Findings, row: PaymentAudit): Promise<void> {
  const there = await readReferenceRows(reader, row, row.references);
  for (const { namespace, value } of row.references) {
    const name = `${namespace} ${value}`;
    if (there.has(name)) continue;
    findings
      .about('payment_reference', name, row.bucket)
      .wrong(`the row is missing: payment ${row.id} has this reference`, row.created_seq);
  }
}
