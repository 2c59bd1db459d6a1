/**
 * `npm run mutate`: makes each mistake of `mutations.ts` in a copy of the project and runs each suite on it. Shown is which
 * suites fail, as they must: a suite that a mistake gets by unseen is a suite that proves less than it says.
 *
 *     npm run mutate
 *     npm run mutate -- --only 'the head is not locked' --suite simulation
 *     npm run mutate -- --meant                   just the suites that must not miss a mistake
 */
import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../kit/process.ts';
import { type Mutation, MUTATIONS } from './mutations.ts';
import { SUITES } from './suites.ts';

const COPIED = ['bin', 'console', 'docs', 'migrations', 'scripts', 'src', 'test', 'package.json', 'tsconfig.json'];
/** A mistake may well make a suite hang: then it was seen, too. */
const TIMEOUT_MS = 120_000;
/** Enough to know that it fails: it need not fail everywhere. */
const SEEN = /^\s*✖ (.+?)(?: \([\d.]+ms\))?$/m;

/** What a suite made of a mistake: the first test that failed, `null` if none did. */
function run(folder: string, suite: string): Promise<string | null> {
  const files = (SUITES[suite] ?? []).flatMap((pattern) => globSync(pattern, { cwd: folder }));
  if (files.length === 0) throw new Error(`suite ${suite} has no files`);
  const child = spawn(process.execPath, ['scripts/test.mjs', ...files], {
    cwd: folder,
    detached: true,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  const timer = setTimeout(end, TIMEOUT_MS);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(null);
      else resolve(SEEN.exec(output)?.[1] ?? `ended with ${code ?? 'a signal'}`);
    });
  });
}

/** Makes a mistake, and returns what unmakes it. */
function make(folder: string, { name, file, from, to }: Mutation): () => void {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`“${name}”: ${file} does not say “${from}” once`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  return () => writeFileSync(path, source);
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, suite: { type: 'string' }, meant: { type: 'boolean' } },
});
const suites = values.suite === undefined ? Object.keys(SUITES) : [values.suite];
const mutations = MUTATIONS.filter(({ name }) => values.only === undefined || name === values.only);
if (mutations.length === 0) throw new Error(`no mutation is called “${values.only}”`);

const folder = mkdtempSync(join(tmpdir(), 'refundry-mutation-'));
let missed = 0;
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const suite of suites) {
    const failed = await run(folder, suite);
    if (failed !== null) throw new Error(`suite ${suite} fails without any mistake: ${failed}`);
  }
  process.stdout.write(`without a mistake all pass: ${suites.join(', ')}\n`);
  for (const mutation of mutations) {
    process.stdout.write(`\n${mutation.name} (${mutation.file})\n`);
    const unmake = make(folder, mutation);
    for (const suite of suites.filter((one) => values.meant !== true || mutation.caughtBy.includes(one))) {
      const began = performance.now();
      const failed = await run(folder, suite);
      const isMeant = mutation.caughtBy.includes(suite);
      if (failed === null && isMeant) missed += 1;
      const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(3);
      const mark = failed !== null ? '✔ caught' : isMeant ? '✖ MISSED' : '  passes';
      process.stdout.write(`  ${mark}  ${suite.padEnd(10)} ${seconds} s  ${failed ?? ''}\n`);
    }
    unmake();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `\n${mutations.length} mistakes, ${suites.length} suites, ${missed} missed that had to be caught\n`,
);
process.exitCode = missed > 0 ? 1 : 0;
