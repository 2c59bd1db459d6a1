/** Requests in the partners' protocols: as their pages have them, about payments that there are. */
import { sign } from 'node:crypto';
import type { Random } from '../kit/random.ts';
import { type Draft, setHeader } from './draft.ts';
import { AMOUNT_TEXTS, NUMBERS, TEXTS, XML_TEXTS } from './hostile.ts';
import { type Sketch, sketchOf } from './native.ts';
import { raw, textNode, type Tree, write } from './tree.ts';
import type { World } from './world.ts';

type Members = [string, Tree][];
type Make = (operation: string, path: string, method: string, random: Random, world: World) => Sketch;

const draftOf = (name: string, operation: string, method: string, path: string): Draft =>
  sketchOf(`${method} ${path}`, { kind: 'partner', name, operation }, method, path);

const amountText = (random: Random): string =>
  random.oneIn(3) ? random.pick(AMOUNT_TEXTS) : `${random.between(0, 4)}.${random.pick(['00', '10', '55'])}`;
const amountTree = (random: Random): Tree => {
  const text = random.oneIn(3) ? random.pick(NUMBERS) : `${random.between(1, 5)}`;
  return random.oneIn(2) ? raw(text) : textNode(random.oneIn(4) ? amountText(random) : text);
};
/** A payment's name, or what could be taken for one. */
const nameOf = (random: Random, world: World): string =>
  random.oneIn(6) ? random.pick(TEXTS) : String(world.paymentNumber(random));

function wrong(draft: Draft, random: Random): boolean {
  if (!random.oneIn(10)) return false;
  draft.isFaulty = true;
  draft.changes.push('wrong credentials');
  return true;
}

const form = (members: Members): string =>
  members
    .map(
      ([key, value]) => `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(plain(value).toWellFormed())}`,
    )
    .join('&');

function plain(tree: Tree): string {
  const text = write(tree);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}

/** What forms can have that JSON cannot. */
function disturbedForm(text: string, random: Random, draft: Draft): string {
  const faulty = (changed: string): string => {
    draft.isFaulty = true;
    draft.changes.push('no form');
    return changed;
  };
  switch (random.between(0, 11)) {
    case 0:
      return faulty(`${text}&a=%`);
    case 1:
      return faulty(`${text}&a=%c0%80`);
    case 2:
      return faulty(`%ed%a0%80=1&${text}`);
    case 3:
      return `a[]=1&a[b]=2&a=1&a=2&${text}`;
    case 4:
      return `${text}&&&=&`;
    case 5:
      return `__proto__=1&constructor[prototype][a]=1&${text}`;
    case 6:
      return text.replaceAll('=', '%3D');
    default:
      return text;
  }
}

const boostAoc: Make = (operation, path, method, random, world) => {
  const draft = draftOf('boost-aoc', operation, method, path);
  const isWrong = wrong(draft, random);
  const members: Members = [
    ['apiKey', isWrong ? textNode(random.pick(TEXTS)) : textNode('Ofa3M7zS2c3')],
    ['username', textNode(isWrong && random.oneIn(2) ? random.pick(TEXTS) : 'test')],
    ['spTransID', textNode(random.oneIn(4) ? random.pick(TEXTS) : `sp-${random.between(0, 1e6)}`)],
    ['aocTransID', textNode(nameOf(random, world))],
    ['amount', random.oneIn(5) ? raw(random.pick(NUMBERS)) : textNode(amountText(random))],
  ];
  setHeader(draft, 'content-type', random.oneIn(2) ? 'application/x-www-form-urlencoded' : 'application/json');
  if (random.oneIn(3)) {
    setHeader(draft, 'content-type', 'application/x-www-form-urlencoded');
    draft.body = Buffer.from(disturbedForm(form(members), random, draft));
    return { draft, tree: null };
  }
  return { draft, tree: { kind: 'object', members } };
};

const bbmsl: Make = (operation, path, method, random, world) => {
  const draft = draftOf('bbmsl', operation, method, path);
  setHeader(draft, 'content-type', 'application/json');
  const members: Members = [
    ['merchantId', random.oneIn(4) ? textNode('3') : raw('3')],
    ['orderId', random.oneIn(8) ? raw(random.pick(NUMBERS)) : raw(String(world.paymentNumber(random)))],
    ['amount', random.oneIn(4) ? textNode(amountText(random)) : raw(random.oneIn(3) ? random.pick(NUMBERS) : '1.50')],
  ];
  if (random.oneIn(5)) members.push(['merchantReference', textNode(random.pick(TEXTS))]);
  // A signature takes a millisecond: most requests have a wrong one.
  const isSigned = random.oneIn(3);
  if (!isSigned) {
    draft.isFaulty = true;
    draft.changes.push('wrong signature');
  }
  const seal = (text: string): Buffer => {
    const signature = isSigned
      ? sign('sha256', Buffer.from(text), world.setting.bbmslKey).toString('base64')
      : random.pick(['AAAA', '', '!', 'A'.repeat(344), ...TEXTS.slice(0, 30)]);
    return Buffer.from(JSON.stringify({ request: text, signature }));
  };
  const tree: Tree = { kind: 'object', members };
  if (random.oneIn(2)) return { draft, tree, seal };
  // Or the envelope itself is what is changed.
  return {
    draft,
    tree: {
      kind: 'object',
      members: [
        ['request', textNode(write(tree))],
        ['signature', textNode(JSON.parse(seal(write(tree)).toString()).signature)],
      ],
    },
  };
};

