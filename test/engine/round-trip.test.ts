/** What is written comes back as it was: any text, any time, any number, through arrays, jsonb and timestamps. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Refundry } from '../../src/engine/refundry.ts';
import type { Action } from '../../src/core/command.ts';
import type { Json } from '../../src/core/json.ts';
import { textFault } from '../../src/core/json.ts';
import { MAX_AMOUNT_MINOR } from '../../src/core/money.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Payment } from '../../src/core/payment.ts';
import { OPEN_POLICY } from '../../src/core/policy.ts';
import { verifyBooks } from '../../src/engine/verify.ts';
import { registration } from '../kit/core.ts';
import { createDatabase } from '../kit/database.ts';

const refundry = await Refundry.open(await createDatabase(), { lanes: 1 });
after(() => refundry.close());
const merchantId = refundry.engine.newMerchantId();
const run = (action: Action): Promise<Outcome> =>
  refundry.execute({
    merchantId,
    actor: 'cli:"a\\b",{NULL}',
    protocol: 'native',
    requestId: 'r\n\t"\\',
    idempotencyKey: null,
    protocolPolicy: null,
    action,
  });
await run({ kind: 'create_merchant', name: 'Ünï "quoted" \\ {a,b}', policy: OPEN_POLICY });

const awkward = [
  'NULL',
  'null',
  '',
  '{}',
  '{"a",b}',
  '\\',
  '\\"',
  '"',
  "'",
  '\\x41',
  '\u2028',
  '\ud83d\ude00',
  ' a\n\tb ',
  '$1',
  '%s',
];
const text = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string({ unit: 'binary', maxLength: 20 }).filter((one) => textFault(one) === null),
);
const json = (fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>).filter(
  // Card numbers are masked; everything that is text must be text that can be kept.
  (value) => !/\d{13}|\\u(?:0000|d[89a-f])/i.test(JSON.stringify(value)),
);
const digitless = text.filter((one) => !/\d(?:[ -]?\d){12}/.test(one));

const payment = fc.record(
  {
    amountMinor: fc.bigInt({ min: 1n, max: MAX_AMOUNT_MINOR }),
    createdAt: fc.integer({ min: 0, max: 1_770_000_000_000 }),
    reference: text,
    learner: text,
    couponCode: text,
    details: fc.record(
      {
        description: digitless,
        metadata: fc.dictionary(
          fc.string({ maxLength: 5 }).filter((k) => textFault(k) === null),
          json,
          { noNullPrototype: true },
        ),
      },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);

test('payments, what they entitle to and their refunds come back from the database as they were', async () => {
  const given = fc.sample(payment, { numRuns: 300, seed: 11 });
  const outcomes = await Promise.all(
    given.map(({ reference, learner, ...one }, index) =>
      run(
        registration({
          ...one,
          references: [{ namespace: 'native.reference', value: `${index}${reference}`, numbered: false }],
          entitlements: [{ learner, kind: 'program', target: learner, viaCoupon: true }],
        }),
      ),
    ),
  );
  const refunds = await Promise.all(
    outcomes.map(({ payment: made }, index) =>
      run({
        kind: 'refund_payment',
        payment: { references: made?.references ?? [] },
        amount: { kind: 'all' },
        reference: { namespace: 'boost-aoc.spTransID', value: `${index}${given[index]?.reference}` },
        details: { reason: given[index]?.details.description ?? '' },
        expectedRefundableMinor: null,
      }),
    ),
  );
  for (const [index, { payment: made, entitlements, coupons }] of outcomes.entries()) {
    const asked = given[index];
    const refunded = refunds[index];
    assert.ok(made !== null && asked !== undefined && refunded !== undefined);
    assert.equal(refunded.refusal, null);
    const found: Payment | undefined = (await refundry.reader.payment(made.id, merchantId))?.payment;
    assert.ok(found !== undefined);
    assert.deepEqual(found, refunded.payment);
    assert.equal(found.createdAt, asked.createdAt);
    assert.equal(found.amountMinor, asked.amountMinor);
    assert.deepEqual(found.details, JSON.parse(JSON.stringify(asked.details)));
    assert.deepEqual(await refundry.reader.entitlementsOf(made), { entitlements, coupons });
    const refund = await refundry.reader.refund(refunded.refund?.id ?? '', merchantId);
    assert.deepEqual(refund?.refund, refunded.refund);
    assert.deepEqual(refund?.entry, refunded.entry);
  }
  assert.deepEqual((await verifyBooks(refundry.readers)).findings, []);
});

test('credentials come back as they were, whatever is in their lists', async () => {
  const secretHashes = awkward.filter((one) => one !== '');
  const { credential } = await run({
    kind: 'create_credential',
    credential: {
      protocol: 'native',
      role: 'merchant',
      label: '"{NULL}\\',
      lookup: '"{NULL}\\',
      secretHashes,
      publicKey: null,
      settings: { names: awkward, one: '\\' },
      demo: false,
    },
  });
  assert.deepEqual(await refundry.accounts.credential(credential?.id ?? ''), credential);
  const merchant = await refundry.accounts.merchant(merchantId);
  assert.equal(merchant?.name, 'Ünï "quoted" \\ {a,b}');
  assert.deepEqual((await verifyBooks(refundry.readers)).findings, []);
});
