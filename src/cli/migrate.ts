/** `refundry migrate`: brings a database to the schema of this version. */
import { Command } from 'commander';
import { MAX_BUCKETS } from '../core/ids.ts';
import { migrate } from '../store/migrate.ts';
import { forOperator } from './database-failure.ts';
import { openDatabase } from './database.ts';
import { usage } from './failure.ts';
import { print, printJson } from './output.ts';
import { readCliConfig } from './session.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to the schema of this version; run it again at any time')
    .option('--buckets <number>', `into how many buckets a new database is divided, for good (1 to ${MAX_BUCKETS})`)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nA merchant lives in one bucket; each bucket commits on its own, so buckets are how many cores the database can use:' +
        '\n4 are best on a small machine, 16 or more on a cluster. Default: REFUNDRY_BUCKETS, or 4.',
    )
    .action(async (options: { buckets?: string; json?: true }) => {
      const { config } = readCliConfig();
      const asked = options.buckets === undefined ? null : readBuckets(options.buckets);
      const database = await openDatabase(config);
      try {
        const { applied, installation } = await migrate(database.settings, asked ?? config.buckets).catch(
          (error: unknown) => {
            throw forOperator(error);
          },
        );
        if (asked !== null && asked !== installation.buckets) {
          throw usage(`this database is divided into ${installation.buckets} buckets for good, not into ${asked}`);
        }
        if (options.json === true) {
          printJson({ applied, installation: installation.id, buckets: installation.buckets });
          return;
        }
        for (const name of applied) print(`applied ${name}`);
        if (applied.length === 0) print('The schema is up to date: nothing to apply.');
        print(`Database ${installation.id}, divided into ${installation.buckets} bucket(s).`);
      } finally {
        await database.close();
      }
    });
}

function readBuckets(text: string): number {
  const buckets = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (buckets < 1 || buckets > MAX_BUCKETS) throw usage(`--buckets must be a whole number from 1 to ${MAX_BUCKETS}`);
  return buckets;
}