const payengine: Make = (operation, path, method, random, world) => {
  const draft = draftOf('payengine', operation, method, path);
  const key = wrong(draft, random)
    ? random.pick(['sk_demo_payenginex', '', '=', 'AAAA', 'c2tfZGVtbw=='])
    : random.pick(['sk_demo_payengine', Buffer.from('sk_demo_payengine:').toString('base64')]);
  setHeader(draft, 'authorization', `Basic ${key}`);
  setHeader(draft, 'content-type', 'application/json');
  const members: Members = [
    ['id', textNode(nameOf(random, world))],
    ['amount', amountTree(random)],
    ['reason', textNode(random.oneIn(3) ? random.pick(TEXTS) : 'Discount issued')],
  ];
  if (random.oneIn(3)) members.push(['internalTransactionID', textNode(random.pick(TEXTS))]);
  if (random.oneIn(3))
    members.push([
      'metadata',
      {
        kind: 'object',
        members: [
          [random.pick(TEXTS), textNode(random.pick(TEXTS))],
          ['n', raw(random.pick(NUMBERS))],
          ['__proto__', raw('{"polluted":true}')],
        ],
      },
    ]);
  return { draft, tree: { kind: 'object', members } };
};

const paymentOptions: Make = (operation, path, method, random, world) => {
  const draft = draftOf('payment-options', operation, method, path);
  const isWrong = wrong(draft, random);
  setHeader(
    draft,
    'authorization',
    isWrong && random.oneIn(2)
      ? 'Basic x'
      : random.pick([
          'demo-basic-key',
          'Basic demo-basic-key',
          `Basic ${Buffer.from('demo-basic-key:').toString('base64')}`,
        ]),
  );
  setHeader(draft, 'x-api-key', isWrong ? random.pick(['', 'x', 'demo-basic-key']) : 'demo-x-api-key');
  setHeader(draft, 'content-type', 'application/json');
  const members: Members = [
    ['transactionId', textNode(nameOf(random, world))],
    ['amount', amountTree(random)],
    ['merchant_id', textNode(random.oneIn(15) ? random.pick(TEXTS) : 'M-TINK15')],
  ];
  if (random.oneIn(2)) members.push(['notes', textNode(random.pick(TEXTS))]);
  return { draft, tree: { kind: 'object', members } };
};

const edubrite: Make = (operation, path, method, random, world) => {
  const draft = draftOf('edubrite', operation, method, path);
  const [first, second] = world.partnerSession;
  if (operation === 'connect') {
    if (random.oneIn(2))
      setHeader(draft, 'cookie', `SESSION_ID=${random.oneIn(2) ? first : random.pick(['', '"', 'x', '__proto__'])}`);
  } else if (operation === 'sign_out') {
    setHeader(draft, 'cookie', `SESSION_ID=${random.pick(['', 'x', first])}; SESSION_INFO=x`);
  } else if (wrong(draft, random)) {
    setHeader(
      draft,
      'cookie',
      random.pick([
        '',
        `SESSION_ID=${first}`,
        `SESSION_INFO=${second}`,
        `SESSION_ID=${second}; SESSION_INFO=${first}`,
        `SESSION_ID=; SESSION_INFO=`,
      ]),
    );
  } else
    setHeader(
      draft,
      'cookie',
      random.pick([
        `SESSION_ID=${first}; SESSION_INFO=${second}`,
        `$Version=0; SESSION_ID="${first}"; SESSION_INFO="${second}"`,
      ]),
    );
  if (operation === 'refund')
    setHeader(
      draft,
      'real_uname',
      random.oneIn(10)
        ? random.pick(['', 'nobody', '\u00c3\u00a9', '|', '__proto__'])
        : random.pick(['chenry', 'chenry|chenry@example.com|Chris Henry']),
    );
  const id = random.oneIn(4) ? random.pick(XML_TEXTS) : nameOf(random, world);
  draft.echo = id;
  const members: Members =
    operation === 'refund'
      ? [
          ['dispatch', textNode(random.oneIn(8) ? random.pick(XML_TEXTS) : 'refund')],
          ['id', textNode(id)],
        ]
      : random.oneIn(2)
        ? []
        : [
            ['username', textNode(random.oneIn(2) ? 'edubrite-demo' : random.pick(TEXTS))],
            ['password', textNode(random.oneIn(3) ? 'edubrite-demo' : random.pick(TEXTS))],
          ];
  const text = form(members);
  if (method === 'GET' || random.oneIn(6)) draft.target += `?${text}`;
  else if (random.oneIn(4)) {
    const boundary = random.pick(['----x', 'b', '"a b"', 'x'.repeat(70), '.*', '(']);
    setHeader(draft, 'content-type', `multipart/form-data; boundary=${boundary}`);
    const bare = boundary.replaceAll('"', '');
    const parts = members.map(
      ([key, value]) =>
        `--${bare}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${plain(value).toWellFormed()}\r\n`,
    );
    draft.body = Buffer.from(`${parts.join('')}--${bare}--\r\n`);
    draft.echo = null;
  } else {
    setHeader(draft, 'content-type', 'application/x-www-form-urlencoded; charset=utf-8');
    const before = draft.isFaulty;
    draft.body = Buffer.from(disturbedForm(text, random, draft));
    // Who only connects or leaves moves nothing, and is not read further than that.
    if (operation !== 'refund') draft.isFaulty = before;
  }
  return { draft, tree: null };
};

/** Who can be asked, by name: a further dialect needs a line here, or nobody asks it. */
export const PARTNERS: Readonly<Record<string, Make>> = {
  'boost-aoc': boostAoc,
  bbmsl,
  payengine,
  'payment-options': paymentOptions,
  edubrite,
};
