/** What may happen to a database only while nobody uses it: that it is deleted, or replaced. */
import { EmbeddedDatabaseError } from './errors.ts';
import { tryLock, waitForLock } from './file-lock.ts';
import type { Home } from './home.ts';
import { becomeServer } from './server-lock.ts';

/** Does it while no server and no command uses the database, and keeps them out meanwhile. Errors: EmbeddedDatabaseError, when one does. */
export async function withNobodyElse<T>(home: Home, done: string, work: () => Promise<T>): Promise<T> {
  const server = await becomeServer(home, () => {});
  try {
    server.announceStopping(); // A server that starts meanwhile waits until this is over.
    const gate = await waitForLock(home.gate);
    try {
      const alone = tryLock(home.users, 'exclusive');
      if (alone === undefined) {
        throw new EmbeddedDatabaseError(
          `A Refundry command is using the database in ${home.folder}: it cannot be ${done} now.`,
        );
      }
      try {
        return await work();
      } finally {
        alone.release();
      }
    } finally {
      gate.release();
    }
  } finally {
    server.release();
  }
}
