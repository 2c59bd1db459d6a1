import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDatabaseError, openEmbedded, resetEmbedded } from '../../src/embedded/index.ts';
import {
  ask,
  endProcess,
  openHere,
  opened,
  postmasterPid,
  released,
  runs,
  startOpener,
  temporaryFolder,
} from './harness.ts';

// Most of each test is waiting for the disk or for a process.
suite('sharing a database', { concurrency: 4 }, () => {
  test('a second server is refused at once, and told the folder and the pid of the first', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const first = await opened(t, home);
    const began = Date.now();
    await assert.rejects(openEmbedded({ home, role: 'server' }), (error) => {
      assert.ok(error instanceof EmbeddedDatabaseError);
      assert.match(error.message, new RegExp(`pid ${first.pid}\\) is running on ${home}\\.`));
      return true;
    });
    assert.ok(Date.now() - began < 2000);
    await released(first);
  });

  test('a second server in the same process is refused as well', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const first = await openHere(t, home, 'server');
    await assert.rejects(openEmbedded({ home, role: 'server' }), EmbeddedDatabaseError);
    await first.release();
    await (await openHere(t, home, 'server')).release();
  });

  test('a server waits for one that is stopping', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const first = await opened(t, home);
    first.say('announce');
    await sleep(300);
    const second = startOpener(t, home);
    await sleep(1200);
    assert.equal(
      second.answers.some(({ opened, failed }) => opened !== undefined || failed !== undefined),
      false,
    );
    assert.match((await second.answer('log')).log ?? '', new RegExp(`pid ${first.pid}`));
    await released(first);
    assert.equal((await second.answer('opened')).failed, undefined);
    await released(second);
  });

  test('a server does not wait longer than 10 seconds', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const first = await opened(t, home);
    first.say('announce');
    await sleep(300);
    const began = Date.now();
    await assert.rejects(openEmbedded({ home, role: 'server' }), /has been stopping for 10 seconds/);
    assert.ok(Date.now() - began >= 10_000 && Date.now() - began < 20_000);
    await released(first);
  });

  test('the last one out stops the database: a command hands it to a server, and a server to a command', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const command = await opened(t, home, { role: 'command' });
    const postmaster = postmasterPid(home) ?? -1;
    const server = await opened(t, home, { role: 'server' });
    await released(command);
    assert.equal(postmasterPid(home), postmaster, 'the server goes on with what the command started');

    const late = await opened(t, home, { role: 'command' });
    await released(server);
    assert.equal(postmasterPid(home), postmaster, 'the server leaves it to the command');
    late.say('query');
    assert.equal((await late.answer('answered')).answered, 'refundry');
    const successor = await opened(t, home, { role: 'server' });
    await released(late);
    assert.equal(postmasterPid(home), postmaster);
    await released(successor);
    assert.equal(postmasterPid(home), undefined);
    assert.equal(runs(postmaster), false);
  });

  test('many processes that come and go at once all get the database, and it is stopped in the end', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const openers = Array.from({ length: 12 }, () => startOpener(t, home, { role: 'command' }));
    const outcomes = await Promise.all(
      openers.map(async (opener, index) => {
        const { failed } = await opener.answer('opened');
        opener.say('query');
        const { answered } = await opener.answer('answered');
        await sleep((index * 37) % 90);
        await released(opener);
        return failed ?? answered;
      }),
    );
    assert.deepEqual(
      outcomes,
      Array.from({ length: 12 }, () => 'refundry'),
    );
    assert.equal(postmasterPid(home), undefined);
  });

  test('one that opens while the last one is leaving gets a running database', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    let leaving = await openHere(t, home, 'server');
    for (let round = 0; round < 15; round += 1) {
      const released = leaving.release();
      await sleep(round * 2); // at another moment of the shutdown each time
      const next = await openHere(t, home, 'server');
      assert.deepEqual(await ask(next, 'SELECT 1 AS one'), [{ one: 1 }], `round ${round}`);
      await released;
      assert.deepEqual(await ask(next, 'SELECT 1 AS one'), [{ one: 1 }], `round ${round}`);
      leaving = next;
    }
  });

  test('release does its part when the home was deleted meanwhile', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const database = await openHere(t, home, 'server');
    const postmaster = postmasterPid(home);
    rmSync(home, { recursive: true });
    await database.release();
    endProcess(postmaster, 'SIGQUIT'); // PostgreSQL would see within a minute that its files are gone.
  });

  test('release may be called more than once', async (t) => {
    const database = await openHere(t, join(temporaryFolder(t), 'home'));
    await Promise.all([database.release(), database.release()]);
    await database.release();
  });

  test('a database is not deleted while a server or a command uses it', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    const server = await opened(t, home, { role: 'server' });
    await assert.rejects(resetEmbedded(home), new RegExp(`pid ${server.pid}\\) is running on ${home}`));
    const command = await opened(t, home, { role: 'command' });
    await released(server);
    await assert.rejects(
      resetEmbedded(home),
      /A Refundry command is using the database in .*: it cannot be deleted now/,
    );
    command.say('query');
    assert.equal((await command.answer('answered')).answered, 'refundry');
    await released(command);
  });

  test('after a reset the database is new, also when a killed server left it running', async (t) => {
    const home = join(temporaryFolder(t), 'home');
    await resetEmbedded(home); // nothing there yet
    const database = await openHere(t, home);
    await ask(database, 'CREATE TABLE old ()');
    await database.release();
    const server = await opened(t, home);
    const postmaster = postmasterPid(home) ?? -1;
    server.process.kill('SIGKILL');
    await server.exited;

    await resetEmbedded(home);
    assert.equal(runs(postmaster), false);
    const fresh = await openHere(t, home, 'server');
    assert.deepEqual(await ask(fresh, `SELECT to_regclass('old') AS old`), [{ old: null }]);
  });
});
