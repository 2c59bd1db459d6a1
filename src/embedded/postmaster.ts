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
import type pg from 'pg';
import { runAs } from './account.ts';
import { findBinaries } from './binaries.ts';
import { checkCluster, makeCluster, readPassword } from './cluster.ts';
import { type Connection, connect } from './connection.ts';
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
export async function ensureRunning(place: Place, { isAlone, log }: { isAlone: boolean; log: (line: string) => void }): Promise<pg.Client> {
  const began = Date.now();
  let started: ChildProcess | undefined;
  let silentSince: number | undefined;
  let toldAt = began;
  for (;;) {
    const postmaster = findPostmaster(place);
    const isStarting = started !== undefined && started.exitCode === null && started.signalCode === null;
    if (postmaster !== undefined) {
      const attempt = await tryEach(addressesOf(place, postmaster));
      if (typeof attempt !== 'string') return attempt;
      silentSince = attempt === 'silent' && postmaster.isReady ? (silentSince ?? Date.now()) : undefined;
      if (silentSince !== undefined && Date.now() - silentSince > SILENCE_MS) {
        if (!isAlone) {
          throw new EmbeddedDatabaseError(
            `The database in ${place.folder} is running (pid ${postmaster.pid}) but cannot be reached: its socket in ${postmaster.socketFolder} is gone. Stop the Refundry processes that still use it, and start again.`,
          );
        }
        await stopPostmaster(place);
      }
    } else if (!isStarting) {
      if (started !== undefined) throw new EmbeddedDatabaseError(`PostgreSQL did not start in ${place.folder}: ${tailOfLog(place.home)}`);
      started = await startPostmaster(place);
    }
    if (Date.now() - began > RECOVERY_MS) {
      throw new EmbeddedDatabaseError(`The database in ${place.folder} has not become ready in ${RECOVERY_MS / 60_000} minutes: see ${place.home.log}.`);
    }
    if (Date.now() - toldAt > SILENCE_MS) {
      toldAt = Date.now();
      log(`Waiting for the database in ${place.folder} to become ready (see ${place.home.log}).`);
    }
    await sleep(POLL_MS);
  }
}

function addressesOf(place: Place, postmaster: PidFile): (() => Connection)[] {
  const password = readPassword(place);
  if (password !== undefined) {
    return [() => ({ host: '127.0.0.1', port: postmaster.port, user: DATABASE_USER, database: DATABASE, password })];
  }
  const at = (folder: string): Connection => ({ host: folder, port: SOCKET_PORT, user: DATABASE_USER, database: DATABASE });
  return [
    () => at(openSocketFolder(place, clusterId(place.data))),
    // The one who started it may have had another temporary folder.
    () => {
      checkSocketFolder(postmaster.socketFolder, place);
      return at(postmaster.socketFolder);
    },
  ];
}

async function tryEach(addresses: (() => Connection)[]): ReturnType<typeof connect> {
  let attempt: Awaited<ReturnType<typeof connect>> = 'silent';
  for (const address of addresses) {
    attempt = await connect(address());
    if (attempt !== 'silent') return attempt;
  }
  return attempt;
}
