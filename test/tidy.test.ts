/** The order of the house: what may import what, where SQL may stand, what a dialect is, and that the documents say so. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VARIABLES } from '../src/config.ts';
import { DIALECTS } from '../src/dialects/index.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NOT_OURS = new Set(['.git', 'node_modules', 'dist', '.refundry']);

/** A file of the project: its path from the root, with `/`, and its text. */
interface File {
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string): File[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (NOT_OURS.has(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [{ path, text: readFileSync(join(ROOT, path), 'utf8') }] : [];
  });
}

const FILES = filesBelow('.');

/**
 * What each room may import of the others: one way, `core` ← `store` ← `engine` ← `dialects`, `api` ← `console` ← `server` ← `cli`,
 * which starts servers. Dialects are pure and know `core` only. `config`, `embedded` and `demo` are leaves; the SDK must
 * stand alone, because it is published by itself.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core'],
  engine: ['core', 'store'],
  dialects: ['core'],
  api: ['core', 'store', 'engine', 'dialects'],
  console: ['core', 'store', 'engine', 'dialects', 'api'],
  config: ['core'],
  embedded: [],
  server: ['core', 'engine', 'dialects', 'api', 'console', 'config'],
  demo: ['core', 'engine', 'dialects'],
  cli: ['core', 'store', 'engine', 'dialects', 'api', 'server', 'config', 'embedded', 'demo'],
  sdk: [],
};

const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/fixtures/');
const isSource = ({ path }: File): boolean => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path);

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g;

function importsOf({ path, text }: File): string[] {
  return [...text.matchAll(IMPORT)].map(([, target = '']) =>
    target.startsWith('.') ? posix.join(posix.dirname(path), target) : target,
  );
}

/** `src/store/load.ts` → `store`; `src/server.ts` → `server`. */
function roomOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

/** Imports against the one-way order, and impure ones where everything is pure. */
function misplacedImports(file: File): string[] {
  const room = roomOf(file.path);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) return [`${file.path}: src/${room} has no place in the order of imports`];
  return importsOf(file).flatMap((target) => {
    if (target.startsWith('src/')) {
      const other = roomOf(target);
      return other === room || allowed.includes(other) ? [] : [`${file.path} imports ${target}: ${room} may not`];
    }
    if (target.startsWith('test/') || target.startsWith('..')) return [`${file.path} imports ${target}`];
    const isPure = target === 'node:crypto' || !/^(?:node:|pg$|pg\/|fastify|@fastify|pino|prom-client)/.test(target);
    return isPure || (room !== 'core' && room !== 'dialects')
      ? []
      : [`${file.path} imports ${target}: ${room} is pure`];
  });
}

/** A dialect's folder knows its own files, `dialect.ts` and the core, and no other dialect. */
function strayDialectImports(file: File): string[] {
  const folder = /^src\/dialects\/[^/]+\//.exec(file.path)?.[0];
  return importsOf(file).flatMap((target) => {
    const other = /^src\/dialects\/[^/]+\//.exec(target)?.[0];
    if (folder === undefined) {
      // The registry, and what signs requests for people to try.
      const mayKnow = ['src/dialects/index.ts', 'src/cli/sign.ts', 'src/console/protocols.ts'].includes(file.path);
      return other === undefined || mayKnow ? [] : [`${file.path} imports ${target}: only the registry knows dialects`];
    }
    const isKnown = other === folder || target === 'src/dialects/dialect.ts' || !target.startsWith('src/dialects/');
    return isKnown ? [] : [`${file.path} imports ${target}: a dialect is one folder`];
  });
}

