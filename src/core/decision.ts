/** What a decision is, and how one is written: the entry and the rows of a command that was accepted, or refused. */
import type { Balance, Credential, Merchant, Settlement } from './account.ts';
import { type ActionKind, type Command, fingerprint } from './command.ts';
import { errorDefinition, type Refusal } from './errors.ts';
import type { JournalKind, PaymentNumbers, Posting, UnsealedEntry } from './journal.ts';
import type { Json } from './json.ts';
import { NOTHING, type Outcome, refusedOutcome } from './outcome.ts';
import type { Coupon, Entitlement, Payment } from './payment.ts';
import type { Refund } from './refund.ts';

/** Where in the journal a decision's entry goes. */
export interface Position {
  readonly bucket: number;
  readonly nextSeq: bigint;
}

/** What the rules may not fetch for themselves. */
export interface Env {
  /** Milliseconds since 1970: the later of the process's clock and the head's last time. */
  readonly now: number;
  /** A new id of this book. */
  newId(): string;
  /** A random text that nobody can guess: 122 bits at least. */
  newSalt(): string;
}

/** Rows to save with an entry: new ones and new versions alike. */
export interface Rows {
  readonly payment?: Payment;
  readonly refund?: Refund;
  readonly balance?: Balance;
  readonly merchant?: Merchant;
  readonly credential?: Credential;
  readonly settlement?: Settlement;
  readonly entitlements?: readonly Entitlement[];
  readonly coupon?: Coupon;
}

export interface Decision {
  readonly outcome: Outcome;
  /** `null`: nothing was decided, nothing is saved. */
  readonly entry: UnsealedEntry | null;
  readonly rows: Rows;
}

export function undecided(outcome: Outcome): Decision {
  return { outcome, entry: null, rows: {} };
}

/** What an accepted command brought about, for `accept` to make its entry of. */
export interface Acceptance {
  readonly kind: JournalKind;
  readonly payment?: Payment;
  readonly refund?: Refund;
  readonly posting?: Posting;
  readonly currency?: string;
  /** The balance after the posting. */
  readonly balance?: Balance;
  readonly facts?: Json;
  readonly digest?: string | null;
  readonly rows?: Rows;
  readonly outcome?: Partial<Outcome>;
}

/** An accepted command's decision. */
export function accept(book: Position, command: Command, env: Env, what: Acceptance): Decision {
  const { payment, refund, balance, posting } = what;
  return {
    outcome: { ...NOTHING, ...what.outcome, payment: payment ?? null, refund: refund ?? null },
    entry: {
      ...envelope(book, command, env),
      kind: what.kind,
      paymentId: payment?.id ?? null,
      refundId: refund?.id ?? null,
      amountMinor: posting?.amountMinor ?? refund?.amountMinor ?? null,
      currency: what.currency ?? payment?.currency ?? balance?.currency ?? null,
      debit: posting?.debit ?? null,
      credit: posting?.credit ?? null,
      payment: payment === undefined ? null : numbersOf(payment),
      unsettledMinor: balance?.minor.merchant_unsettled ?? null,
      refusalCode: null,
      facts: what.facts ?? null,
      digest: what.digest ?? null,
    },
    rows: {
      ...what.rows,
      ...(payment === undefined ? {} : { payment }),
      ...(refund === undefined ? {} : { refund }),
      ...(balance === undefined ? {} : { balance }),
    },
  };
}

/**
 * A refused command's decision: an entry when the rules decided it, and the attempt's row if it is a refund of a known
 * payment; else nothing at all.
 */
export function refuse(
  book: Position,
  command: Command,
  env: Env,
  refused: Refusal,
  known: {
    readonly payment?: Payment;
    readonly refund?: Refund;
    /** The refund row is this attempt's own, and new. */
    readonly attempt?: boolean;
    readonly amountMinor?: bigint;
    readonly currency?: string;
    readonly digest?: string | null;
  } = {},
): Decision {
  const { payment, refund } = known;
  const outcome = refusedOutcome(refused, { payment: payment ?? null, refund: refund ?? null });
  if (!errorDefinition(refused.code).decided) return undecided(outcome);
  return {
    outcome,
    entry: {
      ...envelope(book, command, env),
      kind: 'command_refused',
      paymentId: payment?.id ?? null,
      refundId: refund?.id ?? null,
      amountMinor: known.amountMinor ?? null,
      currency: known.currency ?? payment?.currency ?? null,
      debit: null,
      credit: null,
      payment: payment === undefined ? null : numbersOf(payment),
      unsettledMinor: null,
      refusalCode: refused.code,
      facts: { ...refused.facts, message: refused.message },
      digest: known.digest ?? null,
    },
    rows: refund !== undefined && known.attempt === true ? { refund } : {},
  };
}

type Envelope = Pick<
  UnsealedEntry,
  | 'bucket'
  | 'seq'
  | 'at'
  | 'operation'
  | 'merchantId'
  | 'actor'
  | 'protocol'
  | 'requestId'
  | 'idempotencyKey'
  | 'fingerprint'
>;

function envelope(book: Position, command: Command, env: Env): Envelope {
  return {
    bucket: book.bucket,
    seq: book.nextSeq,
    at: env.now,
    operation: command.action.kind satisfies ActionKind,
    merchantId: command.merchantId,
    actor: command.actor,
    protocol: command.protocol,
    requestId: command.requestId,
    idempotencyKey: command.merchantId === null ? null : command.idempotencyKey,
    fingerprint: command.merchantId === null || command.idempotencyKey === null ? null : fingerprint(command),
  };
}

export function numbersOf(payment: Payment): PaymentNumbers {
  return {
    capturedMinor: payment.capturedMinor,
    refundedMinor: payment.refundedMinor,
    reservedMinor: payment.reservedMinor,
    status: payment.status,
    disputed: payment.disputed,
  };
}
