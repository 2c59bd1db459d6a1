/**
 * The postmaster: starts it in a session of its own (Ctrl-C in a terminal reaches a whole process group, and must not reach the
 * database), adopts one that runs, ends what is left of a dead one, stops it. Everything here happens under the gate.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { runAs } from './account.ts';
import { findBinaries } from './binaries.ts';
import { checkCluster, makeCluster, readPassword, removeLeftovers } from './cluster.ts';
import { connect } from './connection.ts';
import { EmbeddedDatabaseError, unlessMissing } from './errors.ts';
import type { Place } from './home.ts';
import { openLog, tailOfLog } from './postgres-log.ts';
import { clusterId, judgePostmaster, processesOf } from './processes.ts';
import { DATABASE, DATABASE_USER, SOCKET_PORT, postmasterArguments, programEnvironment } from './settings.ts';
import { checkSocketFolder, openSocketFolder, removeSocketFolder, socketFile } from './socket-folder.ts';

/** Replaying 4 GB of log after a crash takes a slow disk minutes. */
const RECOVERY_MS = 10 * 60_000;
/** A fast shutdown waits for one checkpoint only. */
const STOP_MS = 60_000;
/** A running postmaster answers at once; one that says nothing for so long has lost its socket. */
const SILENCE_MS = 5000;
/** Orphans see within milliseconds that their postmaster is dead, unless they are busy. */
const ORPHANS_MS = 300;
const POLL_MS = 5;

interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly socketFolder: string;
  readonly isReady: boolean;
}

/** PostgreSQL's own `postmaster.pid`: pid, data folder, start time, port, socket folder, address, shared memory, status; one per line. */
function readPidFile(place: Place): PidFile | undefined {
  const lines = unlessMissing(() => readFileSync(join(place.data, 'postmaster.pid'), 'utf8'))?.split('\n');
  const pid = Number(lines?.[0]);
  if (lines === undefined || !Number.isInteger(pid) || pid === 0) return undefined;
  return { pid, port: Number(lines[3]), socketFolder: lines[4] ?? '', isReady: lines[7]?.trim() === 'ready' };
}

/** The running postmaster of the place, or undefined. */
function findPostmaster(place: Place): PidFile | undefined {
  const file = existsSync(place.data) ? readPidFile(place) : undefined;
  if (file === undefined) return undefined;
  const verdict = judgePostmaster(file.pid, clusterId(place.data), place.account.uid, place.data);
  if (verdict === 'foreign') {
    throw new EmbeddedDatabaseError(
      `A PostgreSQL that Refundry did not start (pid ${Math.abs(file.pid)}) is running on ${place.data}. Stop it first.`,
    );
  }
  return verdict === 'ours' ? file : undefined;
}

/** Returns a connection to the database, which is made, started or adopted, whichever it takes. `isAlone`: nobody else uses it. */
export async function ensureRunning(
  place: Place,
  { isAlone, log, patienceMs = RECOVERY_MS }: { isAlone: boolean; log: (line: string) => void; patienceMs?: number },
): Promise<Client> {
  const began = Date.now();
  const isNew = !existsSync(place.data);
  let started: ChildProcess | undefined;
  let silentSince: number | undefined;
  let toldAt = began;
  for (;;) {
    const postmaster = findPostmaster(place);
    const isStarting = started !== undefined && started.exitCode === null && started.signalCode === null;
    if (postmaster !== undefined) {
      // Until it says in its pid file that it is ready, connecting would only leave complaints in the log.
      const attempt = postmaster.isReady ? await reach(place, postmaster, isNew) : 'busy';
      if (typeof attempt !== 'string') return attempt;
      silentSince = attempt === 'silent' ? (silentSince ?? Date.now()) : undefined;
      if (silentSince !== undefined && Date.now() - silentSince > SILENCE_MS) {
        if (!isAlone) {
          throw new EmbeddedDatabaseError(
            `The database in ${place.folder} is running (pid ${postmaster.pid}) but cannot be reached: its socket in ${postmaster.socketFolder} is gone. Stop the Refundry processes that still use it, and start again.`,
          );
        }
        await stopPostmaster(place);
      }
    } else if (!isStarting) {
      if (started !== undefined)
        throw new EmbeddedDatabaseError(`PostgreSQL did not start in ${place.folder}: ${tailOfLog(place.home)}`);
      started = await startPostmaster(place);
    }
    if (Date.now() - began > patienceMs) {
      throw new EmbeddedDatabaseError(
        `The database in ${place.folder} has not become ready in ${patienceMs / 60_000} minutes: see ${place.home.log}.`,
      );
    }
    if (Date.now() - toldAt > SILENCE_MS) {
      toldAt = Date.now();
      log(`Waiting for the database in ${place.folder} to become ready (see ${place.home.log}).`);
    }
    await sleep(POLL_MS);
  }
}

