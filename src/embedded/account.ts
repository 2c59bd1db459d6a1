/** Which account PostgreSQL runs as. It refuses to run as root, so root needs another one, which must be able to reach its files. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedDatabaseError } from './errors.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = process.getuid?.() === 0;

export const ownAccount: Account = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };

/** The unprivileged account that root lends to PostgreSQL: `postgres` where there is one, else `nobody`. */
export function unprivilegedAccount(): Account {
  const accounts = new Map<string, Account>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== undefined && Number(uid)) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  const account = accounts.get('postgres') ?? accounts.get('nobody');
  if (account === undefined) {
    throw new EmbeddedDatabaseError(
      'PostgreSQL does not run as root, and this machine has neither an account "postgres" nor "nobody": run Refundry as an ordinary user.',
    );
  }
  return account;
}

/** What `child_process` needs to run a program as this account. Only root can change accounts; everyone else stays who they are. */
export function runAs(account: Account): { uid?: number; gid?: number } {
  return isRoot ? { uid: account.uid, gid: account.gid } : {};
}

/** The first folder on the way to `folder`, itself included, that the account may not enter; undefined when it can reach it. */
export function barrierOnTheWay(folder: string, account: Account): string | undefined {
  const above = dirname(folder);
  const barrier = above === folder ? undefined : barrierOnTheWay(above, account);
  if (barrier !== undefined) return barrier;
  const { uid, gid, mode } = statSync(folder);
  const mayEnter = uid === account.uid ? mode & 0o100 : gid === account.gid ? mode & 0o010 : mode & 0o001;
  return mayEnter ? undefined : folder;
}
