/** What an operator is told when a server cannot start: one sentence, no stack trace. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createDatabase } from '../kit/database.ts';
import { createHome, ROOT } from '../kit/process.ts';
import { start, urlOf } from './refundry.ts';

const home = await createHome();

function run(command: string, env: NodeJS.ProcessEnv): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['bin/refundry.mjs', command],
      { cwd: ROOT, env: { ...process.env, REFUNDRY_HOME: home, PORT: '0', ...env }, timeout: 30_000 },
      (error, _stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

function assertSaid({ code, stderr }: { code: unknown; stderr: string }, sentence: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.match(stderr, sentence);
  assert.doesNotMatch(stderr, /\n\s+at |internal_error/, 'no stack trace');
}

test('a port that is taken is named', async () => {
  const other = createServer();
  after(() => other.close());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  assertSaid(
    await run('start', { PORT: String(address.port) }),
    new RegExp(`configuration: PORT: something else listens on 127\\.0\\.0\\.1:${address.port}`),
  );
});

test('a certificate and a key that are none are both named', async () => {
  const file = join(home, 'key.pem');
  writeFileSync(
    file,
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const said = await run('serve', {
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    REFUNDRY_TLS_CERTIFICATE: file,
    REFUNDRY_TLS_KEY: join(ROOT, 'package.json'),
  });
  assertSaid(
    said,
    /REFUNDRY_TLS_CERTIFICATE is no certificate in PEM\n.*REFUNDRY_TLS_KEY is no unencrypted private key/s,
  );
});

test('a database that is away is said to be so', async () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  assertSaid(await run('serve', env), /database_unavailable: /);
});

test('what a served process writes is a log, its readiness too', async () => {
  const { process: server, ended } = start({ DATABASE_URL: urlOf(await createDatabase()), PORT: '0' }, ['serve']);
  let output = '';
  await new Promise<void>((resolve) => {
    server.stdout?.on('data', (text: string) => {
      output += text;
      if (output.includes('ready')) resolve();
    });
  });
  server.kill('SIGTERM');
  const { code, stdout } = await ended;
  assert.equal(code, 0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ready = lines.find(({ msg }) => msg === 'ready');
  assert.equal(ready?.['level'], 30);
  assert.match(String(ready['address']), /^http:\/\/127\.0\.0\.1:\d+$/);
});

test('a clock that is far ahead of the database’s is said to be so, and nothing is served', async () => {
  const clock = 'data:text/javascript,{let/**/real=Date.now;Date.now=()=>real()+600000}';
  const env = { DATABASE_URL: urlOf(await createDatabase()), NODE_OPTIONS: `--import=${clock}` };
  assertSaid(await run('serve', env), /This machine's clock is (?:599|600) s ahead of PostgreSQL's/);
});

test('all mistakes of the configuration are listed at once', async () => {
  const said = await run('serve', { DATABASE_URL: '', PORT: 'abc', REFUNDRY_LANES: '0', REFUNDRY_NONSENSE: '1' });
  assertSaid(
    said,
    /PORT must be[^]*DATABASE_URL is missing[^]*REFUNDRY_LANES must be[^]*REFUNDRY_NONSENSE is not a variable/,
  );
});
