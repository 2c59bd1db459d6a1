/** `refundry backup`: a physical backup of the embedded database, while it works. */
import { Command } from 'commander';
import { archiveState, backupEmbedded, endArchive } from '../embedded/index.ts';
import { EXIT, usage } from './failure.ts';
import { print, printJson, time } from './output.ts';
import { readCliConfig } from './session.ts';

interface BackupOptions {
  readonly end?: true;
  readonly json?: true;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('back the embedded database up into a new folder, and add its log to it from then on')
    .argument('[folder]', 'a new folder, on another disk; without it: where the log goes, and whether it arrives')
    .option('--end', 'add the log to no backup any more, when the folder is gone for good')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nServers may go on working meanwhile. `refundry restore` brings it back. A PostgreSQL of your own is backed up with its' +
        '\nown tools: docs/operating/backup.md. Exit codes: 0 done, 1 the log does not arrive or goes nowhere, 2 could not.',
    )
    .action(async (folder: string | undefined, options: BackupOptions) => {
      const home = embeddedHome('backup');
      if (options.end === true) {
        if (folder !== undefined) throw usage('--end takes no folder');
        const ended = await endArchive(home);
        if (options.json === true) printJson({ ended: ended ?? null });
        else print(ended === undefined ? 'The log went to no backup.' : `The log goes to ${ended} no more.`);
      } else if (folder === undefined) await showState(home, options);
      else await backUp(home, folder, options);
    });
}

async function backUp(home: string, folder: string, options: BackupOptions): Promise<void> {
  const { backup, bytes } = await backupEmbedded(home, folder);
  if (options.json === true) {
    printJson({ folder: backup.folder, finished_at: time(backup.finishedAt), bytes });
    return;
  }
  print(
    `Backed up ${(bytes / 1e6).toFixed(1)} MB to ${backup.folder}. It can bring back ${time(backup.finishedAt)} and any later time.`,
  );
  print(
    'PostgreSQL adds its log to it from now on, at the latest a minute after each change. Keep the heads beside it:',
  );
  print('  refundry verify --heads <file>');
}

async function showState(home: string, options: BackupOptions): Promise<void> {
  const { folder, archivedAt, failedAt } = await archiveState(home);
  const isFailing = failedAt !== null && failedAt > (archivedAt ?? 0);
  if (folder === undefined || isFailing) process.exitCode = EXIT.refused;
  if (options.json === true) {
    const at = (ms: number | null): string | null => (ms === null ? null : time(ms));
    printJson({ folder: folder ?? null, archived_at: at(archivedAt), failed_at: at(failedAt), failing: isFailing });
    return;
  }
  if (folder === undefined) {
    print('There is no backup that the log is added to: refundry backup <folder> makes one.');
    return;
  }
  print(
    `The log is added to ${folder}; the last part arrived ${archivedAt === null ? 'never' : `at ${time(archivedAt)}`}.`,
  );
  if (isFailing) print(`It does not arrive since ${time(failedAt)}: see the end of ${home}/postgres.log.`);
}

/** The embedded database's home. Throws `Failure` where there is another database. */
export function embeddedHome(command: string): string {
  const { config } = readCliConfig();
  if (config.databaseUrl === null) return config.home;
  throw usage(
    `${command} is for the embedded database; the PostgreSQL in DATABASE_URL has tools of its own: docs/operating/backup.md`,
  );
}
