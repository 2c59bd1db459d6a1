/** A command of the product's command line, in a process of its own, as its user runs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withoutRefundry } from './product.ts';

const CLI = fileURLToPath(new URL('../../bin/refundry.mjs', import.meta.url));

export interface Ran {
  /** Of the whole process, from its start to its end. */
  readonly seconds: number;
  readonly stdout: string;
}

/** Runs it on a database. Throws when it fails, finds something, or takes longer than `timeoutSeconds`. */
export function refundry(databaseUrl: string, args: readonly string[], timeoutSeconds: number): Promise<Ran> {
  const started = performance.now();
  const env = { ...withoutRefundry(process.env), DATABASE_URL: databaseUrl };
  const options = { env, timeout: timeoutSeconds * 1000, maxBuffer: 1 << 26 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      const seconds = (performance.now() - started) / 1000;
      if (error === null) resolve({ seconds, stdout });
      else {
        const said = `${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`;
        reject(new Error(`refundry ${args[0]} failed after ${seconds.toFixed(1)} s: ${said}`, { cause: error }));
      }
    });
  });
}
