/**
 * What the model keeps: plain lists, and every number worked out from them whenever it is asked for. Nothing is carried
 * along that could drift, nothing is indexed, nothing is batched.
 */
import type { Credential, Merchant, Settlement } from '../../src/core/account.ts';
import type { Command, PaymentSelector, RegisterPayment } from '../../src/core/command.ts';
import type { ErrorCode, RefusalFacts } from '../../src/core/errors.ts';
import type { Account, JournalEntry, PaymentNumbers, Posting } from '../../src/core/journal.ts';
import type { Coupon, Entitlement, Payment } from '../../src/core/payment.ts';
import type { Refund } from '../../src/core/refund.ts';

type Changeable<Row> = { -readonly [Field in keyof Row]: Row[Field] };

/** A payment without the numbers that follow from its refunds. */
export type ModelPayment = Changeable<
  Omit<Payment, 'capturedMinor' | 'refundedMinor' | 'reservedMinor' | 'refundCount' | 'entitled' | 'detailsSalt'>
> & { readonly registration: RegisterPayment };
export type ModelRefund = Changeable<Omit<Refund, 'detailsSalt' | 'decisionSalt'>>;
export type ModelMerchant = Changeable<Omit<Merchant, 'counters'>>;
export type ModelCredential = Changeable<Credential>;

/** An entry of the journal, without what only proves that nobody changed it. */
export type Entry = Omit<JournalEntry, 'bucket' | 'fingerprint' | 'digest' | 'hash'>;

/** What the model answers: a copy of everything, as it is at that moment. */
export interface Answer {
  readonly refusal: { readonly code: ErrorCode; readonly facts: RefusalFacts } | null;
  readonly entry: Entry | null;
  readonly replayed: boolean;
  readonly payment: Omit<Payment, 'detailsSalt'> | null;
  readonly refund: ModelRefund | null;
  readonly settlement: Settlement | null;
  readonly merchant: Merchant | null;
  readonly credential: Credential | null;
  readonly entitlements: readonly Entitlement[];
  readonly coupons: readonly Coupon[];
}

/** A parameter that says what cannot be, of a payment where there is one. */
export interface Fault {
  readonly parameter: string;
  readonly payment?: ModelPayment;
}

/** The rows that an answer shows. */
export interface Shown {
  readonly payment?: ModelPayment | undefined;
  readonly refund?: ModelRefund | undefined;
  readonly settlement?: Settlement;
  readonly merchant?: ModelMerchant;
  readonly credential?: ModelCredential;
  readonly entitlements?: readonly Entitlement[];
  readonly coupons?: readonly Coupon[];
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

export class ModelBooks {
  /** The time of the command at hand: never before the one before it. */
  at = 0;
  readonly newId: () => string;
  readonly merchants: ModelMerchant[] = [];
  readonly payments: ModelPayment[] = [];
  readonly refunds: ModelRefund[] = [];
  readonly entitlements: Entitlement[] = [];
  readonly coupons: Coupon[] = [];
  readonly settlements: Settlement[] = [];
  readonly credentials: ModelCredential[] = [];
  readonly journal: Entry[] = [];
  /** How many entries the bucket had before the first of these. */
  readonly seqBefore: bigint;

  constructor(newId: () => string, seqBefore: bigint) {
    this.newId = newId;
    this.seqBefore = seqBefore;
  }

  /** The number that the next entry gets. */
  get nextSeq(): bigint {
    return this.seqBefore + BigInt(this.journal.length + 1);
  }

  /** The one payment of the merchant that the selector names. */
  paymentOf({ merchantId }: Command, selector: PaymentSelector): ModelPayment | undefined {
    const own = this.payments.filter((payment) => payment.merchantId === merchantId);
    if ('id' in selector) return own.find(({ id }) => id === selector.id);
    if (selector.references.length === 0) return undefined;
    return own.find((payment) =>
      selector.references.every((named) =>
        payment.references.some(({ namespace, value }) => namespace === named.namespace && value === named.value),
      ),
    );
  }

  captured(payment: ModelPayment): bigint {
    return payment.status === 'captured' ? payment.amountMinor : 0n;
  }

  refunded(payment: ModelPayment): bigint {
    const succeeded = this.refunds.filter((one) => one.paymentId === payment.id && one.status === 'succeeded');
    return sum(succeeded.map(({ amountMinor }) => amountMinor));
  }

  reserved(payment: ModelPayment): bigint {
    const waiting = this.refunds.filter((one) => one.paymentId === payment.id && one.status === 'pending_approval');
    return sum(waiting.map(({ amountMinor }) => amountMinor));
  }

  refundable(payment: ModelPayment): bigint {
    return this.captured(payment) - this.refunded(payment) - this.reserved(payment);
  }

  /** Succeeded refunds and those that wait; failed, canceled, reversed and refused ones do not count. */
  refundCount(payment: ModelPayment): number {
    return this.refunds.filter(
      ({ paymentId, status }) => paymentId === payment.id && (status === 'succeeded' || status === 'pending_approval'),
    ).length;
  }

  /** What was credited to an account less what was debited. */
  balance(merchantId: string, currency: string, account: Account): bigint {
    const own = this.journal.filter((entry) => entry.merchantId === merchantId && entry.currency === currency);
    const credited = own.filter(({ credit }) => credit === account).map(({ amountMinor }) => amountMinor ?? 0n);
    const debited = own.filter(({ debit }) => debit === account).map(({ amountMinor }) => amountMinor ?? 0n);
    return sum(credited) - sum(debited);
  }

