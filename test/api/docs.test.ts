import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { Api, type Body } from './server.ts';

const api = await Api.start();
const { body: document } = await api.get('/openapi.json', { key: null });

interface Documented {
  readonly method: string;
  readonly path: string;
  readonly operation: Body;
}

const operations = new Map<string, Documented>(
  Object.entries<Body>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Body>(methods).map(([method, operation]): [string, Documented] => [
      operation.operationId,
      { method: method.toUpperCase(), path, operation },
    ]),
  ),
);

/** The example answer that the reference shows: the operation's own, or else its object's. */
function exampleAnswer({ operation }: Documented): Body {
  const [, response] = Object.entries<Body>(operation.responses).find(([status]) => status.startsWith('2')) ?? [];
  const { schema, example } = response.content['application/json'];
  return example ?? document.components.schemas[schema.$ref.split('/').at(-1)].examples[0];
}

/** Ids, orders, times and secrets are of each occasion; everything else is what the rules make of the request. */
function lasting(node: Body): Body {
  if (typeof node === 'string') {
    return node
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(id)')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)')
      .replace(/^order-\d+$/, '(order)')
      .replace(/^rk_.+$/, '(secret)');
  }
  if (node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map(lasting);
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name]) => name !== 'cutoff_seq')
      .map(([name, member]) => [name, lasting(member)]),
  );
}

const AMOUNT_FOR_TWO = 60_000;
const merchant = await api.merchant({ approval_above: { USD: 50_000 } });
const exampleBody = (id: string): Body =>
  operations.get(id)?.operation.requestBody?.content['application/json'].example ?? undefined;

let orders = 2000;

/** The example payment, as another order. */
async function pay(more: Body = {}): Promise<string> {
  orders += 1;
  const references = { 'native.reference': `order-${orders}` };
  return (await api.payment(merchant, { ...exampleBody('createPayment'), references, ...more })).id;
}

async function refund(payment: string, more: Body = {}): Promise<string> {
  const { body, text } = await api.post('/v1/refunds', {
    ...exampleBody('createRefund'),
    payment_id: payment,
    ...more,
  });
  assert.ok(body.id, text);
  return body.id;
}

const refundThatWaits = async () =>
  refund(await pay({ amount: 100_000 }), { amount: AMOUNT_FOR_TWO, reason: 'Event canceled' });

/** What must be there before an operation's example: the id for its path, and what its body must name. */
const BEFORE: Readonly<Record<string, () => Promise<{ id?: string; body?: Body }>>> = {
  createPayment: async () => ({ body: { merchant_id: merchant.id } }),
  capturePayment: async () => ({ id: await pay({ status: 'pending' }) }),
  closePayment: async () => ({ id: await pay({ status: 'pending' }) }),
  voidPayment: async () => ({ id: await pay() }),
  setDispute: async () => ({ id: await pay() }),
  clearDispute: async () => {
    const id = await pay();
    await api.post(`/v1/payments/${id}/dispute`);
    return { id };
  },
  createRefund: async () => ({ body: { payment_id: await pay() } }),
  previewRefund: async () => ({ body: { payment_id: await pay() } }),
  approveRefund: async () => ({ id: await refundThatWaits() }),
  previewApproval: async () => ({ id: await refundThatWaits() }),
  rejectRefund: async () => ({ id: await refundThatWaits() }),
  cancelRefund: async () => ({ id: await refundThatWaits() }),
  reverseRefund: async () => ({ id: await refund(await pay()) }),
  createMerchant: async () => ({}),
  setPolicy: async () => ({ id: (await api.merchant()).id }),
  createCredential: async () => ({ body: { merchant_id: merchant.id } }),
  revokeCredential: async () => {
    const answer = await api.post('/v1/credentials', { ...exampleBody('createCredential'), merchant_id: merchant.id });
    return { id: answer.body.id };
  },
  createSettlement: async () => {
    const other = await api.merchant();
    const payment = await api.payment(other);
    await refund(payment.id);
    return { body: { merchant_id: other.id } };
  },
  grantEntitlement: async () => ({ id: await pay() }),
};

test('each operation that writes really answers its example request with its example answer', async () => {
  const writing = [...operations].filter(([, { method }]) => method !== 'GET');
  assert.deepEqual(new Set(Object.keys(BEFORE)), new Set(writing.map(([id]) => id)));
  // A second person: what one key asked for, another approves.
  const { key } = merchant;
  for (const [operationId, documented] of writing) {
    const before = await BEFORE[operationId]?.();
    const given = exampleBody(operationId);
    const body = given === undefined ? undefined : { ...given, ...before?.body };
    const path = documented.path.replace('{id}', before?.id ?? '');
    const isDecision = documented.path.startsWith('/v1/refunds/{id}/');
    const answer = await api.send(documented.method, path, { body, ...(isDecision ? { key } : {}) });
    assert.ok(answer.status < 300, `${operationId}: ${answer.text}`);
    assert.deepEqual(lasting(exampleAnswer(documented)), lasting(answer.body), operationId);
  }
});

/** The reference as it is shown to a caller who names the server so. */
function referenceAt(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api.url}/docs`, { headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}

test('commands of the reference call the server by the name that the reader used', async () => {
  const { text } = await api.get('/docs', { key: null });
  assert.ok(text.includes(`curl ${api.url}/v1/payments`));
  assert.doesNotMatch(text, /localhost:8080|\{server\}/);
  assert.ok((await referenceAt('refunds.example:8443')).includes('curl http://refunds.example:8443/v1/me'));
  assert.ok((await referenceAt('[::1]:9000')).includes('curl http://[::1]:9000/v1/me'));
});

test('a host that is no name gets into no command', async () => {
  for (const host of ['a"><script>', 'a;reboot', '$(reboot)', 'a b', '$&']) {
    const text = await referenceAt(host);
    assert.ok(!text.includes('reboot') && !text.includes('<script'), host);
    assert.ok(text.includes('curl http://localhost:8080/v1/me'), host);
  }
});

test('the title comes first, and the index can be folded away', async () => {
  for (const path of ['/docs', '/docs/errors']) {
    const { text } = await api.get(path, { key: null });
    assert.match(
      text,
      /<body>\s*<header><h1>[^<]+<\/h1><\/header>\s*<nav[^>]*>.*<details><summary>Contents<\/summary>/,
    );
  }
});

test('first steps name the key of demo mode', async () => {
  const { text } = await api.get('/docs', { key: null });
  assert.match(text, /export KEY=rk_demo_merchant/);
});

test('the bare address leads to the reference', async () => {
  const response = await fetch(`${api.url}/`, { redirect: 'manual' });
  assert.equal(response.status, 302);
  assert.equal(response.headers.get('location'), '/docs');
});

test('parameters that cannot be read are told what they must be', async () => {
  const problems = async (query: string) => (await api.get(`/v1/payments?${query}`)).body.errors;
  const limit = [{ parameter: 'limit', problem: 'must be a whole number from 1 to 100' }];
  for (const value of ['0', '101', 'ten', '']) assert.deepEqual(await problems(`limit=${value}`), limit);
  for (const parameter of ['amount_from', 'amount_to']) {
    const problem = 'must be a whole number of minor units, at most 12 digits';
    assert.deepEqual(await problems(`${parameter}=1.5`), [{ parameter, problem }]);
  }
});
