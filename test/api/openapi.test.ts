import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { ERROR_GUIDE } from '../../src/api/error-guide.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { Api, type Body } from './server.ts';

const api = await Api.start();
const { body: document, headers } = await api.get('/openapi.json', { key: null });

interface Documented {
  readonly name: string;
  readonly operation: Body;
}

const operations: Documented[] = Object.entries<Body>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Body>(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

/** Every value of a key, anywhere in the document. */
function* valuesOf(node: Body, key: string): Generator<Body> {
  if (node === null || typeof node !== 'object') return;
  for (const [name, member] of Object.entries(node)) {
    if (name === key) yield member;
    yield* valuesOf(member, key);
  }
}

/** The schema with its references to components put in. */
function inlined(node: Body): Body {
  if (node === null || typeof node !== 'object') return node;
  if (typeof node.$ref === 'string') return inlined(document.components.schemas[node.$ref.split('/').at(-1)]);
  if (Array.isArray(node)) return node.map(inlined);
  return Object.fromEntries(
    Object.entries(node).map(([name, member]) => [name, name === 'examples' ? member : inlined(member)]),
  );
}

test('the document is OpenAPI 3.1, for anybody', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual(document.security, [{ key: [] }, { session: [] }]);
});

test('every operation has its own id, a summary, a tag that there is, and says what it answers', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const tags = document.tags.map(({ name }: Body) => name);
  for (const { name, operation } of operations) {
    assert.match(operation.operationId, /^[a-z][A-Za-z]+$/, name);
    assert.ok(operation.summary.length > 5, name);
    assert.match(operation.description, /\*\*Who may:\*\*/, name);
    assert.deepEqual(
      operation.tags.filter((tag: string) => !tags.includes(tag)),
      [],
      name,
    );
    const accepted = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
    assert.equal(accepted.length, 1, name);
    for (const status of ['400', '401', '403', '429', '500', '503'])
      assert.ok(operation.responses[status], `${name} ${status}`);
    for (const parameter of operation.parameters ?? []) assert.ok(parameter.description, `${name} ${parameter.name}`);
    for (const [status, response] of Object.entries<Body>(operation.responses)) {
      const type = status.startsWith('2') ? 'application/json' : 'application/problem+json';
      assert.ok(response.content[type].schema, `${name} ${status}`);
      assert.notEqual(response.description, 'Default Response', `${name} ${status}`);
    }
  }
});

test('whatever changes money takes an Idempotency-Key, and its repeated answer is marked', () => {
  const without = ['createMerchant', 'setPolicy', 'createCredential', 'revokeCredential'];
  for (const { name, operation } of operations.filter(({ operation }) =>
    ['write', 'admin'].includes(operation['x-access']),
  )) {
    const takes = (operation.parameters ?? []).some((parameter: Body) => parameter.name === 'Idempotency-Key');
    assert.equal(takes, !without.includes(operation.operationId), name);
    const answer = operation.responses['201'] ?? operation.responses['200'];
    assert.equal('Idempotent-Replayed' in (answer.headers ?? {}), takes, name);
  }
});

test('every reference resolves, and every component is used', () => {
  const used = new Set<string>(valuesOf(document, '$ref'));
  for (const reference of used) {
    assert.match(reference, /^#\/components\/schemas\/\w+$/);
    assert.ok(document.components.schemas[reference.split('/').at(-1) ?? ''], reference);
  }
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(used.has(`#/components/schemas/${name}`), name);
  }
});

