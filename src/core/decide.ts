/**
 * The rules. `decide` is pure: no I/O, no clock, no randomness but what `env` brings. It says what a command does to a
 * book; `Book.record` takes it in. Commands of one batch go through here one after the other, so two refunds of one
 * payment in one batch are as exact as in two.
 */
import type { Book } from './book.ts';
import { type Command, fingerprint } from './command.ts';
import { decideAccount } from './decide-account.ts';
import { decidePayment, registrationFault } from './decide-payment.ts';
import { decideRefund } from './decide-refund.ts';
import { type Decision, type Env, undecided } from './decision.ts';
import { refusal } from './errors.ts';
import { refusedOutcome } from './outcome.ts';

/** Decides one command. Throws only on a bug, and then nothing of the command has happened. */
export function decide(book: Book, command: Command, env: Env): Decision {
  const { merchantId, idempotencyKey } = command;
  const earlier = merchantId === null || idempotencyKey === null ? undefined : book.keyed(merchantId, idempotencyKey);
  if (earlier === undefined) return act(book, command, env);
  if (earlier.fingerprint === fingerprint(command)) return undecided({ ...earlier.outcome, replayed: true });
  const asNew = act(book, command, env);
  // A request that cannot be read hears that, whatever its key was used for.
  if (asNew.outcome.refusal?.code === 'invalid_request') return asNew;
  return undecided(
    refusedOutcome(
      refusal('idempotency_key_reused', 'this idempotency key was used with another request; use a new key', {
        idempotency_key: idempotencyKey,
      }),
    ),
  );
}

function act(book: Book, command: Command, env: Env): Decision {
  const { merchantId, action } = command;
  if (merchantId !== null && action.kind !== 'create_merchant' && book.merchant(merchantId) === undefined) {
    const fault = action.kind === 'register_payment' ? registrationFault(action, env.now) : null;
    return undecided(
      refusedOutcome(
        fault ?? refusal('resource_not_found', `there is no merchant ${merchantId}`, { resource: 'merchant' }),
      ),
    );
  }
  switch (action.kind) {
    case 'refund_payment':
    case 'approve_refund':
    case 'reject_refund':
    case 'cancel_refund':
    case 'expire_refund':
    case 'reverse_refund':
      return decideRefund(book, command, action, env);
    case 'register_payment':
    case 'capture_payment':
    case 'close_payment':
    case 'void_payment':
    case 'set_dispute':
    case 'clear_dispute':
    case 'grant_entitlement':
      return decidePayment(book, command, action, env);
    case 'settle_balance':
    case 'create_merchant':
    case 'set_policy':
    case 'create_credential':
    case 'revoke_credential':
      return decideAccount(book, command, action, env);
  }
}
