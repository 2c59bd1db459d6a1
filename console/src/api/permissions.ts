/** Which controls a person is offered. The server decides; this only spares them what it would refuse. */
import type { Role, User } from './types.ts';

export type Deed = 'refund' | 'approve' | 'write' | 'administer';

const ROLES: Readonly<Record<Deed, readonly string[]>> = {
  /** Ask for refunds, and cancel them while they wait. */
  refund: ['admin', 'merchant', 'operator'],
  /** Decide on refunds that others asked for. */
  approve: ['admin', 'merchant', 'approver'],
  /** Everything else that changes money: reversals, voids, settlements. */
  write: ['admin', 'merchant'],
  /** Merchants, credentials, users. */
  administer: ['admin'],
};

export function may({ role }: Pick<User, 'role'>, deed: Deed): boolean {
  return ROLES[deed].includes(role);
}

const ROLE_TITLES: Readonly<Record<string, string>> = {
  admin: 'Administrator',
  operator: 'Operator',
  approver: 'Approver',
  read: 'Viewer',
  merchant: 'Merchant',
};

export function roleTitle(role: Role): string {
  return ROLE_TITLES[role] ?? role;
}
