/** What is done to a request that was well made: to its body as a tree, as text and as bytes, to its headers and its address. */
import { gzipSync } from 'node:zlib';
import type { Random } from '../kit/random.ts';
import { type Draft, removeHeader, setHeader } from './draft.ts';
import { HEADER_VALUES, NAMES, NO_UTF8 } from './hostile.ts';
import { address, type Sketch } from './native.ts';
import { FAULTY_ID } from './channel.ts';
import { disturb, spoil, write } from './tree.ts';

/** Everything that is left to do to a sketch; `number` names the request. */
export function finish({ draft, tree, seal }: Sketch, random: Random, number: number): Draft {
  const wasFaulty = draft.isFaulty;
  if (tree !== null) {
    const changes = random.pick([0, 0, 0, 0, 1, 1, 1, 2, 3]);
    for (let left = changes; left > 0; left -= 1) draft.changes.push(disturb(tree, random).what);
    let spoilt = false;
    if (random.oneIn(4)) {
      const { what } = spoil(tree, random);
      draft.changes.push(what);
      spoilt = true;
    }
    const text = write(tree);
    // A seal keeps what it is given: what is spoilt further out is another body.
    draft.body = seal === undefined ? Buffer.from(text) : seal(text);
    if (spoilt) draft.isFaulty = true;
  }
  // What can be no acceptable body must not be changed into one that can.
  const isSpoilt = draft.isFaulty !== wasFaulty || draft.changes.includes('no form');
  if (draft.body !== null && !isSpoilt && random.oneIn(5)) changeBytes(draft, tree !== null, random);
  changeHeaders(draft, random);
  if (random.oneIn(14)) changeAddress(draft, random);
  // From anywhere: what is wrong with one must close no door to the next.
  if (!draft.headers.some(([name]) => name.toLowerCase() === 'x-forwarded-for'))
    setHeader(draft, 'x-forwarded-for', address(random));
  // The id says in the journal what nothing may have come of.
  if (draft.isFaulty) setHeader(draft, 'x-request-id', `${FAULTY_ID}${number}`);
  return draft;
}

function changeBytes(draft: Draft, isJson: boolean, random: Random): void {
  const body = draft.body ?? Buffer.alloc(0);
  // What is answered about may be another now.
  draft.echo = null;
  const at = random.between(0, Math.max(0, body.length - 1));
  const put = (...parts: Buffer[]): void => void (draft.body = Buffer.concat(parts));
  const fault = (what: string): void => {
    draft.changes.push(what);
    if (isJson) draft.isFaulty = true;
  };
  switch (random.between(0, 12)) {
    case 0:
      put(body.subarray(0, at), random.pick(NO_UTF8), body.subarray(at));
      // Amid an escaped character, or after the end, it is as wrong as anywhere.
      return fault('no UTF-8');
    case 1:
      put(body.subarray(0, Math.max(0, body.length - 1)));
      return fault('cut short');
    case 2:
      put(Buffer.from(body.toString(), 'utf16le'));
      return fault('UTF-16');
    case 3:
      put(Buffer.from([0xef, 0xbb, 0xbf]), body);
      return void draft.changes.push('a byte order mark');
    case 4:
      put(Buffer.from([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf]), body);
      return fault('two byte order marks');
    case 5:
      put(body, Buffer.from(random.pick([',', '}', 'x', '\u0000', '{}'])));
      return fault('something after the end');
    case 6:
      setHeader(draft, 'content-encoding', random.pick(['gzip', 'deflate', 'br', 'identity', 'gzip, gzip']));
      put(gzipSync(body));
      return fault('gzip');
    case 7:
      put(
        Buffer.alloc(random.pick([1, 64 * 1024, 65 * 1024, 70_000]), random.pick([' ', '[', '"', '\u0000', 'a'])),
        body,
      );
      return void (isJson ? draft.changes.push('a long beginning') : null);
    case 8:
      put(Buffer.alloc(0));
      draft.changes.push('nothing');
      return;
    default: {
      // Anything, anywhere: flipped, doubled, taken out.
      const to = Math.min(body.length, at + random.between(1, 12));
      const changed = Buffer.from(body);
      if (changed.length > 0) changed[at] = random.between(0, 255);
      const span = body.subarray(at, to);
      draft.changes.push('other bytes');
      return random.oneIn(2)
        ? put(changed)
        : random.oneIn(2)
          ? put(body.subarray(0, to), span, body.subarray(to))
          : put(body.subarray(0, at), body.subarray(to));
    }
  }
}

/** Headers that change what is done with a body, and what is merely said. */
const TYPES = [
  'application/json; charset=utf-8',
  'application/json;charset=UTF-16',
  'application/json; charset="',
  'APPLICATION/JSON',
  'application/jsonp',
  'application/json, application/json',
  'application/problem+json',
  'application/xml',
  'text/plain',
  'text/csv',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  '*/*',
  '/',
  ';',
  '__proto__',
  'constructor',
];

