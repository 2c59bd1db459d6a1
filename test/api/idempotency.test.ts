import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, Api, assertProblem, type Body } from './server.ts';

const api = await Api.start();
const merchant = await api.merchant({ approval_above: { USD: 50_000 } });
const { key } = merchant;
const second = await api.key(merchant.id, 'merchant');

const isReplay = ({ headers }: Answer): boolean => headers.get('idempotent-replayed') === 'true';

test('the same key fifty times at once makes one refund and fifty equal answers', async () => {
  const payment = await api.payment(merchant);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      api.post('/v1/refunds', { payment_id: payment.id, amount: 1_000 }, { key, idempotencyKey: 'fifty' }),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal(answers.filter(isReplay).length, 49);
  assert.equal((await api.get(`/v1/payments/${payment.id}`)).body.refunded, 1_000);
});

test('a refusal by the rules is replayed as it was, to the letter', async () => {
  const payment = await api.payment(merchant);
  const ask = () => api.post('/v1/refunds', { payment_id: payment.id, amount: 10_001 }, { key, idempotencyKey: 'no' });
  const first = await ask();
  assertProblem(first, 409, 'amount_exceeds_refundable');
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 500 }, { key });
  const replayed = await ask();
  assert.ok(isReplay(replayed) && !isReplay(first));
  assert.equal(replayed.status, 409);
  assert.equal(replayed.text, first.text);
});

test('a key that was used for something else is refused', async () => {
  const payment = await api.payment(merchant);
  await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 }, { key, idempotencyKey: 'mine' });
  for (const body of [
    { payment_id: payment.id, amount: 2 },
    { payment_id: payment.id, amount: 1, reason: 'other' },
  ]) {
    assertProblem(await api.post('/v1/refunds', body, { key, idempotencyKey: 'mine' }), 422, 'idempotency_key_reused');
  }
  assertProblem(
    await api.post(`/v1/payments/${payment.id}/void`, undefined, { key, idempotencyKey: 'mine' }),
    422,
    'idempotency_key_reused',
  );
});

test('two merchants may use the same key', async () => {
  const other = await api.merchant();
  for (const one of [merchant, other]) {
    const answer = await api.post(
      '/v1/payments',
      { amount: 1, currency: 'USD' },
      { key: one.key, idempotencyKey: 'shared' },
    );
    assert.equal(answer.status, 201);
    assert.equal(isReplay(answer), false);
  }
});

test('what was not decided binds no key', async () => {
  const payment = await api.payment(merchant);
  const idempotencyKey = 'again';
  const invalid = await api.post('/v1/refunds', { payment_id: payment.id, amount: 1.5 }, { key, idempotencyKey });
  assertProblem(invalid, 400, 'invalid_request');
  const right = await api.post('/v1/refunds', { payment_id: payment.id, amount: 1 }, { key, idempotencyKey });
  assert.equal(right.status, 201);
});

test('every operation that changes money answers a repeated key as the first time, with the numbers of then', async () => {
  const payment = await api.payment(merchant, { amount: 100_000 });
  const pending = await api.payment(merchant, { status: 'pending' });
  const closing = await api.payment(merchant, { status: 'pending' });
  const voiding = await api.payment(merchant);
  const refund = async (amount: number): Promise<string> =>
    (await api.post('/v1/refunds', { payment_id: payment.id, amount }, { key })).body.id;
  const large = await api.payment(merchant, { amount: 200_000 });
  const wait = async (): Promise<string> =>
    (await api.post('/v1/refunds', { payment_id: large.id, amount: 50_001 }, { key })).body.id;

  const requests: [string, string, Body?, string?][] = [
    ['POST', '/v1/payments', { amount: 700, currency: 'USD', references: { 'native.reference': 'replayed' } }],
    ['POST', `/v1/payments/${pending.id}/capture`],
    ['POST', `/v1/payments/${closing.id}/close`],
    ['POST', `/v1/payments/${payment.id}/dispute`],
    ['DELETE', `/v1/payments/${payment.id}/dispute`],
    ['POST', `/v1/payments/${voiding.id}/void`],
    ['POST', `/v1/payments/${payment.id}/entitlements`, { learner: 'ada', kind: 'program', target: 'P-1' }],
    ['POST', '/v1/refunds', { payment_id: payment.id, amount: 100 }],
    ['POST', `/v1/refunds/${await refund(200)}/reverse`],
    ['POST', `/v1/refunds/${await wait()}/approve`, { amount: 50_001 }, second],
    ['POST', `/v1/refunds/${await wait()}/reject`, undefined, second],
    ['POST', `/v1/refunds/${await wait()}/cancel`],
    ['POST', '/v1/settlements', { currency: 'USD' }],
  ];
  const firsts: Answer[] = [];
  const send = ([method, path, body, by = key]: (typeof requests)[number], index: number) =>
    api.send(method, path, { key: by, idempotencyKey: `all-${index}`, ...(body === undefined ? {} : { body }) });
  for (const [index, request] of requests.entries()) {
    const answer = await send(request, index);
    assert.ok(answer.status < 300, `${request[1]}: ${answer.text}`);
    assert.equal(isReplay(answer), false);
    firsts.push(answer);
  }
  for (const [index, request] of requests.entries()) {
    const answer = await send(request, index);
    assert.equal(isReplay(answer), true, request[1]);
    assert.equal(answer.status, firsts[index]?.status);
    assert.equal(answer.text, firsts[index]?.text, request[1]);
  }
});

test('a refund that waited is replayed as waiting, also once it was approved and reversed', async () => {
  const payment = await api.payment(merchant, { amount: 60_000 });
  const ask = () => api.post('/v1/refunds', { payment_id: payment.id }, { key, idempotencyKey: 'waited' });
  const first = await ask();
  const approve = () =>
    api.post(`/v1/refunds/${first.body.id}/approve`, undefined, { key: second, idempotencyKey: 'approved' });
  const approved = await approve();
  await api.post(`/v1/refunds/${first.body.id}/reverse`, undefined, { key });
  assert.equal(first.body.status, 'pending_approval');
  assert.equal((await ask()).text, first.text);
  assert.equal(approved.body.status, 'succeeded');
  assert.equal((await approve()).text, approved.text);
});

test('a key that cannot be kept is refused where one counts on it', async () => {
  const payment = await api.payment(merchant);
  for (const header of ['', ' ', 'two words', 'é', 'x'.repeat(256), '"open']) {
    const answer = await api.post(
      '/v1/refunds',
      { payment_id: payment.id },
      { key, headers: { 'idempotency-key': header } },
    );
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.body.errors[0].parameter, 'Idempotency-Key');
  }
  for (const [path, body] of [
    ['/v1/merchants', { name: 'Once' }],
    ['/v1/credentials', { merchant_id: merchant.id, protocol: 'native', role: 'read', label: 'once' }],
  ] as const) {
    assertProblem(await api.post(path, body, { idempotencyKey: 'new' }), 400, 'invalid_request');
  }
});

test('a quoted key and a bare one are the same', async () => {
  const payment = await api.payment(merchant);
  const ask = (idempotencyKey: string) =>
    api.post('/v1/refunds', { payment_id: payment.id, amount: 1 }, { key, idempotencyKey });
  const bare = await ask('same-one');
  const quoted = await ask('"same-one"');
  assert.ok(isReplay(quoted));
  assert.equal(quoted.text, bare.text);
});
