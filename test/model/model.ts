/**
 * The rules of Refundry a second time, as DESIGN and `docs/` say them and as simply as they can be said: one command at
 * a time, every number worked out from plain lists. What it answers, the engine must answer.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Command, PaymentSelector, RequestedReference } from '../../src/core/command.ts';
import type { Reference } from '../../src/core/payment.ts';
import { accountAction } from './accounts.ts';
import { type Answer, type Fault, ModelBooks } from './books.ts';
import { grantFault, paymentAction, registrationFault } from './payments.ts';
import { amountFault, refundAction } from './refunds.ts';

export class Model {
  readonly books: ModelBooks;
  /** What each merchant's keys were first used for, and the answer that was given. */
  readonly #keys: { readonly command: Command; readonly answer: Answer }[] = [];

  constructor(newId: () => string, seqBefore = 0n) {
    this.books = new ModelBooks(newId, seqBefore);
  }

  /** Executes a command at a moment; in the books time never runs backwards, wherever the clock is set. */
  execute(command: Command, now: number): Answer {
    this.books.at = Math.max(now, this.books.journal.at(-1)?.at ?? 0);
    const earlier = this.#keys.find(
      (one) =>
        command.idempotencyKey !== null &&
        one.command.merchantId === command.merchantId &&
        one.command.idempotencyKey === command.idempotencyKey,
    );
    if (earlier !== undefined && asksTheSame(earlier.command, command)) {
      return structuredClone({ ...earlier.answer, replayed: true });
    }
    const fault = faultOf(this.books, command);
    if (fault !== null) return this.books.turnAway('invalid_request', { parameter: fault.parameter }, fault);
    if (earlier !== undefined) {
      return this.books.turnAway('idempotency_key_reused', { idempotency_key: command.idempotencyKey });
    }
    const answer = this.#decide(command);
    if (command.idempotencyKey !== null && answer.entry !== null) this.#keys.push({ command, answer });
    return answer;
  }

  #decide(command: Command): Answer {
    const { action, merchantId } = command;
    const merchant = this.books.merchants.find(({ id }) => id === merchantId);
    if (merchant === undefined && action.kind !== 'create_merchant') {
      return this.books.turnAway('resource_not_found', { resource: 'merchant' });
    }
    switch (action.kind) {
      case 'refund_payment':
      case 'approve_refund':
      case 'reject_refund':
      case 'cancel_refund':
      case 'expire_refund':
      case 'reverse_refund':
        return refundAction(this.books, command, action);
      case 'register_payment':
      case 'capture_payment':
      case 'close_payment':
      case 'void_payment':
      case 'set_dispute':
      case 'clear_dispute':
      case 'grant_entitlement':
        return paymentAction(this.books, command, action);
      case 'settle_balance':
      case 'create_merchant':
      case 'set_policy':
      case 'create_credential':
      case 'revoke_credential':
        return accountAction(this.books, command, action);
    }
  }
}

/** What cannot be meant at all, whatever the rules say: of a payment's amounts and coupons once the payment is known. */
function faultOf(books: ModelBooks, command: Command): Fault | null {
  const { action } = command;
  switch (action.kind) {
    case 'register_payment':
      return registrationFault(books, action);
    case 'refund_payment':
      return amountFault(books, command, action);
    case 'grant_entitlement':
      return grantFault(books, command, action);
    default:
      return null;
  }
}

/** The same protocol, operation and content, however amounts and the order of references are spelt. */
function asksTheSame(a: Command, b: Command): boolean {
  return a.protocol === b.protocol && isDeepStrictEqual(meant(a.action), meant(b.action));
}

function meant(action: Command['action']): unknown {
  const meantAction: Record<string, unknown> = { ...action };
  if ('payment' in action) meantAction['payment'] = meantSelector(action.payment);
  if ('references' in action) meantAction['references'] = inOrder(action.references);
  if ('amount' in action && action.amount.kind === 'major') {
    const [whole, decimals = ''] = action.amount.text.split('.');
    meantAction['amount'] = { whole, decimals: decimals.replace(/0*$/, '') };
  }
  return meantAction;
}

function meantSelector(selector: PaymentSelector): unknown {
  return 'id' in selector ? selector : inOrder(selector.references);
}

function inOrder(references: readonly (Reference | RequestedReference)[]): unknown {
  return references.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
}
