/** What most rows are like, as conditions over the row `t` and what it is read with. */

/** Whether an id carries the bucket that the row is in: see `bucketOf`. */
export const IN_ITS_BUCKET = `(get_byte(uuid_send(t.id), 6) & 15) * 256 + get_byte(uuid_send(t.id), 7) = t.bucket`;

/** A captured payment without entitlements whose row, refunds, references and entries agree, but for the digest. */
export const PLAIN_PAYMENT = [
  IN_ITS_BUCKET,
  `created.kind = 'payment_registered'`,
  'created.payment_id = t.id',
  'created.merchant_id = t.merchant_id',
  'created.debit IS NOT NULL',
  'octet_length(created.digest) = 32',
  'NOT t.entitled',
  `t.status = 'captured'`,
  't.captured_seq = t.created_seq',
  't.captured_at IS NOT NULL',
  'last.payment_id = t.id',
  `last.kind <> 'command_refused'`,
  'last.captured_minor = t.captured_minor',
  'last.refunded_minor = t.refunded_minor',
  'last.reserved_minor = t.reserved_minor',
  'last.payment_status = t.status',
  'last.payment_disputed = t.disputed',
  't.updated_at = CASE WHEN t.last_seq = t.created_seq THEN t.created_at ELSE last.at END',
  't.refunded_minor = refunds.succeeded_minor',
  't.reserved_minor = refunds.reserving_minor',
  't.refund_count = refunds.counting_refunds',
  't.refunded_minor + t.reserved_minor <= t.captured_minor',
  't.captured_minor <= t.amount_minor',
  `CASE WHEN jsonb_typeof(t."references") = 'array' THEN jsonb_array_length(t."references") = named.reference_rows END`,
];

/** A refund that was done at once and says no more than its entry. */
export const PLAIN_REFUND = [
  IN_ITS_BUCKET,
  `created.kind = 'refund_succeeded'`,
  `created.operation = 'refund_payment'`,
  'created.refund_id = t.id',
  'created.merchant_id = t.merchant_id',
  'created.payment_id = t.payment_id',
  'created.amount_minor = t.amount_minor',
  'created.currency = t.currency',
  'created.protocol = t.protocol',
  'created.at = t.created_at',
  'created.refusal_code IS NULL',
  'created.digest IS NULL',
  `t.status = 'succeeded'`,
  't.last_seq = t.created_seq',
  't.updated_at = t.created_at',
  't.refusal_code IS NULL',
  't.cancel_reason IS NULL',
  't.reference IS NULL',
  't.reference_namespace IS NULL',
  't.requested_by IS NULL',
  't.expires_at IS NULL',
  `t.details = '{}'`,
  `t.details_salt = ''`,
  't.decision_reason IS NULL',
  `t.decision_salt = ''`,
];
