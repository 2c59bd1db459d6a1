// Runs every *.test.ts below src/ and test/ with Node's own runner, or those named as arguments, on one embedded cluster.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { startCluster } from '../test/kit/database.ts';

const named = process.argv.slice(2);
const files = named.length > 0 ? named : [...globSync('src/**/*.test.ts'), ...globSync('test/**/*.test.ts')].sort();
const cluster = await startCluster();
const runner = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=240000', ...files],
  { stdio: 'inherit', env: { ...process.env, REFUNDRY_TEST_CLUSTER: JSON.stringify(cluster.settings) } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code) => void cluster.stop().finally(() => process.exit(code ?? 1)));