/** Statements of SQL, in capitals as all of ours are. */
const SQL =
  /\b(?:SELECT\s[^;]*?\sFROM|INSERT\s+INTO|UPDATE\s+["\w]+\s+(?:AS\s+\w+\s+)?SET|DELETE\s+FROM|(?:CREATE|ALTER|DROP)\s+(?:TABLE|UNIQUE|INDEX|DATABASE|ROLE|SCHEMA|FUNCTION)|TRUNCATE\s+\w|FOR\s+(?:NO\s+KEY\s+)?UPDATE|BEGIN\s+ISOLATION|LOCK\s+TABLE)\b|['"`](?:SELECT\s|BEGIN['"`]|COMMIT['"`]|ROLLBACK['"`]|SHOW\s|SET\s+\w+\s*=)/;

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');

/** `embedded` makes and looks after the cluster; tests look at tables as an auditor does. */
function straySql(file: File): string[] {
  const room = roomOf(file.path);
  if (room === 'store' || room === 'embedded') return [];
  const found = SQL.exec(withoutComments(file.text));
  return found === null ? [] : [`${file.path}: SQL outside the store: ${found[0].replace(/\s+/g, ' ').slice(0, 60)}`];
}

const MOST_LINES = 500;

function tooLong({ path, text }: File): string[] {
  const lines = text.split('\n').length;
  return lines > MOST_LINES ? [`${path} has ${lines} lines: one idea per file`] : [];
}

/** Words in parts, so that this file does not hold what it looks for. */
const absolute = (...names: readonly string[]): string => ['', ...names].join('/');
const FETCHED_FROM = ['"res', 'olved": "http'].join('');

/** Paths of machines, hosts of somebody's network, and where packages were fetched from. */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<![\\w.])(?:${absolute('work')}|${absolute('root')})/`), 'the path of a machine'],
  [/https?:\/\/(?:(?:10|172|192)(?:\.\d+){3}|[\w.-]+\.(?:internal|local|lan|corp)\b)/, 'a private host'],
  [new RegExp(`${FETCHED_FROM}|^registry\\s*=`, 'm'), 'where packages were fetched from'],
];

function privateWords({ path, text }: File): string[] {
  return PRIVATE.flatMap(([pattern, what]) => (pattern.test(text) ? [`${path} holds ${what}`] : []));
}

/** The rows of a document's table whose first column is a name in backticks. */
function documented(markdown: string): Readonly<Record<string, string>> {
  const rows = [...markdown.matchAll(/^\| *`([A-Z_]+)` *\| *(.*?) *\|$/gm)];
  return Object.fromEntries(rows.map(([, name = '', meaning = '']) => [name, meaning]));
}

const complaints = (check: (file: File) => string[], files: readonly File[]): string[] => files.flatMap(check);

test('imports go one way', () => {
  assert.deepEqual(complaints(misplacedImports, FILES.filter(isSource)), []);
});

test('only the registry knows dialects, and no dialect knows another', () => {
  assert.deepEqual(complaints(strayDialectImports, FILES.filter(isSource)), []);
});

test('a dialect is one folder and one line of the registry, with its tests and its document', () => {
  const folders = readdirSync(join(ROOT, 'src/dialects'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  assert.deepEqual(DIALECTS.map(({ name }) => name).sort(), folders);
  const registry = FILES.find(({ path }) => path === 'src/dialects/index.ts')?.text ?? '';
  assert.equal(registry.match(/^export const DIALECTS.*$/gm)?.length, 1);
  for (const folder of folders) {
    assert.equal(registry.split(`from './${folder}/index.ts'`).length, 2, `${folder} is imported once`);
    const paths = FILES.map(({ path }) => path).filter((path) => path.startsWith(`src/dialects/${folder}/`));
    assert.ok(
      paths.some((path) => path.endsWith('.test.ts')),
      `${folder} has tests beside it`,
    );
    assert.ok(
      paths.some((path) => path.includes('/fixtures/')),
      `${folder} has fixtures`,
    );
    assert.ok(
      FILES.some(({ path }) => path === `docs/protocols/${folder}.md`),
      `${folder} has a document`,
    );
  }
});

test('SQL stands in the store and in migrations only', () => {
  assert.deepEqual(complaints(straySql, FILES.filter(isSource)), []);
});

test('no source file is longer than one can read', () => {
  assert.deepEqual(
    complaints(
      tooLong,
      FILES.filter(({ path }) => path.startsWith('src/')),
    ),
    [],
  );
});

test('nothing in the project tells of the machine that it was made on', () => {
  assert.ok(FILES.length > 100);
  assert.deepEqual(complaints(privateWords, FILES), []);
});

test('docs/reference/config.md lists exactly the variables that are read, in their own words', () => {
  const text = FILES.find(({ path }) => path === 'docs/reference/config.md')?.text ?? '';
  assert.deepEqual(documented(text), VARIABLES);
  assert.deepEqual(Object.keys(documented(text)), Object.keys(VARIABLES), 'in the same order');
});

const file = (path: string, text: string): File => ({ path, text });

test('the checks above find what they look for', () => {
  for (const [path, text] of [
    ['src/core/decide.ts', "import { Engine } from '../engine/engine.ts';"],
    ['src/core/decide.ts', "import { readFileSync } from 'node:fs';"],
    ['src/dialects/bbmsl/read.ts', "import pg from 'pg';"],
    ['src/dialects/bbmsl/read.ts', "import type { Sessions } from '../../store/sessions.ts';"],
    ['src/store/load.ts', "export type { Command } from '../engine/queue.ts';"],
    ['src/engine/engine.ts', "const later = await import('../api/index.ts');"],
    ['src/api/index.ts', "import { createServer } from '../server.ts';"],
    ['src/sdk/client.ts', "import { ERRORS } from '../core/errors.ts';"],
    ['src/api/index.ts', "import { Books } from '../../test/kit/books.ts';"],
    ['src/utils/index.ts', ''],
  ] as const) {
    assert.equal(misplacedImports(file(path, text)).length, 1, `${path}: ${text}`);
  }
  assert.deepEqual(misplacedImports(file('src/core/a.ts', "import { createHash } from 'node:crypto';")), []);
  assert.deepEqual(misplacedImports(file('src/cli/a.ts', "import { createServer } from '../server.ts';")), []);

  const stray = "import { NUMBER } from '../bbmsl/wire.ts';";
  assert.equal(strayDialectImports(file('src/dialects/payengine/read.ts', stray)).length, 1);
  assert.equal(strayDialectImports(file('src/dialects/payengine/a.ts', "import {} from '../converse.ts';")).length, 1);
  assert.equal(strayDialectImports(file('src/api/a.ts', "import {} from '../dialects/bbmsl/wire.ts';")).length, 1);

  for (const sql of [
    "query('SELECT id FROM payment WHERE id = $1')",
    '`SELECT id,\n        name\n   FROM merchant`',
    'const text = `INSERT INTO refund VALUES ($1)`',
    "query('UPDATE payment SET refunded_minor = 0')",
    "query('DELETE FROM session')",
    "query('BEGIN')",
    "query('SELECT 1')",
    '`CREATE TABLE copy AS ${text}`',
  ]) {
    assert.equal(straySql(file('src/engine/a.ts', sql)).length, 1, sql);
    assert.deepEqual(straySql(file('src/store/a.ts', sql)), []);
  }
  assert.deepEqual(straySql(file('src/engine/a.ts', '// locks the head: SELECT … FROM bucket FOR UPDATE')), []);
  assert.deepEqual(straySql(file('src/engine/a.ts', "'select the payment to update from the list'")), []);

  assert.equal(tooLong(file('src/core/a.ts', '\n'.repeat(MOST_LINES))).length, 1);
  assert.deepEqual(tooLong(file('src/core/a.ts', '\n'.repeat(MOST_LINES - 1))), []);

  for (const words of [
    `see ${absolute('work', 'main')}`,
    `"${absolute('root', '.npm')}"`,
    ['http:/', '10.1.2.3:4873'].join('/'),
    ['https:/', 'packages.corp'].join('/'),
    `${FETCHED_FROM}s://example.org/a.tgz"`,
    'registry = https://example.org',
  ]) {
    assert.equal(privateWords(file('docs/a.md', words)).length, 1, words);
  }
  assert.deepEqual(privateWords(file('README.md', 'http://127.0.0.1:8080/docs and framework/root/a')), []);

  assert.deepEqual(documented('| `PORT` | Port. |\n| other | x |\n'), { PORT: 'Port.' });
});
