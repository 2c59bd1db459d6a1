// Runs every *.test.ts below src/, console/src/ and test/ with Node's own runner, or those named as arguments, on one embedded cluster.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { startCluster } from '../test/kit/database.ts';
import { workInMemory } from '../test/kit/memory.ts';

workInMemory();

const named = process.argv.slice(2);
const everywhere = ['src/**/*.test.ts', 'console/src/**/*.test.ts', 'test/**/*.test.ts'];
const files = named.length > 0 ? named : everywhere.flatMap((pattern) => globSync(pattern)).sort();
const cluster = await startCluster();
const runner = spawn(
  process.execPath,
  ['--test', '--test-concurrency=3', '--test-reporter=spec', '--test-timeout=240000', ...files],
  { stdio: 'inherit', env: { ...process.env, REFUNDRY_TEST_CLUSTER: JSON.stringify(cluster.settings) } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code) => void cluster.stop().finally(() => process.exit(code ?? 1)));
