/** Backup and restore of a PostgreSQL of one's own, with its own programs: only where they are installed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { isRoot, unprivilegedAccount } from '../../src/embedded/account.ts';
import { Engine } from '../../src/engine/engine.ts';
import { migrate } from '../../src/store/migrate.ts';
import { refundry, urlOf } from '../cli/refundry.ts';
import { Books } from '../kit/books.ts';
import { connect } from '../kit/database.ts';
import { Page, temporaryFolder } from './page.ts';

const PROGRAMS = ['initdb', 'pg_ctl', 'postgres', 'pg_basebackup', 'psql'];

/** Where a whole PostgreSQL is installed. */
const programs = [...(process.env['PATH'] ?? '').split(delimiter), ...globSync('/usr/lib/postgresql/*/bin')].find(
  (folder) => PROGRAMS.every((name) => existsSync(join(folder, name))),
);

const page = new Page('backup.md');
const run = promisify(execFile);

test(
  'a PostgreSQL of one’s own is backed up and restored to between two refunds',
  { skip: programs === undefined ? `no PostgreSQL is installed here with all of ${PROGRAMS.join(', ')}` : false },
  async (t) => {
    assert.ok(programs !== undefined);
    const folder = temporaryFolder();
    const account = isRoot ? { uid: unprivilegedAccount().uid, gid: unprivilegedAccount().gid } : {};
    for (const name of ['', 'archive', 'backups']) {
      if (name !== '') mkdirSync(join(folder, name));
      if (account.uid !== undefined) chownSync(join(folder, name), account.uid, account.gid);
    }
    const heads = temporaryFolder();
    const data = join(folder, 'data');
    const pgCtl = (...words: string[]): Promise<unknown> =>
      run(join(programs, 'pg_ctl'), [`--pgdata=${data}`, '--wait', ...words], { cwd: folder, ...account });
    after(() => pgCtl('stop', '--mode=immediate').catch(() => undefined));

    await run(
      join(programs, 'initdb'),
      [`--pgdata=${data}`, '--username=owner', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { cwd: folder, ...account },
    );
    appendFileSync(join(data, 'postgresql.conf'), `listen_addresses = ''\nunix_socket_directories = '${folder}'\n`);
    await pgCtl('start', `--log=${join(folder, 'postgresql.log')}`);
    const database = { host: folder, port: 5432, user: 'owner', database: 'books' };
    const admin = await connect({ ...database, database: 'postgres' });
    await admin.query('CREATE DATABASE books');
    await migrate(database, 2);
    t.diagnostic(readFileSync(join(data, 'PG_VERSION'), 'utf8').trim());

    const asAccount = { programs: [programs], ...(account.uid === undefined ? {} : { uid: account.uid }) };
    const variables = {
      PGDATA: data,
      PGHOST: folder,
      PGUSER: 'owner',
      ARCHIVE: join(folder, 'archive'),
      BACKUPS: join(folder, 'backups'),
    };
    await page.do('Archive the log, once', variables, asAccount);
    await page.do('Copy the files, weekly', variables, asAccount);

    const engine = await Engine.open(database, { lanes: 1 });
    const books = new Books(engine, database);
    const merchantId = await books.merchant();
    const payment = await books.payment(merchantId);
    await books.refund(payment, 1_000n, {}, { idempotencyKey: 'before' });
    const environment = { DATABASE_URL: urlOf(database) };
    const [earlier, later] = [join(heads, 'earlier.json'), join(heads, 'later.json')];
    assert.equal((await refundry(environment, 'verify', '--heads', earlier)).code, 0);
    const sql = await connect(database);
    const { rows } = await sql.query<{ until: string }>('SELECT clock_timestamp()::text AS until');
    await books.refund(payment, 2_000n, {}, { idempotencyKey: 'after' });
    assert.equal((await refundry(environment, 'verify', '--heads', later)).code, 0);
    await engine.close();

    await page.do(
      'Restore up to a moment',
      { ...variables, BACKUP: join(folder, 'backups', 'monday'), UNTIL: rows[0]?.until ?? '' },
      asAccount,
    );
    await page.do('Prove it', { ...environment, EARLIER_HEADS: earlier });
    const against = await refundry(environment, 'verify', '--against', later);
    assert.equal(against.code, 1);
    assert.match(against.stdout, /a head was printed at 4, but the book ends at 3: its end was cut off/);

    const again = await Engine.open(database, { lanes: 1 });
    const restored = new Books(again, database);
    assert.equal((await restored.refund(payment, 1_000n, {}, { idempotencyKey: 'before' })).replayed, true);
    const done = await restored.refund(payment, 2_000n, {}, { idempotencyKey: 'after' });
    assert.equal(done.replayed, false);
    assert.equal(done.payment?.refundedMinor, 3_000n);
    await again.close();
  },
);
