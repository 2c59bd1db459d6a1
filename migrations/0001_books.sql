-- Refundry's tables. Every primary key and unique index of a book's table ends in `bucket` and leads with its selective
-- column: the same SQL is a single-shard statement on a cluster distributed by bucket, and no plan can prefer a scan of a
-- whole bucket. Amounts are minor units (ISO 4217). Times carry milliseconds, UTC.

-- How this database is divided, fixed for good when it is made.
CREATE TABLE installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  buckets integer NOT NULL CHECK (buckets BETWEEN 1 AND 4096),
  -- Names this database: heads printed by `verify` belong to it and no other.
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The head of each bucket's chain: its row lock is the only lock of the write path. Updated once per batch, so kept
-- sparse for in-page updates.
CREATE TABLE bucket (
  bucket integer PRIMARY KEY,
  seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  at timestamptz NOT NULL DEFAULT 'epoch'
) WITH (fillfactor = 20);

-- Merchants live in one bucket for good: the one their id carries.
CREATE TABLE merchant (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  name text NOT NULL,
  policy jsonb NOT NULL,
  -- Highest number per numbered reference namespace: bbmsl's order ids are given out above it.
  counters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  policy_seq bigint NOT NULL,
  PRIMARY KEY (id, bucket)
) WITH (fillfactor = 70);

-- The four accounts of one merchant and currency. Credits less debits: they always sum to zero.
CREATE TABLE balance (
  merchant_id uuid NOT NULL,
  currency text NOT NULL,
  bucket integer NOT NULL,
  processor_clearing_minor bigint NOT NULL,
  merchant_unsettled_minor bigint NOT NULL,
  refunds_payable_minor bigint NOT NULL CHECK (refunds_payable_minor >= 0),
  merchant_settled_minor bigint NOT NULL CHECK (merchant_settled_minor >= 0),
  -- Payments captured at or before this entry are settled.
  settled_through_seq bigint NOT NULL DEFAULT 0,
  last_seq bigint NOT NULL,
  PRIMARY KEY (merchant_id, currency, bucket),
  CONSTRAINT balance_sums_to_zero CHECK (
    processor_clearing_minor + merchant_unsettled_minor + refunds_payable_minor + merchant_settled_minor = 0
  )
) WITH (fillfactor = 30);

