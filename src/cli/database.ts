/** The database that a command works on, whether or not a server runs on it at the same time. */
import type { Config } from '../config.ts';
import { openEmbedded } from '../embedded/index.ts';
import type { DatabaseSettings } from '../store/connection.ts';
import { assertMigrated, migrate } from '../store/migrate.ts';
import { forOperator } from './database-failure.ts';

export interface Database {
  readonly settings: DatabaseSettings;
  readonly isEmbedded: boolean;
  /** Close all connections first: the last one to leave stops an embedded database. */
  close(): Promise<void>;
}

/** Opens the PostgreSQL in DATABASE_URL if there is one, else the embedded one in REFUNDRY_HOME, made if it is not there. */
export async function openDatabase(config: Config): Promise<Database> {
  if (config.databaseUrl !== null) {
    return {
      settings: { connectionString: config.databaseUrl },
      isEmbedded: false,
      close: () => Promise.resolve(),
    };
  }
  const embedded = await openEmbedded({ home: config.home, role: 'command' });
  return { settings: embedded.connection, isEmbedded: true, close: () => embedded.release() };
}

/** Opens the database for a command that needs the books: the embedded one is brought to the current schema on the way. */
export async function openMigrated(config: Config): Promise<Database> {
  const database = await openDatabase(config);
  try {
    // Costs 20 ms when there is nothing to do. A database of the operator's own is theirs to migrate, when they want it.
    if (database.isEmbedded) await migrate(database.settings, config.buckets);
    else await assertMigrated(database.settings);
    return database;
  } catch (error) {
    await database.close();
    throw forOperator(error);
  }
}
