// Runs every *.test.ts below src/, console/src/ and test/ with Node's own runner, or those named as arguments, on one embedded cluster.
import { spawn } from 'node:child_process';
import { accessSync, constants, globSync, statfsSync } from 'node:fs';
import { startCluster } from '../test/kit/database.ts';

/** Databases of tests die with them, and no test pulls the plug: in memory, where there is room, they wait for no disk. */
const MEMORY = '/dev/shm';
const ROOM_BYTES = 4 * 1024 ** 3;

function hasRoom(folder) {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}
if (process.env['TMPDIR'] === undefined && hasRoom(MEMORY)) process.env['TMPDIR'] = MEMORY;

const named = process.argv.slice(2);
const everywhere = ['src/**/*.test.ts', 'console/src/**/*.test.ts', 'test/**/*.test.ts'];
const files = named.length > 0 ? named : everywhere.flatMap((pattern) => globSync(pattern)).sort();
const cluster = await startCluster();
const runner = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=240000', ...files],
  { stdio: 'inherit', env: { ...process.env, REFUNDRY_TEST_CLUSTER: JSON.stringify(cluster.settings) } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code) => void cluster.stop().finally(() => process.exit(code ?? 1)));