test('the document describes the API alone, and nothing of how it is made', async () => {
  const { text } = await api.get('/openapi.json', { key: null });
  assert.doesNotMatch(text, /x-optional|\$id|def-\d/);
  assert.ok(operations.length > 30);
  for (const { name } of operations) assert.match(name, /^(?:GET|POST|PUT|DELETE) \/v1\//);
});

test('every error code is an answer of some operation, with its own status', () => {
  const documented = new Map<string, Set<string>>();
  for (const { operation } of operations) {
    for (const [status, { description }] of Object.entries<Body>(operation.responses)) {
      if (status.startsWith('2')) continue;
      for (const [, code = ''] of description.matchAll(/`([a-z_]+)`:/g)) {
        documented.set(code, (documented.get(code) ?? new Set()).add(status));
      }
    }
  }
  assert.deepEqual(new Set(documented.keys()), new Set(ERRORS.map(({ code }) => code)));
  for (const { code, status } of ERRORS) assert.ok(documented.get(code)?.has(String(status)), code);
});

test('every example is valid by its own schema', () => {
  for (const [name, schema] of Object.entries<Body>(document.components.schemas)) {
    const [example] = schema.examples;
    assert.deepEqual([...Compile(inlined(schema)).Errors(example)], [], name);
  }
  for (const { name, operation } of operations) {
    for (const answered of Object.values<Body>(operation.responses)) {
      const { schema, example } = answered.content['application/json'] ?? {};
      if (example !== undefined) assert.deepEqual([...Compile(inlined(schema)).Errors(example)], [], name);
    }
    const content = operation.requestBody?.content['application/json'];
    if (content === undefined) continue;
    assert.notEqual(content.example, undefined, name);
    assert.deepEqual([...Compile(inlined(content.schema)).Errors(content.example)], [], name);
  }
});

test('what the API really answers is as the document says', async () => {
  const merchant = await api.merchant();
  const payment = await api.payment(merchant, {
    coupon_code: 'C',
    entitlements: [{ learner: 'a', kind: 'program', target: 'p' }],
  });
  const refund = await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 });
  await api.post('/v1/settlements', { merchant_id: merchant.id, currency: 'USD' });
  const paths = [
    '/v1/me',
    '/v1/merchants',
    '/v1/credentials',
    '/v1/payments',
    '/v1/refunds',
    '/v1/journal',
    '/v1/events',
    `/v1/settlements?merchant_id=${merchant.id}`,
    `/v1/entitlements?learner=a&merchant_id=${merchant.id}`,
    `/v1/payments/${payment.id}`,
    `/v1/payments/${payment.id}/entitlements`,
    `/v1/payments/${payment.id}/coupons`,
    `/v1/refunds/${refund.body.id}`,
    `/v1/merchants/${merchant.id}`,
    `/v1/merchants/${merchant.id}/policy`,
    `/v1/merchants/${merchant.id}/balances`,
  ];
  for (const path of paths) {
    const { body, status } = await api.get(path);
    const template = path.split('?', 1)[0]?.replace(/[0-9a-f-]{36}/, '{id}') ?? '';
    const { schema } = document.paths[template].get.responses[status].content['application/json'];
    assert.deepEqual([...Compile(inlined(schema)).Errors(body)], [], path);
    assert.ok(!('data' in body) || body.data.length > 0, path);
  }
});

test('the pages need no script, no network and no key, and explain every operation and every error', async () => {
  const reference = await api.get('/docs', { key: null });
  assert.equal(reference.status, 200);
  assert.match(reference.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(reference.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  for (const { operation } of operations) assert.ok(reference.text.includes(`id="${operation.operationId}"`));
  const errors = await api.get('/docs/errors', { key: null });
  for (const { code } of ERRORS) assert.ok(errors.text.includes(`id="${code}"`));
  for (const { text } of [reference, errors]) {
    assert.doesNotMatch(text, /<script|<link|<img|src=|undefined|\[object/);
    const anchors = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) assert.ok(anchors.has(target), target);
    for (const [, code] of text.matchAll(/href="\/docs\/errors#([^"]+)"/g))
      assert.ok(
        ERRORS.some((one) => one.code === code),
        code,
      );
  }
});

test('docs/reference/errors.md has the same errors in the same order, with the same words', () => {
  const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');
  const words = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
  const sections = page.split(/^## /m).slice(1).map(words);
  const expected = ERRORS.map(({ code, status, title }) => {
    const { meaning, remedy } = ERROR_GUIDE[code];
    return words(`\`${code}\` **${status}** ${title}. ${meaning} **What to do:** ${remedy}`);
  });
  assert.deepEqual(sections, expected);
});
