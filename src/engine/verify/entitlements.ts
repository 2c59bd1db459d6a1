/** From the rows to the journal: entitlements and coupons, made with their payment or granted later. */
import { couponDigest, entitlementDigest, readPaymentDigest } from '../../core/digest.ts';
import { pagesOf, type Reader } from '../../store/audit.ts';
import type { CouponAudit, EntitlementAudit } from '../../store/audit-rows.ts';
import { AUDITS } from '../../store/audit-statements.ts';
import { toCoupon, toEntitlement } from '../../store/rows.ts';
import { checkBucket } from './accounts.ts';
import { factOf } from './facts.ts';
import type { Findings } from './findings.ts';

export async function verifyEntitlements(reader: Reader, findings: Findings): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.entitlement)) {
    for (const row of page) {
      check(findings, 'entitlement', row, entitlementDigest(toEntitlement(row)), (digest) =>
        row.created_kind === 'entitlement_granted' && factOf(row.created_facts, 'entitlement_id') === row.id
          ? [digest]
          : readPaymentDigest(digest).entitlements,
      );
    }
  }
}

export async function verifyCoupons(reader: Reader, findings: Findings): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.coupon)) {
    for (const row of page) {
      check(findings, 'coupon', row, couponDigest(toCoupon(row)), (digest) => readPaymentDigest(digest).coupons);
    }
  }
}

/** `made` takes from the digest of the entry that made it the digests that it may have. */
function check(
  findings: Findings,
  table: string,
  row: EntitlementAudit | CouponAudit,
  digest: string,
  made: (digest: string) => readonly string[],
): void {
  const { created_seq: seq, bucket } = row;
  const about = findings.about(table, row.id, bucket);
  checkBucket(about, row);
  if (row.created_digest === null || !made(row.created_digest).includes(digest)) {
    const fields = table === 'coupon' ? 'payment_id, code' : 'payment_id, learner, kind, target, coupon_id';
    about.wrong(`entry ${bucket}/${seq} did not make it, or ${fields} or created_at was another then`, seq);
    return;
  }
  about.equal('merchant_id', row.merchant_id, row.created_merchant_id, seq);
  if (row.payment_entitled === false) {
    findings
      .about('payment', row.payment_id, bucket)
      .wrong(`entitled is false, but ${table} ${row.id} hangs on it`, seq);
  }
}
