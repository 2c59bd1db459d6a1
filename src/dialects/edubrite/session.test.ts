import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECT, cookieIn, fixture, messageIn, PAYMENTS, read, SINGLE, Site } from './fixtures/site.ts';

const HOME = '/oltpublish/site/home.do';
const LOGOUT = '/oltpublish/site/logout.do';
const NOT_VALID = { status: 401, root: '-1', code: '0174' };

async function refundWith(site: Site, cookie: string): Promise<{ status: number; root: string; code: string }> {
  const { status, root, code } = await site.refund(SINGLE, { cookie });
  return { status, root, code };
}

test('connecting takes two requests, each of which sets one cookie', async () => {
  const site = new Site();
  const opened = await site.replay('connect.http');
  assert.deepEqual(read(opened), { status: 200, ...messageIn(fixture('connect.xml')) });
  assert.deepEqual(
    opened.cookies?.map(({ name }) => name),
    ['SESSION_ID'],
  );
  site.sessionId = cookieIn(opened, 'SESSION_ID');
  const signedIn = await site.replay('sign-in.http');
  assert.deepEqual(read(signedIn), { status: 200, ...messageIn(fixture('sign-in.xml')) });
  assert.deepEqual(
    signedIn.cookies?.map(({ name }) => name),
    ['SESSION_INFO'],
  );
  site.sessionInfo = cookieIn(signedIn, 'SESSION_INFO');
  site.invoice(SINGLE);
  assert.equal((await site.refund(SINGLE)).code, '0');
});

