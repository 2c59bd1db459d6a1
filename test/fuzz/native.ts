/** Requests to the native API, made from its own document: what is described there is asked. */
import { randomBytes } from 'node:crypto';
import { DEMO_KEYS } from '../../src/demo/index.ts';
import type { Random } from '../kit/random.ts';
import type { DocumentedOperation } from './documented.ts';
import { type Draft, setHeader } from './draft.ts';
import { HEADER_VALUES, TEXTS } from './hostile.ts';
import { type Tree, treeOf } from './tree.ts';
import { objectFor, queryFor } from './values.ts';
import type { World } from './world.ts';

/** A draft, and its body while it can still be changed as a tree. */
export interface Sketch {
  readonly draft: Draft;
  readonly tree: Tree | null;
  /** What becomes of the tree's text: a signature, a form. Without it, the text is the body. */
  readonly seal?: (text: string) => Buffer;
}

export function sketchOf(route: string, owner: Draft['owner'], method: string, target: string): Draft {
  return {
    method,
    target,
    headers: [['host', '127.0.0.1:8080']],
    body: null,
    owner,
    route,
    isFaulty: false,
    echo: null,
    changes: [],
    isEndless: false,
  };
}

export function nativeRequest(operation: DocumentedOperation, random: Random, world: World): Sketch {
  const { method, path, id, parameters, body, example } = operation;
  const [, , resource = ''] = path.split('/');
  const kind = resource === 'refunds' || resource === 'payments' ? resource : resource;
  // Nobody may change what the merchant of all other requests allows.
  const target = path.replace('{id}', () => idFor(kind, method === 'PUT', random, world));
  const query = queryFor(
    parameters.filter(({ in: place }) => place === 'query'),
    random,
    world,
  );
  const draft = sketchOf(`${method} ${path}`, { kind: 'native', operation: id }, method, target + query);
  authorize(draft, random, world);
  if (parameters.some(({ name }) => name === 'Idempotency-Key') && random.oneIn(2)) {
    setHeader(draft, 'idempotency-key', idempotencyKey(random));
  }
  if (method === 'GET') return { draft, tree: null };
  if (body === null && random.oneIn(2)) return { draft, tree: null };
  setHeader(draft, 'content-type', 'application/json');
  const tree =
    body === null
      ? treeOf({})
      : example !== null && random.oneIn(3)
        ? placed(example, random, world)
        : objectFor(body, random, world);
  return { draft, tree };
}

function idFor(kind: string, isOther: boolean, random: Random, world: World): string {
  if (random.oneIn(15)) return encodeURIComponent(random.pick(TEXTS).slice(0, 600));
  const id = world.id(kind, random);
  return isOther && id === world.setting.merchantId ? '0198c0de-0000-7000-8000-00000000dead' : id;
}

/** The document's own example, about what there is. */
function placed(example: any, random: Random, world: World): Tree {
  const about = { ...example };
  if ('payment_id' in about) about.payment_id = world.id('payments', random);
  if ('merchant_id' in about) about.merchant_id = world.setting.merchantId;
  if ('references' in about) about.references = { 'native.reference': randomBytes(6).toString('hex') };
  return treeOf(about);
}

/** Credentials, mostly right ones; wrong ones make the request one that nothing may come of. */
export function authorize(draft: Draft, random: Random, world: World): void {
  const choice = random.between(0, 99);
  if (choice < 38) setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.admin}`);
  else if (choice < 68) setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.merchant}`);
  else if (choice < 74) setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.approver}`);
  else if (choice < 78) setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.read}`);
  else if (choice < 90) useSession(draft, random, world);
  else spoilCredentials(draft, random);
}

export function useSession(draft: Draft, random: Random, world: World): void {
  const { sessions } = world;
  setHeader(
    draft,
    'cookie',
    `refundry_session=${random.pick([sessions.admin, sessions.admin, sessions.operator, sessions.read])}`,
  );
  setHeader(draft, 'x-refundry-console', '1');
}

/** Keys and cookies that open nothing. */
export function spoilCredentials(draft: Draft, random: Random): void {
  draft.isFaulty = true;
  draft.changes.push('wrong credentials');
  setHeader(draft, 'x-refundry-console', '1');
  const value = random.pick(HEADER_VALUES);
  switch (random.between(0, 6)) {
    case 0:
      return;
    case 1:
      return setHeader(draft, 'authorization', value);
    case 2:
      return setHeader(draft, 'authorization', `Bearer ${value}`);
    case 3:
      return setHeader(draft, 'authorization', `Bearer ${DEMO_KEYS.merchant}x`);
    case 4:
      return setHeader(draft, 'authorization', `Basic ${Buffer.from(`${DEMO_KEYS.admin}:`).toString('base64')}`);
    case 5:
      return setHeader(draft, 'cookie', `refundry_session=${randomBytes(24).toString('base64url')}`);
    default:
      return setHeader(draft, 'cookie', `refundry_session=${value}; __proto__=1`);
  }
}

/** Some caller's: so that wrong credentials of one close no door to the next. */
export const address = (random: Random): string =>
  `10.${random.between(0, 255)}.${random.between(0, 255)}.${random.between(1, 254)}`;

function idempotencyKey(random: Random): string {
  return random.pick([
    `key-${random.between(0, 200)}`,
    `key-${random.between(0, 1e9)}`,
    `"key-${random.between(0, 200)}"`,
    '"',
    '""',
    '"a',
    '"a\\"b"',
    'a"b',
    'a, b',
    'constructor',
    'x'.repeat(255),
    'x'.repeat(256),
    `"${'x'.repeat(255)}"`,
    ...HEADER_VALUES,
  ]);
}
