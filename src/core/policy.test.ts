import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type Json } from './json.ts';
import {
  type AmountByCurrency,
  OPEN_POLICY,
  type Policy,
  policyFor,
  policyFromStored,
  policyToStored,
  strictest,
} from './policy.ts';

const limit = fc.option(fc.integer({ min: 1, max: 5 }));
const amounts: fc.Arbitrary<AmountByCurrency> = fc.dictionary(
  fc.constantFrom('USD', 'JPY', 'KWD'),
  fc.bigInt({ min: 0n, max: 5n }),
);
const policy: fc.Arbitrary<Policy> = fc.record({
  partialRefunds: fc.boolean(),
  refundsPerPayment: limit,
  windowDays: limit,
  minimumMinor: amounts,
  balanceMustCover: fc.boolean(),
  reasonRequired: fc.boolean(),
  approvalAboveMinor: amounts,
  approvalHours: limit,
});
const text = (one: Policy): string => canonicalJson(policyToStored(one) as unknown as Json);

test('the strictest of policies does not depend on their order or number', () => {
  fc.assert(
    fc.property(policy, policy, policy, (a, b, c) => {
      assert.equal(text(strictest(a, b)), text(strictest(b, a)));
      assert.equal(text(strictest(strictest(a, b), c)), text(strictest(a, strictest(b, c))));
      assert.equal(text(strictest(a, a)), text(a));
      assert.equal(text(strictest(a, OPEN_POLICY)), text(a));
    }),
  );
});

test('the strictest of two policies allows nothing that one of them does not', () => {
  const within = (strict: number | null, one: number | null): boolean => one === null || (strict ?? Infinity) <= one;
  fc.assert(
    fc.property(policy, policy, (a, b) => {
      const both = strictest(a, b);
      for (const one of [a, b]) {
        assert.ok(!both.partialRefunds || one.partialRefunds);
        assert.ok(both.balanceMustCover || !one.balanceMustCover);
        assert.ok(both.reasonRequired || !one.reasonRequired);
        assert.ok(within(both.refundsPerPayment, one.refundsPerPayment));
        assert.ok(within(both.windowDays, one.windowDays));
        assert.ok(within(both.approvalHours, one.approvalHours));
        for (const [currency, minimum] of Object.entries(one.minimumMinor)) {
          assert.ok((both.minimumMinor[currency] ?? -1n) >= minimum);
        }
        for (const [currency, above] of Object.entries(one.approvalAboveMinor)) {
          assert.ok((both.approvalAboveMinor[currency] ?? 99n) <= above);
        }
      }
    }),
  );
});

test('a command through no partner has the merchant’s policy alone', () => {
  const merchant = { ...OPEN_POLICY, windowDays: 30 };
  assert.deepEqual(policyFor(merchant, null), merchant);
  assert.deepEqual(policyFor(merchant, { ...OPEN_POLICY, windowDays: 7, refundsPerPayment: 1 }), {
    ...OPEN_POLICY,
    windowDays: 7,
    refundsPerPayment: 1,
  });
});

test('a policy comes back from its stored form as it was', () => {
  fc.assert(
    fc.property(policy, (one) => {
      const stored = JSON.parse(JSON.stringify(policyToStored(one))) as ReturnType<typeof policyToStored>;
      assert.deepEqual(policyFromStored(stored), {
        ...one,
        minimumMinor: { ...one.minimumMinor },
        approvalAboveMinor: { ...one.approvalAboveMinor },
      });
    }),
  );
});
