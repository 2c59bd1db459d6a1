/** From the rows to the journal: merchants, credentials, settlements. */
import { credentialDigest, merchantDigest } from '../../core/decide-account.ts';
import { bucketOf } from '../../core/ids.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { OPEN_POLICY } from '../../core/policy.ts';
import { pagesOf, type Reader } from '../../store/audit.ts';
import type { CredentialAudit, MerchantAudit, SettlementAudit } from '../../store/audit-rows.ts';
import { AUDITS } from '../../store/audit-statements.ts';
import { toCredential } from '../../store/rows.ts';
import { factOf, memberOf } from './facts.ts';
import type { Findings, RowChecks } from './findings.ts';
import type { Counters } from './references.ts';

/** Also hands each merchant's counters to those who will see the references. */
export async function verifyMerchants(reader: Reader, findings: Findings, counters: Counters): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.merchant)) {
    for (const row of page) {
      const about = findings.about('merchant', row.id, row.bucket);
      checkBucket(about, row);
      checkMerchant(about, row);
      if (row.counters instanceof Object && !Array.isArray(row.counters)) counters.expect(row);
      else about.wrong('counters is not an object of numbers by namespace');
    }
  }
}

function checkMerchant(about: RowChecks, row: MerchantAudit): void {
  const { created_seq: created, policy_seq: policy } = row;
  if (row.created_kind !== 'merchant_created' || row.created_merchant_id !== row.id) {
    about.wrong(`created_seq is ${created}, and entry ${row.bucket}/${created} did not make it`, created);
  } else {
    // The policy has an entry of its own, and may be unreadable.
    const { id, name, created_at: createdAt } = row;
    const fixed = { id, name, createdAt, createdSeq: created, policySeq: policy, policy: OPEN_POLICY, counters: {} };
    if (merchantDigest(fixed) !== row.created_digest) {
      about.wrong(`name or created_at is not what entry ${row.bucket}/${created} says: their SHA-256 differs`, created);
    }
  }
  const isPolicy = row.policy_kind === 'merchant_created' || row.policy_kind === 'policy_changed';
  if (!isPolicy || row.policy_merchant_id !== row.id) {
    about.wrong(`policy_seq is ${policy}, and entry ${row.bucket}/${policy} did not set its policy`, policy);
  } else if (canonicalJson(row.policy as unknown as Json) !== canonicalJson(memberOf(row.policy_facts, 'policy'))) {
    about.wrong(`policy is not the one that entry ${row.bucket}/${policy} set`, policy);
  }
}

export async function verifyCredentials(reader: Reader, findings: Findings): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.credential)) {
    for (const row of page) checkCredential(findings.about('credential', row.id, row.bucket), row);
  }
}

function checkCredential(about: RowChecks, row: CredentialAudit): void {
  const { created_seq: created, revoked_seq: revoked, revoked_at: revokedAt } = row;
  checkBucket(about, row);
  const isMade = row.created_kind === 'credential_created' && factOf(row.created_facts, 'credential_id') === row.id;
  if (!isMade) {
    about.wrong(`created_seq is ${created}, and entry ${row.bucket}/${created} did not make it`, created);
  } else {
    about.equal('merchant_id', row.merchant_id, row.created_merchant_id, created);
    if (credentialDigest(toCredential(row)) !== row.created_digest) {
      // Never which value: secrets' hashes and names to sign in with are among them.
      about.wrong(`one of its fields is not what entry ${row.bucket}/${created} made: their SHA-256 differs`, created);
    }
  }
  if (revoked === null) {
    if (revokedAt !== null) about.wrong('revoked_at is set, and no entry revoked it');
  } else if (row.revoked_kind !== 'credential_revoked' || factOf(row.revoked_facts, 'credential_id') !== row.id) {
    about.wrong(`revoked_seq is ${revoked}, and entry ${row.bucket}/${revoked} did not revoke it`, revoked);
  } else {
    about.equal('revoked_at', revokedAt, row.revoked_at_entry, revoked);
  }
}

export async function verifySettlements(reader: Reader, findings: Findings): Promise<void> {
  for await (const page of pagesOf(reader, AUDITS.settlement)) {
    for (const row of page) checkSettlement(findings.about('settlement', row.id, row.bucket), row);
  }
}

function checkSettlement(about: RowChecks, row: SettlementAudit): void {
  const { cutoff_seq: seq } = row;
  checkBucket(about, row);
  if (row.cutoff_kind !== 'balance_settled' || factOf(row.cutoff_facts, 'settlement_id') !== row.id) {
    about.wrong(`cutoff_seq is ${seq}, and entry ${row.bucket}/${seq} did not make it`, seq);
    return;
  }
  about.equal('merchant_id', row.merchant_id, row.cutoff_merchant_id, seq);
  about.equal('currency', row.currency, row.cutoff_currency, seq);
  about.equal('amount_minor', row.amount_minor, row.cutoff_amount_minor, seq);
  about.equal('created_at', row.created_at, row.cutoff_at, seq);
}

/** An id finds its book by itself, so a row must be in no other. */
export function checkBucket(about: RowChecks, row: { readonly id: string; readonly bucket: number }): void {
  if (bucketOf(row.id) !== row.bucket) about.wrong(`bucket is ${row.bucket}, its id carries ${bucketOf(row.id)}`);
}
