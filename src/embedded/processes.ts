/**
 * Tells our own PostgreSQL processes from all others, because a process id found in a file may meanwhile be anyone's.
 * Each cluster has an id made of its data folder's device and inode; the postmaster carries it as an argument (`cluster_name`), and
 * PostgreSQL puts it into the title of each of its children. Command lines are readable where `/proc/<pid>/exe` and `cwd` are not:
 * root in a container usually lacks CAP_SYS_PTRACE.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';

export interface SystemProcess {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
}

/** A command line or title of PostgreSQL, and not of a program that was merely given a path with `postgres` in it. */
const IS_POSTGRES = /(?:^|\/)postgres(?: |:|$)/;

export function clusterId(dataFolder: string): string {
  const { dev, ino } = statSync(dataFolder, { bigint: true });
  return `refundry-${dev.toString(36)}-${ino.toString(36)}`;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** The process, from `/proc`. A zombie has no command line and counts as gone, which matters in containers where nobody reaps. */
function readFromProc(pid: number): SystemProcess | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    if (!command.includes('postgres')) return command === '' ? undefined : { pid, uid: -1, command };
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { pid, uid: Number(uid ?? -1), command };
  } catch {
    return undefined;
  }
}

/** Processes from `/proc`, as on Linux. Only those with `postgres` in their command line carry their uid (the others cost a read each). */
export function listFromProc(): SystemProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readFromProc(Number(pid))).filter((found) => found !== undefined);
}

/** Processes from `ps`, as on macOS and the BSDs. */
export function listFromPs(...selection: string[]): SystemProcess[] {
  let output: string;
  try {
    const columns = ['-ww', '-o', 'pid=', '-o', 'uid=', '-o', 'command='];
    output = execFileSync('ps', [...columns, ...selection], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return []; // `ps -p` fails when there is no such process.
  }
  return output.split('\n').flatMap((line) => {
    const [, pid, uid, command] = /^\s*(\d+)\s+(-?\d+)\s+(.*?)\s*$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), uid: Number(uid), command }];
  });
}

const hasProc = existsSync('/proc/self/cmdline');

export function readProcess(pid: number): SystemProcess | undefined {
  if (!isAlive(pid)) return undefined;
  if (hasProc) return readFromProc(pid);
  return listFromPs('-p', String(pid))[0];
}

/** Whether the process is the cluster's postmaster or one of its children, run by `uid`. */
export function belongsTo(cluster: string, uid: number, found: SystemProcess): boolean {
  if (found.uid !== uid) return false;
  return isPostmasterOf(cluster, found) || found.command.startsWith(`postgres: ${cluster}: `);
}

function isPostmasterOf(cluster: string, found: SystemProcess): boolean {
  return `${found.command} `.includes(` cluster_name=${cluster} `);
}

/**
 * Who is behind the process id in `postmaster.pid`: our postmaster, a PostgreSQL that somebody else started on our data folder (by
 * hand), or nobody that matters: no process, or one that got the number of ours when ours was gone.
 */
export function judgePostmaster(
  pid: number,
  cluster: string,
  uid: number,
  dataFolder: string,
): 'ours' | 'foreign' | 'gone' {
  // Windows (untested) has neither /proc nor ps: a live process is taken for ours, and connecting to it tells the truth.
  if (process.platform === 'win32') return isAlive(pid) ? 'ours' : 'gone';
  const found = readProcess(Math.abs(pid));
  if (found === undefined || !IS_POSTGRES.test(found.command)) return 'gone';
  if (found.uid === uid && isPostmasterOf(cluster, found)) return 'ours';
  return found.command.includes(dataFolder) || workingFolder(pid) === dataFolder ? 'foreign' : 'gone';
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** All processes of the cluster: what is left of it when its postmaster is dead, or a postmaster whose pid file is gone. */
export function processesOf(cluster: string, uid: number): SystemProcess[] {
  if (process.platform === 'win32') return [];
  const all = hasProc ? listFromProc() : listFromPs('-ax');
  return all.filter((found) => belongsTo(cluster, uid, found));
}
