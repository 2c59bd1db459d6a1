// Builds the web console to console/dist, if its sources or the lock file changed since it was last built there. Beside
// each file that compresses lies its .br and .gz, so that the server never compresses while it answers.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONSOLE = join(ROOT, 'console');
const DIST = join(CONSOLE, 'dist');
/** In dist, so that a build and what it was built from come and go together. */
const STAMP = '.sources.sha256';
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt']);

const filesBelow = (folder) =>
  globSync('**/*', { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());

function digestOfSources() {
  const isSource = (path) => !path.startsWith('dist') && !/\.(test\.ts|md)$/.test(path);
  const sources = filesBelow(CONSOLE)
    .filter(isSource)
    .map((path) => join(CONSOLE, path));
  const digest = createHash('sha256');
  for (const path of [...sources, join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)].sort()) {
    digest
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return digest.digest('hex');
}

function compressAll(folder) {
  for (const path of filesBelow(folder)) {
    if (!COMPRESSIBLE.has(extname(path))) continue;
    const file = join(folder, path);
    const bytes = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(bytes));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

const digest = digestOfSources();
const stamp = join(DIST, STAMP);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  console.error('Building the console …');
  const { build } = await import('vite');
  // Aside first, on the same disk: whoever serves the old files meanwhile never meets half of the new ones.
  const aside = mkdtempSync(join(ROOT, 'node_modules', '.console-'));
  try {
    await build({
      configFile: join(CONSOLE, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: aside, emptyOutDir: true },
    });
    compressAll(aside);
    writeFileSync(join(aside, STAMP), digest);
    // A temporary folder is its maker's alone; the server may run as somebody else.
    chmodSync(aside, 0o755);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(aside, DIST);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