  unsettled(merchantId: string, currency: string): bigint {
    return this.balance(merchantId, currency, 'merchant_unsettled');
  }

  /** Captured at or before its merchant's last settlement in that currency. */
  isSettled({ merchantId, currency, capturedSeq }: ModelPayment): boolean {
    const last = this.settlements.findLast((one) => one.merchantId === merchantId && one.currency === currency);
    return last !== undefined && capturedSeq !== null && capturedSeq <= last.cutoffSeq;
  }

  /** The payment still grants what it bought: it is captured and not wholly refunded. */
  grants(payment: ModelPayment): boolean {
    return payment.status === 'captured' && this.refunded(payment) < payment.amountMinor;
  }

  /** Another payment of the merchant grants the same enrolment. */
  isHeldOtherwise(entitlement: Entitlement): boolean {
    return this.entitlements.some(
      (other) =>
        other.paymentId !== entitlement.paymentId &&
        other.merchantId === entitlement.merchantId &&
        other.learner === entitlement.learner &&
        other.kind === entitlement.kind &&
        other.target === entitlement.target &&
        this.payments.some((payment) => payment.id === other.paymentId && this.grants(payment)),
    );
  }

  /** Per namespace whose values are numbers, the highest that was given out or taken. */
  counters(merchantId: string): Record<string, string> {
    const highest: Record<string, string> = {};
    for (const payment of this.payments.filter((one) => one.merchantId === merchantId)) {
      for (const { namespace } of payment.registration.references.filter(({ numbered }) => numbered)) {
        const value = payment.references.find((one) => one.namespace === namespace)?.value ?? '0';
        if (BigInt(value) > BigInt(highest[namespace] ?? '0')) highest[namespace] = value;
      }
    }
    return highest;
  }

  numbers(payment: ModelPayment): PaymentNumbers {
    return {
      capturedMinor: this.captured(payment),
      refundedMinor: this.refunded(payment),
      reservedMinor: this.reserved(payment),
      status: payment.status,
      disputed: payment.disputed,
    };
  }

  /** Writes down what a command did, or that it was refused, with the numbers after it. */
  enter(
    command: Command,
    kind: Entry['kind'],
    {
      payment,
      refund,
      posting,
      ...more
    }: { payment?: ModelPayment | undefined; refund?: ModelRefund | undefined; posting?: Posting } & Partial<
      Pick<Entry, 'amountMinor' | 'currency' | 'refusalCode' | 'facts'>
    >,
  ): Entry {
    const entry: Entry = {
      seq: this.nextSeq,
      at: this.at,
      kind,
      operation: command.action.kind,
      merchantId: command.merchantId,
      actor: command.actor,
      protocol: command.protocol,
      requestId: command.requestId,
      idempotencyKey: command.idempotencyKey,
      paymentId: payment?.id ?? null,
      refundId: refund?.id ?? null,
      amountMinor: posting?.amountMinor ?? null,
      currency: payment?.currency ?? null,
      debit: posting?.debit ?? null,
      credit: posting?.credit ?? null,
      payment: payment === undefined ? null : this.numbers(payment),
      unsettledMinor: null,
      refusalCode: null,
      facts: null,
      ...more,
    };
    this.journal.push(entry);
    const { merchantId, currency } = entry;
    if (posting === undefined || merchantId === null || currency === null) return entry;
    const after = { ...entry, unsettledMinor: this.unsettled(merchantId, currency) };
    this.journal[this.journal.length - 1] = after;
    return after;
  }

  /** Accepted: the rows as they are now. */
  answer(entry: Entry | null, shown: Shown): Answer {
    const { payment, refund, settlement, merchant, credential, entitlements = [], coupons = [] } = shown;
    return structuredClone({
      refusal: null,
      entry,
      replayed: false,
      payment: payment === undefined ? null : this.#shownPayment(payment),
      refund: refund ?? null,
      settlement: settlement ?? null,
      merchant: merchant === undefined ? null : { ...merchant, counters: this.counters(merchant.id) },
      credential: credential ?? null,
      entitlements,
      coupons,
    });
  }

  #shownPayment(payment: ModelPayment): Omit<Payment, 'detailsSalt'> {
    const { registration: _, ...own } = payment;
    return {
      ...own,
      ...this.numbers(payment),
      refundCount: this.refundCount(payment),
      entitled: [...this.entitlements, ...this.coupons].some(({ paymentId }) => paymentId === payment.id),
    };
  }

  /** Refused by a rule: written down, with the numbers behind it, and answered the same when the key is sent again. */
  refuse(
    command: Command,
    code: ErrorCode,
    facts: RefusalFacts,
    shown: Shown & { readonly amountMinor?: bigint; readonly currency?: string } = {},
  ): Answer {
    const { amountMinor = null, payment, refund } = shown;
    const currency = shown.currency ?? payment?.currency ?? null;
    const entry = this.enter(command, 'command_refused', {
      payment,
      refund,
      amountMinor,
      currency,
      refusalCode: code,
      facts,
    });
    return { ...this.answer(entry, shown), refusal: { code, facts } };
  }

  /** Nothing was decided: nothing is written down, and no key is bound. */
  turnAway(code: ErrorCode, facts: RefusalFacts, shown: Shown = {}): Answer {
    return { ...this.answer(null, shown), refusal: { code, facts } };
  }
}
