/**
 * Secrets are compared in a time that says nothing of them, and an unknown name costs what a wrong secret costs. Shown by
 * what is called and with what, not by a clock: that would be right on quiet machines only.
 */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { makeUser, PASSWORD } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What is called like a secret. */
const SECRET = /secret|password|token|hash|signature|api_?key|authorization|cookie|bearer|credential(?!s?Id)/i;

/** Comparisons of what is called so and is none, or is compared where it tells nobody anything; each with its reason. */
const HARMLESS: Readonly<Record<string, string>> = {
  'src/dialects/payment-options/auth.ts: key === authorization': 'what was sent, with itself less its scheme',
};

/** The journal's hashes are no secrets: `verify` prints them. */
const OF_THE_BOOKS = /^src\/engine\/verify(?:\/|\.ts$)/;

const EQUALITY = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);
const COMPARING_CALLS = new Set(['equals', 'compare', 'localeCompare', 'startsWith', 'endsWith', 'indexOf', 'is']);

/** A value that everybody knows: `null`, a number, a kind in quotes. */
function isPublic(node: ts.Node): boolean {
  return (
    ts.isLiteralExpression(node) ||
    node.kind === ts.SyntaxKind.NullKeyword ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword ||
    (ts.isIdentifier(node) && node.text === 'undefined') ||
    ts.isTypeOfExpression(node)
  );
}

/** Whether the last name of an expression is a secret's: `secrets.length` is a number. */
function isSecret(node: ts.Node): boolean {
  if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) return SECRET.test(node.text);
  if (ts.isPropertyAccessExpression(node)) return isSecret(node.name);
  if (ts.isElementAccessExpression(node)) return isSecret(node.argumentExpression) || isSecret(node.expression);
  if (ts.isStringLiteral(node)) return SECRET.test(node.text);
  if (ts.isTemplateExpression(node)) return node.templateSpans.some(({ expression }) => isSecret(expression));
  if (ts.isCallExpression(node)) return isSecret(node.expression);
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node))
    return isSecret(node.expression);
  if (ts.isBinaryExpression(node)) return isSecret(node.left) || isSecret(node.right);
  return false;
}

const comparisonsIn = (path: string): string[] => comparisonsOf(path, readFileSync(`${ROOT}${path}`, 'utf8'));

function comparisonsOf(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const note = (node: ts.Node): void => void found.push(`${path}: ${node.getText().replace(/\s+/g, ' ')}`);
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
      const sides = [node.left, node.right];
      if (!sides.some(isPublic) && sides.some(isSecret)) note(node);
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: of, name } = node.expression;
      if (COMPARING_CALLS.has(name.text) && [of, ...node.arguments].some(isSecret)) note(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('no secret is compared but by its hash, in constant time', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter(
    (path) => !path.endsWith('.test.ts') && !path.includes('/fixtures/') && !OF_THE_BOOKS.test(path),
  );
  assert.ok(files.length > 100);
  const found = files.flatMap(comparisonsIn);
  assert.deepEqual(
    found.filter((one) => !(one in HARMLESS)),
    [],
  );
  assert.deepEqual(
    Object.keys(HARMLESS).filter((one) => !found.includes(one)),
    [],
    'no longer there',
  );
});

test('what would be a comparison of secrets is found', () => {
  const found = comparisonsOf(
    'made-up.ts',
    `const a = request.headers.authorization !== \`Bearer \${metricsToken}\`;
     const b = hashSecret(given) === known.secretHashes[0];
     const c = stored.equals(shownHash) || body['password'].startsWith(expected);
     const d = secrets.length === 0 || token === null || kind === 'secrets';`,
  );
  assert.equal(found.length, 4, found.join('\n'));
});

