/**
 * In whose name a command acts. Whoever may open the database may do everything, as `cli:<user of this machine>`. With
 * a native key the command acts as that key, within what its role and merchant allow.
 */
import { userInfo } from 'node:os';
import type { Role } from '../core/account.ts';
import { refusal } from '../core/errors.ts';
import type { Refundry } from '../engine/refundry.ts';
import { NATIVE_PROTOCOL } from '../dialects/issue.ts';
import { Failure } from './failure.ts';

/** As the API's routes have it: `administer` is merchants, policies and credentials; `operate` is what moves money. */
export type Permission = 'read' | 'operate' | 'administer';

const ALLOWED: Readonly<Record<Role, readonly Permission[]>> = {
  admin: ['read', 'operate', 'administer'],
  merchant: ['read', 'operate'],
  read: ['read'],
  // Roles of users, who have no keys.
  operator: [],
  approver: [],
};

export interface Identity {
  /** For the journal. */
  readonly actor: string;
  /** The only merchant it may see; `null` for all. */
  readonly merchantId: string | null;
}

/**
 * Who acts, once that is proven. Throws `Failure` (`unauthenticated`, `forbidden`). The key is checked like one that
 * comes over the wire, so a revoked key is refused here, too.
 */
export async function identify(refundry: Refundry, key: string | null, needs: Permission): Promise<Identity> {
  if (key === null) return { actor: `cli:${userName()}`, merchantId: null };
  const caller = await refundry.authenticator.authenticate(
    NATIVE_PROTOCOL,
    { kind: 'secrets', lookup: null, secrets: [key] },
    'cli',
  );
  if (caller === null) {
    throw Failure.from(refusal('unauthenticated', 'the key is unknown, revoked, or not for this database'));
  }
  if (!ALLOWED[caller.role].includes(needs)) {
    throw Failure.from(refusal('forbidden', `this needs more than a key with role ${caller.role} may do`));
  }
  return { actor: `key:${caller.credentialId}`, merchantId: caller.merchantId };
}

/** The merchant to work on: the one asked for, or the identity's own. Another's is as unknown to a key as none. */
export function merchantFor(identity: Identity, asked: string | undefined): string | null {
  if (identity.merchantId !== null && asked !== undefined && asked !== identity.merchantId) {
    throw Failure.from(refusal('resource_not_found', `there is no merchant ${asked}`, { resource: 'merchant' }));
  }
  return asked ?? identity.merchantId;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
