/**
 * The settings of the embedded PostgreSQL, for a small machine. They go on the postmaster's command line, not into its configuration
 * file, so that a new version of Refundry brings its own, and no edit can switch durability off.
 */

import { ARCHIVE_COMMAND } from './archive.ts';

/** The name of the socket file carries this number; nothing listens on a TCP port of this number. */
export const SOCKET_PORT = 5432;

export const DATABASE = 'refundry';
export const DATABASE_USER = 'refundry';

/** `listen` is a socket folder or, on Windows, a loopback port. */
export function postmasterArguments(
  dataFolder: string,
  cluster: string,
  listen: { folder: string } | { port: number },
): string[] {
  const settings: Record<string, string> = {
    cluster_name: cluster,
    ...('folder' in listen
      ? {
          listen_addresses: '',
          // A list of folders: quoted, because a folder's name may contain a comma.
          unix_socket_directories: `"${listen.folder.replaceAll('"', '""')}"`,
          unix_socket_permissions: '0700',
          port: String(SOCKET_PORT),
        }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(listen.port) }),

    // An acknowledged refund must survive a power cut.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',

    // Can be begun and ended without a restart: see archive.ts.
    ...(process.platform === 'win32' ? {} : { archive_mode: 'on', archive_command: ARCHIVE_COMMAND }),
    // While a backup is being restored nobody is let in.
    hot_standby: 'off',

    max_connections: '100',
    shared_buffers: '128MB',
    // Rare, spread-out checkpoints: each one makes the next change of every page write the whole page to the log.
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    // lz4 would pay off, but these binaries are built without it (checked: 18.4), and pglz costs more processor than it saves disk.
    wal_compression: 'off',

    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
    log_checkpoints: 'off',
    // Statements and error details contain people's data, which has no place in a log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
  return ['-D', dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * The environment for PostgreSQL's programs: nothing of the user's own, because PGDATA, PGPORT, LANG and the like change what they do.
 * Windows programs do not start without a few of its variables.
 */
export function programEnvironment(): NodeJS.ProcessEnv {
  const kept = process.platform === 'win32' ? ['PATH', 'SystemRoot', 'TEMP', 'TMP'] : ['PATH'];
  const environment: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' };
  for (const name of kept) environment[name] = process.env[name];
  return environment;
}