/** Counts what is called of `node:crypto` from here on: everybody who imported it calls these. */
function spied(): { readonly derived: object[]; readonly compared: (readonly [number, number])[] } {
  const { scrypt, timingSafeEqual } = crypto;
  const derived: object[] = [];
  const compared: (readonly [number, number])[] = [];
  const watched = {
    scrypt: (password: string, salt: Buffer, bytes: number, cost: object, done: () => void): void => {
      derived.push({ ...cost, bytes, salt: salt.length });
      scrypt(password, salt, bytes, cost, done);
    },
    timingSafeEqual: (one: Buffer, other: Buffer): boolean => {
      compared.push([one.length, other.length]);
      return timingSafeEqual(one, other);
    },
  };
  Object.assign(crypto, watched);
  syncBuiltinESMExports();
  after(() => {
    Object.assign(crypto, { scrypt, timingSafeEqual });
    syncBuiltinESMExports();
  });
  return { derived, compared };
}

const server = await TestServer.start({ metricsToken: 'a scraper-s token' });
const { authenticator } = server.refundry;
const calls = spied();

async function callsOf<T>(
  work: () => Promise<T>,
): Promise<{ answer: T; derived: object[]; compared: (readonly [number, number])[] }> {
  calls.derived.length = 0;
  calls.compared.length = 0;
  const answer = await work();
  return { answer, derived: [...calls.derived], compared: [...calls.compared] };
}

test('an unknown user costs what a wrong password costs: one derivation, with the same parameters', async () => {
  const { name } = await makeUser(server, 'read');
  const gone = await makeUser(server, 'read');
  await server.revoke({ id: gone.id, merchantId: null, lookup: gone.name, secrets: {} });
  const right = await callsOf(() => authenticator.user(name, PASSWORD, '192.0.2.1'));
  assert.equal(right.answer?.lookup, name);
  assert.equal(right.derived.length, 1);
  for (const [who, password] of [
    [name, 'wrong'],
    [name, 'a much longer password that is wrong'],
    ['nobody', PASSWORD],
    [gone.name, PASSWORD],
    ['no name at all!', PASSWORD],
  ] as const) {
    const wrong = await callsOf(() => authenticator.user(who, password, '192.0.2.1'));
    assert.equal(wrong.answer, null);
    assert.deepEqual(wrong.derived, right.derived, who);
  }
});

test('of several secrets all are compared, whatever the first one says, and as hashes of one length', async () => {
  const merchant = await server.books.merchant();
  const { secrets } = await server.credential(merchant, { protocol: 'boost-aoc', lookup: 'shop' });
  const [secret = ''] = Object.values(secrets);
  const claim = (shown: string) =>
    callsOf(() =>
      authenticator.authenticate('boost-aoc', { kind: 'secrets', lookup: 'shop', secrets: [shown] }, '192.0.2.2'),
    );
  for (const shown of ['', 'x', secret.slice(0, -1), `${secret}x`, 'x'.repeat(10_000), secret]) {
    const { answer, compared } = await claim(shown);
    assert.equal(answer !== null, shown === secret);
    assert.deepEqual(compared, [[32, 32]], shown.slice(0, 20));
  }

  const two = await server.credential(merchant, {
    protocol: 'payment-options',
    settings: { mid: 'M-1', legal_name: 'Shop' },
  });
  const [first = '', second = ''] = Object.values(two.secrets);
  for (const [shown, opens] of [
    [[first, second], true],
    [[first, 'wrong'], false],
  ] as const) {
    const { answer, compared } = await callsOf(() =>
      authenticator.authenticate('payment-options', { kind: 'secrets', lookup: null, secrets: shown }, '192.0.2.3'),
    );
    assert.equal(answer !== null, opens);
    assert.deepEqual(compared, [
      [32, 32],
      [32, 32],
    ]);
  }
});

test('the token of /metrics is compared by its hash, however long what is sent', async () => {
  for (const [authorization, status] of [
    ['', 401],
    ['Bearer a scraper', 401],
    [`Bearer ${'x'.repeat(5_000)}`, 401],
    ['Bearer a scraper-s tokem', 401],
    ['Bearer a scraper-s token', 200],
  ] as const) {
    const { answer, compared } = await callsOf(() =>
      server.send({ method: 'GET', path: '/metrics', headers: { authorization } }),
    );
    assert.equal(answer.status, status);
    assert.deepEqual(compared, [[32, 32]]);
  }
});
