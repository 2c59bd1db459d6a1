// Asks the registry whether what is installed has known vulnerabilities: `node scripts/audit.mjs`. Not part of `npm test`, which
// needs no network. Exit code 0: none. 1: some, each named. 2: it could not be asked, and nothing is known.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const { stdout, stderr, error } = spawnSync('npm', ['audit', '--json', ...process.argv.slice(2)], {
  cwd,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});

/** What npm said in JSON, if it did. */
function reportIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const report = reportIn(stdout ?? '');
if (report.vulnerabilities === undefined || report.metadata === undefined) {
  const why = error?.message ?? report.message ?? report.error?.summary ?? (stderr ?? '').trim().split('\n').at(-1);
  console.error(
    `Not audited: the registry could not be asked (${why || 'npm said nothing'}). Nothing is known of vulnerabilities.`,
  );
  process.exitCode = 2;
} else {
  const found = Object.values(report.vulnerabilities);
  for (const { name, severity, range, via } of found) {
    const titles = via.map((one) => (typeof one === 'string' ? `by ${one}` : `${one.title} ${one.url}`));
    console.error(`${severity}: ${name} ${range}: ${titles.join('; ')}`);
  }
  const packages = report.metadata.dependencies.total;
  console.log(
    `Audited ${packages} packages: ${found.length === 0 ? 'no known vulnerability' : `${found.length} with known vulnerabilities`}.`,
  );
  process.exitCode = found.length === 0 ? 0 : 1;
}