-- Original payments. The changing columns are in no index, so that updates stay in the page.
CREATE TABLE payment (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  -- Whether it carries entitlements or a coupon: only then the write path looks for them.
  entitled boolean NOT NULL DEFAULT false,
  -- [{"namespace": …, "value": …}]: the same as this payment's rows in payment_reference.
  "references" jsonb NOT NULL,
  -- Personal data, and what only partners' answers need; the salt makes its digest unguessable once both are erased.
  details jsonb NOT NULL,
  details_salt text NOT NULL,
  created_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  captured_at timestamptz,
  captured_seq bigint,
  status text NOT NULL CHECK (status IN ('pending', 'captured', 'voided', 'closed')),
  captured_minor bigint NOT NULL CHECK (captured_minor >= 0 AND captured_minor <= amount_minor),
  -- Last and of fixed width, what a refund changes: the log then has these few bytes only, not the row.
  disputed boolean NOT NULL DEFAULT false,
  refund_count integer NOT NULL DEFAULT 0 CHECK (refund_count >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
  reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
  updated_at timestamptz NOT NULL,
  last_seq bigint NOT NULL,
  PRIMARY KEY (id, bucket),
  -- The rule behind all rules: never a cent more than was captured.
  CONSTRAINT refunds_within_captured CHECK (refunded_minor + reserved_minor <= captured_minor)
) WITH (fillfactor = 70);

-- A merchant's payments, newest first, for lists.
CREATE INDEX payment_by_merchant ON payment (merchant_id, id, bucket);

-- What people search by, newest first. `details` and the amount never change, so refunds touch none of these; over
-- expressions, so that no plan of the write path can take one for a way to an id or a merchant.
CREATE INDEX payment_by_email ON payment (lower(details #>> '{customer,email}'), uuid_send(id), uuid_send(merchant_id))
  WHERE details #>> '{customer,email}' IS NOT NULL;
CREATE INDEX payment_by_last4 ON payment ((details #>> '{method,last4}'), uuid_send(id), uuid_send(merchant_id))
  WHERE details #>> '{method,last4}' IS NOT NULL;
CREATE INDEX payment_by_token ON payment ((details #>> '{method,token}'), uuid_send(id), uuid_send(merchant_id))
  WHERE details #>> '{method,token}' IS NOT NULL;
CREATE INDEX payment_by_amount ON payment (amount_minor, currency, uuid_send(id), uuid_send(merchant_id));

-- The names by which callers know a payment.
CREATE TABLE payment_reference (
  value text NOT NULL,
  namespace text NOT NULL,
  merchant_id uuid NOT NULL,
  bucket integer NOT NULL,
  payment_id uuid NOT NULL,
  PRIMARY KEY (value, namespace, merchant_id, bucket)
);

-- One row per attempt on an existing payment, refused ones included.
CREATE TABLE refund (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  currency text NOT NULL,
  status text NOT NULL CHECK (
    status IN ('pending_approval', 'pending', 'unknown', 'succeeded', 'failed', 'canceled', 'reversed', 'refused')
  ),
  refusal_code text CHECK ((refusal_code IS NOT NULL) = (status = 'refused')),
  cancel_reason text CHECK ((cancel_reason IS NOT NULL) = (status = 'canceled')),
  reference_namespace text,
  reference text CHECK ((reference IS NULL) = (reference_namespace IS NULL)),
  requested_by text,
  expires_at timestamptz CHECK (expires_at IS NOT NULL OR status <> 'pending_approval'),
  details jsonb NOT NULL DEFAULT '{}',
  details_salt text NOT NULL DEFAULT '',
  -- Why whoever approved, rejected or canceled it did so; its salted digest is in that entry and those after it.
  decision_reason text,
  decision_salt text NOT NULL DEFAULT '',
  protocol text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  PRIMARY KEY (id, bucket),
  CONSTRAINT amount_positive_unless_refused CHECK (amount_minor > 0 OR status = 'refused')
);

CREATE INDEX refund_by_payment ON refund (payment_id, bucket);
-- A merchant's refunds, newest first, for lists. Over an expression, so that no plan of the write path can mistake it for
-- a way to find a reference: for a merchant with a million refunds that would be a scan of them all.
CREATE INDEX refund_by_merchant ON refund (uuid_send(merchant_id), id, bucket);
CREATE UNIQUE INDEX refund_by_reference ON refund (reference, reference_namespace, merchant_id, bucket)
  WHERE reference IS NOT NULL;
-- What waits for a second person: few rows, looked at often.
CREATE INDEX refund_waiting ON refund (expires_at, bucket) WHERE status = 'pending_approval';

-- One entry per command that was accepted or refused by the rules; gapless per bucket; never updated, never deleted.
CREATE TABLE journal (
  seq bigint NOT NULL,
  bucket integer NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  operation text NOT NULL,
  merchant_id uuid,
  actor text NOT NULL,
  protocol text NOT NULL,
  request_id text NOT NULL,
  idempotency_key text,
  fingerprint bytea CHECK ((fingerprint IS NULL) = (idempotency_key IS NULL)),
  payment_id uuid,
  refund_id uuid,
  amount_minor bigint,
  currency text,
  debit text,
  credit text CHECK ((credit IS NULL) = (debit IS NULL)),
  -- The payment after the entry.
  captured_minor bigint,
  refunded_minor bigint,
  reserved_minor bigint,
  payment_status text,
  payment_disputed boolean,
  -- The merchant's unsettled balance after the entry's posting.
  unsettled_minor bigint,
  refusal_code text CHECK ((refusal_code IS NOT NULL) = (kind = 'command_refused')),
  facts jsonb,
  digest bytea,
  hash bytea NOT NULL,
  PRIMARY KEY (seq, bucket),
  CONSTRAINT posting_has_an_amount CHECK (debit IS NULL OR (amount_minor > 0 AND currency IS NOT NULL))
);

-- Idempotency keys: one space per merchant, kept as long as the journal.
CREATE UNIQUE INDEX journal_by_key ON journal (idempotency_key, merchant_id, bucket) WHERE idempotency_key IS NOT NULL;

-- Enrolments that a payment carries; whether one stands is derived from its payment.
CREATE TABLE entitlement (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  learner text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('program', 'course_session')),
  target text NOT NULL,
  coupon_id uuid,
  created_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  PRIMARY KEY (id, bucket)
);
CREATE INDEX entitlement_by_payment ON entitlement (payment_id, bucket);
CREATE INDEX entitlement_by_learner ON entitlement (learner, target, kind, merchant_id, bucket);

-- What a group purchase bought.
CREATE TABLE coupon (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  code text NOT NULL,
  created_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  PRIMARY KEY (id, bucket)
);
CREATE UNIQUE INDEX coupon_by_payment ON coupon (payment_id, bucket);

CREATE TABLE settlement (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  cutoff_seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (id, bucket)
);
CREATE INDEX settlement_by_merchant ON settlement (merchant_id, id, bucket);

-- Who may call. Small, read at every request, the same on every node of a cluster; its bucket is the book that records it.
CREATE TABLE credential (
  id uuid NOT NULL,
  bucket integer NOT NULL,
  merchant_id uuid,
  protocol text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'merchant', 'read', 'operator', 'approver')),
  label text NOT NULL,
  lookup text NOT NULL,
  -- SHA-256 of each secret, hex, in the order in which the protocol shows them; a user's password: scrypt$log2N$r$p$salt$hash.
  secret_hashes text[] NOT NULL,
  public_key text,
  settings jsonb NOT NULL,
  demo boolean NOT NULL,
  created_at timestamptz NOT NULL,
  created_seq bigint NOT NULL,
  revoked_at timestamptz,
  revoked_seq bigint,
  PRIMARY KEY (id, bucket),
  -- Administrators act for every merchant, a merchant's credential for one, the others for either.
  CHECK (
    (role = 'admin' AND merchant_id IS NULL) OR (role = 'merchant' AND merchant_id IS NOT NULL)
    OR role IN ('read', 'operator', 'approver')
  ),
  -- Operators and approvers are people, who sign in to the console.
  CHECK (protocol = 'console' OR role IN ('admin', 'merchant', 'read')),
  CHECK ((revoked_at IS NULL) = (revoked_seq IS NULL))
);
CREATE INDEX credential_by_lookup ON credential (lookup, protocol);
CREATE INDEX credential_by_merchant ON credential (merchant_id);
-- Two users of one name would be one to the journal. Without the bucket, since the table is the same on every node: two
-- books cannot each make one.
CREATE UNIQUE INDEX credential_of_user ON credential (lookup) WHERE protocol = 'console' AND revoked_at IS NULL;

-- Sign-ins to the console, and of protocols that have them. Tokens are kept as SHA-256, so that reading this table opens
-- nothing.
CREATE TABLE session (
  first_token_hash bytea PRIMARY KEY,
  protocol text NOT NULL,
  second_token_hash bytea,
  credential_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- To the minute; a user who does nothing for long is signed out.
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX session_by_credential ON session (credential_id);

-- A file of refunds. It moves no money by itself: what became of a line is in the journal, under the line's idempotency
-- key, which is made of the run's id. The id is a SHA-256 of the merchant and of what the lines say, so the same file is
-- the same run.
CREATE TABLE bulk_run (
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  bucket integer NOT NULL,
  merchant_id uuid NOT NULL,
  name text NOT NULL,
  lines integer NOT NULL,
  status text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'running', 'interrupted', 'done')),
  -- How many lines of each outcome there were, and what they sum up to, when somebody last counted.
  counts jsonb NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  previewed_at timestamptz,
  started_by text,
  started_at timestamptz,
  -- Whoever runs it says so every second; a run that nobody speaks for was interrupted.
  alive_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (id, bucket)
) WITH (fillfactor = 50);
CREATE INDEX bulk_run_by_time ON bulk_run (created_at);

-- One refund of a file: what was written, what a preview expected, and what became of it.
CREATE TABLE bulk_line (
  run_id text NOT NULL,
  -- As a spreadsheet counts: the header is line 1.
  line integer NOT NULL,
  bucket integer NOT NULL,
  payment text NOT NULL,
  reference text NOT NULL,
  namespace text NOT NULL,
  amount text NOT NULL,
  currency text NOT NULL,
  reason text NOT NULL,
  expected text CHECK (expected IN ('succeeded', 'pending_approval', 'refused', 'invalid', 'failed')),
  outcome text CHECK (outcome IN ('succeeded', 'pending_approval', 'refused', 'invalid', 'failed')),
  -- Why not, of the outcome or, before there is one, of what is expected.
  code text,
  detail text,
  refund_id uuid,
  payment_id uuid,
  refund_amount_minor bigint,
  refund_currency text,
  PRIMARY KEY (run_id, line, bucket)
) WITH (fillfactor = 70);

-- How rows are sent to be saved: src/store/save-columns.ts has the same columns in the same order. Apart from the tables, so
-- that a table can be given a column while servers of the version before it still run.
CREATE TYPE saved_entry AS (
  seq bigint, at timestamptz, kind text, operation text, merchant_id uuid, actor text, protocol text,
  request_id text, idempotency_key text, fingerprint bytea, payment_id uuid, refund_id uuid, amount_minor bigint,
  currency text, debit text, credit text, captured_minor bigint, refunded_minor bigint, reserved_minor bigint,
  payment_status text, payment_disputed boolean, unsettled_minor bigint, refusal_code text, facts jsonb,
  digest bytea, hash bytea
);
CREATE TYPE saved_refund AS (
  id uuid, merchant_id uuid, payment_id uuid, amount_minor bigint, currency text, status text, refusal_code text,
  cancel_reason text, reference_namespace text, reference text, requested_by text, expires_at timestamptz,
  details jsonb, details_salt text, protocol text, created_at timestamptz, updated_at timestamptz,
  created_seq bigint, last_seq bigint
);
CREATE TYPE saved_payment_change AS (
  id uuid, captured_minor bigint, refunded_minor bigint, reserved_minor bigint, status text, disputed boolean,
  refund_count integer, entitled boolean, captured_at timestamptz, captured_seq bigint, updated_at timestamptz,
  last_seq bigint
);
CREATE TYPE saved_payment AS (
  id uuid, captured_minor bigint, refunded_minor bigint, reserved_minor bigint, status text, disputed boolean,
  refund_count integer, entitled boolean, captured_at timestamptz, captured_seq bigint, updated_at timestamptz,
  last_seq bigint, merchant_id uuid, currency text, amount_minor bigint, "references" jsonb, details jsonb,
  details_salt text, created_at timestamptz, created_seq bigint
);
CREATE TYPE saved_payment_reference AS (
  value text, namespace text, merchant_id uuid, payment_id uuid
);
CREATE TYPE saved_balance AS (
  merchant_id uuid, currency text, processor_clearing_minor bigint, merchant_unsettled_minor bigint,
  refunds_payable_minor bigint, merchant_settled_minor bigint, settled_through_seq bigint, last_seq bigint
);
CREATE TYPE saved_merchant AS (
  id uuid, name text, policy jsonb, counters jsonb, created_at timestamptz, created_seq bigint, policy_seq bigint
);
CREATE TYPE saved_entitlement AS (
  id uuid, merchant_id uuid, payment_id uuid, learner text, kind text, target text, coupon_id uuid,
  created_at timestamptz, created_seq bigint
);
CREATE TYPE saved_coupon AS (
  id uuid, merchant_id uuid, payment_id uuid, code text, created_at timestamptz, created_seq bigint
);
CREATE TYPE saved_settlement AS (
  id uuid, merchant_id uuid, currency text, amount_minor bigint, cutoff_seq bigint, created_at timestamptz
);

-- Raises when a save changed other rows than it meant to: the transaction then fails as a whole.
CREATE FUNCTION saved_exactly(what text, wanted bigint, saved bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF wanted IS DISTINCT FROM saved THEN
    RAISE EXCEPTION 'save of % changed % rows instead of %', what, saved, wanted USING ERRCODE = '23R01';
  END IF;
  RETURN true;
END
$$;

-- How many saves the current transaction has run. The last one compares it with how many there should have been: a save
-- that never reached the server must not be committed around.
CREATE FUNCTION saves_so_far() RETURNS bigint LANGUAGE sql AS $$
  SELECT coalesce(nullif(current_setting('refundry.saves', true), ''), '0')::bigint
$$;

CREATE FUNCTION count_save() RETURNS boolean LANGUAGE sql AS $$
  SELECT set_config('refundry.saves', (saves_so_far() + 1)::text, true) IS NOT NULL
$$;
