/** `refundry restore`: brings the embedded database back from a backup, up to its end or up to a moment. */
import { Command } from 'commander';
import { restoreEmbedded } from '../embedded/index.ts';
import { embeddedHome } from './backup.ts';
import { usage } from './failure.ts';
import { readTime } from './import/time.ts';
import { note, print, printJson, time } from './output.ts';

interface RestoreOptions {
  readonly until?: string;
  readonly json?: true;
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('bring the embedded database back from a backup; the one that is there is kept aside')
    .argument('<folder>', 'what `refundry backup` made')
    .option('--until <time>', 'leave out what was committed after it: 2026-01-31T12:00:00.000Z')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nStop the server first. What to do next: docs/operating/backup.md.')
    .action(async (from: string, options: RestoreOptions) => {
      const home = embeddedHome('restore');
      const until = options.until === undefined ? undefined : readTime(options.until);
      if (until === null) throw usage('--until must be a time with its zone: 2026-01-31T12:00:00.000Z');
      const { lastCommitAt, before } = await restoreEmbedded({
        home,
        from,
        log: note,
        ...(until === undefined ? {} : { until }),
      });
      if (options.json === true) {
        printJson({ last_commit_at: lastCommitAt === null ? null : time(lastCommitAt), before });
        return;
      }
      const last =
        lastCommitAt === null
          ? 'Nothing was committed after the backup was made.'
          : `Its last commit was at ${time(lastCommitAt)}.`;
      print(`Restored the database in ${home}. ${last}`);
      if (before !== null) print(`The database as it was before can still be read: REFUNDRY_HOME=${before}`);
      print('It goes to no backup yet. Now: refundry verify --against <heads>, and refundry backup <another folder>');
    });
}
