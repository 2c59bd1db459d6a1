/** Backups of the embedded database, and what is certain after a restore: the page's own commands, on a server that works. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEMO_MERCHANT_ID } from '../../src/demo/index.ts';
import { createHome, runCli, type Running, startServer } from '../kit/process.ts';
import { administer, refundBoost, refundedMinor, refundNative, statusWith } from './callers.ts';
import { Page, temporaryFolder } from './page.ts';

const page = new Page('backup.md');
const home = await createHome();
const backups = temporaryFolder();
const heads = temporaryFolder();
const variables = { REFUNDRY_HOME: home, BACKUPS: backups, HEADS: heads };

async function stop(server: Running): Promise<void> {
  server.child.kill('SIGTERM');
  assert.equal((await server.exited()).code, 0);
}

test('a restore up to a moment lands between two refunds, and both ends agree again when callers ask again', async () => {
  const server = await startServer(home);
  const { url } = server;
  const { id, secrets } = (await administer(url, '/v1/credentials', {
    merchant_id: DEMO_MERCHANT_ID,
    protocol: 'native',
    role: 'merchant',
    label: 'to be revoked',
  })) as { id: string; secrets: { key: string } };

  await page.do('Back up', variables);
  assert.equal(await refundBoost(url, 'op-kept-too', '1.00'), '00');
  const kept = await refundNative(url, 'op-kept', 100);
  const earlier = join(heads, 'earlier.json');
  assert.equal((await runCli(home, ['verify', '--heads', earlier])).code, 0);
  const mistake = await refundNative(url, 'op-mistake', 200);
  assert.equal(await refundBoost(url, 'op-after', '4.00'), '00');
  await administer(url, `/v1/credentials/${id}/revoke`);
  assert.equal(await refundedMinor(url), 800);
  assert.match((await page.do('See that the log arrives', variables)).stdout, /monday; the last part arrived at 20/);
  const later = join(heads, 'later.json');
  assert.equal((await runCli(home, ['verify', '--heads', later])).code, 0);
  await stop(server);

  const restored = await page.do('Somebody made a mistake: restore up to a moment', {
    ...variables,
    BACKUP: join(backups, 'monday'),
    UNTIL: mistake.createdAt,
    EARLIER_HEADS: earlier,
  });
  assert.match(restored.stdout, /All 4 heads in .*earlier\.json are still in the books/);

  const against = await runCli(home, ['verify', '--against', later]);
  assert.equal(against.code, 1);
  assert.match(
    against.stdout,
    /^journal 0\/\d+: a head was printed at \d+, but the book ends at \d+: its end was cut off$/m,
  );
  assert.match(against.stdout, /^1 finding/m);
  const before = /REFUNDRY_HOME=(\S+)/.exec(restored.stdout)?.[1] ?? '';
  await page.do('What is missing', { ...variables, BEFORE: before });
  const missing = readFileSync(join(page.folder, 'missing.txt'), 'utf8').trim().split('\n');
  assert.equal(missing.length, 2);
  assert.ok(missing.some((line) => line.includes(mistake.id)));

  const next = await startServer(home);
  assert.equal(await refundedMinor(next.url), 200);
  assert.equal(await statusWith(next.url, secrets.key), 200, 'what was revoked since is valid again');
  assert.deepEqual(await refundNative(next.url, 'op-kept', 100), { ...kept, replayed: true });
  assert.equal(await refundBoost(next.url, 'op-kept-too', '1.00'), 'AOC1001', 'the reference is used already');
  const again = await refundNative(next.url, 'op-mistake', 200);
  assert.equal(again.replayed, false);
  assert.notEqual(again.id, mistake.id);
  for (const code of ['00', 'AOC1001']) assert.equal(await refundBoost(next.url, 'op-after', '4.00'), code);
  assert.equal(await refundedMinor(next.url), 800);
  await stop(next);
  const rewritten = await runCli(home, ['verify', '--against', later]);
  assert.match(
    rewritten.stdout,
    /the chain was rewritten up to here \[entry 0\/\d+\]\n\n1 finding/,
    'and nothing else is wrong',
  );
});

test('when the disk is lost in the middle of work, all that reached the backup is back, and heads tell of the rest', async () => {
  const server = await startServer(home);
  await refundNative(server.url, 'op-lost', 1_000);
  const latest = join(heads, 'latest.json');
  assert.equal((await runCli(home, ['verify', '--heads', latest])).code, 0);
  const postmaster = Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGKILL');
  server.child.kill('SIGKILL');
  await server.exited();
  rmSync(join(home, 'postgres', 'data'), { recursive: true, maxRetries: 50, retryDelay: 50 });

  const said = await page.do('The disk is lost: restore all there is', {
    ...variables,
    BACKUP: join(backups, 'after-restore'),
    BACKUPS: temporaryFolder(),
    LATEST_HEADS: latest,
  });
  assert.match(said.stdout, /its end was cut off[^]*something is missing/);
  const next = await startServer(home);
  assert.equal(await refundedMinor(next.url), 800);
  assert.equal((await refundNative(next.url, 'op-lost', 1_000)).replayed, false);
  assert.equal((await refundNative(next.url, 'op-lost', 1_000)).replayed, true);
  assert.equal(await refundedMinor(next.url), 1_800);
  await stop(next);
});

page.everythingWasRun(['Archive the log, once', 'Copy the files, weekly', 'Restore up to a moment', 'Prove it']);
