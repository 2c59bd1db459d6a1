/** The product as it runs in production: `refundry serve`, a process of its own, logs at info into a file. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './postgres.ts';

const CLI = fileURLToPath(new URL('../../bin/refundry.mjs', import.meta.url));

export interface ProductOptions {
  /** Further variables of the environment, such as REFUNDRY_LANES. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
}

export class Product {
  readonly url: string;
  readonly pid: number;
  readonly #end: () => Promise<void>;

  private constructor(url: string, pid: number, end: () => Promise<void>) {
    this.url = url;
    this.pid = pid;
    this.#end = end;
  }

  static async serve(databaseUrl: string, options: ProductOptions = {}): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), 'refundry-bench-server-'));
    const log = openSync(process.env['BENCH_LOG'] ?? join(folder, 'log'), 'w');
    const port = await freePort();
    const nodeFlags = [...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []), ...(options.nodeFlags ?? [])];
    const child = spawn(process.execPath, [...nodeFlags, CLI, 'serve'], {
      env: {
        ...withoutRefundry(process.env),
        DATABASE_URL: databaseUrl,
        HOST: '127.0.0.1',
        PORT: String(port),
        REFUNDRY_LOG_LEVEL: 'info',
        ...options.env,
      },
      stdio: ['ignore', log, log],
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const end = async (): Promise<void> => {
      child.kill('SIGTERM');
      await exited;
      closeSync(log);
      await rm(folder, { recursive: true, force: true });
    };
    const url = `http://127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 400; attempt += 1) {
      if (child.exitCode !== null) {
        throw new Error(`refundry serve ended with ${child.exitCode}: ${readFileSync(join(folder, 'log'), 'utf8')}`);
      }
      const ready = await fetch(`${url}/readyz`).catch(() => null);
      if (ready?.status === 200) return new Product(url, child.pid ?? -1, end);
      await sleep(25);
    }
    await end();
    throw new Error('refundry serve is not ready after 10 s');
  }

  /** The most memory the process ever had resident, in megabytes; `null` where the system does not tell. */
  peakMegabytes(): number | null {
    return statusOf(this.pid, 'VmHWM');
  }

  megabytes(): number | null {
    return statusOf(this.pid, 'VmRSS');
  }

  end(): Promise<void> {
    return this.#end();
  }
}

function statusOf(pid: number, field: string): number | null {
  try {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    )?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

/** The environment without Refundry's own settings: what is measured has the defaults. */
export function withoutRefundry(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('REFUNDRY_')));
}
