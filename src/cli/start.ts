/** `refundry start`: everything on this machine, with demo data: an embedded database, loopback only. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { DEMO_KEYS, demoCalls, seedDemo } from '../demo/index.ts';
import { openEmbedded, resetEmbedded } from '../embedded/index.ts';
import { migrate } from '../store/migrate.ts';
import { runServer } from './run-server.ts';

const LOOPBACK = '127.0.0.1';

export function startCommand(): Command {
  return new Command('start')
    .description('start a server with an embedded database and demo data, on this machine only')
    .option('--reset', 'delete the database first, and begin afresh')
    .action(async ({ reset }: { reset?: true }) => {
      const config = readConfig(process.env);
      if (config.databaseUrl !== null) console.error('start uses the embedded database: DATABASE_URL is for `serve`.');
      if (process.env['HOST'] !== undefined) console.error(`start listens on ${LOOPBACK} only: HOST is for \`serve\`.`);
      if (reset === true) await resetEmbedded(config.home);
      const embedded = await openEmbedded({ home: config.home, role: 'server', log: (line) => console.error(line) });
      try {
        await migrate(embedded.connection, config.buckets);
        await runServer({
          config,
          host: LOOPBACK,
          database: embedded.connection,
          demo: true,
          beforeListening: (refundry) => seedDemo(refundry, config.home),
          onReady: (url) => console.log(welcome(url, config.home)),
          onStopping: () => embedded.announceStopping(),
        });
      } finally {
        await embedded.release();
      }
    });
}

function welcome(url: string, home: string): string {
  const calls = demoCalls(url, home === resolve('.refundry') ? null : home).map(
    ({ title, command }) => `# ${title}\n${command}\n`,
  );
  return [
    `Refundry is ready on ${url}`,
    `The console: ${url}/console (one click signs in)`,
    '',
    "The partners' own example calls, to paste:",
    '',
    ...calls,
    `Demo keys of the native API (they work in demo mode only): admin ${DEMO_KEYS.admin}, merchant ${DEMO_KEYS.merchant},`,
    `approver ${DEMO_KEYS.approver}, read ${DEMO_KEYS.read}. Reference: ${url}/docs`,
    '',
  ].join('\n');
}
