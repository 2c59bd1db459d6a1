/** Values that a schema allows, or nearly: from its edges, and ids of what there is. */
import type { Random } from '../kit/random.ts';
import { NAMES, TEXTS, TIMES } from './hostile.ts';
import { otherValue, raw, textNode, type Tree, treeOf } from './tree.ts';
import type { World } from './world.ts';

const CURRENCIES = ['USD', 'USD', 'USD', 'USD', 'JPY', 'KWD', 'XXX', 'BTC', 'usd', 'XAU'];
const NAMESPACES = [
  'native.reference',
  'native.reference',
  'boost-aoc.aocTransID',
  'bbmsl.orderId',
  'bbmsl.merchantReference',
  'payengine.id',
  'payment-options.transactionId',
  'edubrite.id',
];
const KINDS: Readonly<Record<string, string>> = {
  payment_id: 'payments',
  refund_id: 'refunds',
  merchant_id: 'merchants',
  settlement_id: 'settlements',
  credential_id: 'credentials',
};
const MOST_DEPTH = 6;

/** A value for a member of that name; mostly one that is taken. */
export function valueFor(name: string, schema: any, random: Random, world: World, depth = 0): Tree {
  if (random.oneIn(40) || depth > MOST_DEPTH) return otherValue(random);
  const kind = KINDS[name];
  if (kind !== undefined) return textNode(world.id(kind, random));
  if (name === 'namespace' && random.next() < 0.8) return textNode(random.pick(NAMESPACES));
  if (name === 'payment_reference')
    return treeOf({ namespace: random.pick(NAMESPACES), value: String(world.paymentNumber(random)) });
  if (Array.isArray(schema.enum)) return treeOf(random.pick(schema.enum));
  if ('const' in schema) return treeOf(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return valueFor(name, random.pick(choices), random, world, depth);
  const type: unknown = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
  switch (type) {
    case 'integer':
    case 'number':
      return integerFor(schema, random);
    case 'boolean':
      return raw(random.pick(['true', 'false']));
    case 'null':
      return raw('null');
    case 'array':
      return {
        kind: 'array',
        items: Array.from({ length: random.pick([0, 1, 1, 2, 3, schema.maxItems ?? 5]) }, () =>
          valueFor(name, schema.items ?? {}, random, world, depth + 1),
        ),
      };
    case 'object':
      return objectFor(schema, random, world, depth);
    case 'string':
      return textNode(textFor(name, schema, random, world));
    default:
      return otherValue(random);
  }
}

export function objectFor(schema: any, random: Random, world: World, depth = 0): Tree {
  const members: [string, Tree][] = [];
  const required: readonly string[] = schema.required ?? [];
  for (const [name, member] of Object.entries<any>(schema.properties ?? {})) {
    if (!required.includes(name) && !random.oneIn(3)) continue;
    members.push([name, valueFor(name, member, random, world, depth + 1)]);
  }
  for (const [pattern, member] of Object.entries<any>(schema.patternProperties ?? {})) {
    const isCurrency = pattern.includes('[A-Z]{3}');
    for (let left = random.between(0, 3); left > 0; left -= 1) {
      const name = isCurrency ? random.pick(CURRENCIES) : random.pick(['a', 'order', 'a b', ...NAMES]);
      if (!members.some(([given]) => given === name))
        members.push([name, valueFor(name, member, random, world, depth + 1)]);
    }
  }
  return { kind: 'object', members };
}

function integerFor({ minimum, maximum }: any, random: Random): Tree {
  const least = Number(minimum ?? -5);
  const most = Number(maximum ?? 10_000);
  return raw(
    String(
      random.pick([
        least,
        least - 1,
        most,
        most + 1,
        ...Array.from({ length: 8 }, () => random.between(Math.max(1, least), Math.min(5_000, most))),
      ]),
    ),
  );
}

/** A text by its name, or as long as it may be, and longer. */
export function textFor(name: string, schema: any, random: Random, world: World): string {
  const { pattern = '', description = '', examples = [], minLength = 0, maxLength = 60 } = schema;
  if (name === 'cursor') return cursor(random, world);
  if (pattern.includes('-7[0-9a-f]{3}')) return world.id('payments', random);
  if (pattern === '^[A-Z]{3}$') return random.pick(CURRENCIES);
  if (pattern.includes('100)$')) return random.pick(['1', '2', '20', '100', '0', '101', '1e1', '020', '-1', '９']);
  if (/ISO 8601/.test(description))
    return random.oneIn(2) ? random.pick(TIMES) : new Date(1.75e12 + random.between(0, 3e10)).toISOString();
  if (pattern.includes('[0-9]'))
    return random.pick(['0', '1', '12', '123', '1234', '123456', '123456789', '999999999999', '1000000000000', '٣']);
  if (name === 'value' || name === 'reference')
    return random.pick([String(world.paymentNumber(random)), ...pickSome(random, TEXTS, 2)]);
  const samples = [
    ...(examples as unknown[]).map(String),
    'x'.repeat(minLength),
    'é'.repeat(Math.min(maxLength, 20_000)),
    'x'.repeat(Math.min(maxLength, 20_000) + 1),
  ];
  return random.oneIn(2) ? random.pick(samples) : random.pick(TEXTS);
}

const pickSome = <Item>(random: Random, items: readonly Item[], count: number): Item[] =>
  Array.from({ length: count }, () => random.pick(items));

/** Cursors that nobody gave out, and the newest that somebody did. */
function cursor(random: Random, world: World): string {
  const kind = random.pick(['payment', 'refund', 'merchant', 'settlement', 'journal', 'event', '__proto__', '']);
  const position = random.pick([
    world.id('payments', random),
    '0.0.0.0',
    '1',
    '-1',
    '9223372036854775808',
    '0:1,1:1,2:1,3:1',
    '{"0":"1"}',
    "1' OR '1'='1",
    'x'.repeat(11_000),
    ...pickSome(random, TEXTS, 2),
  ]);
  if (random.oneIn(3)) return world.id('cursors', random);
  const encoded = Buffer.from(`${kind}:${position}`).toString('base64url');
  return random.pick([encoded, encoded, `${encoded}=`, encoded.slice(0, -1), position]);
}

/** A query, escaped; names of nobody's and names twice among them. */
export function queryFor(
  parameters: readonly { readonly name: string; readonly schema: any; readonly required?: boolean }[],
  random: Random,
  world: World,
): string {
  const pairs: string[] = [];
  const escaped = (text: string): string => encodeURIComponent(text.toWellFormed());
  for (const { name, schema, required = false } of parameters) {
    if (!required && !random.oneIn(4)) continue;
    const value = KINDS[name] === undefined ? valueText(name, schema, random, world) : world.id(KINDS[name], random);
    pairs.push(`${escaped(name)}=${escaped(value)}`);
    if (random.oneIn(25))
      pairs.push(
        random.pick([`${name}=1`, `${name}[]=1`, `${name}[a]=1`, `${name}`, `${escaped(name)}=${escaped(value)}`]),
      );
  }
  if (random.oneIn(12)) {
    pairs.push(
      random.pick([
        '%',
        '%zz=1',
        'a=%00',
        'a=%c0%80',
        'a=%ed%a0%80',
        '__proto__=1',
        '__proto__[a]=1',
        'constructor=1',
        '&&&',
        '=',
        'a'.repeat(4_000),
        '\u00ff=\u00fe',
        ...NAMES.map((name) => `${escaped(name)}=1`),
      ]),
    );
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function valueText(name: string, schema: any, random: Random, world: World): string {
  if (Array.isArray(schema.enum)) return random.oneIn(8) ? random.pick(NAMES) : String(random.pick(schema.enum));
  return textFor(name, schema, random, world);
}
