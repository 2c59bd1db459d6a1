/** Commands without a database of one's own: the embedded one is made, used beside a server, and left stopped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refundry } from '../../src/engine/refundry.ts';
import { openHere, postmasterPid, runs, temporaryFolder } from '../embedded/harness.ts';
import { answer, refundry } from './refundry.ts';

test('the first command makes the books, and nothing is left running when the last one ends', async (t) => {
  const home = temporaryFolder(t);
  const env = { REFUNDRY_HOME: home };
  const merchant = await answer(env, 'merchant', 'create', 'Example Ltd');
  const pid = postmasterPid(home);
  assert.ok(pid === undefined || !runs(pid));
  const shown = await refundry(env, 'merchant', 'show', String(merchant['id']));
  assert.match(shown.stdout, /name +Example Ltd\n/);
});

test('commands work while a server runs, and each sees what the other did', async (t) => {
  const home = temporaryFolder(t);
  const env = { REFUNDRY_HOME: home };
  const migrated = await refundry(env, 'migrate', '--buckets', '2');
  assert.match(migrated.stdout, /^applied 0001_books\n(?:applied .*\n)*Database .* 2 bucket/);
  const server = await openHere(t, home, 'server');
  const refundryServer = await Refundry.open(server.connection, { lanes: 1 });
  try {
    const made = await answer(env, 'merchant', 'create', 'Beside');
    assert.equal((await refundryServer.accounts.merchant(String(made['id'])))?.name, 'Beside');
    const many = await Promise.all([answer(env, 'merchant', 'list'), answer(env, 'merchant', 'create', 'Other')]);
    assert.equal((many[0]['merchants'] as unknown[]).length >= 1, true);
    assert.equal((await refundryServer.accounts.merchants(10, null)).items.length, 2);
  } finally {
    await refundryServer.close();
  }
});