/** Tries to connect. The one who started the postmaster may have had another temporary folder, hence the recorded socket folder. */
async function reach(place: Place, postmaster: PidFile, isNew: boolean): ReturnType<typeof connect> {
  const cluster = clusterId(place.data);
  const common = { user: DATABASE_USER, database: DATABASE };
  const password = readPassword(place);
  if (password !== undefined)
    return connect({ ...common, host: '127.0.0.1', port: postmaster.port, password }, cluster, isNew);

  const attempt = await connect(
    { ...common, host: openSocketFolder(place, cluster), port: SOCKET_PORT },
    cluster,
    isNew,
  );
  if (attempt !== 'silent' || !existsSync(socketFile(postmaster.socketFolder))) return attempt;
  checkSocketFolder(postmaster.socketFolder, place);
  return connect({ ...common, host: postmaster.socketFolder, port: SOCKET_PORT }, cluster, isNew);
}

async function startPostmaster(place: Place): Promise<ChildProcess> {
  const binaries = await findBinaries(place);
  removeLeftovers(place);
  if (existsSync(place.data)) checkCluster(place, binaries);
  else await makeCluster(place, binaries);

  const cluster = clusterId(place.data);
  await endOrphans(place, cluster);
  rmSync(join(place.data, 'postmaster.pid'), { force: true });
  const listen = await listenAt(place, cluster);
  const log = openLog(place.home);
  try {
    const postmaster = spawn(binaries.postgres, postmasterArguments(place.data, cluster, listen), {
      cwd: place.folder,
      env: programEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
      ...runAs(place.account),
    });
    await new Promise((resolve, reject) => postmaster.once('spawn', resolve).once('error', reject));
    postmaster.unref();
    return postmaster;
  } finally {
    closeSync(log);
  }
}

async function listenAt(place: Place, cluster: string): Promise<{ folder: string } | { port: number }> {
  if (process.platform === 'win32') return { port: await findFreePort() };
  const folder = openSocketFolder(place, cluster);
  rmSync(socketFile(folder), { force: true });
  rmSync(`${socketFile(folder)}.lock`, { force: true });
  return { folder };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string')
    throw new EmbeddedDatabaseError('This machine has no free loopback port.');
  return address.port;
}

/**
 * Ends what a killed postmaster left behind. A busy backend does not notice, keeps the shared memory, and so keeps PostgreSQL from
 * starting. What it was doing is lost either way: recovery rolls it back.
 */
async function endOrphans(place: Place, cluster: string): Promise<void> {
  const began = Date.now();
  for (;;) {
    const orphans = processesOf(cluster, place.account.uid);
    if (orphans.length === 0) return;
    if (Date.now() - began > STOP_MS) {
      throw new EmbeddedDatabaseError(
        `Processes of a database that was killed do not end (${orphans.map(({ pid }) => pid).join(', ')}), so ${place.data} cannot be opened.`,
      );
    }
    if (Date.now() - began > ORPHANS_MS) for (const { pid } of orphans) signal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** Stops the postmaster, if one runs: it disconnects everyone, writes a checkpoint and ends. */
export async function stopPostmaster(place: Place): Promise<void> {
  const postmaster = findPostmaster(place);
  if (postmaster === undefined) return;
  if (process.platform === 'win32') {
    const { pgCtl } = await findBinaries(place);
    await promisify(execFile)(pgCtl, ['stop', '--mode=fast', '-D', place.data]);
    return;
  }
  const cluster = clusterId(place.data);
  signal(postmaster.pid, 'SIGINT');
  const began = Date.now();
  while (judgePostmaster(postmaster.pid, cluster, place.account.uid, place.data) === 'ours') {
    if (Date.now() - began > STOP_MS) {
      throw new EmbeddedDatabaseError(
        `The database in ${place.folder} (pid ${postmaster.pid}) has not stopped in ${STOP_MS / 1000} seconds.`,
      );
    }
    await sleep(POLL_MS);
  }
  removeSocketFolder(postmaster.socketFolder, place);
}

/** Stops the postmaster and makes sure that nothing of the cluster runs any more. */
export async function endCluster(place: Place): Promise<void> {
  if (!existsSync(place.data)) return;
  await stopPostmaster(place);
  await endOrphans(place, clusterId(place.data));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}
