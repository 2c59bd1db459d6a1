// Runs every *.test.ts below src/ and test/ with Node's own runner, or those named as arguments.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const named = process.argv.slice(2);
const files = named.length > 0 ? named : [...globSync('src/**/*.test.ts'), ...globSync('test/**/*.test.ts')].sort();
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=240000', ...files],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
