import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, refusal } from '../../core/errors.ts';
import { NOTHING } from '../../core/outcome.ts';
import type { RefundStatus } from '../../core/refund.ts';
import type { Caller } from '../dialect.ts';
import { ACH_SALE, type Answered, ask, CARD_SALE, merchant, REFUND } from './fixtures/demo.ts';
import { payengine } from './index.ts';
import { ERROR_ANSWERS, RETURN_STATES } from './wire.ts';
import { writeResult } from './write.ts';

const DOC = readFileSync(new URL('../../../docs/protocols/payengine.md', import.meta.url), 'utf8');

test("every refusal has the partner's shape and a code of its own", () => {
  const codes = new Set<string>();
  for (const { code } of ERRORS) {
    const answer = payengine.refuse(refusal(code, 'a sentence'));
    const expected = { error: { code: ERROR_ANSWERS[code].code, message: 'a sentence' } };
    assert.deepEqual(JSON.parse(answer.body), expected);
    assert.equal(answer.contentType, 'application/json');
    assert.equal(answer.status, ERROR_ANSWERS[code].status);
    codes.add(expected.error.code);
  }
  assert.equal(codes.size, ERRORS.length);
  const named = payengine.refuse(refusal('invalid_request', 'a sentence', { parameter: 'amount' }));
  assert.deepEqual(JSON.parse(named.body), {
    error: { code: 'invalid_parameter', message: 'a sentence', param: 'amount' },
  });
});

test('the documentation lists just the codes that there are', () => {
  const refusals = [...DOC.matchAll(/^\| `([a-z_]+)` +\| (\d{3}) {2}\| `(\w+)`/gm)].map((row) => row.slice(1));
  assert.deepEqual(
    refusals,
    Object.entries(ERROR_ANSWERS).map(([internal, { code, status }]) => [code, String(status), internal]),
  );
  const states = [...DOC.matchAll(/^\| `([A-Z]\d{4})` +\| (\d{3}) {2}\| `([A-Z]+)`/gm)].map(([, ...row]) => row.join());
  assert.deepEqual(
    new Set(states),
    new Set(
      Object.values(RETURN_STATES).map(({ responseCode, httpStatus, status }) =>
        [responseCode, httpStatus, status].join(),
      ),
    ),
  );
});

test('only a refund that succeeded passes, with what it returned', () => {
  for (const sale of [CARD_SALE, ACH_SALE]) {
    const { talk, saleId } = merchant({ sale });
    const { refund } = talk.run({
      kind: 'refund_payment',
      payment: { id: saleId },
      amount: { kind: 'all' },
      reference: null,
      details: {},
      expectedRefundableMinor: null,
    });
    assert.ok(refund !== null);
    const caller: Caller = {
      merchantId: talk.merchantId,
      merchantName: 'Example Ltd',
      credentialId: '',
      role: 'merchant',
      lookup: '',
      settings: {},
      demo: true,
    };
    for (const status of Object.keys(RETURN_STATES) as RefundStatus[]) {
      const outcome = { ...NOTHING, payment: talk.payment(saleId), refund: { ...refund, status } };
      const answer = writeResult({ kind: 'outcome', outcome, caller });
      const { data } = JSON.parse(answer.body) as Answered['body'];
      const response = data?.ReturnResponse ?? {};
      const passes = status === 'succeeded';
      assert.equal(response['status'] === 'PASS', passes, status);
      assert.equal(response['returnedAmount'] !== '0.00', passes, status);
      assert.equal('hostResponseCode' in response || 'achHostResponseCode' in response, passes, status);
    }
  }
});

test('an unknown path gets an answer in the same shape', async () => {
  const { talk } = merchant();
  const answer = await talk.send({ path: '/api/payment/credit', body: '{}' });
  assert.equal(answer.status, 404);
  assert.match(answer.body, /^\{"error":\{"code":"not_found",/);
});

test('whatever is sent is answered in shape, and odd requests move nothing', async () => {
  const { talk, saleId } = merchant();
  const odd = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 4 }),
    fc
      .record(
        {
          id: fc.oneof(fc.constant(REFUND.id), fc.jsonValue()),
          amount: fc.oneof(fc.double(), fc.constant('1,0'), fc.jsonValue()).filter((amount) => !isAmount(amount)),
          reason: fc.oneof(fc.string(), fc.jsonValue()),
          internalTransactionID: fc.jsonValue(),
          metadata: fc.jsonValue(),
          ['__proto__']: fc.jsonValue(),
          constructor: fc.jsonValue(),
        },
        { requiredKeys: [], noNullPrototype: false },
      )
      .map((record) => JSON.stringify(record)),
  );
  await fc.assert(
    fc.asyncProperty(odd, async (body) => {
      const answer = await ask(talk, body);
      assert.equal(answer.status, 400);
      assert.deepEqual(Object.keys(answer.body), ['error']);
      assert.equal(answer.body.error?.code, 'invalid_parameter');
      assert.equal(typeof answer.body.error?.param, 'string');
    }),
    { numRuns: 500 },
  );
  assert.equal(talk.payment(saleId).refundedMinor, 0n);
});

function isAmount(value: unknown): boolean {
  return /^"?\d+(\.\d+)?"?$/.test(JSON.stringify(value));
}

test('whatever metadata is taken comes back the same', async () => {
  const { talk } = merchant({ change: { amountMinor: 999_999_999n } });
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), async (metadata) => {
      const { status, body } = await ask(talk, { ...REFUND, amount: '0.01', metadata });
      if (status === 400) return body.error?.param === 'metadata';
      taken += 1;
      assert.deepEqual(body.data?.['Metadata'], JSON.parse(JSON.stringify(metadata)));
      return true;
    }),
    { numRuns: 300 },
  );
  assert.ok(taken > 30, `only ${taken} were taken`);
});
