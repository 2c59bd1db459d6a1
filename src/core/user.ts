/** Users: people who sign in to the console, as credentials of a protocol of their own. */
import type { Credential, Role } from './account.ts';
import type { Caller } from './caller.ts';
import { invalidParameter, Refused } from './errors.ts';
import { CURRENCIES, isCurrency, MAX_AMOUNT_MINOR } from './money.ts';
import { type AmountByCurrency, OPEN_POLICY, type Policy } from './policy.ts';

/** The protocol of users' credentials. */
export const CONSOLE_PROTOCOL = 'console';

/** What a user may be; `read` is called viewer at the console. */
export const USER_ROLES = ['admin', 'operator', 'approver', 'read'] as const satisfies readonly Role[];
export type UserRole = (typeof USER_ROLES)[number];

/** A word, or like an e-mail address: in lower case, so that no two users differ by case only. */
export const USER_NAME = /^[a-z0-9][a-z0-9._+@-]{0,63}$/;

/** NIST SP 800-63B asks for 8 at least; people who move money can bear 12. */
export const MIN_PASSWORD_LENGTH = 12;
/** Longer ones are no safer, and each byte costs time. */
export const MAX_PASSWORD_LENGTH = 256;

/** Who acts, for the journal. A user keeps the name over a change of password, which makes another credential. */
export function actorOf({
  protocol,
  credentialId,
  lookup,
}: Pick<Caller, 'protocol' | 'credentialId' | 'lookup'>): string {
  return protocol === CONSOLE_PROTOCOL ? `user:${lookup}` : `key:${credentialId}`;
}

/** Limits as a credential keeps them: `USD 10000`, in minor units. */
export function limitSettings(limits: AmountByCurrency): readonly string[] {
  return Object.entries(limits).map(([currency, minor]) => {
    if (!isCurrency(currency) || minor < 0n || minor > MAX_AMOUNT_MINOR) {
      throw new Refused(invalidParameter('limit', `${currency} ${minor} is no amount`));
    }
    return `${currency} ${minor}`;
  });
}

/** What a user may refund without a second person, minor units by currency; empty: as the merchant's policy has it. */
export function limitsOf({ settings }: Pick<Credential, 'settings'>): AmountByCurrency {
  const { limit = [] } = settings;
  const lines = typeof limit === 'string' ? [limit] : limit;
  return Object.fromEntries(
    lines.map((line) => {
      const [currency = '', minor = ''] = line.split(' ');
      return [currency, BigInt(minor)];
    }),
  );
}

/**
 * What an operator's limits add to the merchant's policy: above them a second person must approve, in currencies without
 * one always. `null` for whom no limit was set.
 */
export function limitPolicy(caller: Pick<Caller, 'role' | 'settings'>): Policy | null {
  if (caller.role !== 'operator') return null;
  const limits = limitsOf(caller);
  if (Object.keys(limits).length === 0) return null;
  const none = Object.fromEntries(CURRENCIES.map((currency) => [currency, 0n]));
  return { ...OPEN_POLICY, approvalAboveMinor: { ...none, ...limits } };
}
