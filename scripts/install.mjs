// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs what package-lock.json names, if it
// is not there yet, and builds the console, if its sources changed. Compares the lock file with npm's own record of what is installed, so that a pull brings new versions.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packagesIn = (file) => JSON.parse(readFileSync(`${root}/${file}`, 'utf8')).packages;

function isInstalled() {
  if (!existsSync(`${root}/node_modules/.package-lock.json`) || !existsSync(`${root}/node_modules/.bin/node`))
    return false;
  const wanted = packagesIn('package-lock.json');
  const installed = packagesIn('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

if (!isInstalled()) {
  console.error('Installing what package-lock.json names …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm ci failed: see above.');
    process.exit(status ?? 1);
  }
}

// On the pinned Node: the machine's own may be too old to build with.
const node = `${root}/node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`;
const { status } = spawnSync(node, [`${root}/scripts/console.mjs`], { stdio: ['ignore', 'inherit', 'inherit'] });
if (status !== 0) {
  console.error('The console could not be built: see above.');
  process.exit(status ?? 1);
}
