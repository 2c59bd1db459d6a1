/** Requests to what has no document: the console, the pages, what operators ask. Made from the routes as they are registered. */
import { DEMO_KEYS } from '../../src/demo/index.ts';
import type { Random } from '../kit/random.ts';
import { type Draft, setHeader } from './draft.ts';
import { AMOUNT_TEXTS, NAMES, TEXTS } from './hostile.ts';
import { type Sketch, sketchOf, spoilCredentials, useSession } from './native.ts';
import type { Route } from './channel.ts';
import { treeOf } from './tree.ts';
import { objectFor, queryFor } from './values.ts';
import type { World } from './world.ts';

/** Paths below `*`, to what is there and to what must not be. */
const PAGES = [
  '',
  'payments',
  'index.html',
  'assets/index-abcdefgh.js',
  'assets/none.js',
  'favicon.svg',
  '../secret.txt',
  '..%2fsecret.txt',
  '%2e%2e/secret.txt',
  '%2e%2e%2fsecret.txt',
  '..%252fsecret.txt',
  'assets/..%2f..%2fsecret.txt',
  'assets/../../secret.txt',
  '..\\secret.txt',
  '..%5csecret.txt',
  '.env',
  '/etc/hosts',
  '%2fetc%2fhosts',
  'index.html%00.js',
  'index.html/',
  'assets',
  'assets/',
  'api',
  'api/none',
  '%61pi/none',
  'a'.repeat(3_000),
  '%ff%fe',
  '%',
  '?a=1&a=2',
];

/** Whatever keeps connections, walks through all the books, or has a long answer: asked now and then only. */
const HEAVY = /export|result\.csv|verify|trial-balance|feed|overview|docs|openapi|metrics/;

export const isHeavy = ({ url }: Route): boolean => HEAVY.test(url);

export function otherRequest(route: Route, random: Random, world: World): Sketch {
  const { method, url } = route;
  const path = url.replace(':id', () => pathId(route, random, world)).replace('*', () => random.pick(PAGES));
  const isApi = url.startsWith('/console/api');
  const parameters = Object.entries<any>(route.query?.properties ?? {}).map(([name, schema]) => ({
    name,
    schema,
    required: (route.query?.required ?? []).includes(name) as boolean,
  }));
  let target = path + (path.includes('?') ? '' : queryFor(parameters, random, world));
  // Of all the books, an export takes too long: of what is new, it has a few pages.
  if (/export/.test(url))
    target += `${target.includes('?') ? '&' : '?'}amount_from=${random.pick(['999999999998', '424242'])}`;
  const owner: Draft['owner'] = isApi ? { kind: 'console', route: url } : ownerOf(route);
  const draft = sketchOf(`${method} ${url}`, owner, method, target);
  if (isApi) enter(draft, route, random, world);
  if (url === '/metrics' && random.oneIn(2)) setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.read}`);
  if (url.startsWith('/docs') && random.oneIn(3))
    setHeader(
      draft,
      'host',
      random.pick([
        '<script>alert(1)</script>',
        'a"b',
        '[::1]:80',
        '',
        'x'.repeat(900),
        ...TEXTS.filter((text) => /^[ -~]*$/.test(text)),
      ]),
    );
  draft.isEndless = url === '/console/api/feed';
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return { draft, tree: null };
  if (url === '/console/api/bulk' && !random.oneIn(6)) {
    setHeader(draft, 'content-type', random.oneIn(10) ? 'text/csv; charset=utf-16' : 'text/csv');
    draft.body = Buffer.from(file(random, world));
    return { draft, tree: null };
  }
  if (route.body === null && random.oneIn(2)) return { draft, tree: null };
  setHeader(draft, 'content-type', 'application/json');
  return {
    draft,
    tree: url.endsWith('/sign-in')
      ? signIn(random)
      : route.body === null
        ? treeOf({})
        : objectFor(route.body, random, world),
  };
}

function ownerOf({ url }: Route): Draft['owner'] {
  return /^\/(?:console|docs|$)/.test(url) ? { kind: 'page' } : { kind: 'anybody' };
}

function pathId({ url }: Route, random: Random, world: World): string {
  if (random.oneIn(10)) return encodeURIComponent(random.pick(TEXTS).slice(0, 300));
  return url.includes('/bulk/') ? world.id('bulk', random) : world.id('payments', random);
}

function enter(draft: Draft, { url, access }: Route, random: Random, world: World): void {
  // Who signs out must not be who asks all the rest.
  if (url.includes('sign-out')) {
    setHeader(draft, 'cookie', `refundry_session=${world.sessions.leaving}`);
    setHeader(draft, 'x-refundry-console', '1');
  } else if (access === 'anyone') setHeader(draft, 'x-refundry-console', '1');
  else if (random.oneIn(10)) spoilCredentials(draft, random);
  else useSession(draft, random, world);
}

/** Demo users need no password, and passwords are slow on purpose: few of these. */
function signIn(random: Random): Sketch['tree'] {
  const name = random.pick(['admin@demo', 'operator@demo', 'nobody', ...NAMES, ...TEXTS]);
  if (random.oneIn(25)) return treeOf({ name, password: random.pick(TEXTS) });
  return treeOf(random.oneIn(2) ? { name, demo: true } : { name, demo: random.pick([false, 1, 'true', null, []]) });
}

/** A file of refunds, more or less. */
function file(random: Random, world: World): string {
  const separator = random.pick([',', ',', ',', ';', '\t']);
  const columns = random.pick([
    ['reference', 'amount'],
    ['payment', 'amount', 'currency', 'reason'],
    ['reference', 'namespace', 'amount', 'currency', 'reason'],
    ['reference', 'reference'],
    ['Reference', 'AMOUNT'],
    ['__proto__', 'constructor'],
    ['reference', random.pick(NAMES)],
    [],
  ]);
  const cell = (column: string): string => {
    if (random.oneIn(12))
      return random.pick([
        ...TEXTS.filter((text) => text.length < 2_000),
        '"',
        '""',
        '"a',
        'a"b',
        '"a"b',
        '"\n"',
        '"a,b"',
      ]);
    if (column === 'reference') return String(world.paymentNumber(random));
    if (column === 'payment') return world.id('payments', random);
    if (column === 'amount')
      return random.oneIn(3) ? random.pick(AMOUNT_TEXTS) : `${random.between(0, 9)}.${random.between(10, 99)}`;
    if (column === 'currency') return random.pick(['', 'USD', 'JPY', 'usd']);
    return column === 'namespace'
      ? random.pick(['', 'native.reference', 'toString'])
      : random.pick(['', 'damaged', ...TEXTS.slice(0, 60)]);
  };
  const lines = Array.from({ length: random.pick([0, 1, 2, 3, 20, random.oneIn(50) ? 10_050 : 3]) }, () =>
    columns.map(cell).join(separator),
  );
  const end = random.pick(['\n', '\r\n', '\r']);
  return `${random.oneIn(5) ? '\ufeff' : ''}${[columns.join(separator), ...lines].join(end)}${end}`;
}
