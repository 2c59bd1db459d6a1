/** Secrets are changed while their callers work, in every protocol: not one call fails, and afterwards the old ones open nothing. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIALECTS } from '../../src/dialects/index.ts';
import { urlOf } from '../cli/refundry.ts';
import { Browser, makeUser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';
import { Page, temporaryFolder } from './page.ts';
import { Caller, NAMES, newKeys, PROTOCOLS, type Secrets } from './protocol-callers.ts';

const page = new Page('keys.md');
const server = await TestServer.start();
const DATABASE_URL = urlOf(server.database);
/** What a server believes without asking, at most. */
const CACHED_MS = 2_001;

const SAME: Readonly<Record<string, object>> = {
  'boost-aoc': { lookup: NAMES.username },
  'payment-options': { settings: { mid: NAMES.mid, legal_name: NAMES.legalName } },
  bbmsl: { lookup: NAMES.bbmslId },
  edubrite: { lookup: NAMES.site, settings: { administrators: [NAMES.administrator] } },
};

/** What `credential create` printed: by protocol, the secrets and the id. */
function made(printed: string): Map<string, { id: string; secrets: Secrets }> {
  const parts = printed.split(/^(?=Made credential )/m);
  return new Map(
    parts.map((part) => {
      const [, id = '', protocol = ''] = /^Made credential (\S+): (\S+),/.exec(part) ?? [];
      const secrets = [...part.matchAll(/^ {2}(\S.*?) {3,}(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]);
      return [protocol, { id, secrets: Object.fromEntries(secrets) as Secrets }];
    }),
  );
}

test('credentials of every protocol are replaced without a failing call', async (t) => {
  assert.deepEqual(new Set(PROTOCOLS), new Set(['native', ...DIALECTS.map(({ name }) => name)]), 'every protocol');
  const merchantId = await server.books.merchant();
  const [oldKeys, nextKeys] = [newKeys(), newKeys()];
  const old = new Map<string, string>();
  const callers = await Promise.all(
    PROTOCOLS.map(async (protocol) => {
      const publicKey = protocol === 'bbmsl' ? { publicKey: oldKeys.publicKey } : {};
      const { id, secrets } = await server.credential(merchantId, { protocol, ...SAME[protocol], ...publicKey });
      old.set(protocol, id);
      return new Caller(server, merchantId, protocol, { ...secrets, privateKey: oldKeys.privateKey });
    }),
  );

  const failures: string[] = [];
  const counts = new Map(PROTOCOLS.map((protocol) => [protocol, 0]));
  let isOver = false;
  const working = callers.map(async (caller) => {
    while (!isOver) {
      const said = await caller.refund();
      if (said !== 'refunded') failures.push(`${caller.protocol}: ${said}`);
      counts.set(caller.protocol, (counts.get(caller.protocol) ?? 0) + 1);
      // The commands need the machine, too.
      await sleep(50);
    }
  });
  /** Until each has asked at least twice more: once with what it has now. */
  const callsGoOn = async (): Promise<void> => {
    const before = new Map(counts);
    const have = (protocol: string): number => (counts.get(protocol) ?? 0) - (before.get(protocol) ?? 0);
    while (PROTOCOLS.some((protocol) => have(protocol) < 2)) await sleep(5);
  };

  const keyFile = join(temporaryFolder(), 'new.pem');
  writeFileSync(keyFile, nextKeys.publicKey);
  const { stdout } = await page.do('Make the new one', {
    DATABASE_URL,
    MERCHANT: merchantId,
    USERNAME: NAMES.username,
    MID: NAMES.mid,
    LEGAL_NAME: NAMES.legalName,
    BBMSL_ID: NAMES.bbmslId,
    NEW_PUBLIC_KEY: keyFile,
    SITE: NAMES.site,
    ADMINISTRATOR: NAMES.administrator,
  });
  server.clock.advance(CACHED_MS);
  const before = new Map(callers.map((caller) => [caller, caller.secrets]));
  const issued = made(stdout);
  for (const caller of callers) {
    const next = issued.get(caller.protocol);
    assert.ok(next, `nothing was made for ${caller.protocol}`);
    const secrets = { ...next.secrets, privateKey: nextKeys.privateKey };
    assert.equal(await caller.refund(secrets), 'refunded', `${caller.protocol}: the new one is valid`);
    assert.equal(await caller.refund(), 'refunded', `${caller.protocol}: the old one still is`);
    caller.secrets = secrets;
  }
  await callsGoOn();
  await page.do('Revoke the old one', { DATABASE_URL, MERCHANT: merchantId, OLD: [...old.values()].join(' ') });
  server.clock.advance(CACHED_MS);
  await callsGoOn();
  isOver = true;
  await Promise.all(working);
  assert.deepEqual(failures, []);
  for (const caller of callers) {
    assert.equal(await caller.refund(before.get(caller)), 'unauthenticated', `${caller.protocol}: the old one is not`);
  }
  const calls = [...counts.values()].reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${calls} calls over ${PROTOCOLS.length} protocols, ${failures.length} failures`);
});

test('another password ends the sessions of its user at once, and only the new one signs in', async () => {
  const { name } = await makeUser(server, 'read');
  const browser = new Browser(server);
  assert.equal((await browser.signIn(name)).status, 200);
  await page.do('Set another password', { DATABASE_URL, NAME: name, NEW_PASSWORD: 'another battery staple' });
  server.clock.advance(CACHED_MS);
  assert.equal((await browser.get('/v1/me')).status, 401);
  assert.equal((await browser.signIn(name, PASSWORD)).status, 401);
  assert.equal((await browser.signIn(name, 'another battery staple')).status, 200);
});

page.everythingWasRun(['Make the new login', 'Close the old login']);
