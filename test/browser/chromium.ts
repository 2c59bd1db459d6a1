/** A real Chromium, which npm package `@sparticuz/chromium` carries: no download, and the same everywhere. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')));

/**
 * Unpacks Chromium, once per version. Aside first: test files run side by side, and none must start half of one.
 */
async function chromiumFolder(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  const cache = join(ROOT, 'node_modules', '.cache');
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(join(cache, 'chromium-'));
  const before = process.env['TMPDIR'];
  // It unpacks to the temporary folder, wherever that is.
  process.env['TMPDIR'] = aside;
  const parts = ['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map((part) => inflate(join(PACKAGE, 'bin', part)));
  await Promise.all(parts);
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  try {
    renameSync(aside, folder);
  } catch {
    // Another test file was first.
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** Starts one; whoever starts it closes it. */
export async function launchChromium(): Promise<Browser> {
  const folder = await chromiumFolder();
  const executablePath = join(folder, 'chromium');
  // Where the machine lacks the libraries that Chromium needs, the package's own are used.
  const lacks = spawnSync('ldd', [executablePath], { encoding: 'utf8' }).stdout?.includes('not found') ?? false;
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
    env: {
      ...(process.env as Record<string, string>),
      // The same fonts everywhere, so that pages are as wide everywhere.
      FONTCONFIG_PATH: join(folder, 'fonts'),
      ...(lacks ? { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') } : {}),
    },
  });
}
