/** `psql` for the pages' commands: the machine's own, or where there is none, a stand-in that knows what the pages use. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/process.ts';
import { temporaryFolder } from './page.ts';

const STAND_IN = `
import { createRequire } from 'node:module';
const pg = createRequire(process.argv[2])('pg');
const [url, ...words] = process.argv.slice(3);
const client = new pg.Client(url);
await client.connect();
for (const [index, word] of words.entries()) if (word === '-c') await client.query(words[index + 1]);
await client.end();
`;

/** Folders with programs, to be found first. */
export function programsForSql(): string[] {
  if (spawnSync('psql', ['--version']).error === undefined) return [];
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'psql.mjs'), STAND_IN);
  const program = join(folder, 'psql');
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'psql.mjs')}' '${join(ROOT, 'package.json')}' "$@"\n`,
  );
  chmodSync(program, 0o755);
  return [folder];
}