const OTHERS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-charset',
  'user-agent',
  'referer',
  'origin',
  'sec-fetch-site',
  'range',
  'if-none-match',
  'if-modified-since',
  'x-http-method-override',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'last-event-id',
  'x-refundry-unattended',
  'te',
  'trailer',
  'via',
  '__proto__',
  'constructor',
  'toString',
  'idempotency-key',
  'prefer',
  'cookie2',
];

function changeHeaders(draft: Draft, random: Random): void {
  if (!draft.isFaulty && random.oneIn(6))
    setHeader(draft, 'x-request-id', random.pick(['ok-1', '', 'x'.repeat(65), '4111111111111111', ...HEADER_VALUES]));
  if (!random.oneIn(3)) return;
  switch (random.between(0, 9)) {
    case 0:
      setHeader(draft, 'content-type', random.pick([...TYPES, ...HEADER_VALUES]));
      draft.changes.push('another content type');
      // Where another reader takes it, it is another body.
      draft.isFaulty &&= draft.changes.includes('wrong credentials') || draft.changes.includes('wrong signature');
      return;
    case 1:
      removeHeader(draft, 'content-type');
      draft.changes.push('no content type');
      return;
    case 2:
      draft.headers.push(['content-type', random.pick(TYPES)]);
      draft.changes.push('two content types');
      return;
    case 3:
      for (let left = random.pick([5, 50, 300]); left > 0; left -= 1) draft.headers.push([`x-h${left}`, 'v']);
      draft.changes.push('many headers');
      return;
    case 4:
      draft.headers.push([`x-${'n'.repeat(random.pick([10, 1_000, 8_000]))}`, 'v']);
      return;
    case 5:
      draft.headers.push(['expect', random.pick(['100-continue', '100-Continue', 'nothing', ''])]);
      draft.changes.push('an expectation');
      return;
    case 6:
      draft.headers.push(['upgrade', random.pick(['h2c', 'websocket', 'TLS/1.0'])], ['connection', 'upgrade']);
      draft.changes.push('an upgrade');
      return;
    default:
      draft.headers.push([
        random.pick(OTHERS),
        random.pick([
          ...HEADER_VALUES,
          ...NAMES.filter((name) => /^[ -~]*$/.test(name)),
          'https',
          'GET',
          'DELETE',
          'same-origin',
          'bytes=0-',
          'bytes=9-1',
          '*',
        ]),
      ]);
  }
}

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'MKCOL',
  'QUERY',
  'REPORT',
  'LINK',
  'PURGE',
  'M-SEARCH',
  'ACL',
  'LOCK',
];

/** Another method, or another spelling of the path: whose request it then is, is a question of its own. */
function changeAddress(draft: Draft, random: Random): void {
  draft.owner = { kind: 'anybody' };
  draft.isFaulty = false;
  draft.echo = null;
  const [path = '', query] = draft.target.split(/\?(.*)/s);
  const rest = query === undefined ? '' : `?${query}`;
  const at = random.between(1, Math.max(1, path.length - 1));
  switch (random.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      draft.method = random.pick(METHODS);
      draft.changes.push('another method');
      break;
    case 3:
      draft.target = `${path.slice(0, at)}%${(path.charCodeAt(at) || 0x2f).toString(16).padStart(2, '0')}${path.slice(at + 1)}${rest}`;
      break;
    case 4:
      draft.target = `${path.slice(0, at)}${random.pick(['%', '%2', '%zz', '%00', '%2f', '%5c', '%c0%ae', '%ff', '//', '/./', '/../', '\\', ';a=b', '#a', '|', '^', '%252e'])}${path.slice(at)}${rest}`;
      break;
    case 5:
      draft.target = `${path}${random.pick(['/', '//', '%20', '.json', '/..', '/__proto__', '/constructor', '?', '??a', ';'])}${rest}`;
      break;
    case 6:
      draft.target = `${random.pick(['http://127.0.0.1', 'http://example.com:99999', 'https://user:pass@host', '//host', 'http:', 'ftp://a'])}${path}${rest}`;
      break;
    case 7:
      draft.target = random.pick([
        '*',
        '/*',
        '/',
        '//',
        '/.',
        '/..',
        '/%',
        '/v1',
        '/api',
        '/console',
        '/console/api',
        '/oltpublish',
        '/hosted-checkout/',
        '/docs/../v1/me',
        '/favicon.ico',
        '/robots.txt',
        '/.git/config',
        '/package.json',
        '/src/server.ts',
        `/${'a'.repeat(5_000)}`,
        `/v1/payments/${'%41'.repeat(1_000)}`,
        '/api/payment/%',
        '/api/v1/%zz',
        '/oltpublish/%ff',
        '/hosted-checkout/%',
      ]);
      break;
    case 8:
      draft.target = `${path.toUpperCase()}${rest}`;
      break;
    default:
      draft.target = `${path}?${'a=1&'.repeat(random.pick([10, 1_000]))}`;
  }
  draft.changes.push('another address');
}
