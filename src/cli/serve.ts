/** `refundry serve`: production, on a PostgreSQL of one's own. Never demo data, never demo credentials. */
import { Command } from 'commander';
import type { Logger } from 'pino';
import { readConfig } from '../config.ts';
import { assertMigrated } from '../store/migrate.ts';
import { forOperator } from './database-failure.ts';
import { runServer } from './run-server.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('serve on the PostgreSQL in DATABASE_URL; https if REFUNDRY_TLS_CERTIFICATE and _KEY are set')
    .action(async () => {
      const config = readConfig(process.env, { databaseUrl: true });
      const database = { connectionString: config.databaseUrl ?? '' };
      try {
        await assertMigrated(database);
      } catch (error) {
        throw forOperator(error);
      }
      await runServer({
        config,
        host: config.host,
        database,
        demo: false,
        drainMs: config.drainMs,
        onReady: announce,
      });
    });
}

/** For a person in a sentence; to a program that reads the log, as a line of it. */
function announce(url: string, logger: Logger): void {
  if (process.stdout.isTTY) console.log(`Refundry is ready on ${url}`);
  else logger.info({ address: url }, 'ready');
}
