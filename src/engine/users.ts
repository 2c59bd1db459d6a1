/** Making users: people who sign in to the console. */
import { holdsCardNumber } from '../core/card-number.ts';
import type { Command, NewCredential } from '../core/command.ts';
import { invalidParameter, Refused } from '../core/errors.ts';
import type { AmountByCurrency } from '../core/policy.ts';
import {
  CONSOLE_PROTOCOL,
  limitSettings,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  USER_NAME,
  type UserRole,
} from '../core/user.ts';
import { NotCommitted } from '../store/transaction.ts';
import { hashPassword } from './passwords.ts';

export interface UserRequest {
  readonly name: string;
  readonly role: UserRole;
  /** For people: the name that the console shows. */
  readonly label: string;
  /** What an operator may refund without a second person, minor units by currency. */
  readonly limits?: AmountByCurrency;
  /** `null`: a user of demo mode, who signs in without one, and nowhere else. */
  readonly password: string | null;
}

/** A user's credential, to be created. Throws `Refused` (`invalid_request`) naming what does not fit. */
export async function newUser({ name, role, label, limits = {}, password }: UserRequest): Promise<NewCredential> {
  if (!USER_NAME.test(name)) {
    const problem = 'must have 1 to 64 lower-case letters, digits and . _ + @ -, the first a letter or a digit';
    throw new Refused(invalidParameter('name', problem));
  }
  if (holdsCardNumber(name))
    throw new Refused(invalidParameter('name', 'holds a full card number, which is never stored'));
  const limit = limitSettings(limits);
  if (limit.length > 0 && role !== 'operator') {
    throw new Refused(invalidParameter('limit', `is for operators, and this is role ${role}`));
  }
  return {
    protocol: CONSOLE_PROTOCOL,
    role,
    label,
    lookup: name,
    secretHashes: password === null ? [] : [await hashPassword(goodPassword(password))],
    publicKey: null,
    settings: limit.length === 0 ? {} : { limit },
    demo: password === null,
  };
}

/** SQLSTATE `unique_violation`. */
const NOT_UNIQUE = '23505';

/**
 * Whether a command failed because another process made a user of the same name in the same moment: the database lets
 * only one of them through, whatever both had read before.
 */
export function isNameTakenMeanwhile({ action }: Command, error: unknown): boolean {
  return action.kind === 'create_credential' && error instanceof NotCommitted && error.sqlState === NOT_UNIQUE;
}

/** Throws `Refused` (`invalid_request`). */
function goodPassword(password: string): string {
  const { length } = password;
  if (length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return password;
  const problem = `must have ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters, and has ${length}`;
  throw new Refused(invalidParameter('password', problem));
}
