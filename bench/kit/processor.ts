/** Processor time of the product's server and of PostgreSQL: what a shared machine's other work does not change as much. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own clock. */
const TICK_SECONDS = 0.01;

interface Process {
  readonly parent: number;
  readonly seconds: number;
}

function readProcess(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS };
  } catch {
    return null;
  }
}

/** Processor seconds of a process and of its children, by process id. */
export type Used = ReadonlyMap<number, number>;

/** What a process and its children have used so far; empty where the system does not tell. */
export function usedBy(pid: number): Used {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return new Map();
  }
  return new Map(
    names.flatMap((name): [number, number][] => {
      const one = readProcess(Number(name));
      return one !== null && (Number(name) === pid || one.parent === pid) ? [[Number(name), one.seconds]] : [];
    }),
  );
}

/** Processor seconds used between two looks, but for processes that have ended. */
export function secondsBetween(before: Used, after: Used): number {
  return after.entries().reduce((sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? 0), 0);
}

/**
 * Processor seconds that this process's ended children have used, and a server with all its children, ended or not; `NaN`
 * where the system does not tell. What is asked twice is what was used in between.
 */
export function processorSeconds(pid: number, serverPid: number): number {
  const ended = endedChildren(pid) + endedChildren(serverPid);
  return usedBy(serverPid)
    .values()
    .reduce((sum, seconds) => sum + seconds, ended);
}

function endedChildren(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) * TICK_SECONDS;
  } catch {
    return Number.NaN;
  }
}
