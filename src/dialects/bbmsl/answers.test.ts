import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, refusal } from '../../core/errors.ts';
import { NOTHING } from '../../core/outcome.ts';
import type { RefundStatus } from '../../core/refund.ts';
import { ask, CALLER, merchant, post } from './fixtures/demo.ts';
import { bbmsl } from './index.ts';
import { REFUND_STATES, RESPONSES } from './wire.ts';
import { writeResult } from './write.ts';

const DOC = readFileSync(new URL('../../../docs/protocols/bbmsl.md', import.meta.url), 'utf8');
const ROW = /^\| `(\d{4})` \| (\d{3}) {2}\| (.*?) +\| (.*?) +\|/gm;

test("every refusal has the partner's shape and a code of its own", () => {
  const codes = new Set<string>();
  for (const { code } of ERRORS) {
    const answer = bbmsl.refuse(refusal(code, 'a sentence', { parameter: 'amount' }));
    const body = JSON.parse(answer.body) as { responseCode: string };
    assert.deepEqual(body, { responseCode: RESPONSES[code].responseCode, message: 'a sentence' });
    assert.equal(answer.contentType, 'application/json');
    assert.match(body.responseCode, /^[129]\d{3}$/);
    codes.add(body.responseCode);
  }
  assert.equal(codes.size, ERRORS.length);
});

test('the documentation lists just the codes that there are', () => {
  const rows = [...DOC.matchAll(ROW)].map((row) => row.slice(1));
  const refusals = Object.entries(RESPONSES).map(([code, { responseCode, status }]) => [
    responseCode,
    String(status),
    `\`${code}\``,
  ]);
  assert.deepEqual(
    rows.filter(([code]) => !code?.startsWith('3')).map((row) => row.slice(0, 3)),
    refusals,
  );
  const states = Object.values(REFUND_STATES)
    .filter(({ responseCode }) => responseCode !== '0000')
    .map(({ responseCode, transaction }) => `${responseCode} \`${transaction}\``);
  assert.deepEqual(
    new Set(rows.filter(([code]) => code?.startsWith('3')).map(([code, , , status]) => `${code} ${status}`)),
    new Set(states),
  );
});

test('only a refund that succeeded is answered with 0000, and only it has no message', () => {
  const { talk, orderId } = merchant();
  const { refund } = talk.run({
    kind: 'refund_payment',
    payment: { id: orderId },
    amount: { kind: 'all' },
    reference: null,
    details: {},
    expectedRefundableMinor: null,
  });
  assert.ok(refund !== null);
  for (const status of Object.keys(REFUND_STATES) as RefundStatus[]) {
    const outcome = { ...NOTHING, payment: talk.payment(orderId), refund: { ...refund, status } };
    const answer = writeResult({ kind: 'outcome', outcome, caller: CALLER });
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    assert.equal(answer.status, 200);
    assert.equal(body['responseCode'] === '0000', status === 'succeeded', status);
    assert.equal('message' in body, status !== 'succeeded', status);
    assert.equal('order' in body, status === 'succeeded', status);
  }
});

test('whatever is signed and sent is answered in shape, and odd requests move nothing', async () => {
  const { talk, orderId } = merchant();
  const odd = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc
      .record(
        {
          merchantId: fc.oneof(fc.constant(3), fc.constant('3'), fc.jsonValue()),
          orderId: fc.oneof(fc.constant(4922), fc.jsonValue()),
          merchantReference: fc.jsonValue(),
          amount: fc.oneof(fc.double(), fc.constant('10'), fc.jsonValue()).filter((amount) => !isAmount(amount)),
          ['__proto__']: fc.jsonValue(),
          constructor: fc.jsonValue(),
        },
        { requiredKeys: [], noNullPrototype: false },
      )
      .map((record) => JSON.stringify(record)),
  );
  const operations = fc.constantFrom('refund', 'refund/', 'query', 'nothing');
  await fc.assert(
    fc.asyncProperty(odd, operations, async (request, operation) => {
      const { status, body } = await ask(talk, operation, request);
      assert.ok([200, 400, 401, 404].includes(status), String(status));
      assert.match(body.responseCode, /^\d{4}$/);
      assert.equal(typeof body.message, 'string');
    }),
    { numRuns: 300 },
  );
  assert.equal(talk.payment(orderId).refundedMinor, 0n);
});

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && /^\d+(\.\d+)?$/.test(JSON.stringify(value));
}

test('whatever bytes are sent are answered in shape', async () => {
  const { talk } = merchant();
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc
      .record({ request: fc.oneof(fc.json(), fc.jsonValue()), signature: fc.oneof(fc.base64String(), fc.jsonValue()) })
      .map((envelope) => new TextEncoder().encode(JSON.stringify(envelope))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (body) => {
      const answer = await post(talk, 'refund', body);
      assert.ok([400, 401].includes(answer.status), answer.text);
      assert.equal(typeof answer.body.message, 'string');
    }),
    { numRuns: 300 },
  );
});