test('home.do connects too, and so does a POST with the fields in a form or in parts', async () => {
  const site = new Site();
  site.invoice(SINGLE);
  const form = 'username=edubrite-demo&password=edubrite-demo&dispatch=connect';
  const parts = ['username', 'password']
    .map((name) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nedubrite-demo\r\n`)
    .join('');
  for (const [path, method, query, body, type] of [
    [HOME, 'GET', form, '', ''],
    [HOME, 'POST', '', form, 'application/x-www-form-urlencoded'],
    [CONNECT, 'POST', '', form, 'application/x-www-form-urlencoded'],
    [CONNECT, 'POST', '', `${parts}--B--\r\n`, 'multipart/form-data; boundary=B'],
  ] as const) {
    site.sessionId = cookieIn(await site.talk.send({ path, method }), 'SESSION_ID');
    const headers = { cookie: `SESSION_ID=${site.sessionId}`, 'content-type': type };
    site.sessionInfo = cookieIn(await site.talk.send({ path, method, query, headers, body }), 'SESSION_INFO');
    assert.notEqual((await site.refund(SINGLE)).code, '0174');
  }
});

test('a wrong user name, password or first cookie does not connect, and sets no cookie', async () => {
  const site = new Site();
  site.sessionId = cookieIn(await site.replay('connect.http'), 'SESSION_ID');
  const wrong = await site.replay('sign-in-wrong-password.http');
  const expected = { status: 401, ...messageIn(fixture('sign-in-wrong-password.xml')) };
  assert.deepEqual(read(wrong), expected);
  assert.equal(wrong.cookies, undefined);
  for (const [query, cookie] of [
    ['username=admin&password=edubrite-demo', `SESSION_ID=${site.sessionId}`],
    ['username=edubrite-demo&password=edubrite-demo', 'SESSION_ID=guessed'],
  ] as const) {
    const answer = await site.talk.send({ path: CONNECT, method: 'GET', query, headers: { cookie } });
    assert.deepEqual(read(answer), expected);
    assert.equal(answer.cookies, undefined);
  }
});

test('signing in without having opened a session says what is missing', async () => {
  const site = new Site();
  const query = 'username=edubrite-demo&password=edubrite-demo';
  const answer = read(await site.talk.send({ path: CONNECT, method: 'GET', query }));
  assert.deepEqual([answer.status, answer.code], [401, '0174']);
  assert.match(answer.text, /the cookie SESSION_ID is missing: connect without parameters$/);
});

test('half a sign-in names the missing half, and never repeats a password', async () => {
  const site = new Site();
  for (const [query, text] of [
    ['username=edubrite-demo', 'password: is missing'],
    ['password=s3cret', 'username: is missing'],
    ['username=&password=s3cret', 'username: is missing'],
    ['username=edubrite-demo&password=s3cret&password=s3cret', 'password: is given more than once'],
    ['username=edubrite-demo&password=%E0s3cret', 'query: is not a URL-encoded form'],
    [`username=edubrite-demo&password=${'s3cret'.repeat(50)}`, 'password: must have at most 255 characters'],
  ] as const) {
    const headers = { cookie: 'SESSION_ID=a' };
    const answer = await site.talk.send({ path: CONNECT, method: 'GET', query, headers });
    assert.deepEqual(read(answer), { status: 200, root: '-1', code: '0026', text });
    assert.equal(answer.body.includes('s3cret'), false);
  }
});

test('a call needs both cookies of one live session', async () => {
  const site = await Site.connected();
  site.invoice(SINGLE);
  const { sessionId, sessionInfo } = site;
  const entries = site.talk.entries;
  for (const cookie of [
    '',
    'SESSION_ID',
    `SESSION_ID=${sessionId}`,
    `SESSION_INFO=${sessionInfo}`,
    `SESSION_ID=${sessionId}; SESSION_INFO=`,
    `SESSION_ID=; SESSION_INFO=${sessionInfo}`,
    `SESSION_ID=${sessionInfo}; SESSION_INFO=${sessionId}`,
    `SESSION_ID=${sessionId}; SESSION_INFO=${sessionInfo}x`,
    `session_id=${sessionId}; session_info=${sessionInfo}`,
    `XSESSION_ID=${sessionId}; SESSION_INFO=${sessionInfo}`,
    '__proto__=a; constructor=b',
  ]) {
    assert.deepEqual(await refundWith(site, cookie), NOT_VALID, cookie);
  }
  assert.equal(site.talk.entries, entries);
});

test('an opened session that never signed in is none', async () => {
  const site = new Site();
  site.sessionId = cookieIn(await site.replay('connect.http'), 'SESSION_ID');
  for (const info of ['null', 'undefined', '""', site.sessionId]) {
    assert.deepEqual(await refundWith(site, `SESSION_ID=${site.sessionId}; SESSION_INFO=${info}`), NOT_VALID);
  }
});

test("cookies are read as the partner's Java and PHP clients send them", async () => {
  const site = await Site.connected();
  const { sessionId, sessionInfo } = site;
  const ways = [
    `SESSION_INFO=${sessionInfo};SESSION_ID=${sessionId}`,
    `$Version=0; SESSION_ID=${sessionId}; $Version=0; SESSION_INFO=${sessionInfo}`,
    `$Version=1; SESSION_ID="${sessionId}"; $Path="/"; $Version=1; SESSION_INFO="${sessionInfo}"; $Path="/"`,
    `theme=dark; SESSION_ID=${sessionId}; lang=en; SESSION_INFO=${sessionInfo}; SESSION_INFO=other`,
  ];
  for (const [index, cookie] of ways.entries()) {
    site.invoice(`invoice-${index}`);
    assert.equal((await site.refund(`invoice-${index}`, { cookie })).code, '0', cookie);
  }
});

test('signing out ends the session and clears both cookies', async () => {
  for (const method of ['GET', 'POST']) {
    const site = await Site.connected();
    site.invoice(SINGLE);
    const headers = { cookie: site.cookies };
    const answer = await site.talk.send({ path: LOGOUT, method, headers });
    assert.deepEqual(read(answer), { status: 200, root: '0', code: '0', text: 'Success' });
    assert.deepEqual(answer.cookies, [
      { name: 'SESSION_ID', value: '' },
      { name: 'SESSION_INFO', value: '' },
    ]);
    assert.deepEqual(await refundWith(site, headers.cookie), NOT_VALID);
    assert.equal(read(await site.talk.send({ path: LOGOUT, method, headers })).code, '0174');
  }
});

test('only an administrator of the site may refund', async () => {
  const site = await Site.connected({ administrators: ['chenry', '', 'Zoë', 'a|b'] });
  const { id } = site.invoice(SINGLE);
  const forbidden = { status: 401, root: '-1', code: '0005', text: 'You are not allowed to perform this action.' };
  for (const real_uname of [
    '',
    '|chenry|chenry',
    'jdoe',
    'jdoe|chenry@example.com|chenry',
    'CHENRY',
    'chenry ',
    'chenry,jdoe',
    '\u{163}henry', // whose last byte is a c
    'a|b',
    'Zoe',
    'toString',
    'c',
  ]) {
    assert.deepEqual(await site.refund(SINGLE, { real_uname }), forbidden, real_uname);
  }
  assert.equal(site.talk.payment(id).refundedMinor, 0n);

  const headers = { cookie: site.cookies };
  const body = `dispatch=refund&id=${SINGLE}`;
  assert.deepEqual(read(await site.talk.send({ path: PAYMENTS, headers, body })), forbidden);
});

test('a caller who may not refund learns nothing of the request or the invoice', async () => {
  const site = await Site.connected();
  for (const body of ['', 'dispatch=purchase', 'dispatch=refund&id=none', '%ZZ']) {
    assert.equal((await site.post(body, { real_uname: 'jdoe' })).code, '0005');
    assert.equal((await site.post(body, { cookie: '' })).code, '0174');
  }
});

test('the acting user is the first part of REAL_UNAME, in Latin-1 or UTF-8', async () => {
  const site = await Site.connected({ administrators: ['chenry', 'Zoë'] });
  const names = [
    'chenry',
    'chenry|',
    'chenry||',
    'chenry|c@example.com|C. Henry',
    'Zoë',
    'Zo\u{C3}\u{AB}|z@example.com|Z',
  ];
  for (const [index, real_uname] of names.entries()) {
    site.invoice(`invoice-${index}`);
    assert.equal((await site.refund(`invoice-${index}`, { real_uname })).code, '0', real_uname);
  }
});

test('a site with one administrator may name it plainly; a site with none refunds nothing', async () => {
  const one = await Site.connected({ administrators: 'chenry' });
  one.invoice(SINGLE);
  assert.equal((await one.refund(SINGLE, { real_uname: 'chen' })).code, '0005');
  assert.equal((await one.refund(SINGLE)).code, '0');
  const none = await Site.connected({ administrators: [] });
  assert.equal((await none.refund(SINGLE)).code, '0005');
});

test('a read-only credential may connect but not refund', async () => {
  const site = await Site.connected({ role: 'read' });
  site.invoice(SINGLE);
  assert.equal((await site.refund(SINGLE)).code, '0005');
});
