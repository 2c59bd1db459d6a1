/** Servers are replaced one after the other under load, with another certificate and another login: nobody sees a failure. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCredential } from '../../src/dialects/issue.ts';
import { Books } from '../kit/books.ts';
import { urlOf } from '../cli/refundry.ts';
import { connect, createDatabase } from '../kit/database.ts';
import { startBalancer } from './balancer.ts';
import { Page, temporaryFolder } from './page.ts';
import { programsForSql } from './psql.ts';

const restarts = new Page('restarts.md');
const keys = new Page('keys.md');
const folder = temporaryFolder();
const heads = temporaryFolder();
const database = await createDatabase();
const sql = await connect(database);
const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

/** Below those that the system gives to callers, so that nobody takes it while a server is away. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

function makeCertificate(name: string): Certificate {
  const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const words = `req -x509 -newkey rsa:2048 -noenc -days 1 -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1`;
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate, key };
}

const certificates = hasOpenssl ? { old: makeCertificate('old'), new: makeCertificate('new') } : null;
const logins = { old: `${database.database}_old`, new: `${database.database}_new` };
await sql.query(`CREATE ROLE ${logins.old} LOGIN IN ROLE refundry`);
after(async () => {
  const admin = await connect({ ...database, database: 'postgres' });
  for (const name of Object.values(logins)) await admin.query(`DROP ROLE IF EXISTS ${name}`);
});

/** Thirty times the balancer's interval. */
const drainMs = '1500';
const ports = [await freePort(), await freePort()];
const scheme = certificates === null ? 'http' : 'https';

/** The environment of one server. */
function environment(index: number, time: 'old' | 'new'): Record<string, string> {
  const certificate = certificates?.[time];
  return {
    PORT: String(ports[index]),
    HOST: '127.0.0.1',
    URL: `${scheme}://127.0.0.1:${ports[index]}`,
    DATABASE_URL: urlOf({ ...database, user: logins[time] }),
    REFUNDRY_DRAIN_MS: drainMs,
    REFUNDRY_LANES: '1',
    PIDFILE: join(folder, `${index}.pid`),
    LOG: join(folder, `${index}.${time}.log`),
    ...(certificate === undefined
      ? {}
      : {
          REFUNDRY_TLS_CERTIFICATE: certificate.certificate,
          REFUNDRY_TLS_KEY: certificate.key,
          CURL_CA_BUNDLE: certificate.certificate,
        }),
  };
}

/** Every server that was started: the files that name them are gone by the end. */
const started = new Set<number>();

function pidOf(index: number): number {
  const pid = Number(readFileSync(join(folder, `${index}.pid`), 'utf8'));
  started.add(pid);
  return pid;
}

after(() => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

/** Starts or restarts a server as the page says. */
async function launch(heading: string, index: number, time: 'old' | 'new'): Promise<void> {
  await restarts.do(heading, environment(index, time)).finally(() => pidOf(index));
}

const books = await Books.open({ lanes: 1 }, database);
const merchantId = await books.merchant();
const payment = await books.payment(merchantId, { amountMinor: 1_000_000n });
const { credential, secrets } = issueCredential({ protocol: 'native', role: 'merchant', label: 'load' });
await books.command(merchantId, { kind: 'create_credential', credential });

test('no request fails while both servers are replaced, certificate and login of the database with them', async (t) => {
  if (certificates === null) t.diagnostic('there is no openssl on this machine: the certificate is not replaced');
  await Promise.all(ports.map((_port, index) => launch('Start one server', index, 'old')));
  const trusted = Object.values(certificates ?? {}).map(({ certificate }) => readFileSync(certificate, 'utf8'));
  const balancer = await startBalancer(
    ports.map((_port, index) => environment(index, 'old')['URL'] ?? ''),
    () => trusted,
  );
  while (balancer.ready() < ports.length) await sleep(10);
  const pids = ports.map((_port, index) => pidOf(index));

  const failures: string[] = [];
  let refunded = 0;
  let isOver = false;
  const callers = Array.from({ length: 8 }, async (_caller, number) => {
    for (let count = 0; !isOver; count += 1) {
      const answer = await fetch(`${balancer.url}/v1/refunds`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${secrets['key']}`,
          'content-type': 'application/json',
          'idempotency-key': `"rolling-${number}-${count}"`,
        },
        body: JSON.stringify({ payment_id: payment.id, amount: 1, currency: payment.currency }),
      });
      if (answer.ok) refunded += 1;
      else failures.push(`${answer.status} ${await answer.text()}`);
      await answer.body?.cancel().catch(() => undefined);
      // A load that leaves room for the machine's other work.
      await sleep(20);
    }
  });

  const sqlPrograms = programsForSql();
  const admin = {
    ADMIN_URL: urlOf(database),
    OWNER: 'refundry',
    OLD_LOGIN: logins.old,
    NEW_LOGIN: logins.new,
    NEW_PASSWORD: 'of-no-use-elsewhere',
  };
  await keys.do('Make the new login', admin, { programs: sqlPrograms });
  while (refunded < 20 && failures.length === 0) await sleep(10);
  for (const index of ports.keys()) {
    const atStart = refunded;
    await launch('Restart one server', index, 'new');
    while (balancer.ready() < ports.length) await sleep(10);
    assert.ok(refunded > atStart, 'refunds went on');
  }
  await keys.do('Close the old login', admin, { programs: sqlPrograms });
  const closed = refunded;
  while (refunded < closed + 20) await sleep(10);
  isOver = true;
  await Promise.all(callers);

  assert.deepEqual(failures, []);
  t.diagnostic(`${refunded} refunds, ${failures.length} failures`);
  ports.forEach((_port, index) => assert.notEqual(pidOf(index), pids[index]));
  const { rows } = await sql.query<{ refunds: number; refunded: string }>(
    `SELECT (SELECT count(*)::integer FROM refund) AS refunds, refunded_minor AS refunded FROM payment`,
  );
  assert.deepEqual(rows, [{ refunds: refunded, refunded: String(refunded) }]);
  const { rows: used } = await sql.query<{ login: string }>(
    `SELECT DISTINCT usename AS login FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'refundry lane' AND usename <> 'refundry'`,
  );
  assert.deepEqual(used, [{ login: logins.new }]);
  await assert.rejects(connect({ ...database, user: logins.old }), /not permitted to log in/);
});

test('an upgrade is proven by the heads of before', async () => {
  const variables = { DATABASE_URL: urlOf(database), HEADS: heads };
  const { stdout } = await restarts.do('Before the servers', variables);
  assert.match(stdout, /The schema is up to date/);
  await restarts.do('After the servers', variables);
});

test('a server that cannot start ends the wait for it', async () => {
  const port = await freePort();
  const said = await restarts.run('Start one server', {
    PORT: String(port),
    URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    PIDFILE: join(folder, 'none.pid'),
    LOG: join(folder, 'none.log'),
  });
  assert.notEqual(said.code, 0);
  assert.match(readFileSync(join(folder, 'none.log'), 'utf8'), /^database_unavailable: /m);
});

restarts.everythingWasRun(['Move']);
