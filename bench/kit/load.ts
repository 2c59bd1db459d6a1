/**
 * Closed-loop load from a process of its own: `wrk` where it is on the PATH, else `autocannon`. Each prepared request is
 * sent once: one that is sent again would be a replay, which is cheaper.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WireRequest } from './wire.ts';

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface Load {
  readonly perSecond: number;
  readonly requests: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Result {
  readonly requests: number;
  readonly microseconds: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers of 400 and above. */
  readonly refused: number;
  /** Connections that failed, timed out or were cut. */
  readonly broken: number;
}

export type Generator = 'wrk' | 'autocannon';

export async function findGenerator(): Promise<Generator> {
  const isThere = await run('wrk', ['--version']).then(
    () => true,
    // It prints its version and ends with 1.
    (error: unknown) => (error as { code?: unknown }).code === 1,
  );
  return isThere ? 'wrk' : 'autocannon';
}

/** Sends the requests over so many connections, for at most so many seconds. Throws unless all are answered as done. */
export async function load(
  generator: Generator,
  url: string,
  requests: readonly WireRequest[],
  connections: number,
  seconds: number,
): Promise<Load> {
  const folder = await mkdtemp(join(tmpdir(), 'refundry-bench-load-'));
  try {
    const file = join(folder, 'requests');
    let output: string;
    if (generator === 'wrk') {
      await writeFile(file, rawRequests(url, requests));
      const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', script('generator.lua'), url];
      ({ stdout: output } = await run('wrk', [...args, '--', file], { maxBuffer: 1 << 24 }));
    } else {
      await writeFile(file, requests.map((request) => JSON.stringify(request)).join('\n'));
      const args = [script('autocannon.mjs'), url, file, String(connections), String(seconds)];
      ({ stdout: output } = await run(process.execPath, args, { maxBuffer: 1 << 24 }));
    }
    return toLoad(JSON.parse(/^RESULT (.*)$/m.exec(output)?.[1] ?? 'null') as Result | null, output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toLoad(result: Result | null, output: string): Load {
  if (result === null || result.requests === 0) throw new Error(`the load generator has no result: ${output}`);
  if (result.refused > 0 || result.broken > 0) {
    throw new Error(`${result.refused} refused and ${result.broken} broken of ${result.requests} requests`);
  }
  return {
    perSecond: result.requests / (result.microseconds / 1e6),
    requests: result.requests,
    p50Ms: result.p50 / 1000,
    p99Ms: result.p99 / 1000,
    maxMs: result.max / 1000,
  };
}

/** The requests' bytes, each behind its length in four bytes. */
function rawRequests(url: string, requests: readonly WireRequest[]): Buffer {
  const { host } = new URL(url);
  return Buffer.concat(
    requests.flatMap(({ method, path, headers, body }) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const text = Buffer.from(
        `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return [length, text];
    }),
  );
}
