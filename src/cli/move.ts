/** `refundry move`: the books of the embedded database into a PostgreSQL of one's own. */
import { Command } from 'commander';
import { openEmbedded } from '../embedded/index.ts';
import { copyBooks } from '../store/copy-books.ts';
import { migrate } from '../store/migrate.ts';
import { embeddedHome } from './backup.ts';
import { forOperator } from './database-failure.ts';
import { usage } from './failure.ts';
import { note, print, printJson } from './output.ts';
import { readCliConfig } from './session.ts';

export function moveCommand(): Command {
  return new Command('move')
    .description('copy all books of the embedded database into an empty PostgreSQL of your own')
    .argument('<url>', 'postgres://user:password@host:5432/database')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nStop the server first. What to do before and after: docs/operating/restarts.md.')
    .action(async (url: string, options: { json?: true }) => {
      const home = embeddedHome('move');
      if (!/^postgres(?:ql)?:\/\//.test(url)) throw usage('the URL must begin with postgres:// or postgresql://');
      const embedded = await openEmbedded({ home, role: 'server', log: note });
      try {
        await migrate(embedded.connection, readCliConfig().config.buckets);
        const rows = await copyBooks(embedded.connection, { connectionString: url });
        if (options.json === true) printJson({ rows });
        else {
          print(`Copied ${rows} rows. The books in ${home} are as they were: start nothing on them any more.`);
          print('Now, with DATABASE_URL: refundry verify --against <heads>');
        }
      } catch (error) {
        throw forOperator(error);
      } finally {
        await embedded.release();
      }
    });
}
