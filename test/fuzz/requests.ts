/** Any request to anything that the server has: what it is, and its bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { DIALECTS } from '../../src/dialects/index.ts';
import { parseHttp } from '../kit/http-file.ts';
import type { Random } from '../kit/random.ts';
import { isHeavy, otherRequest } from './console.ts';
import { type DocumentedOperation, operationsIn } from './documented.ts';
import { bytesOf, type Draft, setHeader } from './draft.ts';
import { finish } from './mutations.ts';
import { nativeRequest, type Sketch, sketchOf } from './native.ts';
import { PARTNERS } from './partners.ts';
import type { Route } from './channel.ts';
import type { World } from './world.ts';

/** One request, ready to be sent. */
export interface Shot {
  readonly draft: Draft;
  readonly bytes: Buffer;
}

const FIXTURES = new URL('../../src/dialects/', import.meta.url);

/** The requests among the dialects' fixtures. */
function fixtures(): {
  readonly method: string;
  readonly path: string;
  readonly headers: [string, string][];
  readonly body: string;
}[] {
  return readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter((path) =>
      /fixtures.*(?:\.request\.(?:http|txt)|edubrite.*\.http|edubrite\/.*\.http)$/.test(path.replaceAll('\\', '/')),
    )
    .flatMap((path) => {
      const { start, headers, body } = parseHttp(readFileSync(new URL(path, FIXTURES), 'utf8'));
      const [method = '', target = ''] = start;
      return /^[A-Z]+$/.test(method) && target.startsWith('/')
        ? [
            {
              method,
              path: target,
              headers: Object.entries(headers).filter(([name]) => name !== 'content-length'),
              body,
            },
          ]
        : [];
    });
}

export class Requests {
  readonly #world: World;
  readonly #operations: readonly DocumentedOperation[];
  readonly #others: readonly Route[];
  readonly #heavy: readonly Route[];
  readonly #partners: readonly Route[];
  readonly #fixtures = fixtures();

  constructor(world: World, document: any) {
    this.#world = world;
    this.#operations = operationsIn(document);
    const { routes } = world.setting;
    for (const { name } of DIALECTS)
      if (!(name in PARTNERS)) throw new Error(`nobody asks ${name}: add it to test/fuzz/partners.ts`);
    this.#partners = routes.filter(
      ({ protocol, operation, method }) => protocol in PARTNERS && operation !== 'unknown' && method !== 'HEAD',
    );
    const others = routes.filter(({ protocol }) => protocol !== 'native' && !(protocol in PARTNERS));
    this.#heavy = others.filter(isHeavy);
    this.#others = others.filter((route) => !isHeavy(route));
    if (this.#fixtures.length < 15) throw new Error(`there are ${this.#fixtures.length} fixtures of requests`);
  }

  /** What there is to be asked: each must have been. */
  get routes(): string[] {
    return [
      ...this.#operations.map(({ method, path }) => `${method} ${path}`),
      ...[...this.#partners, ...this.#others, ...this.#heavy].map(({ method, url }) => `${method} ${url}`),
    ];
  }

  make(random: Random, number: number): Shot {
    const draft = finish(this.#sketch(random), random, number);
    // Bytes beyond Latin-1 cannot stand in a head.
    draft.target = draft.target.replaceAll(/[^\u0021-\u00ff]/g, (one) => encodeURIComponent(one.toWellFormed()));
    return { draft, bytes: bytesOf(draft, random) };
  }

  #sketch(random: Random): Sketch {
    const choice = random.next();
    if (choice < 0.4) return nativeRequest(random.pick(this.#operations), random, this.#world);
    if (choice < 0.75) return this.#partner(random);
    if (choice < 0.8) return this.#fixture(random);
    if (choice < 0.806) return otherRequest(random.pick(this.#heavy), random, this.#world);
    return otherRequest(random.pick(this.#others), random, this.#world);
  }

  #partner(random: Random): Sketch {
    const { protocol, operation, url, method } = random.pick(this.#partners);
    const make = PARTNERS[protocol];
    if (make === undefined) throw new Error(`nobody asks ${protocol}`);
    return make(operation, url, method, random, this.#world);
  }

  /** A partner's own request, with a few other bytes. */
  #fixture(random: Random): Sketch {
    const { method, path, headers, body } = random.pick(this.#fixtures);
    const draft = sketchOf(`${method} ${path.split('?', 1).join()}`, { kind: 'anybody' }, method, path);
    const [first, second] = this.#world.partnerSession;
    const filled = (text: string): string =>
      text.replaceAll('<SESSION_ID>', first).replaceAll('<SESSION_INFO>', second);
    for (const [name, value] of headers) setHeader(draft, name, filled(value));
    if (method !== 'GET') {
      const bytes = Buffer.from(filled(body));
      for (let left = random.pick([0, 0, 1, 1, 2, 5, 20]); left > 0 && bytes.length > 0; left -= 1) {
        bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
      }
      draft.body = bytes;
    }
    draft.changes.push('a fixture');
    return { draft, tree: null };
  }
}
