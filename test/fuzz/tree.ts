/** JSON as text that may be wrong anywhere: members twice, numbers as nobody writes them, depth without end. */
import type { Random } from '../kit/random.ts';
import { NAMES, NO_NUMBERS, NUMBERS, TEXTS } from './hostile.ts';

export type Tree =
  | { readonly kind: 'raw'; text: string }
  | { readonly kind: 'object'; members: [key: string, value: Tree][] }
  | { readonly kind: 'array'; items: Tree[] };

export const raw = (text: string): Tree => ({ kind: 'raw', text });
export const textNode = (text: string): Tree => raw(JSON.stringify(text));

export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'object', members: Object.entries(value).map(([key, member]) => [key, treeOf(member)]) };
  }
  return raw(JSON.stringify(value) ?? 'null');
}

export function write(tree: Tree): string {
  switch (tree.kind) {
    case 'raw':
      return tree.text;
    case 'array':
      return `[${tree.items.map(write).join(',')}]`;
    case 'object':
      return `{${tree.members.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
  }
}

/** Every place in a tree where a value stands, with what puts another there. */
function placesIn(tree: Tree): { readonly at: Tree; put(other: Tree): void }[] {
  const places: { at: Tree; put(other: Tree): void }[] = [];
  const walk = (node: Tree): void => {
    if (node.kind === 'array')
      node.items.forEach((item, index) => {
        places.push({ at: item, put: (other) => (node.items[index] = other) });
        walk(item);
      });
    if (node.kind === 'object')
      for (const member of node.members) {
        places.push({ at: member[1], put: (other) => (member[1] = other) });
        walk(member[1]);
      }
  };
  walk(tree);
  return places;
}

function objectsIn(tree: Tree): Extract<Tree, { kind: 'object' }>[] {
  const found = placesIn(tree).flatMap(({ at }) => (at.kind === 'object' ? [at] : []));
  return tree.kind === 'object' ? [tree, ...found] : found;
}

/** Some value of another kind. */
export function otherValue(random: Random): Tree {
  switch (random.between(0, 9)) {
    case 0:
      return raw('null');
    case 1:
      return raw(random.pick(['true', 'false']));
    case 2:
      return { kind: 'array', items: [] };
    case 3:
      return { kind: 'object', members: [] };
    case 4:
      return { kind: 'array', items: [raw('7')] };
    case 5:
      return { kind: 'object', members: [[random.pick(NAMES), otherValue(random)]] };
    case 6:
    case 7:
      return raw(random.pick(NUMBERS));
    default:
      return textNode(random.pick(TEXTS));
  }
}

const wrapped = (open: string, close: string, depth: number, inner: string): string =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/** What was changed, in words; and whether what came of it can be no acceptable request. */
export interface Change {
  readonly what: string;
  readonly isFault: boolean;
}

/** Names by which a careless copy of an object reaches what all objects have. */
const POLLUTING = ['__proto__', '__proto__', 'constructor'];

/** Changes that a JSON reader may let pass. */
export function disturb(tree: Tree, random: Random): Change {
  const place = placesIn(tree);
  const object = random.pick(objectsIn(tree).concat(tree.kind === 'object' ? tree : []));
  switch (random.between(0, 6)) {
    case 0:
      if (random.oneIn(3)) object.members.push([random.pick(POLLUTING), raw('{"polluted":true,"isAdmin":true}')]);
      else object.members.push([random.pick(NAMES), otherValue(random)]);
      return { what: 'a further member', isFault: false };
    case 1:
      if (object.members.length > 0) object.members.splice(random.between(0, object.members.length - 1), 1);
      return { what: 'a member less', isFault: false };
    case 2: {
      const member = object.members.length > 0 ? random.pick(object.members) : null;
      if (member !== null) member[0] = random.pick(NAMES);
      return { what: 'a member of another name', isFault: false };
    }
    case 3:
      if (place.length > 0) {
        const one = random.pick(place);
        one.put({ kind: 'array', items: random.oneIn(2) ? [one.at] : [one.at, one.at] });
      }
      return { what: 'a value in a list', isFault: false };
    case 4:
      if (!random.oneIn(12)) return { what: 'nothing', isFault: false };
      for (let index = 0; index < 3_000; index += 1) object.members.push([`f${index}`, raw('1')]);
      return { what: 'thousands of members', isFault: false };
    default:
      if (place.length > 0) random.pick(place).put(otherValue(random));
      return { what: 'another value', isFault: false };
  }
}

/** Changes after which no protocol may take the body. */
export function spoil(tree: Tree, random: Random): Change {
  const object = random.pick(objectsIn(tree));
  const fault = (what: string): Change => ({ what, isFault: true });
  switch (random.between(0, 6)) {
    case 0: {
      const [key, value] =
        object.members.length > 0
          ? random.pick(object.members)
          : ((object.members[0] = ['a', raw('1')]), ['a', raw('1')] as const);
      object.members.push([key, random.oneIn(2) ? value : otherValue(random)]);
      return fault('a member twice');
    }
    case 1:
      object.members.push([
        'deep',
        raw(wrapped('[', ']', random.pick([40, 40, 40, 33, 1_000, random.oneIn(8) ? 25_000 : 100]), '')),
      ]);
      return fault('lists without end');
    case 2:
      object.members.push([
        'deep',
        raw(wrapped('{"a":', '}', random.pick([40, 40, 40, 33, 1_000, random.oneIn(8) ? 8_000 : 100]), '1')),
      ]);
      return fault('objects without end');
    case 3:
      object.members.push([random.pick(['n', ...NAMES]), raw(random.pick(NO_NUMBERS))]);
      return fault('no number');
    case 4:
      object.members.push(['nul', raw(random.pick(['"\\u0000"', '"a\\u0000b"', '{"\\u0000":1}']))]);
      return fault('U+0000');
    case 5:
      object.members.push(['lone', raw(random.pick(['"\\ud800"', '"\\udfff\\ud800"', '"\\udc00x"', '{"\\ud83d":1}']))]);
      return fault('a lone surrogate');
    default:
      object.members.push([
        'open',
        raw(random.pick(['"\u0000"', '"\n"', '"\\x41"', '"\\u12"', '[1,]', '{"a":1,}', '/**/1', '"'])),
      ]);
      return fault('no JSON');
  }
}
